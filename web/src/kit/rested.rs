//! What was typed, once the typing rests.

use std::time::Duration;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};

/// `input` as it was when it last rested for a moment.
pub(crate) fn rested<T: Clone + PartialEq + Send + Sync + 'static>(input: Signal<T>) -> Memo<T> {
    let rested = RwSignal::new(input.get_untracked());
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move |_| {
        let now = input.get();
        if let Some(before) = waiting.get_value() {
            before.clear();
        }
        let rest = move || drop(rested.try_set(now.clone()));
        waiting.set_value(set_timeout_with_handle(rest, RESTED).ok());
    });
    on_cleanup(move || {
        if let Some(waiting) = waiting.try_get_value().flatten() {
            waiting.clear();
        }
    });
    Memo::new(move |_| rested.get())
}

const RESTED: Duration = Duration::from_millis(300);
