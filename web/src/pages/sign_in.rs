//! The way in.

use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::{
    NavigateOptions,
    components::Redirect,
    hooks::{use_navigate, use_query_map},
};

use crate::{
    api::{client::use_api, failure::Failure, people},
    kit::{Button, Look, Notice, TextField, Tone},
    logo::Wordmark,
    session::{Standing, use_session},
};

/// Email and password. It never says which of the two was wrong.
#[component]
pub(crate) fn SignIn() -> impl IntoView {
    let (session, api) = (use_session(), use_api());
    let (email, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let query = use_query_map();
    let next = Memo::new(move |_| query.with(|query| safe_next(query.get("next"))));
    let navigate = use_navigate();
    let signed_in = Memo::new(move |_| {
        session
            .standing()
            .with(|standing| matches!(standing, Standing::In(_) | Standing::Homeless))
    });
    Effect::new(move |_| {
        if signed_in.get() {
            navigate(
                &next.get(),
                NavigateOptions {
                    replace: true,
                    ..NavigateOptions::default()
                },
            );
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match people::sign_in(api, email.get_untracked().trim().to_owned(), password.get_untracked()).await {
                Ok(()) => session.refresh(),
                Err(refusal) => failure.set(Some(refusal)),
            }
            busy.set(false);
        });
    };
    let sentence = move || {
        failure.get().map(|failure| match failure {
            // Before anybody is signed in, "signed out" means that email and password did not fit.
            Failure::SignedOut | Failure::Forbidden => "Email or password is wrong.".to_owned(),
            other => other.to_string(),
        })
    };
    view! {
        <Title text="Sign in"/>
        <Show when=move || !signed_in.get() fallback=move || view! { <Redirect path=next.get()/> }>
            <div class="door">
                <aside class="door-art" aria-hidden="true">
                    <Gate/>
                    <p>"Who may pass, "<br/>"for as long as it lasts."</p>
                </aside>
                <main class="door-form">
                    <Wordmark/>
                    <h1>"Sign in"</h1>
                    <form on:submit=submit>
                        {move || sentence().map(|text| view! { <Notice tone=Tone::Bad>{text}</Notice> })}
                        <TextField label="Email" kind="email" value=email autocomplete="username" required=true autofocus=true/>
                        <TextField label="Password" kind="password" value=password autocomplete="current-password" required=true/>
                        <Button look=Look::Primary submit=true busy>"Sign in"</Button>
                    </form>
                </main>
            </div>
        </Show>
    }
}

/// The gate, half raised over a lit hall: bars on a pattern, and under them a row of their tips.
#[component]
fn Gate() -> impl IntoView {
    view! {
        <svg class="gate" aria-hidden="true">
            <defs>
                <pattern id="gate-bars" width="104" height="112" patternUnits="userSpaceOnUse">
                    <path d="M0 48h104v14H0z"/>
                    <path d="M44 0h16v112H44z"/>
                    <path d="M58.5 0v112M0 49h44M60 49h44" fill="none" class="gate-edge"/>
                    <circle cx="52" cy="55" r="3" class="gate-rivet"/>
                </pattern>
                <pattern id="gate-tips" width="104" height="80" patternUnits="userSpaceOnUse">
                    <path d="M44 0h16v22l6 6-14 46-14-46 6-6z"/>
                    <path d="M58.5 0v22.5l6 6-12.5 41" fill="none" class="gate-edge"/>
                </pattern>
            </defs>
            <rect width="100%" height="70%" fill="url(#gate-bars)"/>
            <svg y="70%" width="100%" height="80"><rect width="100%" height="80" fill="url(#gate-tips)"/></svg>
        </svg>
    }
}

/// Only paths of this site: whoever made the link does not choose where a signed-in person lands.
fn safe_next(next: Option<String>) -> String {
    next.filter(|path| path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'))
        .unwrap_or_else(|| "/streams".into())
}
