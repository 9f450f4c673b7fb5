//! How well players play, by their own account.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use guard::Timestamp;

use crate::analytics::quality::{By, OrderBy, Sums};

/// By what quality is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "By")]
pub(crate) enum QualityDimension {
    /// Streams, by name.
    Stream,
    /// Protocols.
    Protocol,
    /// Countries; empty where it is not known.
    Country,
    /// Browsers; empty where it is none that is known.
    Browser,
    /// Browsers with their main version, as in `Firefox 128`.
    Version,
}

/// In which order groups are; the most, or the longest, first unless said. What nobody told comes last either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "OrderBy")]
pub(crate) enum QualityOrder {
    /// By what they are of, by its letters: countries by their code.
    Name,
    /// By how many players set out.
    Attempts,
    /// By how many of those saw a picture.
    StartSuccess,
    /// By how many of those who saw one waited two seconds at most.
    QuickStart,
    /// By how long the first picture took.
    AverageStart,
    /// By how long pictures moved.
    Played,
    /// By how much of the time they stood still.
    Buffering,
    /// By how far behind live they were.
    AverageLatency,
    /// By connections that were lost, what could not be decoded, and players that had no way to play, together.
    Failures,
}

/// How well players played, by their own account.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub(crate) struct PlayerQuality {
    /// What it is of; empty where nothing was taken apart, or it is not known.
    name: String,
    /// Players that set out to play.
    attempts: i64,
    /// First pictures that were seen.
    starts: i64,
    /// How many of those who set out saw a picture, between 0 and 1.
    start_success_ratio: Option<f64>,
    /// How many of those who saw one waited two seconds at most, between 0 and 1.
    quick_start_ratio: Option<f64>,
    /// How long the first picture took on average, in milliseconds.
    average_start_ms: Option<f64>,
    /// How long pictures moved, in seconds.
    played: f64,
    /// How much of the time that viewers waited or watched pictures stood still, between 0 and 1.
    buffering_ratio: Option<f64>,
    /// How often pictures came to stand still.
    stalls: i64,
    /// How far behind live pictures were on average, in milliseconds; of players that know.
    average_latency_ms: Option<f64>,
    /// Connections that were lost.
    connections_lost: i64,
    /// Times that what came could not be decoded.
    media_errors: i64,
    /// Players that had no way to play it.
    unsupported: i64,
}

/// How well players played in a step of time.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct QualityPoint {
    /// When it begins.
    at: DateTime<Utc>,
    /// How well.
    quality: PlayerQuality,
}

impl PlayerQuality {
    /// What the columns of a file are called.
    pub(crate) const HEADING: [&'static str; 13] = [
        "name",
        "attempts",
        "starts",
        "start_success_ratio",
        "quick_start_ratio",
        "average_start_ms",
        "played_s",
        "buffering_ratio",
        "stalls",
        "average_latency_ms",
        "connections_lost",
        "media_errors",
        "unsupported",
    ];

    pub(crate) fn of((name, sums): (String, Sums)) -> Self {
        Self {
            name,
            attempts: sums.attempts,
            starts: sums.starts,
            // Who set out at the end of a minute saw the picture in the next.
            start_success_ratio: ratio(sums.starts, sums.attempts).map(|ratio| ratio.min(1.0)),
            quick_start_ratio: ratio(sums.quick_starts, sums.starts),
            average_start_ms: ratio(sums.start_ms, sums.starts),
            played: ratio(sums.played_ms, 1_000).unwrap_or(0.0),
            buffering_ratio: ratio(sums.stalled_ms, sums.played_ms.saturating_add(sums.stalled_ms)),
            stalls: sums.stalls,
            average_latency_ms: ratio(sums.latency_ms, sums.latencies),
            connections_lost: sums.lost,
            media_errors: sums.undecoded,
            unsupported: sums.unsupported,
        }
    }

    /// A line of a file.
    pub(crate) fn cells(&self) -> [String; 13] {
        let known = |value: Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
        [
            self.name.clone(),
            self.attempts.to_string(),
            self.starts.to_string(),
            known(self.start_success_ratio),
            known(self.quick_start_ratio),
            known(self.average_start_ms),
            format!("{:.3}", self.played),
            known(self.buffering_ratio),
            self.stalls.to_string(),
            known(self.average_latency_ms),
            self.connections_lost.to_string(),
            self.media_errors.to_string(),
            self.unsupported.to_string(),
        ]
    }
}

impl QualityPoint {
    pub(crate) fn of((at, sums): (Timestamp, Sums)) -> Self {
        Self {
            at: super::moment(at.us()),
            quality: PlayerQuality::of((String::new(), sums)),
        }
    }
}

/// `part` of `whole`, where there is any.
#[expect(clippy::cast_precision_loss, reason = "sums for people")]
fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
