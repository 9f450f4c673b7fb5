//! A new password.

use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    api::{
        account::{self, Security},
        client::use_api,
    },
    kit::{Button, Card, Doing, Load, TextField, Trouble, use_toasts},
};

/// The form. It empties itself once the password is changed.
#[component]
pub(super) fn Password(load: Load<Security>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (current, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        doing.run(
            account::change_password(
                api,
                account::ChangePasswordInput {
                    current: current.get_untracked(),
                    new: new.get_untracked(),
                },
            ),
            move |_| {
                current.set(String::new());
                new.set(String::new());
                load.again();
                toasts.good("Your password is changed. Your other sign-ins have ended.");
            },
        );
    };
    view! {
        <Card title="Password">
            <form class="stack" on:submit=submit>
                <TextField label="Current password" kind="password" value=current autocomplete="current-password" required=true/>
                <TextField label="New password" kind="password" value=new autocomplete="new-password" required=true hint="At least 10 characters. Your other sign-ins end."/>
                <Trouble doing/>
                <div><Button submit=true busy=doing.busy>"Change password"</Button></div>
            </form>
        </Card>
    }
}
