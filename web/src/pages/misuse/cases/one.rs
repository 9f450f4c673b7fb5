//! One case: what is in it, what people wrote, and its report.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    components::A,
    hooks::{use_navigate, use_params_map},
};

use super::{parts::Parts, report::Report};
use crate::{
    api::{
        cases::{self, AddCaseNoteInput, Case, CaseState, DeleteCaseInput, RemoveFromCaseInput, UpdateCaseInput},
        client::use_api,
        people::Permission,
    },
    kit::{
        Badge, Button, Card, Confirm, Dialog, DialogForm, Doing, Empty, Icon, Load, Loaded, Look, Menu, MenuItem,
        PageHead, Skeleton, TextArea, TextField, Tone, Trouble, When, use_toasts,
    },
    pages::is_misuse_open,
    session::may,
};

/// The page of the case that the address names.
#[component]
pub(crate) fn CasePage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    move || {
        if is_misuse_open() {
            view! { <One id=id.get()/> }.into_any()
        } else {
            view! {
                <PageHead title="Misuse" tab="Case"/>
                <Empty icon=icondata_lu::LuLockKeyhole title="Closed to your role" text="Who watches, and from where, is for nanoUser and nanoAdmin. Ask an administrator of your organisation."/>
            }
            .into_any()
        }
    }
}

/// What can be done about a case, as what opens the dialogs.
#[derive(Clone, Copy)]
struct Opens {
    report: RwSignal<bool>,
    title: RwSignal<bool>,
    delete: RwSignal<bool>,
}

#[component]
fn One(id: String) -> impl IntoView {
    let api = use_api();
    let named = StoredValue::new(cynic::Id::new(id.clone()));
    let load = Load::new(move || cases::one(api, named.get_value()));
    let title = Signal::derive(move || {
        let known = load.value();
        known.with(|case| {
            case.as_ref()
                .map_or_else(|| "Case".to_owned(), |case| case.title.clone())
        })
    });
    let opens = Opens {
        report: RwSignal::new(false),
        title: RwSignal::new(false),
        delete: RwSignal::new(false),
    };
    view! {
        <nav class="crumbs" aria-label="Breadcrumb">
            <A href="/misuse/cases"><Icon of=icondata_lu::LuArrowLeft/>"Cases"</A>
        </nav>
        <PageHead title><Acts load opens/></PageHead>
        <Loaded load skeleton=|| view! { <Skeleton lines=10/> }>
            <Content load/>
        </Loaded>
        <Report open=opens.report id/>
        <Dialog open=opens.title title=Signal::stored("Rename case".to_owned())>
            {move || view! { <Rename open=opens.title load/> }}
        </Dialog>
        <Delete open=opens.delete load/>
    }
}

#[component]
fn Acts(load: Load<Case>, opens: Opens) -> impl IntoView {
    let (api, toasts) = (use_api(), use_toasts());
    let state = Memo::new(move |_| load.value().with(|case| case.as_ref().map(|case| case.state)));
    let set = move |state: CaseState, told: &'static str| {
        let Some(id) = id_of(load) else { return };
        spawn_local(async move {
            let input = UpdateCaseInput {
                id,
                title: None,
                state: Some(state),
            };
            match cases::update_case(api, input).await {
                Ok(_) => {
                    load.again();
                    toasts.good(told);
                }
                Err(refusal) => toasts.bad(refusal.to_string()),
            }
        });
    };
    view! {
        <Show when=move || state.get().is_some()>
            <Button icon=icondata_lu::LuFileText on_press=move |_| opens.report.set(true)>"Report"</Button>
            {may(Permission::CaseWrite).then(|| view! {
                <Show when=move || state.get() == Some(CaseState::Closed) fallback=move || view! {
                    <Button look=Look::Primary on_press=move |_| set(CaseState::Closed, "The case is closed.")>"Close case"</Button>
                }>
                    <Button on_press=move |_| set(CaseState::Open, "The case is open again.")>"Open again"</Button>
                </Show>
                <Menu label="Actions for the case" button=|| view! { <Icon of=icondata_lu::LuEllipsisVertical/> }>
                    <MenuItem icon=icondata_lu::LuPencil on_choose=move |()| opens.title.set(true)>"Rename"</MenuItem>
                    <MenuItem icon=icondata_lu::LuTrash2 danger=true on_choose=move |()| opens.delete.set(true)>"Delete"</MenuItem>
                </Menu>
            })}
        </Show>
    }
}

fn id_of(load: Load<Case>) -> Option<cynic::Id> {
    load.value()
        .with_untracked(|case| case.as_ref().map(|case| case.id.clone()))
}

#[component]
fn Content(load: Load<Case>) -> impl IntoView {
    move || {
        load.value().get().map(|case| {
            let closed = case.closed_at.clone();
            let by = case.created_by.as_ref().map(|who| format!(" by {}", who.name));
            let notes = case.notes.clone();
            view! {
                <div class="under-head">
                    {match case.state {
                        CaseState::Open => view! { <Badge tone=Tone::Warn text="Open"/> },
                        CaseState::Closed => view! { <Badge tone=Tone::Calm text="Closed"/> },
                    }}
                    <span class="soft">"Opened "<When at=case.created_at.clone()/>{by}</span>
                    {closed.map(|at| view! { <span class="soft">"Closed "<When at/></span> })}
                </div>
                <Parts load case/>
                <Notes load notes/>
            }
        })
    }
}

#[component]
fn Notes(load: Load<Case>, notes: Vec<cases::CaseNote>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let text = RwSignal::new(String::new());
    let writes = may(Permission::CaseWrite);
    let write = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(id) = id_of(load) else { return };
        let input = AddCaseNoteInput {
            id,
            text: text.get_untracked(),
        };
        doing.run(cases::add_case_note(api, input), move |_| {
            text.set(String::new());
            load.again();
        });
    };
    let remove = move |note: cynic::Id| {
        let Some(id) = id_of(load) else { return };
        spawn_local(async move {
            let input = RemoveFromCaseInput {
                id,
                items: vec![],
                notes: vec![note],
            };
            match cases::remove_from_case(api, input).await {
                Ok(_) => load.again(),
                Err(refusal) => toasts.bad(refusal.to_string()),
            }
        });
    };
    let none = notes.is_empty();
    let rows = notes.into_iter().enumerate().map(move |(n, note)| {
        let (id, name) = (StoredValue::new(note.id), format!("Remove note {}", n + 1));
        view! {
            <li>
                <div class="feed-main">
                    <p class="case-note">{note.text}</p>
                    <p class="soft feed-who">{note.created_by.map(|who| who.name)}" · "<When at=note.created_at/></p>
                </div>
                {writes.then(|| view! {
                    <div class="feed-acts"><Button look=Look::Quiet on_press=move |_| remove(id.get_value()) attr:aria-label=name>"Remove"</Button></div>
                })}
            </li>
        }
    });
    view! {
        <Card title="Notes" flush=true>
            {none.then(|| view! { <p class="soft row-note">"Nobody wrote anything yet."</p> })}
            {(!none).then(|| view! { <ol class="feed feed-flush" aria-label="Notes">{rows.collect_view()}</ol> })}
            {writes.then(|| view! {
                <form class="case-write" on:submit=write>
                    <TextArea label="New note" value=text lines=3 required=true placeholder="Asked the host to take it down" hint="For your colleagues. Addresses in it are masked after their days, like everywhere."/>
                    <Trouble doing/>
                    <Button submit=true busy=doing.busy>"Add note"</Button>
                </form>
            })}
        </Card>
    }
}

#[component]
fn Rename(open: RwSignal<bool>, load: Load<Case>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let known = load
        .value()
        .with_untracked(|case| case.as_ref().map(|case| case.title.clone()));
    let title = RwSignal::new(known.unwrap_or_default());
    let submit = move |()| {
        let Some(id) = id_of(load) else { return };
        let input = UpdateCaseInput {
            id,
            title: Some(title.get_untracked()),
            state: None,
        };
        doing.run(cases::update_case(api, input), move |_| {
            open.set(false);
            load.again();
            toasts.good("The case is renamed.");
        });
    };
    view! {
        <DialogForm doing open action="Rename" on_submit=submit>
            <TextField label="Title" value=title required=true autofocus=true/>
        </DialogForm>
    }
}

#[component]
fn Delete(open: RwSignal<bool>, load: Load<Case>) -> impl IntoView {
    let (api, toasts, doing, navigate) = (use_api(), use_toasts(), Doing::new(), use_navigate());
    let delete = move |()| {
        let Some(id) = id_of(load) else { return };
        let navigate = navigate.clone();
        doing.run(cases::delete_case(api, DeleteCaseInput { id }), move |_| {
            open.set(false);
            toasts.good("The case is deleted.");
            navigate("/misuse/cases", leptos_router::NavigateOptions::default());
        });
    };
    view! {
        <Confirm open title=Signal::stored("Delete this case?".to_owned()) action=Signal::stored("Delete case".to_owned()) busy=doing.busy failure=doing.failure on_confirm=delete>
            <p>"Everything in it goes, and what was forgotten elsewhere cannot be had again. Take its report away first where you may need it."</p>
        </Confirm>
    }
}
