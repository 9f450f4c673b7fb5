//! Something being done at the server: whether it still is, and why it came to nothing.

use std::future::Future;

use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::{Button, Look, Notice, Tone};
use crate::api::failure::Failure;

/// One thing at a time. It forgets its failure when it is tried again.
#[derive(Clone, Copy)]
pub(crate) struct Doing {
    pub(crate) busy: RwSignal<bool>,
    pub(crate) failure: RwSignal<Option<String>>,
}

impl Doing {
    pub(crate) fn new() -> Self {
        Self {
            busy: RwSignal::new(false),
            failure: RwSignal::new(None),
        }
    }

    /// Does it, and calls `done` with what came of it. A page that is gone by then hears nothing.
    pub(crate) fn run<T: 'static>(
        self,
        work: impl Future<Output = Result<T, Failure>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        self.busy.set(true);
        self.failure.set(None);
        spawn_local(async move {
            let answer = work.await;
            if self.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(value) => done(value),
                Err(failure) => self.failure.set(Some(failure.to_string())),
            }
        });
    }

    /// Before it is offered anew.
    pub(crate) fn forget(self) {
        self.failure.set(None);
    }
}

/// The form of a dialog: its fields, what went wrong, Cancel and the one thing to do.
#[component]
pub(crate) fn DialogForm(
    doing: Doing,
    open: RwSignal<bool>,
    #[prop(into)] action: Signal<String>,
    #[prop(into, optional)] disabled: Signal<bool>,
    #[prop(into)] on_submit: Callback<()>,
    children: Children,
) -> impl IntoView {
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        on_submit.run(());
    };
    view! {
        <form on:submit=submit>
            <div class="dialog-body">
                {children()}
                <Trouble doing/>
            </div>
            <footer class="dialog-foot">
                <Button on_press=move |_| open.set(false)>"Cancel"</Button>
                <Button look=Look::Primary submit=true busy=doing.busy disabled>{action}</Button>
            </footer>
        </form>
    }
}

/// Why it came to nothing.
#[component]
pub(crate) fn Trouble(doing: Doing) -> impl IntoView {
    move || {
        doing
            .failure
            .get()
            .map(|text| view! { <Notice tone=Tone::Bad>{text}</Notice> })
    }
}
