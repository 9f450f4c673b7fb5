//! What happens when somebody comes back to a page that nothing is pushed to.

use std::time::Duration;

use leptos::{ev, prelude::*};

use super::gathered;

/// Calls `act` whenever the window gets the focus or the page is shown again, once where both happen.
pub(crate) fn returning(act: impl Fn() + Copy + 'static) {
    let soon = gathered(BOTH, act);
    let focused = window_event_listener(ev::focus, move |_| soon());
    let shown = window_event_listener(ev::Custom::<ev::Event>::new("visibilitychange"), move |_| {
        if !document().hidden() {
            soon();
        }
    });
    on_cleanup(move || {
        focused.remove();
        shown.remove();
    });
}

/// How long the one is told after the other, at most.
const BOTH: Duration = Duration::from_millis(100);
