//! Where alerts go: made, tried, removed; and what was sent.

use leptos::prelude::*;
use leptos_router::components::A;

use super::{
    Head,
    receiver::ReceiverDialog,
    sent::{Sent, TITLE as SENT},
};
use crate::{
    api::{
        alerts::{self, AlertDelivery, AlertDeliveryState, AlertReceiver, Receivers},
        client::use_api,
        people::Permission,
    },
    kit::{
        Badge, Button, Card, Confirm, Doing, Empty, Icon, Load, Loaded, Look, Menu, MenuItem, Notice, Skeleton, Tone,
        Trouble, told_apart, use_toasts,
    },
    session::may,
};

/// The page.
#[component]
pub(crate) fn AlertReceivers() -> impl IntoView {
    if !may(Permission::AlertReceiverRead) {
        return view! {
            <Head part="Receivers" lead=""/>
            <Empty icon=icondata_lu::LuLockKeyhole title="Closed to your role" text="This page is for nanoAdmin. Ask an administrator of your organisation."/>
        }
        .into_any();
    }
    let api = use_api();
    let load = Load::new(move || alerts::receivers(api));
    let (editing, open) = (RwSignal::new(None::<AlertReceiver>), RwSignal::new(false));
    // Turned at each trial, so that the log is read anew.
    let sent = RwSignal::new(0_u32);
    let edit = Callback::new(move |receiver: Option<AlertReceiver>| {
        editing.set(receiver);
        open.set(true);
    });
    let known = Memo::new(move |_| load.value().get());
    let receivers = move || {
        let all = known.with(|known| known.as_ref().map(|known| known.receivers.clone()).unwrap_or_default());
        let named = |one: &AlertReceiver| (one.name.clone(), format!("{}, {}", one.name, place(one)));
        let labels = told_apart(&[HOOKS, SENT], all.iter().map(named));
        labels.into_iter().zip(all).collect::<Vec<_>>()
    };
    let none = move || {
        known.with(|known| {
            known
                .as_ref()
                .is_none_or(|known| known.receivers.is_empty() && known.hooks.is_empty())
        })
    };
    view! {
        <Head part="Receivers" lead="Who is told of alerts, by mail, by webhook, or in your own log collector.">
            {may(Permission::AlertReceiverUpdate).then(|| view! {
                <Button look=Look::Primary icon=icondata_lu::LuPlus on_press=move |_| edit.run(None)>"New receiver"</Button>
            })}
        </Head>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <Show when=move || !none() fallback=|| view! {
                <Empty icon=icondata_lu::LuMailPlus title="Nobody is told" text="Alerts stand on this page only. Add addresses of mails or a collector of syslog, or let a webhook be told of alerts."/>
            }>
                <For each=receivers key=|(label, one)| format!("{label} {one:?}") let:one>
                    <One label=one.0 receiver=one.1 edit load sent/>
                </For>
                <Hooks known/>
                <Sent sent/>
            </Show>
        </Loaded>
        <ReceiverDialog editing open on_saved=move |()| load.again()/>
    }
    .into_any()
}

/// Webhooks that are told; they are set elsewhere.
#[component]
fn Hooks(known: Memo<Option<Receivers>>) -> impl IntoView {
    let hooks = move || known.with(|known| known.as_ref().map(|known| known.hooks.clone()).unwrap_or_default());
    view! {
        <Show when=move || !hooks().is_empty()>
            <Card title=HOOKS acts=|| view! { <A href="/organisation/webhooks" attr:class="btn">"Set webhooks"</A> }>
                <ul class="stack-tight">
                    <For each=hooks key=|(id, _)| id.inner().to_owned() let:one>
                        <li class="mono">{one.1}</li>
                    </For>
                </ul>
            </Card>
        </Show>
    }
}

/// A receiver with what can be done to it; `label` tells it from the others.
#[component]
fn One(
    label: String,
    receiver: AlertReceiver,
    edit: Callback<Option<AlertReceiver>>,
    load: Load<Receivers>,
    sent: RwSignal<u32>,
) -> impl IntoView {
    let (api, toasts) = (use_api(), use_toasts());
    let (trying, removing, asks) = (Doing::new(), Doing::new(), RwSignal::new(false));
    let tried = RwSignal::new(None::<Vec<AlertDelivery>>);
    let kept = StoredValue::new(receiver.clone());
    let of = move || kept.with_value(|one| one.id.clone());
    let test = move |_| {
        tried.set(None);
        let trial = alerts::test_alert_receiver(api, alerts::TestAlertReceiverInput { id: of() });
        trying.run(trial, move |answer| {
            tried.set(Some(answer.deliveries));
            sent.update(|turn| *turn = turn.wrapping_add(1));
        });
    };
    let remove = move |()| {
        let removal = alerts::delete_alert_receiver(api, alerts::DeleteAlertReceiverInput { id: of() });
        removing.run(removal, move |_| {
            asks.set(false);
            load.again();
            toasts.good("The receiver is removed.");
        });
    };
    let (test_name, more_name) = (format!("Test {label}"), format!("Actions for {label}"));
    view! {
        <Card title=receiver.name.clone() label acts=move || view! {
            {may(Permission::AlertReceiverTest).then(|| view! {
                <Button icon=icondata_lu::LuSend busy=trying.busy on_press=test attr:aria-label=test_name>"Test"</Button>
            })}
            {may(Permission::AlertReceiverUpdate).then(|| view! {
                <Menu label=more_name button=|| view! { <Icon of=icondata_lu::LuEllipsisVertical/> }>
                    <MenuItem icon=icondata_lu::LuPencil on_choose=move |()| edit.run(Some(kept.get_value()))>"Edit"</MenuItem>
                    <MenuItem icon=icondata_lu::LuTrash2 danger=true on_choose=move |()| { removing.forget(); asks.set(true); }>"Remove"</MenuItem>
                </Menu>
            })}
        }>
            <div class="stack">
                <Facts receiver/>
                <div role="status" class="stack-tight">
                    {move || tried.get().map(|all| all.into_iter().map(outcome).collect_view())}
                </div>
                <Trouble doing=trying/>
            </div>
        </Card>
        <Confirm open=asks title="Remove the receiver?" action="Remove" busy=removing.busy failure=removing.failure on_confirm=remove>
            <p>"It is told of no alert any more, and its log is gone. Rules that tell it alone tell nobody then."</p>
        </Confirm>
    }
}

/// Where it is, in a few words.
fn place(receiver: &AlertReceiver) -> String {
    match &receiver.syslog {
        Some(collector) => format!("syslog to {}:{}", collector.host, collector.port),
        None => format!("mail to {}", receiver.emails.join(", ")),
    }
}

fn outcome(delivery: AlertDelivery) -> impl IntoView {
    let (tone, text) = match (delivery.state, delivery.error) {
        (AlertDeliveryState::Delivered, _) => (Tone::Good, format!("{} took it.", delivery.recipient)),
        (_, Some(why)) => (Tone::Warn, format!("{}: {why}.", delivery.recipient)),
        (_, None) => (
            Tone::Warn,
            format!("{} has not taken it yet; it is tried again.", delivery.recipient),
        ),
    };
    view! { <Notice tone>{text}</Notice> }
}

/// What it is set to.
#[component]
fn Facts(receiver: AlertReceiver) -> impl IntoView {
    view! {
        <p class="line">
            {if receiver.enabled {
                view! { <Badge tone=Tone::Good text="Switched on"/> }
            } else {
                view! { <Badge tone=Tone::Calm text="Switched off"/> }
            }}
        </p>
        <dl class="pairs">
            {match receiver.syslog {
                Some(collector) => {
                    let how = match (collector.tls, &collector.certificate) {
                        (false, _) => "Syslog (RFC 5424) over TCP, in the clear",
                        (true, None) => "Syslog (RFC 5424) over TLS",
                        (true, Some(_)) => "Syslog (RFC 5424) over TLS, with a certificate of your own",
                    };
                    view! {
                        <div><dt>"Collector"</dt><dd class="mono">{format!("{}:{}", collector.host, collector.port)}</dd></div>
                        <div><dt>"Reached by"</dt><dd>{how}</dd></div>
                    }.into_any()
                }
                None => view! { <div><dt>"Mails to"</dt><dd class="mono">{receiver.emails.join(", ")}</dd></div> }.into_any(),
            }}
        </dl>
    }
}

/// The title of the card of webhooks.
const HOOKS: &str = "Webhooks";
