//! How it was: a metric over time, taken apart at wish, and looked at closer.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        overview::{self, Dimension, Metric, Series, Wanted},
        sessions::Protocol,
    },
    country,
    kit::{Card, Line, Lines, Load, Loaded, Look, Select, Skeleton},
    pages::{
        misuse::{ExportButton, Place, asked_time, asked_word, follow},
        timeline::{MINUTE_MS, Steps, Zoom, between},
    },
    time,
};

const METRICS: [(Metric, &str, &str); 4] = [
    (Metric::Viewers, "viewers", "Viewers at once"),
    (Metric::Sessions, "sessions", "Sessions that began"),
    (Metric::Bytes, "bytes", "Bytes sent"),
    (Metric::Denials, "denials", "Refusals"),
];

const APART: [(Option<Dimension>, &str, &str); 5] = [
    (None, "", "Together"),
    (Some(Dimension::Protocol), "protocol", "By protocol"),
    (Some(Dimension::Stream), "stream", "By stream"),
    (Some(Dimension::Country), "country", "By country"),
    (Some(Dimension::Reason), "reason", "By reason"),
];

/// So many lines are told apart by their colour.
const MOST: usize = 6;

/// So many the server answers at most.
const ANSWERED: usize = 20;

/// So long may what was watched be on its way before the server counts it as known.
const BEHIND_MS: f64 = 15_000.0;

/// What is drawn.
#[derive(Clone, PartialEq)]
struct Drawn {
    steps: Steps,
    metric: Metric,
    series: Vec<Series>,
    /// From when on nothing is known yet.
    until_ms: f64,
}

/// The card.
#[component]
pub(super) fn OverTime(place: Place) -> impl IntoView {
    let api = use_api();
    let span = Memo::new(move |_| place.span());
    let metric = Memo::new(move |_| {
        let chosen = place.of("metric");
        let known = METRICS.iter().find(|(_, word, _)| *word == chosen);
        known.map_or(Metric::Viewers, |(metric, ..)| *metric)
    });
    let apart = Memo::new(move |_| {
        let chosen = place.of("apart");
        APART
            .iter()
            .find(|(_, word, _)| *word == chosen)
            .and_then(|(by, ..)| *by)
    });
    let load = Load::new(move || {
        let (range, metric, by) = (span.get().range(), metric.get(), apart.get());
        async move {
            let asked_ms = js_sys::Date::now();
            let steps = Steps::of(&range);
            let by = by.filter(|by| fits(metric, *by));
            let wanted = Wanted {
                range,
                metric,
                interval: steps.interval,
                by,
            };
            let series = overview::series(api, wanted).await?;
            let until_ms = known_until(metric, &series, api.by_server(asked_ms));
            Ok(Drawn {
                steps,
                metric,
                series,
                until_ms,
            })
        }
    });
    follow(place, load);
    let metrics: Vec<_> = METRICS
        .iter()
        .map(|(_, word, label)| ((*word).to_owned(), (*label).to_owned()))
        .collect();
    let chosen = Signal::derive(move || {
        let of = METRICS.iter().find(|(one, ..)| *one == metric.get());
        of.map_or_else(String::new, |(_, word, _)| (*word).to_owned())
    });
    let choose = move |word: String| place.go([("metric", word)]);
    let ways = Signal::derive(move || {
        let fitting = APART
            .iter()
            .filter(|(by, ..)| by.is_none_or(|by| fits(metric.get(), by)));
        fitting
            .map(|(_, word, label)| ((*word).to_owned(), (*label).to_owned()))
            .collect::<Vec<_>>()
    });
    let way = Signal::derive(move || {
        let of = APART.iter().find(|(one, ..)| *one == apart.get());
        of.map_or_else(String::new, |(_, word, _)| (*word).to_owned())
    });
    let choose_way = move |word: String| place.go([("apart", word)]);
    let lines = Signal::derive(move || {
        load.value()
            .with(|drawn| drawn.as_ref().map(drawn_lines).unwrap_or_default())
    });
    let steps = Signal::derive(move || load.value().with(|drawn| drawn.as_ref().map(|drawn| drawn.steps)));
    let times = Signal::derive(move || steps.get().map(Steps::moments).unwrap_or_default());
    let shown = Callback::new(move |value: f64| {
        let bytes = load
            .value()
            .with(|drawn| drawn.as_ref().is_some_and(|drawn| drawn.metric == Metric::Bytes));
        if bytes { time::bytes(value) } else { figure(value) }
    });
    let cursor = RwSignal::new(0_usize);
    let left_out = move || {
        let many = load
            .value()
            .with(|drawn| drawn.as_ref().map_or(0, |drawn| drawn.series.len()));
        let of = if many < ANSWERED { "" } else { "at least " };
        (many > MOST)
            .then(|| view! { <p class="soft chart-note">{format!("{MOST} of {of}{many} shown, those with most")}</p> })
    };
    let narrowed = move |()| {
        let (range, metric, by) = untrack(|| (span.get().range(), metric.get(), apart.get()));
        let steps = Steps::of(&range);
        let by = by.filter(|by| fits(metric, *by));
        let mut given = asked_time(range);
        given.extend([
            ("metric", asked_word(&metric)),
            ("interval", asked_word(&steps.interval)),
            ("groupBy", by.as_ref().map(asked_word).unwrap_or_default()),
        ]);
        given
    };
    view! {
        <Card title="Over time" acts=move || view! {
            <Select label="Show" options=metrics.clone() chosen on_choose=choose/>
            <Select label="Apart" options=ways chosen=way on_choose=choose_way/>
            <ExportButton table="timeseries" narrowed look=Look::Quiet/>
        }>
            <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
                <Lines label="Over time" lines times cursor shown on_select=move |(from, to)| between(place, from, to)/>
                {left_out}
                <Zoom place steps cursor/>
            </Loaded>
        </Card>
    }
}

/// Whether a metric can be taken apart by that.
fn fits(metric: Metric, by: Dimension) -> bool {
    match by {
        Dimension::Reason => metric == Metric::Denials,
        Dimension::Country => metric != Metric::Denials,
        _ => true,
    }
}

/// From when on nothing is known yet of a metric: an average is of whole minutes, and what was watched in one is told
/// within seconds after it. The server tells neither steps in which nobody watched nor those that it did not know of when
/// it was asked. So what it left out is nothing up to when it was asked, by its own clock, and up to the newest that it
/// told of any series. What adds up grows while one looks.
fn known_until(metric: Metric, series: &[Series], asked_ms: f64) -> f64 {
    if metric != Metric::Viewers {
        return f64::INFINITY;
    }
    let settled = ((asked_ms - BEHIND_MS) / MINUTE_MS).floor() * MINUTE_MS;
    let newest = series.iter().filter_map(|series| series.points.last());
    newest
        .map(|point| time::millis(&point.at) + MINUTE_MS)
        .fold(settled, f64::max)
}

fn drawn_lines(drawn: &Drawn) -> Vec<Line> {
    let values = |series: Option<&Series>| {
        let points = series.iter().flat_map(|series| &series.points);
        let points = points.map(|point| (time::millis(&point.at), point.value));
        let nothing = drawn.steps.moments().into_iter().filter(|at| *at < drawn.until_ms);
        let nothing = nothing.map(|at| (at, 0.0));
        drawn.steps.values(nothing.chain(points), f64::NAN)
    };
    let line = |series: &Series| Line {
        name: named(&series.name),
        values: values(Some(series)),
    };
    let mut lines: Vec<_> = drawn.series.iter().take(MOST).map(line).collect();
    if lines.is_empty() {
        lines.push(Line {
            name: String::new(),
            values: values(None),
        });
    }
    lines
}

/// Codes of countries and protocols by their names; others as they are.
pub(in crate::pages) fn named(name: &str) -> String {
    if name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return country::name(name);
    }
    Protocol::of(name).map_or_else(|| name.to_owned(), |protocol| protocol.label())
}

fn figure(value: f64) -> String {
    if value.is_nan() {
        "–".to_owned()
    } else if value >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}
