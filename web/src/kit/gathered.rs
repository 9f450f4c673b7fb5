//! What happens once for many.

use std::time::Duration;

use leptos::prelude::*;

/// Calls `act` a moment after it was asked for, once for whoever asked meanwhile; not at all where the owner is gone by then.
pub(crate) fn gathered(after: Duration, act: impl Fn() + Copy + 'static) -> impl Fn() + Copy + 'static {
    let waiting = StoredValue::new(false);
    move || {
        if waiting.get_value() {
            return;
        }
        waiting.set_value(true);
        let later = move || {
            if waiting.try_set_value(false).is_none() {
                act();
            }
        };
        set_timeout(later, after);
    }
}
