//! The way in.

use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{
    NavigateOptions,
    components::{A, Redirect},
    hooks::{use_navigate, use_query_map},
};

use super::door::Door;
use crate::{
    api::{
        client::use_api,
        failure::Failure,
        people,
        provider::{self, SignInProvider},
    },
    kit::{Button, Doing, Look, TextField, Trouble},
    session::{Standing, use_session},
};

/// Email and password. It never says which of the two was wrong.
#[component]
pub(crate) fn SignIn() -> impl IntoView {
    let session = use_session();
    let query = use_query_map();
    let next = Memo::new(move |_| query.with(|query| safe_next(query.get("next"))));
    let navigate = use_navigate();
    let signed_in = Memo::new(move |_| session.standing().with(|standing| matches!(standing, Standing::In(_))));
    Effect::new(move |_| {
        if signed_in.get() {
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(&next.get(), options);
        }
    });
    view! {
        <Show when=move || !signed_in.get() fallback=move || view! { <Redirect path=next.get()/> }>
            <Door title="Sign in"><Form next/></Door>
        </Show>
    }
}

#[component]
fn Form(next: Memo<String>) -> impl IntoView {
    let (api, session, doing) = (use_api(), use_session(), Doing::new());
    let (email, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let provider = RwSignal::new(None::<SignInProvider>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (email, password) = (email.get_untracked().trim().to_owned(), password.get_untracked());
        let signing = async move { people::sign_in(api, email, password).await.map_err(told) };
        doing.run(signing, move |()| session.refresh());
    };
    // Asked when the address is complete: by its domain alone, so that it tells nothing of accounts.
    let ask = move |_| {
        let email = email.get_untracked().trim().to_owned();
        if !email.contains('@') {
            return;
        }
        leptos::task::spawn_local(async move {
            provider.try_set(provider::provider(api, email).await.ok().flatten());
        });
    };
    view! {
        <form on:submit=submit>
            <Trouble doing/>
            <div on:focusout=ask>
                <TextField label="Email" kind="email" value=email autocomplete="username" required=true autofocus=true/>
            </div>
            {move || provider.get().map(|provider| {
                let path = format!("{}?return={}", provider.url, js_sys::encode_uri_component(&next.get_untracked()));
                view! { <a class="btn" href=path rel="external">"Sign in with "{provider.name}</a> }
            })}
            <TextField label="Password" kind="password" value=password autocomplete="current-password" required=true/>
            <Button look=Look::Primary submit=true busy=doing.busy>"Sign in"</Button>
            <p><A href="/reset" attr:class="quiet-link">"Forgot password?"</A></p>
        </form>
    }
}

/// Before anybody is signed in, "signed out" means that email and password did not fit.
fn told(failure: Failure) -> Failure {
    match failure {
        Failure::SignedOut | Failure::Forbidden => Failure::Refused("Email or password is wrong.".into()),
        other => other,
    }
}

/// Only paths of this site: whoever made the link does not choose where a signed-in person lands.
fn safe_next(next: Option<String>) -> String {
    next.filter(|path| path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'))
        .unwrap_or_else(|| "/streams".into())
}
