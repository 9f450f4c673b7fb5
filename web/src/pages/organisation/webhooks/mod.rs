//! Webhooks: which addresses are called for what, how they are tried, and what came of each call.

mod form;
mod log;

use leptos::prelude::*;

use self::{form::Edit, log::Log};
use super::{ClosedToRole, Head};
use crate::{
    api::{
        client::use_api,
        organisation::Package,
        people::Permission,
        webhooks::{self, Webhook, WebhookDeliveryState},
    },
    kit::{
        Badge, Button, Card, Confirm, Dialog, Doing, Empty, Icon, Load, Loaded, Look, Menu, MenuItem, Notice,
        ShownOnce, Skeleton, Tone, Trouble, When, told_apart, use_toasts,
    },
    pages::lacking,
    session::may,
};

/// The page.
#[component]
pub(crate) fn Webhooks() -> impl IntoView {
    if !may(Permission::WebhookRead) {
        return view! { <Head part="Webhooks" lead=""/><ClosedToRole/> }.into_any();
    }
    let api = use_api();
    let load = Load::new(move || webhooks::webhooks(api));
    let (edited, editing) = (RwSignal::new(None::<Webhook>), RwSignal::new(false));
    // Turned at each call from here, so that the log is read anew.
    let called = RwSignal::new(0_u32);
    let edit = Callback::new(move |hook: Option<Webhook>| {
        edited.set(hook);
        editing.set(true);
    });
    let act = Memo::new(move |_| {
        let known = load.value();
        known.with(|known| known.as_ref().is_none_or(|known| known.act))
    });
    let lacking = Signal::derive(move || !act.get());
    let barred = lacking::barred(Package::Webhooks, lacking);
    let hooks = Memo::new(move |_| {
        let known = load.value();
        known.with(|known| known.as_ref().map(|known| known.webhooks.clone()).unwrap_or_default())
    });
    let labelled = move || {
        let hooks = hooks.get();
        let labels = told_apart(&[], hooks.iter().map(|hook| (host(&hook.url), hook.url.clone())));
        labels.into_iter().zip(hooks).collect::<Vec<_>>()
    };
    view! {
        <Head part="Webhooks" lead="What of your own is asked who may come in, and told what happened.">
            {may(Permission::WebhookUpdate).then(|| view! {
                <Button look=Look::Primary icon=icondata_lu::LuPlus barred on_press=move |_| edit.run(None)>"New webhook"</Button>
            })}
        </Head>
        {move || (!act.get()).then(|| view! {
            <Notice tone=Tone::Warn>"Upgrade needed: without the package Webhooks they stand, and nobody is asked or told. "<a href="/organisation">"See packages"</a></Notice>
        })}
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <Show when=move || !hooks.with(Vec::is_empty) fallback=|| view! {
                <Empty icon=icondata_lu::LuWebhook title="No webhooks" text="Your backend can be asked about each broadcaster and viewer, and can be told who came, who was refused and what was changed."/>
            }>
                <For each=labelled key=|(label, hook)| format!("{label} {hook:?}") let:one>
                    <One label=one.0 hook=one.1 edit load called lacking/>
                </For>
                <Log called lacking/>
            </Show>
        </Loaded>
        <Edit edited open=editing on_saved=move |()| load.again()/>
    }
    .into_any()
}

/// A webhook with what can be done to it; `label` tells it from the others.
#[component]
fn One(
    label: String,
    hook: Webhook,
    edit: Callback<Option<Webhook>>,
    load: Load<webhooks::Webhooks>,
    called: RwSignal<u32>,
    lacking: Signal<bool>,
) -> impl IntoView {
    let (api, toasts) = (use_api(), use_toasts());
    let barred = lacking::barred(Package::Webhooks, lacking);
    let (trying, rotating, removing) = (Doing::new(), Doing::new(), Doing::new());
    let (asks_rotate, asks_remove, shown) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    let (secret, tried) = (RwSignal::new(None::<String>), RwSignal::new(None));
    let (id, kept) = (hook.id.clone(), StoredValue::new(hook.clone()));
    let of = move || kept.with_value(|hook| hook.id.clone());
    let test = move |_| {
        tried.set(None);
        trying.run(
            webhooks::test_webhook(api, webhooks::TestWebhookInput { id: of() }),
            move |answer| {
                tried.set(answer.delivery);
                called.update(|turn| *turn = turn.wrapping_add(1));
            },
        );
    };
    let rotate = move |()| {
        let rotation = webhooks::rotate_webhook_secret(api, webhooks::RotateWebhookSecretInput { id: of() });
        rotating.run(rotation, move |answer| {
            asks_rotate.set(false);
            secret.set(answer.secret);
            shown.set(true);
        });
    };
    Effect::new(move |before: Option<bool>| {
        let open = shown.get();
        if before == Some(true) && !open {
            secret.set(None); // seen once, and gone when the dialog is
            load.again();
        }
        open
    });
    let remove = move |()| {
        removing.run(
            webhooks::remove_webhook(api, webhooks::RemoveWebhookInput { id: of() }),
            move |_| {
                asks_remove.set(false);
                load.again();
                toasts.good("The webhook is removed.");
            },
        );
    };
    let host = host(&hook.url);
    let (test_name, more_name) = (format!("Test {label}"), format!("Actions for {label}"));
    view! {
        <Card title=host label acts=move || view! {
            {may(Permission::WebhookTest).then(|| view! {
                <Button icon=icondata_lu::LuSend busy=trying.busy barred on_press=test attr:aria-label=test_name>"Test"</Button>
            })}
            {may(Permission::WebhookUpdate).then(|| view! {
                <Menu label=more_name button=|| view! { <Icon of=icondata_lu::LuEllipsisVertical/> }>
                    <MenuItem icon=icondata_lu::LuPencil barred=barred on_choose=move |()| edit.run(Some(kept.get_value()))>"Edit"</MenuItem>
                    <MenuItem icon=icondata_lu::LuRotateCcwKey barred=barred on_choose=move |()| { rotating.forget(); asks_rotate.set(true); }>"Rotate secret"</MenuItem>
                    <MenuItem icon=icondata_lu::LuTrash2 danger=true on_choose=move |()| { removing.forget(); asks_remove.set(true); }>"Remove"</MenuItem>
                </Menu>
            })}
        }>
            <div class="stack" data-webhook=id.inner().to_owned()>
                <Facts hook/>
                <div role="status" class="stack-tight">
                    {move || tried.get().map(|delivery: webhooks::WebhookDelivery| {
                        let (tone, text) = match (delivery.state, delivery.error.clone()) {
                            (WebhookDeliveryState::Delivered, _) => (Tone::Good, format!("It answered {}.", delivery.answered())),
                            (_, Some(why)) => (Tone::Warn, format!("The test failed: {why}.")),
                            (_, None) => (Tone::Warn, format!("The test failed: {}.", delivery.answered())),
                        };
                        view! { <Notice tone>{text}</Notice> }
                    })}
                </div>
                <Trouble doing=trying/>
            </div>
        </Card>
        <Confirm open=asks_rotate title="Rotate the secret?" action="Rotate" busy=rotating.busy failure=rotating.failure on_confirm=rotate>
            <p>"You get a new secret. For a day calls carry a signature of each, the old and the new; then of the new one only."</p>
        </Confirm>
        <Dialog open=shown wide=true title="Copy the secret now">
            {move || secret.get().map(|secret| view! {
                <ShownOnce label="Secret" secret warning="It is shown this once. Calls are signed with it, so that your backend can tell them from anybody else's." open=shown/>
            })}
        </Dialog>
        <Confirm open=asks_remove title="Remove the webhook?" action="Remove" busy=removing.busy failure=removing.failure on_confirm=remove>
            <p>"It is not called any more, and its log is gone. What it was asked, nobody is asked from now on: whoever has a good token comes in."</p>
        </Confirm>
    }
}

/// What it is set to.
#[component]
fn Facts(hook: Webhook) -> impl IntoView {
    let mut calls: Vec<_> = hook.calls.iter().map(|call| call.label().to_owned()).collect();
    if hook.judges_tokens {
        calls.push("Judges foreign tokens".to_owned());
    }
    let calls = if calls.is_empty() {
        "Nothing".to_owned()
    } else {
        calls.join(", ")
    };
    let asks = hook.judges_tokens
        || hook
            .calls
            .iter()
            .any(|call| webhooks::WebhookCall::ASKED.contains(call));
    let left_out = hook.suppressed;
    let old = hook.previous_secret_until.clone();
    view! {
        <p class="line">
            {if hook.enabled {
                view! { <Badge tone=Tone::Good text="Switched on"/> }
            } else {
                view! { <Badge tone=Tone::Calm text="Switched off"/> }
            }}
            {old.map(|at| view! { <span class="soft">"The secret before this one signs until "<When at/></span> })}
        </p>
        <dl class="pairs">
            <div><dt>"Address"</dt><dd class="mono">{hook.url}</dd></div>
            <div><dt>"Called for"</dt><dd>{calls}</dd></div>
            <div><dt>"Written as"</dt><dd>{hook.encoding.label()}</dd></div>
            {asks.then(|| view! { <div><dt>"Where it does not answer"</dt><dd>{hook.outage.label()}</dd></div> })}
            {(left_out > 0.0).then(|| view! { <div><dt>"Left out in floods"</dt><dd>{left_out.to_string()}</dd></div> })}
        </dl>
    }
}

/// What people call it by: its host.
fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest).to_owned()
}
