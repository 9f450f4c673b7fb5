//! What a node counts for the operator of the platform: every metric of the media plane, with its labels.

use std::{collections::BTreeMap, time::Duration};

use guard::{Door, Reason};
use link::Protocol;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Why a connection was lost before it asked for anything.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lost {
    /// A newer one took its place.
    Crowd,
    /// A fault of ours.
    Fault,
    /// No encryption was agreed on.
    Handshake,
    /// It spoke something else.
    Protocol,
    /// A proxy did not say whose it is.
    Proxy,
    /// It took too long.
    Time,
}

impl Lost {
    const ALL: [Self; 6] = [
        Self::Crowd,
        Self::Fault,
        Self::Handshake,
        Self::Protocol,
        Self::Proxy,
        Self::Time,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Crowd => "crowd",
            Self::Fault => "fault",
            Self::Handshake => "handshake",
            Self::Protocol => "protocol",
            Self::Proxy => "proxy",
            Self::Time => "time",
        }
    }
}

/// What only grows: name, unit, and what it says.
const COUNTERS: &[(&str, Unit, &str)] = &[
    ("portcullis_allow_total", Unit::Count, "Admissions, by protocol."),
    (
        "portcullis_deny_total",
        Unit::Count,
        "Refusals, by protocol and reason.",
    ),
    (
        "portcullis_terminate_total",
        Unit::Count,
        "Sessions that were ended, by protocol and reason.",
    ),
    (
        "portcullis_media_bytes_total",
        Unit::Bytes,
        "Bytes of media, by door and protocol.",
    ),
    (
        "portcullis_http_lost_total",
        Unit::Count,
        "HTTP connections lost before a request, by cause.",
    ),
    (
        "portcullis_rtmp_dropped_total",
        Unit::Count,
        "RTMP connections dropped early, by cause.",
    ),
    (
        "portcullis_events_dropped_total",
        Unit::Count,
        "Events that did not fit into the link's queue, by what they were.",
    ),
];

/// What goes up and down: name, unit, and what it says.
const GAUGES: &[(&str, Unit, &str)] = &[(
    "portcullis_sessions",
    Unit::Count,
    "Sessions that go on, by door and protocol.",
)];

/// Times in seconds: name, and what it says.
const TIMES: &[(&str, &str)] = &[(
    "portcullis_change_seconds",
    "From a change's arrival until it is in force.",
)];

/// Says what each is, and begins it at zero where all of its labels are known: what never happened is no gap.
pub(crate) fn describe() {
    for (name, unit, about) in COUNTERS {
        describe_counter!(*name, *unit, *about);
    }
    for (name, unit, about) in GAUGES {
        describe_gauge!(*name, *unit, *about);
    }
    for (name, about) in TIMES {
        describe_histogram!(*name, Unit::Seconds, *about);
    }
    for cause in Lost::ALL {
        counter!("portcullis_http_lost_total", "cause" => cause.as_str()).increment(0);
        counter!("portcullis_rtmp_dropped_total", "cause" => cause.as_str()).increment(0);
    }
}

pub(crate) fn allowed(protocol: Protocol) {
    counter!("portcullis_allow_total", "protocol" => protocol.as_str()).increment(1);
}

pub(crate) fn denied(protocol: Protocol, reason: Reason) {
    counter!("portcullis_deny_total", "protocol" => protocol.as_str(), "reason" => reason.as_str()).increment(1);
}

/// Refused before anybody looked at what was asked for.
pub(crate) fn turned_away(reason: Reason) {
    counter!("portcullis_deny_total", "protocol" => "http", "reason" => reason.as_str()).increment(1);
}

pub(crate) fn ended(protocol: Protocol, reason: Option<Reason>) {
    if let Some(reason) = reason {
        counter!("portcullis_terminate_total", "protocol" => protocol.as_str(), "reason" => reason.as_str())
            .increment(1);
    }
}

/// What goes on, by door and protocol: what is no more says zero from then on.
pub(crate) fn going_on(sessions: &BTreeMap<(Door, Protocol), u32>) {
    for ((door, protocol), sessions) in sessions {
        gauge!("portcullis_sessions", "door" => door.as_str(), "protocol" => protocol.as_str()).set(*sessions);
    }
}

pub(crate) fn media(door: Door, protocol: Protocol, bytes: u64) {
    counter!("portcullis_media_bytes_total", "door" => door.as_str(), "protocol" => protocol.as_str()).increment(bytes);
}

pub(crate) fn in_force(after: Duration) {
    histogram!("portcullis_change_seconds").record(after.as_secs_f64());
}

pub(crate) fn http_lost(cause: Lost) {
    counter!("portcullis_http_lost_total", "cause" => cause.as_str()).increment(1);
}

pub(crate) fn rtmp_dropped(cause: Lost) {
    counter!("portcullis_rtmp_dropped_total", "cause" => cause.as_str()).increment(1);
}

/// How many of a kind since the node joined.
pub(crate) fn events_dropped((kind, all): (&'static str, u64)) {
    counter!("portcullis_events_dropped_total", "kind" => kind).absolute(all);
}
