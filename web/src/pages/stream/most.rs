//! How many watched a stream at once at most, lately: as it was asked for, and more as soon as more watch.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        events::LiveCounters,
        live::use_live,
        misuse::TimeRange,
        organisation::{self, Package},
        overview,
    },
    kit::{Load, Stat},
    time,
};

const DAY: Duration = Duration::from_hours(24);

/// How long after more came than ever within the day it is asked for again, once for all who come meanwhile: what they leave
/// behind stays.
const ASKED_AFTER: Duration = Duration::from_secs(5);

/// The figure of the last 24 hours; absent where the organisation does not have the package for it.
#[component]
pub(super) fn Most(name: String, counters: RwSignal<Option<LiveCounters>>) -> impl IntoView {
    let (api, live, name) = (use_api(), use_live(), StoredValue::new(name));
    let load = Load::new(move || async move {
        if !organisation::overview(api).await?.has(Package::Analytics) {
            return Ok(None);
        }
        let range = TimeRange {
            from: time::before(DAY),
            to: None,
        };
        overview::most_at_once(api, range, name.get_value()).await.map(Some)
    })
    .anew_when(move || {
        live.times_connected();
        api.times_changed.track();
    });
    let was = Memo::new(move |_| load.value().get().flatten());
    let now = Memo::new(move |_| counters.with(|now| now.as_ref().map_or(0, |now| now.viewers)));
    let soon = load.following(ASKED_AFTER);
    Effect::new(move |_| {
        if was.get().is_some_and(|was| now.get() > was) {
            soon();
        }
    });
    let most = Signal::derive(move || was.get().unwrap_or_default().max(now.get()).to_string());
    view! {
        <Show when=move || was.get().is_some()>
            <Stat label="Most at once, last 24 hours" value=most/>
        </Show>
    }
}
