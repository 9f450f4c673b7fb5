//! The cases that somebody works on, and those that are closed.

use leptos::prelude::*;
use leptos_router::{
    components::A,
    hooks::{use_navigate, use_query_map},
};

use crate::{
    api::{
        cases::{self, CaseState, CreateCaseInput, Listed},
        client::use_api,
        people::Permission,
    },
    kit::{
        Button, Choice, Choices, Dialog, DialogForm, Doing, Empty, Load, Loaded, Look, More, Skeleton, Table,
        TextField, When, nodes,
    },
    pages::misuse::{ExportButton, Page, asked_word, parts::Score},
    session::may,
    time,
};

/// The page.
#[component]
pub(crate) fn Cases() -> impl IntoView {
    let opening = RwSignal::new(false);
    let acts = move || {
        may(Permission::CaseWrite).then(|| {
            view! { <Button look=Look::Primary icon=icondata_lu::LuPlus on_press=move |_| opening.set(true)>"New case"</Button> }
        })
    };
    view! {
        <Page part="Cases" lead="What you know of somebody who steals, kept together until it is settled." stays=true acts=ViewFn::from(acts)>
            <List/>
        </Page>
        <Dialog open=opening title=Signal::stored("New case".to_owned())><New open=opening/></Dialog>
    }
}

#[component]
fn List() -> impl IntoView {
    let (api, query, navigate) = (use_api(), use_query_map(), use_navigate());
    let state = Memo::new(move |_| {
        let closed = query.with(|query| query.get("state").is_some_and(|state| state == "closed"));
        if closed { CaseState::Closed } else { CaseState::Open }
    });
    let choose = move |state: CaseState| {
        let path = match state {
            CaseState::Open => "/misuse/cases",
            CaseState::Closed => "/misuse/cases?state=closed",
        };
        navigate(path, leptos_router::NavigateOptions::default());
    };
    let load = Load::new(move || cases::list(api, state.get(), None));
    let found = nodes(load);
    let options = vec![
        Choice::new(CaseState::Open, "Open"),
        Choice::new(CaseState::Closed, "Closed"),
    ];
    view! {
        <div class="filters">
            <Choices legend="State" legend_hidden=true options chosen=state on_choose=choose/>
            <ExportButton table="cases" narrowed=move |()| vec![("state", asked_word(&state.get_untracked()))]/>
        </div>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <Show when=move || !found.with(Vec::is_empty) fallback=move || view! { <Nothing state=state.get()/> }>
                <section class="card card-flush">
                    <Table caption="Misuse cases" columns=vec!["Case", "Score", "In it", "Changed", "Opened by"]>
                        <For each=move || found.get() key=|one| format!("{one:?}") let:one>
                            <Row case=one/>
                        </For>
                    </Table>
                </section>
                <More load ask=move |after| cases::list(api, state.get_untracked(), after)/>
            </Show>
        </Loaded>
    }
}

#[component]
fn Nothing(state: CaseState) -> impl IntoView {
    let (title, text) = match state {
        CaseState::Open => (
            "No open cases",
            "A case keeps findings, tokens and addresses together, with notes, and makes a report for whoever hosts the thief. Add to one from a finding, or begin an empty one.",
        ),
        CaseState::Closed => (
            "No closed cases",
            "Cases that are closed stand here until their days are over.",
        ),
    };
    view! { <Empty icon=icondata_lu::LuBriefcase title text/> }
}

#[component]
fn Row(case: Listed) -> impl IntoView {
    let href = format!("/misuse/cases/{}", case.id.inner());
    let inside: Vec<_> = [
        (case.finding_count, "finding", "findings"),
        (case.token_count, "token", "tokens"),
        (case.address_count, "address", "addresses"),
    ]
    .into_iter()
    .filter(|(all, ..)| *all > 0)
    .map(|(all, one, more)| time::count(all, one, more))
    .collect();
    let inside = if inside.is_empty() {
        "Nothing yet".to_owned()
    } else {
        inside.join(", ")
    };
    view! {
        <tr>
            <th scope="row"><A href=href>{case.title}</A></th>
            <td data-label="Score"><Score score=case.score indicators=vec![]/></td>
            <td data-label="In it">{inside}</td>
            <td data-label="Changed" class="soft"><When at=case.updated_at/></td>
            <td data-label="Opened by">{case.created_by.map(|who| who.name)}</td>
        </tr>
    }
}

#[component]
fn New(open: RwSignal<bool>) -> impl IntoView {
    let (api, doing, navigate) = (use_api(), Doing::new(), use_navigate());
    let title = RwSignal::new(String::new());
    let submit = move |()| {
        let input = CreateCaseInput {
            title: title.get_untracked(),
            findings: vec![],
            tokens: vec![],
            addresses: vec![],
        };
        let navigate = navigate.clone();
        doing.run(cases::create_case(api, input), move |made| {
            open.set(false);
            if let Some(case) = made.case {
                let path = format!("/misuse/cases/{}", case.id.inner());
                navigate(&path, leptos_router::NavigateOptions::default());
            }
        });
    };
    view! {
        <DialogForm doing open action="Open case" on_submit=submit>
            <TextField label="Title" value=title required=true autofocus=true placeholder="Restream on example.tv" hint="What your colleagues know it by."/>
        </DialogForm>
    }
}
