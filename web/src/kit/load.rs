//! What a page asks for when it opens: a skeleton first, then the content, or why there is none and a way to try again.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};

use super::Failed;
use crate::api::failure::Failure;

/// Something asked for. It keeps its last value while it asks anew, so that a page does not flicker.
pub(crate) struct Load<T: Send + Sync + 'static> {
    value: RwSignal<Option<T>>,
    failure: RwSignal<Option<Failure>>,
    turn: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Load<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Load<T> {}

impl<T: Send + Sync + 'static> Load<T> {
    /// Asks now, whenever a signal read in `ask` (before its first await) changes, and at [`Load::again`].
    pub(crate) fn new<F>(ask: impl Fn() -> F + 'static) -> Self
    where
        F: Future<Output = Result<T, Failure>> + 'static,
    {
        let load = Self {
            value: RwSignal::new(None),
            failure: RwSignal::new(None),
            turn: RwSignal::new(0),
        };
        let latest = StoredValue::new(0_u32);
        Effect::new(move |_| {
            load.turn.track();
            latest.update_value(|turn| *turn = turn.wrapping_add(1));
            let mine = latest.get_value();
            let asking = ask();
            spawn_local(async move {
                let answer = asking.await;
                // A later question has been asked, or the page is gone.
                if latest.try_get_value() != Some(mine) {
                    return;
                }
                match answer {
                    Ok(value) => {
                        load.failure.set(None);
                        load.value.set(Some(value));
                    }
                    Err(failure) => load.failure.set(Some(failure)),
                }
            });
        });
        load
    }

    /// Asks once more.
    pub(crate) fn again(self) {
        self.failure.set(None);
        self.turn.update(|turn| *turn = turn.wrapping_add(1));
    }

    /// How often it was asked for once more; nothing where the page is gone.
    pub(crate) fn turn(self) -> Option<u32> {
        self.turn.try_get_untracked()
    }

    /// Why the last question came to nothing, if it did.
    pub(crate) fn failure(self) -> RwSignal<Option<Failure>> {
        self.failure
    }

    /// The last answer; where nothing has arrived yet, `None`.
    pub(crate) fn value(self) -> RwSignal<Option<T>> {
        self.value
    }
}

/// Shows the content once it is there. The content is made once and follows [`Load::value`] by itself.
#[component]
pub(crate) fn Loaded<T>(load: Load<T>, #[prop(into)] skeleton: ViewFn, children: ChildrenFn) -> impl IntoView
where
    T: Send + Sync + 'static,
{
    let there = Memo::new(move |_| load.value.with(Option::is_some));
    let failed = Memo::new(move |_| if there.get() { None } else { load.failure.get() });
    move || {
        if there.get() {
            children().into_any()
        } else if let Some(failure) = failed.get() {
            view! { <Failed failure on_again=move |()| load.again()/> }.into_any()
        } else {
            skeleton.run().into_any()
        }
    }
}
