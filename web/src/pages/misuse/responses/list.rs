//! What waits for a second person, what keeps somebody out, and what did.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::{use_navigate, use_query_map};

use super::{
    approve::{Approve, Approving, Asked},
    settings::SettingsButton,
};
use crate::{
    api::{
        client::use_api,
        failure::Failure,
        live::use_live,
        organisation::Package,
        people::Permission,
        responses::{self, RefuseResponseInput, Response, ResponseKind, ResponseState, UndoResponseInput},
    },
    kit::{
        Badge, Button, Choice, Choices, Empty, Load, Loaded, Look, More, Skeleton, Table, Tone, When, gathered, nodes,
        renew, use_toasts,
    },
    pages::{
        lacking::{self, Lacking, use_lacking},
        misuse::{ExportButton, Page, asked_word, words},
    },
    session::{may, use_person},
    time,
};

/// The page.
#[component]
pub(crate) fn Responses() -> impl IntoView {
    view! {
        <Page part="Responses" lead="Who is kept out for a while, and who is to be: one suggests, another approves." stays=true acts=ViewFn::from(|| view! { <SettingsButton/> })>
            <List/>
        </Page>
    }
}

/// How long news wait for more of them before the list is asked for anew.
const SOON: Duration = Duration::from_millis(200);

/// Which ones are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Waiting,
    InForce,
    All,
}

impl Shown {
    fn named(name: Option<&str>) -> Self {
        match name {
            Some("applied") => Self::InForce,
            Some("all") => Self::All,
            _ => Self::Waiting,
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Waiting => "/misuse/responses",
            Self::InForce => "/misuse/responses?state=applied",
            Self::All => "/misuse/responses?state=all",
        }
    }

    const fn state(self) -> Option<ResponseState> {
        match self {
            Self::Waiting => Some(ResponseState::Suggested),
            Self::InForce => Some(ResponseState::Applied),
            Self::All => None,
        }
    }
}

#[component]
fn List() -> impl IntoView {
    let (api, live, query, navigate) = (use_api(), use_live(), use_query_map(), use_navigate());
    let shown = Memo::new(move |_| query.with(|query| Shown::named(query.get("state").as_deref())));
    let choose = move |shown: Shown| navigate(shown.path(), leptos_router::NavigateOptions::default());
    let load = Load::new(move || responses::list(api, shown.get().state(), None));
    let again = move || {
        renew(load, shown, move |shown: Shown, after| {
            responses::list(api, shown.state(), after)
        });
    };
    let soon = gathered(SOON, again);
    live.subscribe(|| Some(responses::news()), move |_| soon());
    live.at_return(again);
    let (found, again) = (nodes(load), Callback::new(move |()| again()));
    let (no_rules, asked) = (use_lacking(Package::Guardian), RwSignal::new(None));
    let narrowed = move |()| {
        let state = shown.get_untracked().state();
        vec![("state", state.as_ref().map(asked_word).unwrap_or_default())]
    };
    let options = vec![
        Choice::new(Shown::Waiting, "Waiting"),
        Choice::new(Shown::InForce, "In force"),
        Choice::new(Shown::All, "All"),
    ];
    view! {
        {may(Permission::ResponseWrite).then(|| view! { <Lacking package=Package::Guardian when=no_rules so="what blocks cannot be approved"/> })}
        <div class="filters">
            <Choices legend="State" legend_hidden=true options chosen=shown on_choose=choose/>
            <ExportButton table="responses" narrowed/>
        </div>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <Show when=move || !found.with(Vec::is_empty) fallback=move || view! { <Nothing shown=shown.get()/> }>
                <section class="card card-flush">
                    <Table caption="Responses" columns=vec!["Who", "Why", "What", "Suggested", "State", ""]>
                        <For each=move || found.get() key=|one| format!("{one:?}") let:one>
                            <Row response=one no_rules asked again/>
                        </For>
                    </Table>
                </section>
                <More load ask=move |after| responses::list(api, shown.get_untracked().state(), after)/>
            </Show>
        </Loaded>
        <Approve asked again/>
    }
}

#[component]
fn Nothing(shown: Shown) -> impl IntoView {
    let (title, text) = match shown {
        Shown::Waiting => (
            "Nothing waits for you",
            "Suggest to keep somebody out from a finding, and a second person approves it here. Administrators may have it suggested, or done, by itself.",
        ),
        Shown::InForce => (
            "Nobody is kept out",
            "Whoever is kept out for a while by a response stands here until its end.",
        ),
        Shown::All => (
            "No responses yet",
            "What was suggested, done and taken back stands here.",
        ),
    };
    view! { <Empty icon=icondata_lu::LuScale title text/> }
}

/// `again` has the list asked for anew.
#[component]
fn Row(response: Response, no_rules: Signal<bool>, asked: Asked, again: Callback<()>) -> impl IntoView {
    let (kind, name) = who(&response);
    let whom = format!("{kind} {name}");
    let what = match response.kind {
        ResponseKind::BlockAddress => "Block the address",
        ResponseKind::BlockSubnet => "Block the addresses",
        ResponseKind::BlockNetwork => "Block the network",
        ResponseKind::BlockReferrer => "Block the site",
        ResponseKind::HoldToken => "Hold the token",
        ResponseKind::HoldUser => "Hold the viewer",
    };
    let for_how_long = time::span(0.0, f64::from(response.length_seconds) * 1_000.0);
    let proposed = response
        .proposed_by
        .clone()
        .map_or("By itself".to_owned(), |who| who.name);
    let (tone, word) = match response.state {
        ResponseState::Suggested => (Tone::Warn, "Waiting"),
        ResponseState::Applied => (Tone::Bad, "Kept out"),
        ResponseState::Refused => (Tone::Calm, "Refused"),
        ResponseState::Undone => (Tone::Calm, "Taken back"),
        ResponseState::Over => (Tone::Calm, "Over"),
    };
    // Its time may be over before that is told.
    let until = response.until.as_ref().map(time::millis);
    let (until, now) = (
        until.filter(|_| response.state == ResponseState::Applied),
        time::use_now(),
    );
    let over = Memo::new(move |_| until.is_some_and(|until| now.get() >= until));
    Effect::new(move |before: Option<bool>| {
        let over = over.get();
        if over && before == Some(false) {
            again.run(());
        }
        over
    });
    let tone = Signal::derive(move || if over.get() { Tone::Calm } else { tone });
    let word = Signal::derive(move || if over.get() { "Over" } else { word }.to_owned());
    let by = match response.state {
        ResponseState::Suggested | ResponseState::Over => None,
        ResponseState::Applied if response.by_itself => Some("by itself".to_owned()),
        ResponseState::Undone => response.undone_by.clone().map(|who| format!("by {}", who.name)),
        ResponseState::Applied | ResponseState::Refused => {
            response.decided_by.clone().map(|who| format!("by {}", who.name))
        }
    };
    let when = match response.state {
        ResponseState::Suggested => None,
        ResponseState::Applied => response
            .until
            .clone()
            .map(|at| view! { {move || (!over.get()).then_some("until ")}<When at/> }.into_any()),
        _ => response.ended_at.clone().map(|at| view! { <When at/> }.into_any()),
    };
    view! {
        <tr>
            <th scope="row"><span>{kind}" "<span class="mono">{name}</span></span></th>
            <td data-label="Why"><span>{words::label(&response.code)}": "{response.evidence.clone()}{response.note.clone().map(|note| view! { <span class="under">{note}</span> })}</span></td>
            <td data-label="What"><span>{what}<span class="under">"for "{for_how_long}</span></span></td>
            <td data-label="Suggested"><span>{proposed}<span class="under"><When at=response.proposed_at.clone()/></span></span></td>
            <td data-label="State"><span><Badge tone text=word/>{(by.is_some() || when.is_some()).then(|| view! { <span class="under">{by}" "{when}</span> })}</span></td>
            <td class="acts">{may(Permission::ResponseWrite).then(|| view! { <Acts response whom no_rules asked again/> })}</td>
        </tr>
    }
}

#[component]
fn Acts(response: Response, whom: String, no_rules: Signal<bool>, asked: Asked, again: Callback<()>) -> impl IntoView {
    let (api, toasts) = (use_api(), use_toasts());
    let (busy, id) = (RwSignal::new(false), StoredValue::new(response.id.clone()));
    let kept = StoredValue::new(whom.clone());
    // What became of it may be told before the answer comes, and the row be another one by then.
    let settle = move |answer: Result<String, Failure>| {
        busy.try_set(false);
        match answer {
            Ok(told) => toasts.good(told),
            Err(refusal) => toasts.bad(refusal.to_string()),
        }
        again.try_run(());
    };
    let whole = StoredValue::new(response.clone());
    let approve = move |_| {
        asked.set(Some(Approving {
            response: whole.get_value(),
            whom: kept.get_value(),
        }));
    };
    let refuse = move |_| {
        busy.set(true);
        let input = RefuseResponseInput { id: id.get_value() };
        spawn_local(async move {
            let answer = responses::refuse_response(api, input).await;
            settle(answer.map(|_| "It is refused.".to_owned()));
        });
    };
    let undo = move |_| {
        busy.set(true);
        let (input, whom) = (UndoResponseInput { id: id.get_value() }, kept.get_value());
        spawn_local(async move {
            let answer = responses::undo_response(api, input).await;
            settle(answer.map(|_| format!("{whom} may come in again.")));
        });
    };
    match response.state {
        ResponseState::Suggested => {
            let own = response
                .is_own
                .then(|| "A second person approves what you suggested.".to_owned());
            let is_rule = response.kind.rule().is_some();
            let lacking = lacking::barred(Package::Guardian, no_rules);
            let barred = Signal::derive(move || own.clone().or_else(|| lacking.get().filter(|_| is_rule)));
            let word = if response.is_own { "Take back" } else { "Refuse" };
            view! {
                <Button look=Look::Quiet busy on_press=refuse attr:aria-label=format!("{word} what is suggested about {whom}")>{word}</Button>
                <Button look=Look::Plain busy barred on_press=approve attr:aria-label=format!("Approve what is suggested about {whom}")>"Approve"</Button>
                {move || barred.get().map(|why| view! { <span class="sr-only">{why}</span> })}
            }
            .into_any()
        }
        ResponseState::Applied => view! {
            <Button look=Look::Plain busy on_press=undo attr:aria-label=format!("Let {whom} in again")>"Undo"</Button>
        }
        .into_any(),
        _ => ().into_any(),
    }
}

/// Whom it is about.
fn who(response: &Response) -> (&'static str, String) {
    match (&response.jti, &response.user) {
        (Some(jti), _) => ("Token", jti.inner().to_owned()),
        (_, Some(user)) => (
            "Viewer",
            use_person().with_untracked(|person| person.user_label(Some(user))),
        ),
        _ => {
            let value = response.value.clone().unwrap_or_default();
            match response.kind {
                ResponseKind::BlockSubnet => ("Addresses", value),
                ResponseKind::BlockNetwork if value == "none" => ("Network", "that is not known".to_owned()),
                ResponseKind::BlockNetwork => ("Network", format!("AS{value}")),
                ResponseKind::BlockReferrer if value == "none" => ("Site", "that is not named".to_owned()),
                ResponseKind::BlockReferrer => ("Site", value),
                _ => ("Address", response.ip.clone().unwrap_or_default()),
            }
        }
    }
}
