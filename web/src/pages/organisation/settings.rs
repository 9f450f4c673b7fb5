//! What holds where a stream or a token does not say.

use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    api::{
        client::use_api,
        organisation::{self, IngestAuthorisation, Overview, Package},
    },
    kit::{
        Button, Card, Choice, Choices, Doing, Load, Look, Notice, Switch, TextArea, TextField, Tone, Trouble, changed,
        use_toasts,
    },
    session::use_session,
};

/// The form. It begins with what holds now.
#[component]
pub(super) fn Settings(load: Load<Overview>) -> impl IntoView {
    let (api, session, toasts, doing) = (use_api(), use_session(), use_toasts(), Doing::new());
    let (name, ingest) = (RwSignal::new(String::new()), RwSignal::new(IngestAuthorisation::Key));
    let (secure, disconnect) = (RwSignal::new(true), RwSignal::new(false));
    let asked = RwSignal::new(true);
    let origins = RwSignal::new(String::new());
    Effect::new(move |_| {
        load.value().with(|now| {
            let Some(now) = now else { return };
            name.set(now.name.clone());
            secure.set(now.settings.secure_playback);
            disconnect.set(now.settings.force_disconnect);
            asked.set(now.settings.backend_tokens);
            origins.set(now.settings.allowed_origins.join("\n"));
            ingest.set(now.settings.ingest_authorisation);
        });
    });
    let was_open = move || {
        load.value()
            .with(|now| now.as_ref().is_some_and(|now| !now.settings.secure_playback))
    };
    let lacks_secure = move || {
        load.value()
            .with(|now| now.as_ref().is_some_and(|now| !now.has(Package::Secure)))
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(before) = load.value().get_untracked() else {
            return;
        };
        let settings = &before.settings;
        let listed = origins.get_untracked().split_whitespace().map(str::to_owned).collect();
        let input = organisation::UpdateSettingsInput {
            name: changed(name.get_untracked().trim().to_owned(), &before.name),
            secure_playback: changed(secure.get_untracked(), &settings.secure_playback),
            force_disconnect: changed(disconnect.get_untracked(), &settings.force_disconnect),
            backend_tokens: changed(asked.get_untracked(), &settings.backend_tokens),
            allowed_origins: changed(listed, &settings.allowed_origins),
            ingest_authorisation: changed(ingest.get_untracked(), &settings.ingest_authorisation),
            ..organisation::UpdateSettingsInput::default()
        };
        doing.run(organisation::update_settings(api, input), move |_| {
            toasts.good("The settings are saved.");
            load.again();
            session.recheck();
        });
    };
    let options = [
        IngestAuthorisation::Key,
        IngestAuthorisation::Token,
        IngestAuthorisation::Open,
    ];
    let options = options.map(|one| Choice::new(one, shown(one))).to_vec();
    view! {
        <Card title="Settings">
            <form class="stack" on:submit=submit>
                <TextField label="Name" value=name required=true/>
                <Switch label="Secure playback" value=secure hint="Viewers need a token, where a stream does not say otherwise."/>
                {move || lacks_secure().then(|| view! {
                    <Notice tone=Tone::Warn>"Playback is open, whatever stands here: your organisation lacks the package Secure."</Notice>
                })}
                {move || (was_open() && secure.get()).then(|| view! {
                    <Notice tone=Tone::Warn>"Whoever watches without a token is cut off when you save."</Notice>
                })}
                {move || (!was_open() && !secure.get()).then(|| view! {
                    <Notice tone=Tone::Warn>"Every stream that does not say otherwise can be watched by anybody."</Notice>
                })}
                <Switch label="End sessions with their token" value=disconnect hint="A running session ends when its token expires, not only new ones."/>
                <Switch label="Ask the webhook that judges tokens" value=asked hint="Where a stream does not say otherwise, and where one of your webhooks does."/>
                <Choices legend="What a broadcaster has to show" options chosen=ingest on_choose=move |one| ingest.set(one)/>
                <TextArea label="Pages that may hold a player" value=origins lines=3 placeholder="https://*.example.com" hint="Origins, one a line: browsers let no other page read your streams (CORS), and with a viewer’s cookie, by WebSocket too, only those that are written out in full. Empty: every page, without a cookie. Whoever shows a token in the address plays by WebSocket from any page, and in any program: a Guardian rule on referrers, or sites in the token, keeps other pages out."/>
                <Trouble doing/>
                <div><Button look=Look::Primary submit=true busy=doing.busy>"Save settings"</Button></div>
            </form>
        </Card>
    }
}

/// The same, for those who may not change it.
#[component]
pub(super) fn Shown(load: Load<Overview>) -> impl IntoView {
    let on = |is: bool| if is { "On" } else { "Off" };
    let facts = move || {
        load.value().with(|now| {
            let settings = now.as_ref().map(|now| now.settings.clone())?;
            Some([
                ("Secure playback", on(settings.secure_playback)),
                ("End sessions with their token", on(settings.force_disconnect)),
                ("What a broadcaster has to show", shown(settings.ingest_authorisation)),
                ("Second factor required", on(settings.second_factor_required)),
            ])
        })
    };
    view! {
        <Card title="Settings">
            <dl class="pairs">
                {move || facts().into_iter().flatten().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view()}
            </dl>
            <p class="soft under-line">"An administrator can change them."</p>
        </Card>
    }
}

const fn shown(what: IngestAuthorisation) -> &'static str {
    match what {
        IngestAuthorisation::Inherit | IngestAuthorisation::Key => "Stream key",
        IngestAuthorisation::Token => "Publish token",
        IngestAuthorisation::Open => "Nothing",
    }
}
