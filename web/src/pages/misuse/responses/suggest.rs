//! From a finding to a second person: for how long somebody is to be kept out, and why.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        people::Permission,
        responses::{self, SuggestResponseInput, SuggestedBlockInput},
    },
    kit::{Button, Choice, Choices, Dialog, DialogForm, Doing, Look, TextField, use_toasts},
    pages::misuse::{act::Ways, block::Reach},
    session::may,
};

/// What is to be suggested.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::pages::misuse) struct Suggesting {
    pub(in crate::pages::misuse) finding: cynic::Id,
    /// Who is to be kept out, as in `address 192.0.2.7`.
    pub(in crate::pages::misuse) whom: String,
    /// The same in two words, as in `The address`.
    pub(in crate::pages::misuse) what: String,
    /// What they came from, which may be kept out instead.
    pub(in crate::pages::misuse) reaches: Vec<Reach>,
}

/// Setting it opens the dialog.
pub(in crate::pages::misuse) type Asked = RwSignal<Option<Suggesting>>;

/// The button that opens it.
#[component]
pub(in crate::pages::misuse) fn SuggestButton(ways: Ways, suggesting: Suggesting) -> impl IntoView {
    may(Permission::ResponseWrite).then(|| {
        let name = format!("Suggest to keep out {}", suggesting.whom);
        let suggesting = StoredValue::new(suggesting);
        view! { <Button look=Look::Quiet on_press=move |_| ways.suggest.set(Some(suggesting.get_value())) attr:aria-label=name>"Suggest"</Button> }
    })
}

/// The dialog.
#[component]
pub(in crate::pages::misuse) fn Suggest(asked: Asked) -> impl IntoView {
    let (open, suggesting) = (RwSignal::new(false), RwSignal::new(None::<Suggesting>));
    Effect::new(move |_| {
        if let Some(one) = asked.get() {
            asked.set(None);
            suggesting.set(Some(one));
            open.set(true);
        }
    });
    let title = Signal::derive(move || {
        let whom = suggesting.with(|one| one.as_ref().map(|one| one.whom.clone()));
        format!("Keep out {}?", whom.unwrap_or_default())
    });
    view! {
        <Dialog open title>
            {move || suggesting.get_untracked().map(|one| view! { <Form suggesting=one open/> })}
        </Dialog>
    }
}

/// In seconds, and what they are called.
pub(super) const LENGTHS: [(i32, &str); 5] = [
    (900, "15 min"),
    (3_600, "1 h"),
    (86_400, "24 h"),
    (604_800, "7 days"),
    (2_592_000, "30 days"),
];

#[component]
fn Form(suggesting: Suggesting, open: RwSignal<bool>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let Suggesting {
        finding, what, reaches, ..
    } = suggesting;
    // First whom the finding is of, then each of those.
    let labels = std::iter::once(what).chain(reaches.iter().map(|reach| reach.label.clone()));
    let instead: Vec<_> = labels.enumerate().map(|(at, label)| Choice::new(at, label)).collect();
    let (chosen, several) = (RwSignal::new(0_usize), instead.len() > 1);
    let (length, note) = (RwSignal::new(3_600), RwSignal::new(String::new()));
    let submit = move |()| {
        let note = note.get_untracked().trim().to_owned();
        let reach = chosen.get_untracked().checked_sub(1).and_then(|at| reaches.get(at));
        let input = SuggestResponseInput {
            finding: finding.clone(),
            block: reach.map(|reach| SuggestedBlockInput {
                kind: reach.kind,
                value: reach.value.clone(),
            }),
            length_seconds: Some(length.get_untracked()),
            note: Some(note).filter(|note| !note.is_empty()),
        };
        doing.run(responses::suggest_response(api, input), move |_| {
            open.set(false);
            toasts.good("It is suggested, and waits under Responses for a second person.");
        });
    };
    let options = LENGTHS.map(|(seconds, label)| Choice::new(seconds, label)).to_vec();
    view! {
        <DialogForm doing open action="Suggest" on_submit=submit>
            <p>"Nothing happens until somebody else approves it. It ends by itself, and anybody may end it before."</p>
            {several.then(|| view! { <Choices legend="Whom" options=instead chosen on_choose=move |at| chosen.set(at)/> })}
            <Choices legend="For how long" options chosen=length on_choose=move |one| length.set(one)/>
            <TextField label="Comment" value=note placeholder="Restreams our matches" hint="For whoever decides."/>
        </DialogForm>
    }
}
