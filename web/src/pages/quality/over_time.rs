//! How well it played over time, one figure at a time.

use leptos::prelude::*;

use super::{Known, words};
use crate::{
    api::quality::Quality,
    kit::{Card, Line, Lines, Load, Select},
    pages::{
        misuse::Place,
        timeline::{Steps, Zoom, between},
    },
    time,
};

/// A figure: its word, what it is called, its value in what it is shown in, and how that is read.
type Figure = (
    &'static str,
    &'static str,
    fn(&Quality) -> Option<f64>,
    fn(f64) -> String,
);

const FIGURES: [Figure; 5] = [
    (
        "start",
        "First picture after",
        |of| of.average_start_ms.map(|ms| ms / 1000.0),
        words::in_seconds,
    ),
    (
        "success",
        "Saw a picture",
        |of| of.start_success_ratio.map(|part| part * 100.0),
        words::percent,
    ),
    (
        "buffering",
        "Stood still",
        |of| of.buffering_ratio.map(|part| part * 100.0),
        words::percent,
    ),
    (
        "latency",
        "Behind live",
        |of| of.average_latency_ms.map(|ms| ms / 1000.0),
        words::in_seconds,
    ),
    (
        "attempts",
        "Players that set out",
        |of| Some(f64::from(of.attempts)),
        |value| {
            if value.is_nan() {
                "0".to_owned()
            } else {
                format!("{value:.0}")
            }
        },
    ),
];

/// The card.
#[component]
pub(super) fn OverTime(place: Place, load: Load<Known>) -> impl IntoView {
    let figure = Memo::new(move |_| {
        let chosen = place.of("figure");
        FIGURES.iter().position(|(word, ..)| *word == chosen)
    });
    let of = move || figure.get().map_or(FIGURES[0], |at| FIGURES[at]);
    let options: Vec<_> = FIGURES
        .iter()
        .map(|(word, label, ..)| ((*word).to_owned(), (*label).to_owned()))
        .collect();
    let chosen = Signal::derive(move || of().0.to_owned());
    let choose = move |word: String| place.go([("figure", word)]);
    let steps = Signal::derive(move || load.value().with(|known| known.as_ref().map(|(steps, _)| *steps)));
    let times = Signal::derive(move || steps.get().map(Steps::moments).unwrap_or_default());
    let lines = Signal::derive(move || {
        let (_, _, value, _) = of();
        load.value().with(|known| {
            let Some((steps, whole)) = known else { return Vec::new() };
            let points = whole.quality_over_time.iter();
            let points = points.filter_map(|point| Some((time::millis(&point.at), value(&point.quality)?)));
            vec![Line {
                name: String::new(),
                values: steps.values(points, f64::NAN),
            }]
        })
    });
    let shown = Callback::new(move |value: f64| (of().3)(value));
    let cursor = RwSignal::new(0_usize);
    view! {
        <Card title="Over time" acts=move || view! { <Select label="Show" options=options.clone() chosen on_choose=choose/> }>
            <Lines label="Over time" lines times cursor shown on_select=move |(from, to)| between(place, from, to)/>
            <Zoom place steps cursor/>
        </Card>
    }
}
