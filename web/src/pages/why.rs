//! Why was this viewer refused? The decision's id, as the help desk was told it, leads to what was looked at.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        decisions::{self, Decision, DecisionStep, Refused, StepOutcome},
        sessions::Door,
    },
    country,
    kit::{Badge, Button, Dialog, Doing, Look, Table, TextField, Tone, Trouble, When},
    pages::located::Credits,
    time,
};

/// The dialog that shows a decision; `asked` opens it.
#[component]
pub(crate) fn Why(asked: RwSignal<Option<cynic::Id>>) -> impl IntoView {
    let api = use_api();
    let (open, looking) = (RwSignal::new(false), Doing::new());
    let found = RwSignal::new(None::<Decision>);
    Effect::new(move |_| {
        let Some(id) = asked.get() else { return };
        found.set(None);
        open.set(true);
        looking.run(decisions::one(api, id), move |decision| found.set(Some(decision)));
    });
    view! {
        <Dialog open title="Why this was refused" wide=true>
            <div class="dialog-body">
                <Trouble doing=looking/>
                {move || found.get().map(|decision| view! { <Steps decision/> })}
            </div>
            <footer class="dialog-foot"><Button look=Look::Primary on_press=move |_| open.set(false)>"Done"</Button></footer>
        </Dialog>
    }
}

/// A field for the id that somebody was told.
#[component]
pub(crate) fn WhyById(asked: RwSignal<Option<cynic::Id>>) -> impl IntoView {
    let id = RwSignal::new(String::new());
    let look = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let id = id.get_untracked().trim().to_owned();
        if !id.is_empty() {
            asked.set(Some(cynic::Id::new(id)));
        }
    };
    view! {
        <form class="filters why-by-id" on:submit=look>
            <TextField label="Decision id" value=id placeholder="dec_…" required=true mono=true/>
            <Button submit=true>"Why was this refused?"</Button>
        </form>
    }
}

#[component]
fn Steps(decision: Decision) -> impl IntoView {
    let who = match decision.door {
        Door::Playback => "A viewer",
        Door::Ingest => "A broadcaster",
    };
    let reason = decision.reason.map(|reason| {
        view! { <p><span class="mono">{reason.name().to_owned()}</span>" "{reason.sentence()}</p> }
    });
    let failed = decision.steps.iter().find(|step| step.outcome == StepOutcome::Failed);
    let failed = failed.map(|step| {
        let (check, looked_at) = (step.check.clone(), time::localised(&step.looked_at));
        view! { <p>"What refused it: "{check}", "<span class="mono">{looked_at}</span></p> }
    });
    view! {
        <p>{who}" at "<span class="mono">{decision.address}</span>" asked for "<span class="mono">{decision.stream}</span>", "<When at=decision.at/>"."</p>
        {reason}
        {failed}
        {decision.visitor.map(|visitor| view! { <Who visitor/> })}
        <Table caption="What was looked at" columns=vec!["Check", "Looked at", "Outcome"]>
            {decision.steps.into_iter().map(|step| view! { <Step step/> }).collect_view()}
        </Table>
        <Credits/>
    }
}

/// What is known of whoever was refused; a token where it was proven.
#[component]
fn Who(visitor: Refused) -> impl IntoView {
    let known = [
        ("Viewer", visitor.user),
        ("Token", visitor.jti.map(cynic::Id::into_inner)),
        ("Country", visitor.country.as_deref().map(country::name)),
        ("Network", visitor.provider),
        ("Page", visitor.referrer),
        ("Player", visitor.user_agent),
    ];
    let known: Vec<_> = known
        .into_iter()
        .filter_map(|(what, value)| Some((what, value?)))
        .collect();
    (!known.is_empty()).then(|| view! {
        <dl class="pairs">
            {known.into_iter().map(|(what, value)| view! { <div><dt>{what}</dt><dd>{value}</dd></div> }).collect_view()}
        </dl>
    })
}

#[component]
fn Step(step: DecisionStep) -> impl IntoView {
    let (tone, word) = match step.outcome {
        StepOutcome::Passed => (Tone::Good, "Passed"),
        StepOutcome::Failed => (Tone::Bad, "Refused"),
        StepOutcome::Assumed => (Tone::Calm, "Assumed"),
    };
    let because = (step.outcome == StepOutcome::Failed)
        .then(|| view! { <span class="under">{time::localised(&step.because)}</span> });
    view! {
        <tr>
            <th scope="row" class="word">{step.check}</th>
            <td data-label="Looked at" class="mono">{time::localised(&step.looked_at)}</td>
            <td data-label="Outcome"><Badge tone text=word/>{because}</td>
        </tr>
    }
}
