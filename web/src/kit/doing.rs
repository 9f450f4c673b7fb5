//! Something being done at the server: whether it still is, and why it came to nothing.

use std::future::Future;

use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use super::{Button, Look, Notice, Tone};
use crate::api::failure::Failure;

/// One thing at a time. It forgets its failure when it is tried again.
#[derive(Clone, Copy)]
pub(crate) struct Doing {
    pub(crate) busy: RwSignal<bool>,
    pub(crate) failure: RwSignal<Option<String>>,
    /// The field of the input that the failure is about.
    about: RwSignal<Option<String>>,
    /// The fields that say themselves what is wrong with them.
    fields: RwSignal<Vec<&'static str>>,
}

impl Doing {
    pub(crate) fn new() -> Self {
        Self {
            busy: RwSignal::new(false),
            failure: RwSignal::new(None),
            about: RwSignal::new(None),
            fields: RwSignal::new(Vec::new()),
        }
    }

    /// What is wrong with the field of that path in the input. For as long as the caller's owner lives it is said there, and
    /// nowhere else.
    pub(crate) fn wrong(self, path: &'static str) -> Signal<Option<String>> {
        self.fields.update(|fields| fields.push(path));
        on_cleanup(move || {
            let leave = |fields: &mut Vec<_>| {
                if let Some(at) = fields.iter().position(|one| *one == path) {
                    fields.remove(at);
                }
            };
            self.fields.try_update(leave);
        });
        Signal::derive(move || {
            let is_here = self.about.with(|about| about.as_deref() == Some(path));
            self.failure.get().filter(|_| is_here)
        })
    }

    /// Whether a field says what went wrong.
    fn is_at_field(self) -> bool {
        let fields = self.fields.read();
        self.about
            .with(|about| about.as_deref().is_some_and(|about| fields.contains(&about)))
    }

    /// It came to nothing, before it was asked for: `about` is the path of the field that is wrong.
    pub(crate) fn refuse(self, about: Option<&'static str>, why: impl Into<String>) {
        self.about.set(about.map(str::to_owned));
        self.failure.set(Some(why.into()));
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
                Err(failure) => {
                    self.about.set(failure.field().map(str::to_owned));
                    self.failure.set(Some(failure.to_string()));
                }
            }
        });
    }

    /// Before it is offered anew.
    pub(crate) fn forget(self) {
        self.failure.set(None);
    }
}

/// The form of a dialog: its fields, what went wrong, Cancel and the one thing to do. Where a field says what went wrong, that
/// is where people are. `barred`: why there is nothing to do yet.
#[component]
pub(crate) fn DialogForm(
    doing: Doing,
    open: RwSignal<bool>,
    #[prop(into)] action: Signal<String>,
    #[prop(into, optional)] barred: Signal<Option<String>>,
    #[prop(into)] on_submit: Callback<()>,
    children: Children,
) -> impl IntoView {
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        on_submit.run(());
    };
    let form = NodeRef::<html::Form>::new();
    Effect::new(move |_| {
        if doing.failure.with(Option::is_some) && untrack(|| doing.is_at_field()) {
            // The field says so by then; the form may be gone.
            request_animation_frame(move || {
                let wrong = form
                    .try_get_untracked()
                    .flatten()
                    .and_then(|form| form.query_selector("[aria-invalid=true]").ok()?);
                if let Some(wrong) = wrong.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
                    let _ = wrong.focus();
                }
            });
        }
    });
    view! {
        <form node_ref=form on:submit=submit>
            <div class="dialog-body">
                {children()}
                <Trouble doing/>
            </div>
            <footer class="dialog-foot">
                <Button on_press=move |_| open.set(false)>"Cancel"</Button>
                <Button look=Look::Primary submit=true busy=doing.busy barred>{action}</Button>
            </footer>
        </form>
    }
}

/// Why it came to nothing, where no field says so.
#[component]
pub(crate) fn Trouble(doing: Doing) -> impl IntoView {
    move || {
        doing
            .failure
            .get()
            .filter(|_| !doing.is_at_field())
            .map(|text| view! { <Notice tone=Tone::Bad>{text}</Notice> })
    }
}
