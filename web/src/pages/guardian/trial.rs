//! What a rule would do, shown before it is made: tried by the code that will judge by it.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        failure::Failure,
        rules::{self, Action, Candidate, Mode, Simulation, Tried},
    },
    kit::{Load, Notice, Tone, rested},
    time,
};

/// What was tried, and what came of it.
type Asked = Option<(Candidate, Result<Tried, Failure>)>;

/// A rule that is tried while it is filled in.
#[derive(Clone, Copy)]
pub(crate) struct Attempt {
    candidate: Signal<Candidate>,
    load: Load<Asked>,
}

/// What is said beside a rule.
#[derive(Clone, Debug, PartialEq)]
enum Note {
    /// The answer is on its way.
    Asked,
    Unknown(Failure),
    Known(Simulation),
}

/// Tries what `candidate` says, once it rests; without a value there is nothing to try.
pub(crate) fn tried(candidate: Signal<Candidate>) -> Attempt {
    let api = use_api();
    let settled = rested(candidate);
    let load = Load::new(move || {
        let candidate = settled.get();
        async move {
            if is_blank(&candidate) {
                return Ok(None);
            }
            Ok(Some((candidate.clone(), rules::simulate(api, candidate).await)))
        }
    });
    Attempt { candidate, load }
}

fn is_blank(candidate: &Candidate) -> bool {
    candidate.value.trim().is_empty()
}

impl Attempt {
    /// What is wrong with the rule as it is now, where that is known.
    pub(crate) fn wrong(self) -> Option<String> {
        self.answer()?.ok()?.err()
    }

    /// The answer about exactly what the candidate says; `None` while it is on its way.
    fn answer(self) -> Option<Result<Tried, Failure>> {
        self.candidate.with(|candidate| {
            self.load.value().with(|asked| {
                let (about, answer) = asked.as_ref()?.as_ref()?;
                (about == candidate).then(|| answer.clone())
            })
        })
    }

    /// What is wrong with it is said elsewhere.
    fn note(self) -> Option<Note> {
        match self.answer() {
            Some(Ok(tried)) => tried.ok().map(Note::Known),
            Some(Err(why)) => Some(Note::Unknown(why)),
            None => (!self.candidate.with(is_blank)).then_some(Note::Asked),
        }
    }
}

/// Whom it would cut.
#[component]
pub(crate) fn Trial(tried: Attempt, action: Signal<Action>, mode: Signal<Mode>) -> impl IntoView {
    let note = Memo::new(move |_| tried.note());
    move || {
        note.get().map(|note| {
            let said = match note {
                Note::Asked => view! { <p class="soft hit-asked">"Looking whom it hits…"</p> }.into_any(),
                Note::Unknown(why) => view! { <Notice tone=Tone::Bad>{why.to_string()}</Notice> }.into_any(),
                Note::Known(simulation) => {
                    let tone = match (action.get(), simulation.running) {
                        (Action::Allow, _) if simulation.excepts == Some(false) => Tone::Warn,
                        (Action::Deny, 1..) if mode.get() == Mode::Enforce => Tone::Warn,
                        _ => Tone::Calm,
                    };
                    let text = sentence(&simulation, action.get(), mode.get());
                    let whom = (!simulation.sessions.is_empty()).then(|| view! { <Whom simulation/> });
                    view! { <Notice tone><p>{text}</p>{whom}</Notice> }.into_any()
                }
            };
            view! { <div role="status" class="trial-note">{said}</div> }
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
