//! Figures of quality as people read them.

/// Where nobody told.
pub(super) const NOTHING: &str = "–";

/// A part of all, between 0 and 1.
pub(super) fn share(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| NOTHING.to_owned(), |ratio| percent(ratio * 100.0))
}

/// Per cent, as exact as it matters.
pub(super) fn percent(value: f64) -> String {
    match value {
        _ if value.is_nan() => NOTHING.to_owned(),
        0.0 | 10.0.. => format!("{value:.0} %"),
        _ => format!("{value:.1} %"),
    }
}

/// Milliseconds, in seconds.
pub(super) fn seconds(ms: Option<f64>) -> String {
    ms.map_or_else(|| NOTHING.to_owned(), |ms| in_seconds(ms / 1000.0))
}

pub(super) fn in_seconds(value: f64) -> String {
    match value {
        _ if value.is_nan() => NOTHING.to_owned(),
        10.0.. => format!("{value:.0} s"),
        _ => format!("{value:.1} s"),
    }
}

/// How long, of seconds.
pub(super) fn long(seconds: f64) -> String {
    match seconds {
        hours if hours >= 7_200.0 => format!("{:.1} h", hours / 3_600.0),
        minutes if minutes >= 120.0 => format!("{:.0} min", minutes / 60.0),
        seconds => format!("{seconds:.0} s"),
    }
}
