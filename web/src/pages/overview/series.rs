//! How it was: a metric over time, taken apart at wish, and looked at closer.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        misuse::TimeRange,
        overview::{self, Dimension, Interval, Metric, Series, Wanted},
        sessions::Protocol,
    },
    country,
    kit::{Button, Card, Line, Lines, Load, Loaded, Select, Skeleton},
    pages::misuse::{Place, follow},
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

/// What is drawn: of which time, in which steps.
#[derive(Clone, PartialEq)]
struct Drawn {
    from_ms: f64,
    to_ms: f64,
    step_ms: f64,
    metric: Metric,
    series: Vec<Series>,
}

/// The card.
#[component]
pub(super) fn OverTime(place: Place) -> impl IntoView {
    let api = use_api();
    let (metric, apart) = (RwSignal::new(Metric::Viewers), RwSignal::new(None::<Dimension>));
    let load = Load::new(move || {
        let (range, metric, by) = (place.span().range(), metric.get(), apart.get());
        async move {
            let (from_ms, to_ms) = ends(&range);
            let (interval, step_ms) = step(to_ms - from_ms);
            let by = by.filter(|by| fits(metric, *by));
            let wanted = Wanted {
                range,
                metric,
                interval,
                by,
            };
            Ok(Drawn {
                from_ms,
                to_ms,
                step_ms,
                metric,
                series: overview::series(api, wanted).await?,
            })
        }
    });
    follow(place, move || load.again());
    let metrics: Vec<_> = METRICS
        .iter()
        .map(|(_, word, label)| ((*word).to_owned(), (*label).to_owned()))
        .collect();
    let chosen = Signal::derive(move || {
        let of = METRICS.iter().find(|(one, ..)| *one == metric.get());
        of.map_or_else(String::new, |(_, word, _)| (*word).to_owned())
    });
    let choose = move |word: String| {
        if let Some((one, ..)) = METRICS.iter().find(|(_, known, _)| *known == word) {
            metric.set(*one);
        }
    };
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
    let choose_way = move |word: String| {
        if let Some((one, ..)) = APART.iter().find(|(_, known, _)| *known == word) {
            apart.set(*one);
        }
    };
    let lines = Signal::derive(move || {
        load.value()
            .with(|drawn| drawn.as_ref().map(drawn_lines).unwrap_or_default())
    });
    let times = Signal::derive(move || load.value().with(|drawn| drawn.as_ref().map(steps).unwrap_or_default()));
    let shown = Callback::new(move |value: f64| {
        let bytes = load
            .value()
            .with(|drawn| drawn.as_ref().is_some_and(|drawn| drawn.metric == Metric::Bytes));
        if bytes { time::bytes(value) } else { figure(value) }
    });
    let zoom = move |part: f64, around: Option<f64>| {
        let ends = load
            .value()
            .with_untracked(|drawn| drawn.as_ref().map(|drawn| (drawn.from_ms, drawn.to_ms)));
        let Some((from, to)) = ends else { return };
        let (middle, half) = (around.unwrap_or(f64::midpoint(from, to)), (to - from) * part / 2.0);
        let half = half.clamp(LEAST_MS / 2.0, MOST_MS / 2.0);
        let to = (middle + half).min(js_sys::Date::now());
        between(place, to - 2.0 * half, to);
    };
    let cursor = RwSignal::new(0_usize);
    let here = move || times.with_untracked(|times| times.get(cursor.get_untracked()).copied());
    view! {
        <Card title="Over time" acts=move || view! {
            <Select label="Show" options=metrics.clone() chosen on_choose=choose/>
            <Select label="Apart" options=ways chosen=way on_choose=choose_way/>
        }>
            <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
                <Lines label="Over time" lines times cursor shown on_select=move |(from, to)| between(place, from, to)/>
                <div class="chart-acts">
                    <Button icon=icondata_lu::LuZoomIn on_press=move |_| zoom(0.5, here())>"Zoom in"</Button>
                    <Button icon=icondata_lu::LuZoomOut on_press=move |_| zoom(2.0, here())>"Zoom out"</Button>
                </div>
            </Loaded>
        </Card>
    }
}

/// Looks at the time between two moments.
fn between(place: Place, from_ms: f64, to_ms: f64) {
    if to_ms - from_ms < LEAST_MS / 2.0 {
        return;
    }
    place.go_on([
        ("last", String::new()),
        ("from", time::field_of(from_ms)),
        ("to", time::field_of(to_ms)),
    ]);
}

fn ends(range: &TimeRange) -> (f64, f64) {
    let to = range.to.as_ref().map_or_else(js_sys::Date::now, time::millis);
    (time::millis(&range.from), to)
}

/// Steps that are seen, and not too many of them.
fn step(span_ms: f64) -> (Interval, f64) {
    match span_ms / MINUTE_MS {
        minutes if minutes <= 361.0 => (Interval::Minute, MINUTE_MS),
        minutes if minutes <= 1_500.0 => (Interval::FiveMinutes, 5.0 * MINUTE_MS),
        minutes if minutes <= 44_000.0 => (Interval::Hour, 60.0 * MINUTE_MS),
        _ => (Interval::Day, 1_440.0 * MINUTE_MS),
    }
}

const MINUTE_MS: f64 = 60_000.0;
/// No closer look than this, and none from further away.
const LEAST_MS: f64 = 10.0 * MINUTE_MS;
const MOST_MS: f64 = 365.0 * 1_440.0 * MINUTE_MS;

/// Whether a metric can be taken apart by that.
fn fits(metric: Metric, by: Dimension) -> bool {
    match by {
        Dimension::Reason => metric == Metric::Denials,
        Dimension::Country => metric != Metric::Denials,
        _ => true,
    }
}

/// When each step begins, all of them: those without anything too.
fn steps(drawn: &Drawn) -> Vec<f64> {
    let first = (drawn.from_ms / drawn.step_ms).floor() * drawn.step_ms;
    std::iter::successors(Some(first), |at| Some(at + drawn.step_ms))
        .take_while(|at| *at < drawn.to_ms)
        .take(2_000)
        .collect()
}

fn drawn_lines(drawn: &Drawn) -> Vec<Line> {
    let times = steps(drawn);
    let line = |series: &Series| {
        let mut values = vec![0.0; times.len()];
        let first = times.first().copied().unwrap_or_default();
        for point in &series.points {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a place in a list of hundreds; what is before it saturates"
            )]
            let at = ((time::millis(&point.at) - first) / drawn.step_ms).round() as usize;
            if let Some(value) = values.get_mut(at) {
                *value = point.value;
            }
        }
        Line {
            name: named(&series.name),
            values,
        }
    };
    let mut lines: Vec<_> = drawn.series.iter().take(MOST).map(line).collect();
    if lines.is_empty() {
        lines.push(Line {
            name: String::new(),
            values: vec![0.0; times.len()],
        });
    }
    lines
}

/// Codes of countries and protocols by their names; others as they are.
fn named(name: &str) -> String {
    match name {
        code if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => country::name(code),
        "hls" => Protocol::Hls.label(),
        "progressive" => Protocol::Progressive.label(),
        "rtmp" => Protocol::Rtmp.label(),
        "websocket" => Protocol::WebSocket.label(),
        other => other.to_owned(),
    }
}

fn figure(value: f64) -> String {
    if value >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}
