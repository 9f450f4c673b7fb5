//! What a rule would do, shown before it is made: tried by the code that will judge by it.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        rules::{self, Action, Candidate, Mode, Simulation, Tried},
    },
    kit::{Load, Notice, Tone, rested},
    time,
};

/// Tries what `candidate` says, once it rests; without a value there is nothing to try.
pub(crate) fn tried(candidate: Signal<Candidate>) -> Load<Option<Tried>> {
    let api = use_api();
    let settled = rested(candidate);
    Load::new(move || {
        let candidate = settled.get();
        async move {
            if candidate.value.trim().is_empty() {
                return Ok(None);
            }
            rules::simulate(api, candidate).await.map(Some)
        }
    })
}

/// Whom it would cut.
#[component]
pub(crate) fn Trial(load: Load<Option<Tried>>, action: Signal<Action>, mode: Signal<Mode>) -> impl IntoView {
    let simulation = Memo::new(move |_| load.value().with(|tried| tried.clone().flatten().and_then(Result::ok)));
    move || {
        simulation.get().map(|simulation| {
            let tone = match (action.get(), simulation.running) {
                (Action::Allow, _) if simulation.excepts == Some(false) => Tone::Warn,
                (Action::Deny, 1..) if mode.get() == Mode::Enforce => Tone::Warn,
                _ => Tone::Calm,
            };
            let text = sentence(&simulation, action.get(), mode.get());
            let whom = (!simulation.sessions.is_empty()).then(|| view! { <Whom simulation/> });
            view! { <div role="status" class="trial-note"><Notice tone><p>{text}</p>{whom}</Notice></div> }
        })
    }
}

#[component]
fn Whom(simulation: Simulation) -> impl IntoView {
    let shown = simulation.sessions.len();
    let all = simulation.running + simulation.past;
    let head = if i32::try_from(shown) == Ok(all) {
        "Whom".to_owned()
    } else {
        format!("Some of them: {shown} of {all}")
    };
    view! {
        <details class="trial">
            <summary>{head}</summary>
            <ul>
                {simulation.sessions.into_iter().map(|session| {
                    let when = if session.ended_at.is_some() { "past" } else { "now" };
                    view! { <li><span class="mono">{session.address}</span>" · "{session.user.unwrap_or_else(|| "a viewer".to_owned())}" · "<span class="mono">{session.stream}</span>" · "{when}</li> }
                }).collect_view()}
            </ul>
        </details>
    }
}

fn sentence(simulation: &Simulation, action: Action, mode: Mode) -> String {
    if action == Action::Allow {
        return match simulation.excepts {
            Some(false) => "It excepts nobody: no rule keeps out whom it is about.",
            _ => "It lets in whom another rule keeps out.",
        }
        .to_owned();
    }
    let Simulation { running, past, .. } = simulation;
    if running + past == 0 {
        return "Nobody who watches now would be cut, and nobody of the last hour.".to_owned();
    }
    let would = match mode {
        Mode::Enforce => "Would cut",
        Mode::Monitor => "Would count, and cut once it is enforced,",
    };
    let now = time::count(*running, "session", "sessions");
    let viewers = match simulation.viewers {
        0 => String::new(),
        viewers => format!(" of {}", time::count(viewers, "viewer", "viewers")),
    };
    let from = time::count(simulation.addresses, "address", "addresses");
    let more = if simulation.complete {
        ""
    } else {
        " There may be more: only the newest were looked at."
    };
    format!("{would} {now} now, and {past} of the last hour:{viewers} from {from}.{more}")
}
