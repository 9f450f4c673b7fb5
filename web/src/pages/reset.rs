//! A forgotten password: asking for a link, and using it.

use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::components::A;

use super::door::Door;
use crate::{
    api::{client::use_api, doors},
    browser,
    kit::{Button, Doing, Look, Notice, TextField, Tone, Trouble},
};

/// With a secret in the fragment the new password, else the request.
#[component]
pub(crate) fn Reset() -> impl IntoView {
    let secret = RwSignal::new(browser::take_fragment());
    browser::on_fragment(move |fragment| secret.set(fragment));
    move || match secret.get() {
        secret if secret.is_empty() => view! { <Request/> }.into_any(),
        secret => view! { <NewPassword secret/> }.into_any(),
    }
}

/// The answer is the same whether there is such an account or not.
#[component]
fn Request() -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let (email, asked) = (RwSignal::new(String::new()), RwSignal::new(false));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let email = email.get_untracked().trim().to_owned();
        doing.run(
            doors::request_password_reset(api, doors::RequestPasswordResetInput { email }),
            move |_| asked.set(true),
        );
    };
    view! {
        <Door title="Forgot password">
            {move || if asked.get() {
                view! { <Notice tone=Tone::Good>"If there is an account with this address, a link is on its way to it."</Notice> }.into_any()
            } else {
                view! {
                    <form on:submit=submit>
                        <p class="soft">"You get a link by mail, with which you choose a new password."</p>
                        <Trouble doing/>
                        <TextField label="Email" kind="email" value=email autocomplete="username" required=true autofocus=true/>
                        <Button look=Look::Primary submit=true busy=doing.busy>"Send the link"</Button>
                    </form>
                }.into_any()
            }}
            <p><A href="/sign-in" attr:class="quiet-link">"Back to signing in"</A></p>
        </Door>
    }
}

#[component]
fn NewPassword(secret: String) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let (password, done) = (RwSignal::new(String::new()), RwSignal::new(false));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        doing.run(
            doors::reset_password(
                api,
                doors::ResetPasswordInput {
                    secret: secret.clone(),
                    password: password.get_untracked(),
                },
            ),
            move |_| done.set(true),
        );
    };
    let submit = StoredValue::new(submit);
    view! {
        <Door title="New password">
            {move || if done.get() {
                view! { <Notice tone=Tone::Good>"Your password is changed, and every sign-in of yours has ended."</Notice> }.into_any()
            } else {
                view! {
                    <form on:submit=move |event| submit.with_value(|submit| submit(event))>
                        <Trouble doing/>
                        <TextField label="New password" kind="password" value=password autocomplete="new-password" required=true autofocus=true hint="At least 10 characters. Every sign-in of yours ends."/>
                        <Button look=Look::Primary submit=true busy=doing.busy>"Change password"</Button>
                    </form>
                }.into_any()
            }}
            {move || if done.get() {
                view! { <a class="btn btn-primary" href="/sign-in" rel="external">"Sign in"</a> }.into_any()
            } else {
                view! { <p><a class="quiet-link" href="/reset" rel="external">"Ask for another link"</a></p> }.into_any()
            }}
        </Door>
    }
}
