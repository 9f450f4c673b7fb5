//! Recovery codes, and the password that guards what changes how an account is kept.

use std::future::Future;

use leptos::prelude::*;

use crate::{
    api::failure::Failure,
    kit::{Dialog, DialogForm, Doing, ShownOnce, TextField},
    session::use_session,
};

/// Shown once, for when the phone is away.
#[component]
pub(super) fn RecoveryCodes(open: RwSignal<bool>, codes: RwSignal<Vec<String>>) -> impl IntoView {
    let session = use_session();
    Effect::new(move |_| {
        // Not before they were read: an organisation that opens by them makes the page anew.
        if !open.get() && !codes.with_untracked(Vec::is_empty) {
            codes.set(Vec::new());
            session.recheck();
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
