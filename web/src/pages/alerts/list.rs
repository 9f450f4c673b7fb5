//! What is open now, as it happens, and what was.

use leptos::prelude::*;
use leptos_router::components::A;

use super::{Head, SeverityBadge};
use crate::{
    api::{
        alerts::{self, Alert, AlertState, Metric},
        client::use_api,
        live::use_live,
        page::Page,
        people::Permission,
    },
    kit::{
        Badge, Button, Card, Empty, Followed, Load, Loaded, Look, More, Skeleton, Table, Tone, When, nodes, use_toasts,
    },
    pages::{is_misuse_open, misuse::ExportButton},
    session::may,
    time,
};

/// So many are kept in the page: one that is open for days does not grow.
const KEPT: usize = 500;

/// The page.
#[component]
pub(crate) fn Alerts() -> impl IntoView {
    let (api, live) = (use_api(), use_live());
    let ask = move |state: AlertState, after| alerts::alerts(api, state, after);
    let open = Followed::new(
        Memo::new(|_| AlertState::Open),
        ask,
        |page: &mut Page<Alert>, alert: Alert| match alert.state {
            AlertState::Open => put(page, alert),
            AlertState::Resolved => take(page, &alert.id),
        },
    );
    let past = Followed::new(
        Memo::new(|_| AlertState::Resolved),
        ask,
        |page: &mut Page<Alert>, alert: Alert| {
            if alert.state == AlertState::Resolved {
                put(page, alert);
            }
        },
    );
    live.subscribe(
        || Some(alerts::news()),
        move |event| {
            open.hear(event.alerts.alert.clone());
            past.hear(event.alerts.alert);
        },
    );
    view! {
        <Head part="Alerts" lead="What needs somebody to look, as it happens."/>
        <Open load=open.load()/>
        <Past load=past.load()/>
    }
}

/// Puts one in its place: where it stands already, else at the top.
fn put(page: &mut Page<Alert>, alert: Alert) {
    if let Some(known) = page.nodes.iter_mut().find(|known| known.id == alert.id) {
        *known = alert;
        return;
    }
    let most = page.nodes.len().max(KEPT);
    page.nodes.insert(0, alert);
    page.nodes.truncate(most);
    page.total += 1;
}

fn take(page: &mut Page<Alert>, id: &cynic::Id) {
    let before = page.nodes.len();
    page.nodes.retain(|known| known.id != *id);
    if page.nodes.len() < before {
        page.total -= 1;
    }
}

#[component]
fn Open(load: Load<Page<Alert>>) -> impl IntoView {
    let api = use_api();
    let found = nodes(load);
    view! {
        <Loaded load skeleton=|| view! { <Skeleton lines=4/> }>
            <Show when=move || !found.with(Vec::is_empty) fallback=|| view! {
                <Empty icon=icondata_lu::LuBellOff title="Nothing is wrong" text="No alert is open. What your rules watch for appears here within seconds.">
                    {may(Permission::AlertRuleWrite).then(|| view! { <A href="/alerts/rules" attr:class="btn">"See rules"</A> })}
                </Empty>
            }>
                <ol class="feed card" aria-label="Open alerts">
                    <For each=move || found.get() key=|one| format!("{one:?}") let:one>
                        <One alert=one/>
                    </For>
                </ol>
                <More load ask=move |after| alerts::alerts(api, AlertState::Open, after)/>
            </Show>
        </Loaded>
        <p class="sr-only" role="status">{move || found.with(|all| time::count(i32::try_from(all.len()).unwrap_or(i32::MAX), "alert is open", "alerts are open"))}</p>
    }
}

#[component]
fn One(alert: Alert) -> impl IntoView {
    let (api, toasts, busy) = (use_api(), use_toasts(), RwSignal::new(false));
    let id = StoredValue::new(alert.id.clone());
    let take_on = move |_| {
        busy.set(true);
        leptos::task::spawn_local(async move {
            let input = alerts::AcknowledgeAlertInput { id: id.get_value() };
            match alerts::acknowledge_alert(api, input).await {
                Ok(_) => toasts.good("Nobody is reminded of it any more."),
                Err(refusal) => toasts.bad(refusal.to_string()),
            }
            busy.try_set(false);
        });
    };
    let name = format!("Acknowledge {}", alert.name);
    let taken = alert.acknowledged_at.clone();
    let can = may(Permission::AlertAcknowledge) && taken.is_none();
    let misuse = alert.metric == Some(Metric::Findings) && is_misuse_open();
    view! {
        <li>
            {alert.severity.map(|severity| view! { <SeverityBadge severity/> })}
            <div class="feed-main">
                <p><strong>{alert.name.clone()}</strong>": "{alert.summary.clone()}</p>
                <p class="soft feed-who">
                    "Since "<When at=alert.opened_at.clone()/>
                    {taken.map(|at| view! { " · acknowledged "<When at/> })}
                    {(alert.notifications > 0).then(|| format!(" · told {}", times(alert.notifications)))}
                </p>
                <Streams names=alert.streams.clone()/>
            </div>
            <div class="feed-acts">
                {misuse.then(|| view! { <a class="btn btn-quiet" href="/misuse">"See findings"</a> })}
                {can.then(|| view! { <Button busy on_press=take_on attr:aria-label=name>"Acknowledge"</Button> })}
            </div>
        </li>
    }
}

fn times(many: i32) -> String {
    match many {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => format!("{many} times"),
    }
}

#[component]
fn Streams(names: Vec<String>) -> impl IntoView {
    let many = names.len();
    (many > 0).then(|| {
        let links = names.into_iter().enumerate().map(|(n, name)| {
            let href = format!("/streams/{name}");
            view! {
                {(n > 0).then_some(", ")}
                <a class="mono" href=href>{name}</a>
            }
        });
        view! { <p class="soft feed-who">{links.collect_view()}</p> }
    })
}

#[component]
fn Past(load: Load<Page<Alert>>) -> impl IntoView {
    let api = use_api();
    let found = nodes(load);
    view! {
        <Card title="History" flush=true acts=|| view! {
            <ExportButton table="alerts" narrowed=|()| vec![("state", "RESOLVED".to_owned())] look=Look::Quiet/>
        }>
            <Loaded load skeleton=|| view! { <Skeleton lines=4/> }>
                <Show when=move || !found.with(Vec::is_empty) fallback=|| view! { <p class="soft row-note">"Alerts that are over stand here for 90 days."</p> }>
                    <Table caption="Alerts that are over" columns=vec!["Alert", "Severity", "What was measured", "Began", "Lasted", "Why it is over"]>
                        <For each=move || found.get() key=|one| format!("{one:?}") let:one>
                            <Row alert=one/>
                        </For>
                    </Table>
                    <More load ask=move |after| alerts::alerts(api, AlertState::Resolved, after)/>
                </Show>
            </Loaded>
        </Card>
    }
}

#[component]
fn Row(alert: Alert) -> impl IntoView {
    let lasted = alert
        .resolved_at
        .as_ref()
        .map(|until| time::span(time::millis(&alert.opened_at), time::millis(until)));
    view! {
        <tr>
            <th scope="row">{alert.name}</th>
            <td data-label="Severity">
                {match alert.severity {
                    Some(severity) => view! { <SeverityBadge severity/> }.into_any(),
                    None => view! { <Badge tone=Tone::Calm text="Unknown"/> }.into_any(),
                }}
            </td>
            <td data-label="What was measured">{alert.summary}</td>
            <td data-label="Began" class="soft"><When at=alert.opened_at/></td>
            <td data-label="Lasted">{lasted}</td>
            <td data-label="Why it is over">{alert.ending.map(alerts::AlertEnding::label)}</td>
        </tr>
    }
}
