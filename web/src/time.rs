//! Times and amounts as people read them. The browser's clock only dresses what the server said; it decides nothing.

use std::time::Duration;

use js_sys::{Date, Intl, Object, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use crate::api::scalar::DateTime;

/// The present, in unix milliseconds, as a signal that moves once a second.
#[derive(Clone, Copy)]
pub(crate) struct Now(RwSignal<f64>);

impl Now {
    /// Starts the one ticking that all of the dashboard shares.
    pub(crate) fn provide() {
        let now = RwSignal::new(Date::now());
        set_interval(move || now.set(Date::now()), Duration::from_secs(1));
        provide_context(Self(now));
    }
}

/// The shared present.
pub(crate) fn use_now() -> Signal<f64> {
    expect_context::<Now>().0.into()
}

/// Unix milliseconds; 0 for what is no time.
pub(crate) fn millis(at: &DateTime) -> f64 {
    let ms = Date::parse(&at.0);
    if ms.is_nan() { 0.0 } else { ms }
}

/// "just now", "4 min ago", "in 3 h", "12 days ago".
pub(crate) fn relative(at: &DateTime, now_ms: f64) -> String {
    let seconds = (millis(at) - now_ms) / 1000.0;
    let distance = seconds.abs();
    if distance < 45.0 {
        return if seconds > 10.0 {
            "in a moment".into()
        } else {
            "just now".into()
        };
    }
    let (amount, unit) = match distance {
        s if s < 3600.0 => (s / 60.0, "min"),
        s if s < 86_400.0 => (s / 3600.0, "h"),
        s => (s / 86_400.0, "days"),
    };
    let amount = amount.round().max(1.0);
    let unit = if unit == "days" && amount < 2.0 { "day" } else { unit };
    if seconds > 0.0 {
        format!("in {amount} {unit}")
    } else {
        format!("{amount} {unit} ago")
    }
}

/// "0:07", "12:40", "3:05:09".
pub(crate) fn span(from_ms: f64, to_ms: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped at zero, and centuries fit"
    )]
    let seconds = ((to_ms - from_ms) / 1000.0).max(0.0) as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// Date and time in the reader's own language and zone.
pub(crate) fn exact(at: &DateTime) -> String {
    let options = Object::new();
    for (key, value) in [("dateStyle", "medium"), ("timeStyle", "short")] {
        let _ = Reflect::set(&options, &JsValue::from_str(key), &JsValue::from_str(value));
    }
    let format = Intl::DateTimeFormat::new(&js_sys::Array::new(), &options);
    let written = format
        .format()
        .call1(&JsValue::UNDEFINED, &Date::new(&JsValue::from_str(&at.0)));
    written
        .ok()
        .and_then(|text| text.dyn_into::<js_sys::JsString>().ok())
        .map_or_else(|| at.0.clone(), String::from)
}

/// "12.4 Mbit/s".
pub(crate) fn bitrate(bits_per_second: f64) -> String {
    match bits_per_second {
        b if b >= 1e11 => format!("{:.0} Gbit/s", b / 1e9),
        b if b >= 1e9 => format!("{:.1} Gbit/s", b / 1e9),
        b if b >= 1e8 => format!("{:.0} Mbit/s", b / 1e6),
        b if b >= 1e6 => format!("{:.1} Mbit/s", b / 1e6),
        b if b >= 1e3 => format!("{:.0} kbit/s", b / 1e3),
        b => format!("{b:.0} bit/s"),
    }
}

/// The moment that comes after so long, as RFC 3339.
pub(crate) fn after(span: Duration) -> DateTime {
    let at = Date::new(&JsValue::from_f64(Date::now() + span.as_secs_f64() * 1000.0));
    DateTime(at.to_iso_string().into())
}

/// "1 session", "3 sessions".
pub(crate) fn count(n: i32, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// The beginning of a day of the reader's own zone, or of one some days later, as RFC 3339; `None` for what is no day.
pub(crate) fn day_start(day: &str, days_later: u32) -> Option<String> {
    let start = Date::new(&JsValue::from_str(&format!("{day}T00:00:00")));
    if start.get_time().is_nan() {
        return None;
    }
    start.set_date(start.get_date() + days_later);
    Some(start.to_iso_string().into())
}

/// The millisecond that a moment is in, or one some milliseconds later, as RFC 3339; `None` for what is no moment.
pub(crate) fn millisecond(moment: &str, later: u32) -> Option<String> {
    let at = Date::new(&JsValue::from_str(moment));
    if at.get_time().is_nan() {
        return None;
    }
    at.set_time(at.get_time() + f64::from(later));
    Some(at.to_iso_string().into())
}

/// What a field for date and time says, in the reader's own zone, as RFC 3339; `None` for what is no moment.
pub(crate) fn moment(text: &str) -> Option<DateTime> {
    let at = Date::new(&JsValue::from_str(text));
    (!text.is_empty() && !at.get_time().is_nan()).then(|| DateTime(at.to_iso_string().into()))
}
