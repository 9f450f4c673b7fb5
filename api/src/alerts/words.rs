//! What an alert says, in words and numbers.

use std::{fmt::Write, time::Duration};

use entity::alert;
use guard::Timestamp;

use super::rule::{Comparison, Definition, Metric};

/// The rule that an alert began with; none where another version wrote it.
pub(crate) fn definition(value: &serde_json::Value) -> Option<Definition> {
    serde_json::from_value(value.clone()).ok()
}

/// Names of streams that an alert is about.
pub(crate) fn streams(row: &alert::Model) -> Vec<String> {
    serde_json::from_value(row.streams.clone()).unwrap_or_default()
}

/// One sentence of an alert: what was measured, and from when on it is told.
pub(crate) fn sentence(row: &alert::Model) -> String {
    let Some(rule) = definition(&row.definition) else {
        return row.name.clone();
    };
    let value = if row.resolved_at.is_some() { row.peak } else { row.value };
    let mut text = measured(&rule, value);
    let bar = number(&rule, rule.bar(row.usual));
    let _ = match (rule.comparison, row.usual) {
        (Comparison::AtLeast, _) => write!(text, "; told from {bar} on"),
        (Comparison::AtMost, _) => write!(text, "; told from {bar} downwards"),
        (Comparison::TimesUsual, usual) => {
            let usual = number(&rule, usual.unwrap_or(0.0));
            write!(text, "; usual is {usual}, told from {bar} on")
        }
    };
    text
}

/// What was measured.
fn measured(rule: &Definition, value: f64) -> String {
    let one = (value - 1.0).abs() < f64::EPSILON;
    let amount = number(rule, value);
    let window = span(rule.window());
    let mut text = match rule.metric {
        Metric::Viewers => format!("{amount} {} now", if one { "viewer" } else { "viewers" }),
        Metric::Ingests => format!("{amount} {} now", if one { "broadcast" } else { "broadcasts" }),
        Metric::Sessions => format!(
            "{amount} {} began within {window}",
            if one { "session" } else { "sessions" }
        ),
        Metric::BytesOut => format!("{amount} sent to viewers within {window}"),
        Metric::Denials => format!("{amount} {} within {window}", if one { "refusal" } else { "refusals" }),
        Metric::FailureRatio => format!("{amount} of requests refused within {window}"),
        Metric::Findings => {
            let what = if one {
                "token, viewer or address"
            } else {
                "tokens, viewers and addresses"
            };
            format!("misuse found of {amount} {what} within {window}")
        }
        Metric::StreamsOffline => {
            let what = if one { "stream" } else { "streams" };
            format!("{amount} {what} went offline within {window} and did not come back")
        }
        Metric::WebhookFailures => {
            format!(
                "{amount} webhook {} failed within {window}",
                if one { "call" } else { "calls" }
            )
        }
        Metric::StartFailures => format!("{amount} of players saw no picture within {window}"),
        Metric::Buffering => format!("{amount} of the time the picture stood still within {window}"),
    };
    let indicator = rule.indicator.as_deref().map(misuse::label);
    let only = [
        rule.protocol.as_deref(),
        rule.country.as_deref(),
        rule.reason.as_deref(),
        indicator,
    ];
    for only in only.into_iter().flatten() {
        let _ = write!(text, ", {only}");
    }
    if let Some(stream) = &rule.stream {
        let _ = write!(text, ", of {stream}");
    } else if let Some(tag) = &rule.tag {
        let _ = write!(text, ", of streams labelled {tag}");
    }
    text
}

/// An amount, as people read it.
pub(crate) fn number(rule: &Definition, value: f64) -> String {
    match rule.metric {
        metric if metric.is_ratio() => format!("{} %", short(value)),
        Metric::BytesOut => {
            let units = ["B", "kB", "MB", "GB", "TB", "PB"];
            let mut value = value;
            let mut unit = 0;
            while value >= 1000.0 && unit + 1 < units.len() {
                value /= 1000.0;
                unit += 1;
            }
            format!("{} {}", short(value), units[unit])
        }
        _ => short(value),
    }
}

fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), ToOwned::to_owned)
}

/// How long something is, as people say it.
pub(crate) fn span(long: Duration) -> String {
    let seconds = long.as_secs();
    let (many, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        _ => (seconds / 3600, "hour"),
    };
    format!("{many} {unit}{}", if many == 1 { "" } else { "s" })
}

/// For how long an alert was open, or is.
pub(crate) fn lasted(row: &alert::Model, now: Timestamp) -> Duration {
    let until = row.resolved_at.map_or(now, Timestamp::from_us);
    until.since(Timestamp::from_us(row.opened_at))
}
