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
    written(at, "short")
}

/// The same, of unix milliseconds.
pub(crate) fn exact_ms(ms: f64) -> String {
    exact(&of_millis(ms))
}

fn of_millis(ms: f64) -> DateTime {
    DateTime(Date::new(&JsValue::from_f64(ms)).to_iso_string().into())
}

/// A moment beside a chart: the time of day, or the day where several are shown.
pub(crate) fn mark(ms: f64, days: bool) -> String {
    let at = Date::new(&JsValue::from_f64(ms));
    if days {
        format!("{:02}-{:02}", at.get_month() + 1, at.get_date())
    } else {
        format!("{:02}:{:02}", at.get_hours(), at.get_minutes())
    }
}

/// A moment of a chart, in words: the day in the reader's own language, the time of day as beside the chart.
pub(crate) fn marked(ms: f64) -> String {
    let day = formatted(&of_millis(ms), &[("dateStyle", "medium")]);
    format!("{day}, {}", mark(ms, false))
}

/// A text in which each moment of UTC, as RFC 3339 to the second, is told in the reader's own zone, which is named.
pub(crate) fn localised(text: &str) -> String {
    let (mut told, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        let moment = rest.get(..MOMENT.len()).filter(|moment| is_moment(moment));
        let length = if let Some(moment) = moment {
            told.push_str(&written(&DateTime(moment.to_owned()), "long"));
            moment.len()
        } else {
            told.push(first);
            first.len_utf8()
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    told
}

fn is_moment(text: &str) -> bool {
    let fits = |(is, form): (char, char)| if form == '0' { is.is_ascii_digit() } else { is == form };
    text.chars().zip(MOMENT.chars()).all(fits)
}

/// The form of a moment; 0 stands for any digit.
const MOMENT: &str = "0000-00-00T00:00:00Z";

fn written(at: &DateTime, time_style: &str) -> String {
    formatted(at, &[("dateStyle", "medium"), ("timeStyle", time_style)])
}

fn formatted(at: &DateTime, styles: &[(&str, &str)]) -> String {
    let options = Object::new();
    for (key, value) in styles {
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

/// "0 B", "12.4 kB", "3.1 GB".
pub(crate) fn bytes(bytes: f64) -> String {
    match bytes {
        b if b >= 1e12 => format!("{:.1} TB", b / 1e12),
        b if b >= 1e9 => format!("{:.1} GB", b / 1e9),
        b if b >= 1e6 => format!("{:.1} MB", b / 1e6),
        b if b >= 1e3 => format!("{:.1} kB", b / 1e3),
        b => format!("{b:.0} B"),
    }
}

/// The moment that comes after so long, as RFC 3339.
pub(crate) fn after(span: Duration) -> DateTime {
    let at = Date::new(&JsValue::from_f64(Date::now() + span.as_secs_f64() * 1000.0));
    DateTime(at.to_iso_string().into())
}

/// The moment so long ago, as RFC 3339.
pub(crate) fn before(span: Duration) -> DateTime {
    let at = Date::new(&JsValue::from_f64(Date::now() - span.as_secs_f64() * 1000.0));
    DateTime(at.to_iso_string().into())
}

/// The minute that a moment of unix milliseconds is in, as an address has it: in UTC, the same for whoever opens it.
pub(crate) fn minute_in_utc(ms: f64) -> String {
    let minute = (ms / MINUTE_MS).floor() * MINUTE_MS;
    let at = String::from(Date::new(&JsValue::from_f64(minute)).to_iso_string());
    in_utc(&at).unwrap_or_default()
}

/// A moment as an address has it, in UTC; one without a zone, as fields and older addresses have it, is of the reader's
/// own. `None` for what is no moment.
pub(crate) fn in_utc(text: &str) -> Option<String> {
    let DateTime(at) = moment(text)?;
    let minute = at.strip_suffix(":00.000Z").map(|minute| format!("{minute}Z"));
    Some(minute.unwrap_or(at))
}

/// What a field for date and time shows of a moment, in the reader's own zone; nothing of what is no moment.
pub(crate) fn field(text: &str) -> String {
    moment(text).map_or_else(String::new, |at| {
        let at = Date::new(&JsValue::from_f64(millis(&at)));
        format!("{}T{:02}:{:02}", day(&at), at.get_hours(), at.get_minutes())
    })
}

/// The day of the reader's own zone that a moment of unix milliseconds is in, as a field for days has it.
pub(crate) fn day_of(ms: f64) -> String {
    day(&Date::new(&JsValue::from_f64(ms)))
}

fn day(at: &Date) -> String {
    let (year, month, day) = (at.get_full_year(), at.get_month() + 1, at.get_date());
    format!("{year:04}-{month:02}-{day:02}")
}

const MINUTE_MS: f64 = 60_000.0;

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
