//! Allowed, refused, cut off: the three outcomes, counted by protocol.

use guard::Reason;
use link::Protocol;

pub(crate) fn allowed(protocol: Protocol) {
    metrics::counter!("portcullis_allow_total", "protocol" => protocol.as_str()).increment(1);
}

pub(crate) fn denied(protocol: Protocol, reason: Reason) {
    metrics::counter!("portcullis_deny_total", "protocol" => protocol.as_str(), "reason" => reason.as_str())
        .increment(1);
}

/// Refused before anybody looked at what was asked for.
pub(crate) fn turned_away(reason: Reason) {
    metrics::counter!("portcullis_deny_total", "protocol" => "http", "reason" => reason.as_str()).increment(1);
}

pub(crate) fn ended(protocol: Protocol, reason: Option<Reason>) {
    if let Some(reason) = reason {
        metrics::counter!("portcullis_terminate_total", "protocol" => protocol.as_str(), "reason" => reason.as_str())
            .increment(1);
    }
}
