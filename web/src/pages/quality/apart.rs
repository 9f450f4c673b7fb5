//! How well it played, by country, browser, version, stream or protocol.

use leptos::prelude::*;

use super::{asked, words};
use crate::{
    api::{
        client::use_api,
        misuse::OrderDirection,
        quality::{self, Quality, QualityDimension, QualityOrder},
    },
    kit::{Card, Load, Loaded, Select, Skeleton, TableFrame},
    pages::{
        misuse::{Place, SortHead, SortList, follow},
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

/// The columns: what each is ordered by, its word in the address, its head, and whether it has letters.
const COLUMNS: [(QualityOrder, &str, &str, bool); 9] = [
    (QualityOrder::Name, "name", "Of", true),
    (QualityOrder::Attempts, "attempts", "Players", false),
    (QualityOrder::StartSuccess, "success", "Saw a picture", false),
    (QualityOrder::AverageStart, "start", "First picture", false),
    (QualityOrder::QuickStart, "quick", "Within 2 s", false),
    (QualityOrder::Played, "watched", "Watched", false),
    (QualityOrder::Buffering, "still", "Stood still", false),
    (QualityOrder::AverageLatency, "latency", "Behind live", false),
    (QualityOrder::Failures, "failures", "Failures", false),
];

/// The column by which rows go where the address names none.
pub(super) const FIRST: &str = "watched";

/// In which order the address has them.
pub(super) fn ordered(place: Place) -> (QualityOrder, OrderDirection) {
    let word = place.column();
    let column = COLUMNS.iter().find(|(_, known, ..)| *known == word);
    (
        column.map_or(QualityOrder::Played, |column| column.0),
        place.direction(),
    )
}

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
    let order = Memo::new(move |_| ordered(place));
    let load = Load::new(move || {
        let (span, filter) = asked.get();
        quality::apart(api, span.range(), filter, by.get().0, order.get())
    });
    follow(place, load);
    let options: Vec<_> = BY
        .iter()
        .map(|(_, word, label)| ((*word).to_owned(), (*label).to_owned()))
        .collect();
    let columns: Vec<_> = COLUMNS
        .iter()
        .map(|(_, word, label, is_text)| (*word, *label, *is_text))
        .collect();
    let rows = Memo::new(move |_| load.value().get().unwrap_or_default());
    let group = move |word: String| place.go([("group", word)]);
    view! {
        <Card title="Where, and with what" flush=true acts=move || view! {
            <Select label="By" options=options.clone() chosen=Signal::derive(move || by.get().1.to_owned()) on_choose=group/>
            <SortList place columns/>
        }>
            <Loaded load skeleton=|| view! { <Skeleton lines=5/> }>
                <TableFrame>
                    <table class="table">
                        <caption class="sr-only">"Playback quality, taken apart"</caption>
                        <thead><tr>
                            {COLUMNS.iter().map(|(_, word, label, is_text)| view! { <SortHead place label=*label word=*word is_text=*is_text/> }).collect_view()}
                        </tr></thead>
                        <tbody>
                            <For each=move || rows.get() key=|row| format!("{row:?}") let:row>
                                <Row row place by=by.get_untracked().0/>
                            </For>
                        </tbody>
                    </table>
                </TableFrame>
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
