//! From when on something is worth a word; each organisation has its own.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// From when on something is worth a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Addresses of one token within ten minutes, outside one /24, /64 or network.
    pub addresses: u32,
    /// Countries of one token within an hour.
    pub countries: u32,
    /// Sessions at once on a viewer's token.
    pub sessions: u32,
    /// Hours of playback without a pause.
    pub hours: u32,
    /// Sessions of one token or address that began within ten minutes.
    pub reconnects: u32,
    /// Connections at once from one address.
    pub connections: u32,
    /// Refusals of one token or address within five minutes.
    pub denials: u32,
}

impl Thresholds {
    /// The most that each may be: up to there things are counted, so that whatever is accepted can be reached.
    /// Addresses and countries are told apart, and therefore kept.
    pub const MOST: Self = Self {
        addresses: 256,
        countries: 100,
        sessions: 10_000,
        hours: 10_000,
        reconnects: 10_000,
        connections: 10_000,
        denials: 10_000,
    };
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            addresses: 3,
            countries: 2,
            sessions: 3,
            hours: 6,
            reconnects: 10,
            connections: 20,
            denials: 10,
        }
    }
}

/// In which addresses are counted.
pub(crate) const ADDRESSES_WITHIN: Duration = Duration::from_mins(10);
/// In which countries are.
pub(crate) const COUNTRIES_WITHIN: Duration = Duration::from_hours(1);
/// In which sessions that begin are.
pub(crate) const RECONNECTS_WITHIN: Duration = Duration::from_mins(10);
/// For how long an address is several people's after more than one was seen there.
pub(crate) const SHARED_FOR: Duration = Duration::from_hours(1);
/// In which refusals are.
pub(crate) const DENIALS_WITHIN: Duration = Duration::from_mins(5);
/// A gap this long is a pause.
pub(crate) const PAUSE: Duration = Duration::from_mins(5);
/// How long two sessions run beside each other before they are at once: whoever changes from Wi-Fi to a mobile network
/// leaves one behind, which gets nothing any more.
pub(crate) const BESIDE: Duration = Duration::from_secs(30);
/// A session that got nothing for this long is none that somebody watches; beats come every ten seconds.
pub(crate) const STALLED: Duration = Duration::from_secs(25);
/// No airliner is faster, in kilometres an hour.
pub(crate) const TRAVEL_KMH: f64 = 1_000.0;
/// A finding that did not hold for this long is another one when it holds again.
pub(crate) const LAPSE: Duration = Duration::from_mins(10);
/// How often the same finding is told again while it holds.
pub(crate) const TOLD_EVERY: Duration = Duration::from_mins(1);
/// How often it is looked at whether what a finding says is what it said when it was told last.
pub(crate) const LOOKED_EVERY: Duration = Duration::from_secs(10);
/// How often a holder is judged, unless something began.
pub(crate) const JUDGED_EVERY: Duration = Duration::from_secs(5);
