//! Into a case: one that is open, or a new one.

use leptos::prelude::*;

use crate::{
    api::{
        cases::{self, AddToCaseInput, CaseState, CreateCaseInput, Titled},
        client::{Api, use_api},
        failure::Failure,
        people::Permission,
    },
    kit::{Button, Dialog, DialogForm, Doing, Load, Loaded, Look, Select, Skeleton, TextField, use_toasts},
    pages::misuse::act::Ways,
    session::may,
};

/// What is to be put into a case.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::pages::misuse) struct Adding {
    /// What people call it.
    pub(in crate::pages::misuse) label: String,
    pub(in crate::pages::misuse) findings: Vec<cynic::Id>,
    pub(in crate::pages::misuse) tokens: Vec<cynic::Id>,
    pub(in crate::pages::misuse) addresses: Vec<String>,
}

/// Setting it opens the dialog.
pub(in crate::pages::misuse) type Asked = RwSignal<Option<Adding>>;

/// The button that opens it.
#[component]
pub(in crate::pages::misuse) fn AddButton(
    ways: Ways,
    adding: Adding,
    #[prop(default = Look::Quiet)] look: Look,
) -> impl IntoView {
    may(Permission::CaseWrite).then(|| {
        let name = format!("Add to case: {}", adding.label);
        let adding = StoredValue::new(adding);
        view! { <Button look on_press=move |_| ways.case.set(Some(adding.get_value())) attr:aria-label=name>"Add to case"</Button> }
    })
}

/// The dialog.
#[component]
pub(in crate::pages::misuse) fn AddToCase(asked: Asked) -> impl IntoView {
    let (open, adding) = (RwSignal::new(false), RwSignal::new(Adding::default()));
    Effect::new(move |_| {
        if let Some(one) = asked.get() {
            asked.set(None);
            adding.set(one);
            open.set(true);
        }
    });
    let title = Signal::derive(move || format!("Add {} to a case", adding.with(|one| one.label.clone())));
    view! {
        <Dialog open title>
            {move || view! { <Choose adding=adding.get_untracked() open/> }}
        </Dialog>
    }
}

#[component]
fn Choose(adding: Adding, open: RwSignal<bool>) -> impl IntoView {
    let api = use_api();
    let load = Load::new(move || cases::list(api, CaseState::Open, None));
    let adding = StoredValue::new(adding);
    view! {
        <Loaded load skeleton=|| view! { <div class="dialog-body"><Skeleton lines=3/></div> }>
            {move || {
                let known = load.value().with_untracked(|page| page.as_ref().map(|page| page.nodes.clone()));
                let known: Vec<_> = known.unwrap_or_default().into_iter().map(|one| (one.id.inner().to_owned(), one.title)).collect();
                view! { <Form adding=adding.get_value() known open/> }
            }}
        </Loaded>
    }
}

#[component]
fn Form(adding: Adding, known: Vec<(String, String)>, open: RwSignal<bool>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let first = known.first().map(|(id, _)| id.clone()).unwrap_or_default();
    let (chosen, title) = (RwSignal::new(first), RwSignal::new(String::new()));
    let several = !known.is_empty();
    let mut options = known;
    options.push((String::new(), "A new case".to_owned()));
    let is_new = Memo::new(move |_| chosen.with(String::is_empty));
    let submit = move |()| {
        let (into, title) = (chosen.get_untracked(), title.get_untracked());
        doing.run(put(api, into, title, adding.clone()), move |case| {
            open.set(false);
            toasts.good(format!("Added to “{}”.", case.title));
        });
    };
    view! {
        <DialogForm doing open action="Add to case" on_submit=submit>
            {several.then(|| view! { <Select label="Case" options=options.clone() chosen on_choose=move |one| chosen.set(one)/> })}
            <Show when=move || is_new.get()>
                <TextField label="Title of the new case" value=title required=true autofocus=true placeholder="Restream on example.tv"/>
            </Show>
            <p class="soft">"It is copied with its evidence and its newest sessions, and stays in the case when the rest is forgotten. Addresses are masked there when their days are over."</p>
        </DialogForm>
    }
}

/// Puts it into the case, or into a new one that is made with it.
async fn put(api: Api, into: String, title: String, adding: Adding) -> Result<Titled, Failure> {
    let Adding {
        findings,
        tokens,
        addresses,
        ..
    } = adding;
    let case = if into.is_empty() {
        let input = CreateCaseInput {
            title,
            findings,
            tokens,
            addresses,
        };
        cases::create_case(api, input).await?.case
    } else {
        let input = AddToCaseInput {
            id: cynic::Id::new(into),
            findings,
            tokens,
            addresses,
        };
        cases::add_to_case(api, input).await?.case
    };
    case.ok_or(Failure::Server)
}
