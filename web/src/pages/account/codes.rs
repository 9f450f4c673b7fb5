//! Recovery codes, and the password that guards what weakens an account.

use std::future::Future;

use leptos::prelude::*;

use crate::{
    api::failure::Failure,
    kit::{Dialog, DialogForm, Doing, ShownOnce, TextField},
};

/// Shown once, for when the phone is away.
#[component]
pub(super) fn RecoveryCodes(open: RwSignal<bool>, codes: RwSignal<Vec<String>>) -> impl IntoView {
    Effect::new(move |_| {
        if !open.get() {
            codes.set(Vec::new());
        }
    });
    view! {
        <Dialog open title="Keep these recovery codes">
            {move || (!codes.with(Vec::is_empty)).then(|| view! {
                <ShownOnce
                    label="Recovery codes" secret=codes.get_untracked().join("\n") file="portcullis-recovery-codes.txt" open
                    warning="They are shown this once. Each one signs you in once when your second factor is lost. Keep them where your password is not."
                />
            })}
        </Dialog>
    }
}

/// A form that wants the password before it does something.
pub(super) fn by_password<T, F>(
    open: RwSignal<bool>,
    action: &'static str,
    sentence: &'static str,
    work: impl Fn(String) -> F + Clone + Send + Sync + 'static,
    done: impl Fn(T) + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    T: 'static,
    F: Future<Output = Result<T, Failure>> + 'static,
{
    let (password, doing) = (RwSignal::new(String::new()), Doing::new());
    let submit = move |()| {
        let done = done.clone();
        doing.run(work(password.get_untracked()), done);
    };
    view! {
        <DialogForm doing open action on_submit=submit>
            <p>{sentence}</p>
            <TextField label="Password" kind="password" value=password autocomplete="current-password" required=true autofocus=true/>
        </DialogForm>
    }
}
