//! Counters of this moment.

use leptos::prelude::*;

use crate::{
    api::{
        changes,
        client::use_api,
        live::use_live,
        overview::{self, Counters},
        people::Permission,
        sessions::Protocol,
    },
    kit::{Card, Load, Stat},
    pages::activity::told_ms,
    session::may,
    time,
};

/// Figures, and by which protocols they come.
#[component]
pub(super) fn Now() -> impl IntoView {
    let (api, live) = (use_api(), use_live());
    let counters = RwSignal::new(None::<Counters>);
    live.subscribe(|| Some(overview::now()), move |event| counters.set(Some(event.live)));
    // The last change that cut somebody: what was, and then what is told.
    let cut = RwSignal::new(None::<f64>);
    if may(Permission::ChangeRead) {
        let before = Load::new(move || changes::page(api, None));
        Effect::new(move |_| {
            let last = before.value().with(|page| {
                let nodes = page.as_ref().map(|page| page.nodes.as_slice()).unwrap_or_default();
                nodes.iter().find(|one| one.sessions_ended > 0)?.done_after_ms
            });
            if cut.get_untracked().is_none() {
                cut.set(last);
            }
        });
        live.subscribe(
            || Some(changes::news()),
            move |event| {
                let told = event.change_progress;
                if told.sessions_ended > 0 {
                    cut.set(told.after_ms);
                }
            },
        );
    }
    let figure = move |of: fn(&Counters) -> String| {
        Signal::derive(move || counters.with(|now| now.as_ref().map_or_else(|| "–".to_owned(), of)))
    };
    let viewers = Signal::derive(move || {
        counters.with(|now| {
            let all = now.iter().flat_map(|now| &now.by_protocol);
            all.map(|one| (one.protocol.clone(), one.viewers)).collect()
        })
    });
    let ingests = Signal::derive(move || {
        counters.with(|now| {
            let all = now.iter().flat_map(|now| &now.ingests_by_protocol);
            all.map(|one| (one.protocol.clone(), one.ingests)).collect()
        })
    });
    view! {
        <dl class="stats stats-four" aria-label="Now">
            <Stat label="Viewers now" value=figure(|now| now.viewers.to_string())/>
            <Stat label="Ingests now" value=figure(|now| now.ingests.to_string())/>
            <Stat label="Sent to viewers" value=figure(|now| time::bitrate(now.bytes_per_second * 8.0))/>
            <Stat label="Last change to cut" value=Signal::derive(move || told_ms(cut.get()))/>
        </dl>
        <div class="halves">
            <Card title="Viewers by protocol"><Protocols counts=viewers none="Nobody watches now."/></Card>
            <Card title="Ingests by protocol"><Protocols counts=ingests none="Nobody publishes now."/></Card>
        </div>
    }
}

#[component]
fn Protocols(counts: Signal<Vec<(Protocol, i32)>>, none: &'static str) -> impl IntoView {
    move || {
        let mut counts = counts.get();
        if counts.is_empty() {
            return view! { <p class="soft">{none}</p> }.into_any();
        }
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let most = counts.iter().map(|(_, count)| *count).fold(1, i32::max);
        let rows = counts.into_iter().map(|(protocol, count)| {
            let style = format!("--much: {:.4}", f64::from(count) / f64::from(most));
            view! {
                <li>
                    <span class="bar-label">{protocol.label()}</span>
                    <span class="bar" style=style aria-hidden="true"></span>
                    <span class="bar-value num">{count}</span>
                </li>
            }
        });
        view! { <ul class="bars">{rows.collect_view()}</ul> }.into_any()
    }
}
