//! The dialog in which a webhook is made or changed; a new one's secret is shown in it, once.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        webhooks::{self, SetWebhookInput, Webhook, WebhookCall, WebhookEncoding, WebhookOutage},
    },
    kit::{Choice, Choices, Dialog, DialogForm, Doing, ShownOnce, Switch, TextField, use_toasts},
};

/// The dialog: the form, then a new one's secret.
#[component]
pub(super) fn Edit(
    edited: RwSignal<Option<Webhook>>,
    open: RwSignal<bool>,
    #[prop(into)] on_saved: Callback<()>,
) -> impl IntoView {
    let secret = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        open.track();
        secret.set(None); // seen once, and gone when the dialog is
    });
    let title = Signal::derive(move || {
        match (secret.with(Option::is_some), edited.with(Option::is_some)) {
            (true, _) => "Copy the secret now",
            (false, true) => "Edit webhook",
            (false, false) => "New webhook",
        }
        .to_owned()
    });
    view! {
        <Dialog open title wide=true>
            {move || match secret.get() {
                None => view! { <Form before=edited.get_untracked() open secret on_saved/> }.into_any(),
                Some(secret) => view! {
                    <ShownOnce label="Secret" secret warning="It is shown this once. Calls are signed with it (Standard Webhooks), so that your backend can tell them from anybody else's." open/>
                }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn Form(
    before: Option<Webhook>,
    open: RwSignal<bool>,
    secret: RwSignal<Option<String>>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let known = before.as_ref();
    let id = known.map(|hook| hook.id.clone());
    let url = RwSignal::new(known.map(|hook| hook.url.clone()).unwrap_or_default());
    let enabled = RwSignal::new(known.is_none_or(|hook| hook.enabled));
    let judges = RwSignal::new(known.is_some_and(|hook| hook.judges_tokens));
    let encoding = RwSignal::new(known.map_or(WebhookEncoding::Form, |hook| hook.encoding));
    let outage = RwSignal::new(known.map_or(WebhookOutage::Closed, |hook| hook.outage));
    let is_on = |call: WebhookCall| {
        (
            call,
            RwSignal::new(known.is_some_and(|hook| hook.calls.contains(&call))),
        )
    };
    let (asked, told) = (WebhookCall::ASKED.map(is_on), WebhookCall::TOLD.map(is_on));
    let new = id.is_none();
    let submit = move |()| {
        let calls = asked.iter().chain(&told).filter(|(_, on)| on.get_untracked());
        let calls = calls.map(|(call, _)| *call).collect();
        let mut input = SetWebhookInput {
            id: id.clone(),
            url: Some(url.get_untracked().trim().to_owned()),
            enabled: Some(enabled.get_untracked()),
            calls: Some(calls),
            judges_tokens: Some(judges.get_untracked()),
            encoding: Some(encoding.get_untracked()),
            outage: Some(outage.get_untracked()),
        };
        if let Some(before) = &before {
            input.keep(before);
        }
        doing.run(webhooks::set_webhook(api, input), move |answer| {
            on_saved.run(());
            if answer.secret.is_some() {
                secret.set(answer.secret);
            } else {
                open.set(false);
                toasts.good("The webhook is saved.");
            }
        });
    };
    let switches = |calls: &[(WebhookCall, RwSignal<bool>)]| {
        let calls = calls.iter().copied();
        calls
            .map(|(call, value)| view! { <Switch label=call.label() value hint=call.sentence()/> })
            .collect_view()
    };
    let asks = move || judges.get() || asked.iter().any(|(_, on)| on.get());
    view! {
        <DialogForm doing open action=if new { "Make webhook" } else { "Save" } on_submit=submit>
            <TextField label="Address" kind="url" value=url error=doing.wrong("url") required=true placeholder="https://backend.example.com/portcullis" autofocus=true mono=true/>
            <Switch label="Switched on" value=enabled/>
            <fieldset class="stack">
                <legend class="legend">"It is asked"</legend>
                {switches(&asked)}
                <Switch label="Foreign tokens" value=judges hint="What is neither a token of yours or ours nor a handle is for it to judge."/>
            </fieldset>
            {move || asks().then(|| view! {
                <Choices
                    legend="Where it does not answer within 3 s"
                    options=[WebhookOutage::Closed, WebhookOutage::Open].map(|one| Choice::new(one, one.label())).to_vec()
                    chosen=outage on_choose=move |one| outage.set(one)
                />
            })}
            <fieldset class="stack">
                <legend class="legend">"It is told"</legend>
                {switches(&told)}
            </fieldset>
            <Choices
                legend="Written as"
                options=[WebhookEncoding::Form, WebhookEncoding::Json].map(|one| Choice::new(one, one.label())).to_vec()
                chosen=encoding on_choose=move |one| encoding.set(one)
            />
        </DialogForm>
    }
}
