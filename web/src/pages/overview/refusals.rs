//! Refusals of the last hour by their reason: what was, each as it is told, and soon after it the sums anew.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        events::{self, SessionEventKind},
        live::use_live,
        misuse::{Bucket, TimeRange},
        overview,
        sessions::Reason,
    },
    kit::{Card, Load, Loaded, Skeleton},
    time,
};

const HOUR: Duration = Duration::from_hours(1);

/// How long after a refusal the sums are asked for again, once for all that are told meanwhile. A refusal that is told
/// while an answer is under way may stand in that answer or not: counting alone would miss it, or count it twice.
const SUMMED_AFTER: Duration = Duration::from_secs(5);

/// The card.
#[component]
pub(super) fn Refusals() -> impl IntoView {
    let (api, live) = (use_api(), use_live());
    let load = Load::new(move || {
        let range = TimeRange {
            from: time::before(HOUR),
            to: None,
        };
        overview::denials(api, range)
    })
    // What happened while the connection was away is in the sums.
    .anew_when(move || {
        live.times_connected();
    });
    let soon = load.following(SUMMED_AFTER);
    live.subscribe(
        || Some(events::session_events(None, None)),
        move |event| {
            let event = event.session_events;
            if let (SessionEventKind::Denied, Some(reason)) = (event.kind, event.reason) {
                load.value().update(|all| count(all.as_mut(), reason.name()));
                soon();
            }
        },
    );
    view! {
        <Card title="Turned away within the hour">
            <Loaded load skeleton=|| view! { <Skeleton lines=3/> }>
                {move || {
                    let all = load.value().get().unwrap_or_default();
                    if all.is_empty() {
                        return view! { <p class="soft">"Nobody was turned away."</p> }.into_any();
                    }
                    let most = all.iter().map(|one| one.value).fold(1.0, f64::max);
                    let rows = all.into_iter().map(|one| {
                        let style = format!("--much: {:.4}", one.value / most);
                        let sentence = Reason::of(&one.name).sentence();
                        view! {
                            <li>
                                <span class="bar-label"><span class="mono">{one.name}</span><span class="under soft">{sentence}</span></span>
                                <span class="bar bar-bad" style=style aria-hidden="true"></span>
                                <span class="bar-value num">{one.value}</span>
                            </li>
                        }
                    });
                    view! { <ul class="bars">{rows.collect_view()}</ul> }.into_any()
                }}
            </Loaded>
        </Card>
    }
}

/// One more with that reason; the most common stay first.
fn count(all: Option<&mut Vec<Bucket>>, reason: &str) {
    let Some(all) = all else { return };
    match all.iter_mut().find(|one| one.name == reason) {
        Some(one) => one.value += 1.0,
        None => all.push(Bucket {
            name: reason.to_owned(),
            value: 1.0,
        }),
    }
    all.sort_by(|one, other| other.value.total_cmp(&one.value));
}
