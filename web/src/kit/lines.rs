//! Values over time as lines. A slider below them goes from step to step, by keyboard too, and says what was then; a
//! stretch that is drawn over with the pointer is looked at closer.

use std::fmt::Write as _;

use leptos::{ev::PointerEvent, html, prelude::*};

use super::field::fresh_id;
use crate::time;

/// One line: its name, and a value for each step; what is not known is not a number, and leaves a gap.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
}

/// The lines. `times`: when each step begins; `cursor`: the step that is told; `shown`: a value as people read it.
#[component]
pub(crate) fn Lines(
    #[prop(into)] label: String,
    #[prop(into)] lines: Signal<Vec<Line>>,
    #[prop(into)] times: Signal<Vec<f64>>,
    cursor: RwSignal<usize>,
    shown: Callback<f64, String>,
    /// Called with the two moments of a stretch.
    #[prop(into)]
    on_select: Callback<(f64, f64)>,
) -> impl IntoView {
    let last = Memo::new(move |_| times.with(Vec::len).saturating_sub(1));
    // What is told first is the newest that is known.
    let newest = Memo::new(move |_| {
        let known = lines.with(|lines| lines.iter().filter_map(|line| last_known(&line.values)).max());
        known.unwrap_or_else(|| last.get())
    });
    Effect::new(move |before: Option<usize>| {
        let newest = newest.get();
        if before != Some(newest) {
            cursor.set(newest);
        }
        newest
    });
    let top = Memo::new(move |_| {
        let most = lines.with(|lines| lines.iter().flat_map(|line| &line.values).copied().fold(0.0, f64::max));
        ceiling(most)
    });
    let at = Memo::new(move |_| cursor.get().min(last.get()));
    let said = Memo::new(move |_| {
        let when = times.with(|times| times.get(at.get()).copied()).map(time::marked);
        let values = lines.with(|lines| {
            let value = |line: &Line| {
                let value = shown.run(line.values.get(at.get()).copied().unwrap_or_default());
                match line.name.as_str() {
                    "" => value,
                    name => format!("{name}: {value}"),
                }
            };
            lines.iter().map(value).collect::<Vec<_>>().join(", ")
        });
        when.map_or_else(String::new, |when| format!("{when} · {values}"))
    });
    let named = Memo::new(move |_| lines.with(|lines| lines.iter().any(|line| !line.name.is_empty())));
    let id = fresh_id("cursor");
    let slider = NodeRef::<html::Input>::new();
    // Its end first: a value beyond the end would be cut.
    Effect::new(move |_| {
        if let Some(slider) = slider.get() {
            slider.set_max(&last.get().to_string());
            slider.set_value(&at.get().to_string());
        }
    });
    view! {
        <div class="lines">
            <Show when=move || named.get()>
                <ul class="chart-keys" aria-hidden="true">
                    {move || lines.get().into_iter().enumerate().map(|(at, line)| view! { <li data-part=at.to_string()>{if line.name.is_empty() { "Not known".to_owned() } else { line.name }}</li> }).collect_view()}
                </ul>
            </Show>
            <div class="lines-field">
                <ol class="lines-scale num" aria-hidden="true">
                    {move || [1.0, 0.5, 0.0].map(|part| view! { <li>{shown.run(top.get() * part)}</li> }).collect_view()}
                </ol>
                <Drawing lines top at last times cursor on_select/>
            </div>
            <p class="lines-times" aria-hidden="true">
                {move || times.with(|times| marks(times)).into_iter().map(|mark| view! { <span>{mark}</span> }).collect_view()}
            </p>
            <label class="sr-only" for=id.clone()>{label}": step"</label>
            <input node_ref=slider id=id class="lines-cursor" type="range" min="0" step="1" aria-valuetext=said
                on:input=move |event| cursor.set(event_target_value(&event).parse().unwrap_or_default())/>
            <p class="lines-said num">{said}</p>
        </div>
    }
}

/// The picture; nothing of it has to be seen, since the slider says it.
#[component]
fn Drawing(
    lines: Signal<Vec<Line>>,
    top: Memo<f64>,
    at: Memo<usize>,
    last: Memo<usize>,
    times: Signal<Vec<f64>>,
    cursor: RwSignal<usize>,
    on_select: Callback<(f64, f64)>,
) -> impl IntoView {
    let field = NodeRef::<html::Div>::new();
    let begun = RwSignal::new(None::<usize>);
    let step_of = move |event: &PointerEvent| {
        let around = field.get_untracked()?.get_bounding_client_rect();
        let part = (f64::from(event.client_x()) - around.left()) / around.width().max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a place in a list of hundreds"
        )]
        let step = (part.clamp(0.0, 1.0) * last.get_untracked() as f64).round() as usize;
        Some(step)
    };
    let down = move |event: PointerEvent| {
        begun.set(step_of(&event));
    };
    let moved = move |event: PointerEvent| {
        if let Some(step) = step_of(&event) {
            cursor.set(step);
        }
    };
    let up = move |event: PointerEvent| {
        let (from, to) = (begun.get_untracked(), step_of(&event));
        begun.set(None);
        if let (Some(from), Some(to)) = (from, to)
            && from.abs_diff(to) > 1
        {
            let of = |step: usize| times.with_untracked(|times| times.get(step).copied());
            if let (Some(from), Some(to)) = (of(from.min(to)), of(from.max(to))) {
                on_select.run((from, to));
            }
        }
    };
    let paths = move || {
        let (top, last) = (top.get(), last.get());
        lines.with(|lines| {
            let drawn = lines.iter().enumerate().map(|(at, line)| {
                let (points, alone) = (path(&line.values, top, last), dots(&line.values, top, last));
                view! {
                    <path class="line-of" data-part=at.to_string() d=points/>
                    <path class="dots-of" data-part=at.to_string() d=alone/>
                }
            });
            drawn.collect_view()
        })
    };
    let chosen = move || {
        let from = begun.get()?;
        let (a, b) = (
            share(from.min(at.get()), last.get()),
            share(from.max(at.get()), last.get()),
        );
        let style = format!("left: {a}%; width: {}%", b - a);
        (from != at.get()).then(|| view! { <span class="lines-chosen" style=style></span> })
    };
    view! {
        <div node_ref=field class="lines-drawing" aria-hidden="true" on:pointerdown=down on:pointermove=moved on:pointerup=up on:pointerleave=move |_| begun.set(None)>
            <svg viewBox="0 0 1000 200" preserveAspectRatio="none">{paths}</svg>
            <span class="lines-at" style=move || format!("left: {}%", share(at.get(), last.get()))></span>
            {chosen}
        </div>
    }
}

fn last_known(values: &[f64]) -> Option<usize> {
    values.iter().rposition(|value| !value.is_nan())
}

/// How far from the left a step is, in hundredths.
fn share(step: usize, last: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a place in a list of hundreds")]
    let share = step as f64 / last.max(1) as f64;
    share * 100.0
}

fn path(values: &[f64], top: f64, last: usize) -> String {
    let mut path = String::new();
    let mut before = f64::NAN;
    for (at, value) in values.iter().enumerate() {
        if !value.is_nan() {
            let (x, y) = place(at, *value, top, last);
            let how = if before.is_nan() { "M" } else { "L" };
            let _ = write!(path, "{how}{x:.1} {y:.1}"); // a text takes all
        }
        before = *value;
    }
    path
}

/// What stands between two gaps, where a line has no length and is not seen.
fn dots(values: &[f64], top: f64, last: usize) -> String {
    let mut path = String::new();
    let is_gap = |at: Option<usize>| at.and_then(|at| values.get(at)).is_none_or(|value| value.is_nan());
    for (at, value) in values.iter().enumerate() {
        if !value.is_nan() && is_gap(at.checked_sub(1)) && is_gap(Some(at + 1)) {
            let (x, y) = place(at, *value, top, last);
            let _ = write!(path, "M{x:.1} {y:.1}h0.01"); // a text takes all
        }
    }
    path
}

/// Where in the drawing a value of a step is.
fn place(at: usize, value: f64, top: f64, last: usize) -> (f64, f64) {
    (share(at, last) * 10.0, 200.0 - value / top * 196.0)
}

/// A round number that is not less: 1, 2 or 5 times a power of ten.
fn ceiling(most: f64) -> f64 {
    if most <= 1.0 {
        return 1.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    let fitting = steps.iter().find(|step| *step * power >= most);
    fitting.map_or(most, |step| step * power)
}

/// Some of the moments, evenly.
fn marks(times: &[f64]) -> Vec<String> {
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return Vec::new();
    };
    let days = last - first > 36.0 * 3_600_000.0;
    [0.0, 0.25, 0.5, 0.75, 1.0]
        .map(|part| time::mark(first + (last - first) * part, days))
        .to_vec()
}
