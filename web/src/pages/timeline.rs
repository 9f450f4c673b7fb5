//! A time in steps, for lines over it: how long a step is, when each begins, and how to look closer.

use leptos::prelude::*;

use super::misuse::Place;
use crate::{
    api::{misuse::TimeRange, overview::Interval},
    kit::Button,
    time,
};

/// A time, in steps that are seen and not too many of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Steps {
    from_ms: f64,
    to_ms: f64,
    step_ms: f64,
    pub(super) interval: Interval,
}

impl Steps {
    pub(super) fn of(range: &TimeRange) -> Self {
        let from_ms = time::millis(&range.from);
        let to_ms = range.to.as_ref().map_or_else(js_sys::Date::now, time::millis);
        let (interval, step_ms) = match (to_ms - from_ms) / MINUTE_MS {
            minutes if minutes <= 361.0 => (Interval::Minute, MINUTE_MS),
            minutes if minutes <= 1_500.0 => (Interval::FiveMinutes, 5.0 * MINUTE_MS),
            minutes if minutes <= 44_000.0 => (Interval::Hour, 60.0 * MINUTE_MS),
            _ => (Interval::Day, 1_440.0 * MINUTE_MS),
        };
        Self {
            from_ms,
            to_ms,
            step_ms,
            interval,
        }
    }

    /// When each begins, all of them: those without anything too. The first has the first whole minute in it.
    pub(super) fn moments(self) -> Vec<f64> {
        let minute = (self.from_ms / MINUTE_MS).ceil() * MINUTE_MS;
        let first = (minute / self.step_ms).floor() * self.step_ms;
        std::iter::successors(Some(first), |at| Some(at + self.step_ms))
            .take_while(|at| *at < self.to_ms)
            .take(2_000)
            .collect()
    }

    /// A value for each of them: those that are known by when their step begins, `missing` for the others.
    pub(super) fn values(self, known: impl Iterator<Item = (f64, f64)>, missing: f64) -> Vec<f64> {
        let moments = self.moments();
        let mut values = vec![missing; moments.len()];
        let first = moments.first().copied().unwrap_or_default();
        for (at_ms, value) in known {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a place in a list of hundreds; what is before it saturates"
            )]
            let at = ((at_ms - first) / self.step_ms).round() as usize;
            if let Some(place) = values.get_mut(at) {
                *place = value;
            }
        }
        values
    }
}

/// Half and twice the time, around the step that the cursor is at.
#[component]
pub(super) fn Zoom(place: Place, #[prop(into)] steps: Signal<Option<Steps>>, cursor: RwSignal<usize>) -> impl IntoView {
    let zoom = move |part: f64, at_cursor: bool| {
        let Some(steps) = steps.get_untracked() else { return };
        let Steps { from_ms, to_ms, .. } = steps;
        let here = steps.moments().get(cursor.get_untracked()).copied();
        let middle = here.filter(|_| at_cursor).unwrap_or(f64::midpoint(from_ms, to_ms));
        let half = ((to_ms - from_ms) * part / 2.0).clamp(LEAST_MS / 2.0, MOST_MS / 2.0);
        let to = (middle + half).min(js_sys::Date::now());
        between(place, to - 2.0 * half, to);
    };
    view! {
        <div class="chart-acts">
            <Button icon=icondata_lu::LuZoomIn on_press=move |_| zoom(0.5, true)>"Zoom in"</Button>
            <Button icon=icondata_lu::LuZoomOut on_press=move |_| zoom(2.0, false)>"Zoom out"</Button>
        </div>
    }
}

/// Looks at the time between two moments.
pub(super) fn between(place: Place, from_ms: f64, to_ms: f64) {
    if to_ms - from_ms < LEAST_MS / 2.0 {
        return;
    }
    place.go_on([
        ("last", String::new()),
        ("from", time::minute_in_utc(from_ms)),
        ("to", time::minute_in_utc(to_ms)),
    ]);
}

pub(super) const MINUTE_MS: f64 = 60_000.0;
/// No closer look than this, and none from further away.
const LEAST_MS: f64 = 10.0 * MINUTE_MS;
const MOST_MS: f64 = 365.0 * 1_440.0 * MINUTE_MS;
