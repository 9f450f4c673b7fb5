//! What an organisation wants to be told of.

use std::time::Duration;

use guard::{Country, Reason};
use link::Protocol;
use misuse::Indicator;
use serde::{Deserialize, Serialize};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Metric {
    /// Viewers now.
    Viewers,
    /// Broadcasters now.
    Ingests,
    /// Viewers' sessions that began within the window.
    Sessions,
    /// Bytes of media that viewers got within the window.
    BytesOut,
    /// Requests that were refused within the window.
    Denials,
    /// Of all requests within the window, how many of a hundred were refused.
    FailureRatio,
    /// Tokens, viewers and addresses with findings of misuse within the window, on the streams that count.
    Findings,
    /// Streams whose broadcaster went away within the window, and has not come back.
    StreamsOffline,
    /// Calls of webhooks within the window that nobody took.
    WebhookFailures,
    /// Of all players that set out to play within the window, how many of a hundred saw no picture.
    StartFailures,
    /// Of the time that players were to play within the window, how much of a hundred the picture stood still.
    Buffering,
}

/// How what is measured is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Comparison {
    /// So much, or more.
    AtLeast,
    /// So much, or less.
    AtMost,
    /// So many times what was usual in the last hours, or more.
    TimesUsual,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody should look now.
    Critical,
}

/// A rule, without its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Definition {
    pub(crate) metric: Metric,
    pub(crate) comparison: Comparison,
    pub(crate) threshold: f64,
    /// The bar behind which it is over, where that is another one.
    pub(crate) resolve_at: Option<f64>,
    /// What is less than that is never told: requests, players or seconds of a ratio, whatever is measured of what else
    /// is compared with the usual.
    pub(crate) least: f64,
    pub(crate) window_s: u32,
    /// For how long it has to hold before it is told.
    pub(crate) for_s: u32,
    /// For how long it has to be over before that is told.
    pub(crate) hold_s: u32,
    /// How often it is told again while it goes on.
    pub(crate) remind_s: Option<u32>,
    pub(crate) severity: Severity,
    /// The name of the only stream that counts.
    pub(crate) stream: Option<String>,
    /// The label of the only streams that count.
    pub(crate) tag: Option<String>,
    /// The only protocol that counts, as in `hls`.
    pub(crate) protocol: Option<String>,
    /// The only country that counts, as in `DE`.
    pub(crate) country: Option<String>,
    /// The only reason that counts, as in `TOKEN_EXPIRED`.
    pub(crate) reason: Option<String>,
    /// The only indicator that counts, as in `SESSIONS`.
    pub(crate) indicator: Option<String>,
    /// From which score on a token, viewer or address counts.
    pub(crate) min_score: u32,
    /// Receivers and webhooks that are told; all of them where none is named.
    pub(crate) receivers: Vec<String>,
}

impl Metric {
    /// As a file has it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Viewers => "viewers",
            Self::Ingests => "ingests",
            Self::Sessions => "sessions",
            Self::BytesOut => "bytes_out",
            Self::Denials => "denials",
            Self::FailureRatio => "failure_ratio",
            Self::StartFailures => "start_failures",
            Self::Buffering => "buffering",
            Self::Findings => "findings",
            Self::StreamsOffline => "streams_offline",
            Self::WebhookFailures => "webhook_failures",
        }
    }

    /// Whether it is a state of now, and no sum over a window.
    pub(crate) const fn is_now(self) -> bool {
        matches!(self, Self::Viewers | Self::Ingests)
    }

    /// Whether what is usual of it can be known: what is written down by the minute.
    pub(crate) const fn has_usual(self) -> bool {
        matches!(self, Self::Viewers | Self::Sessions | Self::BytesOut | Self::Denials) || self.is_ratio()
    }

    /// Whether it is how many of a hundred.
    pub(crate) const fn is_ratio(self) -> bool {
        matches!(self, Self::FailureRatio | Self::StartFailures | Self::Buffering)
    }

    /// Whether it can be that of a protocol or a country: the minutes that are written down say it.
    pub(crate) const fn is_of_places(self) -> bool {
        matches!(self, Self::Sessions | Self::BytesOut | Self::Denials) || self.is_ratio()
    }

    /// Whether it can be that of a stream.
    pub(crate) const fn is_of_streams(self) -> bool {
        !matches!(self, Self::WebhookFailures)
    }
}

impl Severity {
    /// As the receivers read it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl Definition {
    pub(crate) fn window(&self) -> Duration {
        Duration::from_secs(self.window_s.into())
    }

    /// The bar that has to be reached, where `usual` is what is usual.
    pub(crate) fn bar(&self, usual: Option<f64>) -> f64 {
        match self.comparison {
            Comparison::TimesUsual => self.times_usual(self.threshold, usual),
            Comparison::AtLeast | Comparison::AtMost => self.threshold,
        }
    }

    /// Whether what is measured is what the rule is about. What has no baseline is compared with none.
    pub(crate) fn is_met(&self, value: f64, usual: Option<f64>) -> bool {
        match self.comparison {
            Comparison::AtLeast => value >= self.threshold,
            Comparison::AtMost => value <= self.threshold,
            Comparison::TimesUsual => usual.is_some() && value >= self.bar(usual),
        }
    }

    /// Whether it is over. `usual` is what it was when it began. The least that there can be is behind every bar, and so is
    /// the most: a bar at either is to be reached.
    pub(crate) fn is_over(&self, value: f64, usual: Option<f64>) -> bool {
        let bar = self.resolve_at.unwrap_or(self.threshold);
        match self.comparison {
            Comparison::AtLeast => value < bar || (value <= 0.0 && value < self.threshold),
            Comparison::AtMost => value > bar || (self.is_all(value) && value > self.threshold),
            Comparison::TimesUsual => value < self.times_usual(bar, usual),
        }
    }

    /// Whether so much is all of the hundred of which it is a part.
    pub(crate) fn is_all(&self, value: f64) -> bool {
        self.metric.is_ratio() && value >= ALL
    }

    /// So many times what is usual, and no less than what is told at all; `least` of a ratio says of how much it is.
    fn times_usual(&self, times: f64, usual: Option<f64>) -> f64 {
        let least = if self.metric.is_ratio() {
            ONE_OF_A_HUNDRED
        } else {
            self.least
        };
        (times * usual.unwrap_or(0.0)).max(least)
    }

    /// Whether both measure the same: what is measured goes on where they do.
    pub(crate) fn measures_like(&self, other: &Self) -> bool {
        let what = |rule: &Self| {
            (
                rule.metric,
                rule.window_s,
                rule.comparison == Comparison::TimesUsual,
                rule.stream.clone(),
                rule.tag.clone(),
                (rule.protocol.clone(), rule.country.clone()),
                rule.reason.clone(),
                rule.indicator.clone(),
            )
        };
        what(self) == what(other)
    }

    /// Whether what comes by that protocol, from that country, counts.
    pub(super) fn counts_place(&self, protocol: Protocol, country: Option<Country>) -> bool {
        let from = country.as_ref().map(Country::as_str);
        self.protocol.as_deref().is_none_or(|only| only == protocol.as_str())
            && (self.country.is_none() || self.country.as_deref() == from)
    }

    /// Whether a reason is one that counts.
    pub(crate) fn counts_reason(&self, reason: Reason) -> bool {
        self.reason.as_deref().is_none_or(|only| only == reason.as_str())
    }

    /// Whether an indicator is one that counts.
    pub(crate) fn counts_indicator(&self, indicator: Indicator) -> bool {
        self.indicator.as_deref().is_none_or(|only| only == indicator.as_str())
    }
}

/// A ratio that is less is not unusual, however little is usual.
const ONE_OF_A_HUNDRED: f64 = 1.0;
/// The most that a ratio can be.
const ALL: f64 = 100.0;

#[cfg(test)]
mod tests {
    use super::*;

    impl Definition {
        /// One of everything, over the last minute, that tells nobody.
        pub(crate) fn plain() -> Self {
            Self {
                metric: Metric::Viewers,
                comparison: Comparison::AtLeast,
                threshold: 1.0,
                resolve_at: None,
                least: 0.0,
                window_s: 60,
                for_s: 0,
                hold_s: 10,
                remind_s: None,
                severity: Severity::Warning,
                stream: None,
                tag: None,
                protocol: None,
                country: None,
                reason: None,
                indicator: None,
                min_score: 0,
                receivers: vec![],
            }
        }
    }

    #[test]
    fn a_bar_at_the_least_or_the_most_that_there_can_be_is_over_once_it_is_reached() {
        let rule = |metric, comparison, threshold, resolve_at| Definition {
            metric,
            comparison,
            threshold,
            resolve_at,
            ..Definition::plain()
        };
        let none = rule(Metric::Denials, Comparison::AtLeast, 3.0, Some(0.0));
        assert!(none.is_over(0.0, None) && !none.is_over(1.0, None));
        let all = rule(Metric::FailureRatio, Comparison::AtMost, 50.0, Some(100.0));
        assert!(all.is_over(100.0, None) && !all.is_over(99.9, None));
        // What is no ratio can be any number, and what is at another bar is not behind it.
        let hundred = rule(Metric::Viewers, Comparison::AtMost, 50.0, Some(100.0));
        assert!(!hundred.is_over(100.0, None) && hundred.is_over(101.0, None));
        let one = rule(Metric::Denials, Comparison::AtLeast, 3.0, Some(1.0));
        assert!(!one.is_over(1.0, None) && one.is_over(0.0, None));
        // What always is, is never over.
        let always = [
            rule(Metric::FailureRatio, Comparison::AtMost, 100.0, None),
            rule(Metric::Viewers, Comparison::AtLeast, 0.0, None),
        ];
        assert!(!always[0].is_over(100.0, None) && !always[1].is_over(0.0, None));
    }

    #[test]
    fn a_ratio_is_unusual_by_what_is_usual_and_not_by_how_much_it_is_of() {
        let rule = |metric| Definition {
            metric,
            comparison: Comparison::TimesUsual,
            threshold: 3.0,
            least: 600.0,
            ..Definition::plain()
        };
        for (metric, usual, bar) in [
            (Metric::Buffering, 2.0, 6.0),
            (Metric::StartFailures, 30.0, 90.0),
            (Metric::FailureRatio, 0.0, 1.0),
            (Metric::Denials, 2.0, 600.0),
        ] {
            let (rule, usual) = (rule(metric), Some(usual));
            assert!(rule.is_met(bar, usual) && !rule.is_over(bar, usual), "{metric:?}");
            assert!(
                !rule.is_met(bar - 0.1, usual) && rule.is_over(bar - 0.1, usual),
                "{metric:?}"
            );
        }
    }
}
