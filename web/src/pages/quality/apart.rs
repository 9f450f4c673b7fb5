//! How well it played, by country, browser, version, stream or protocol.

use std::cmp::Ordering;

use leptos::prelude::*;

use super::{asked, words};
use crate::{
    api::{
        client::use_api,
        quality::{self, Quality, QualityDimension},
    },
    kit::{Card, Load, Loaded, Select, Skeleton, Table},
    pages::{
        misuse::{Place, follow},
        overview::named,
    },
};

/// By what: its word in the address, and what it is called.
const BY: [(QualityDimension, &str, &str); 5] = [
    (QualityDimension::Country, "country", "Country"),
    (QualityDimension::Browser, "browser", "Browser"),
    (QualityDimension::Version, "version", "Version of the browser"),
    (QualityDimension::Stream, "stream", "Stream"),
    (QualityDimension::Protocol, "protocol", "Protocol"),
];

/// An order: its word in the address, what it is called, and by which figure; the most first.
type Order = (&'static str, &'static str, fn(&Quality) -> f64);

const ORDERS: [Order; 7] = [
    ("watched", "Most watched", |of| of.played),
    ("attempts", "Most players", |of| f64::from(of.attempts)),
    ("success", "Fewest saw a picture", |of| {
        of.start_success_ratio.map_or(-1.0, |part| 1.0 - part)
    }),
    ("start", "Slowest first picture", |of| {
        of.average_start_ms.unwrap_or(-1.0)
    }),
    ("still", "Stood still longest", |of| of.buffering_ratio.unwrap_or(-1.0)),
    ("latency", "Furthest behind live", |of| {
        of.average_latency_ms.unwrap_or(-1.0)
    }),
    ("failures", "Most failures", |of| f64::from(failures(of))),
];

/// By what the address says.
pub(super) fn chosen(place: Place) -> (QualityDimension, &'static str) {
    let word = place.of("group");
    let by = BY.iter().find(|(_, known, _)| *known == word).unwrap_or(&BY[0]);
    (by.0, by.1)
}

/// The card.
#[component]
pub(super) fn Apart(place: Place) -> impl IntoView {
    let api = use_api();
    let by = Memo::new(move |_| chosen(place));
    let asked = asked(place);
    let load = Load::new(move || {
        let (span, filter) = asked.get();
        quality::apart(api, span.range(), filter, by.get().0)
    });
    follow(place, load);
    let options: Vec<_> = BY
        .iter()
        .map(|(_, word, label)| ((*word).to_owned(), (*label).to_owned()))
        .collect();
    let orders: Vec<_> = ORDERS
        .iter()
        .map(|(word, label, _)| ((*word).to_owned(), (*label).to_owned()))
        .collect();
    let order = Memo::new(move |_| {
        let word = place.of("sort");
        ORDERS.iter().position(|(known, ..)| *known == word).unwrap_or(0)
    });
    let ordered = Signal::derive(move || ORDERS[order.get()].0.to_owned());
    let rows = Memo::new(move |_| {
        let of = ORDERS[order.get()].2;
        let mut rows = load.value().with(|rows| rows.clone().unwrap_or_default());
        rows.sort_by(|one, other| of(other).partial_cmp(&of(one)).unwrap_or(Ordering::Equal));
        rows
    });
    let group = move |word: String| place.go([("group", word)]);
    let sort = move |word: String| place.go([("sort", word)]);
    view! {
        <Card title="Where, and with what" flush=true acts=move || view! {
            <Select label="By" options=options.clone() chosen=Signal::derive(move || by.get().1.to_owned()) on_choose=group/>
            <Select label="Order" options=orders.clone() chosen=ordered on_choose=sort/>
        }>
            <Loaded load skeleton=|| view! { <Skeleton lines=5/> }>
                <Table caption="Playback quality, taken apart" columns=vec!["Of", "Players", "Saw a picture", "First picture", "Within 2 s", "Watched", "Stood still", "Behind live", "Failures"]>
                    <For each=move || rows.get() key=|row| format!("{row:?}") let:row>
                        <Row row place by=by.get_untracked().0/>
                    </For>
                </Table>
            </Loaded>
        </Card>
    }
}

#[component]
fn Row(row: Quality, place: Place, by: QualityDimension) -> impl IntoView {
    let name = match named(&row.name) {
        empty if empty.is_empty() => "Not known".to_owned(),
        name => name,
    };
    let stream = row.name.clone();
    let head = if by == QualityDimension::Stream && !stream.is_empty() {
        let go = move |_| place.go_on([("stream", stream.clone()), ("group", String::new())]);
        view! { <button type="button" class="link" title="Only this stream" on:click=go>{name}</button> }.into_any()
    } else {
        name.into_any()
    };
    let stalls = match row.stalls {
        0 => String::new(),
        1 => "once".to_owned(),
        stalls => format!("{stalls} times"),
    };
    let failed = [
        (row.connections_lost, "lost"),
        (row.media_errors, "not decoded"),
        (row.unsupported, "not playable"),
    ];
    let failed: Vec<_> = failed
        .into_iter()
        .filter(|(times, _)| *times > 0)
        .map(|(times, what)| format!("{times} {what}"))
        .collect();
    view! {
        <tr>
            <th scope="row">{head}</th>
            <td class="num" data-label="Players">{row.attempts}</td>
            <td class="num" data-label="Saw a picture">{words::share(row.start_success_ratio)}</td>
            <td class="num" data-label="First picture">{words::seconds(row.average_start_ms)}</td>
            <td class="num" data-label="Within 2 s">{words::share(row.quick_start_ratio)}</td>
            <td class="num" data-label="Watched">{words::long(row.played)}</td>
            <td class="num" data-label="Stood still"><span>{words::share(row.buffering_ratio)}<span class="under soft">{stalls}</span></span></td>
            <td class="num" data-label="Behind live">{words::seconds(row.average_latency_ms)}</td>
            <td class="num" data-label="Failures"><span>{failures(&row)}<span class="under soft">{failed.join(", ")}</span></span></td>
        </tr>
    }
}

fn failures(of: &Quality) -> i32 {
    of.connections_lost + of.media_errors + of.unsupported
}
