//! What the control plane counts for the operator of the platform: every metric of it, with its labels.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use misuse::Indicator;

use crate::{publisher::Progress, webhooks::Call};

/// What goes up and down: name, unit, and what it says.
const GAUGES: &[(&str, Unit, &str)] = &[
    ("portcullis_nodes", Unit::Count, "Media nodes that are connected."),
    (
        "portcullis_outbox_waiting",
        Unit::Count,
        "Changes that were not handed to the nodes yet.",
    ),
];

/// What only grows: name, unit, and what it says.
const COUNTERS: &[(&str, Unit, &str)] = &[
    (
        "portcullis_changes_total",
        Unit::Count,
        "Changes handed to the nodes, by outcome.",
    ),
    (
        "portcullis_sessions_cut_total",
        Unit::Count,
        "Sessions that changes ended.",
    ),
    (
        "portcullis_bytes_after_total",
        Unit::Bytes,
        "Bytes of media written to sessions after a change had ended them.",
    ),
    (
        "portcullis_events_total",
        Unit::Count,
        "Events of nodes that were taken in.",
    ),
    (
        "portcullis_events_unrecorded_total",
        Unit::Count,
        "What nodes told that the database refused.",
    ),
    (
        "portcullis_findings_total",
        Unit::Count,
        "Findings of misuse, by indicator.",
    ),
    (
        "portcullis_alerts_total",
        Unit::Count,
        "Alerts of organisations that opened and were over, by event.",
    ),
    (
        "portcullis_alert_deliveries_total",
        Unit::Count,
        "Attempts to tell a receiver of an alert, by kind and outcome.",
    ),
    (
        "portcullis_mail_total",
        Unit::Count,
        "Attempts to send a mail, by outcome.",
    ),
    (
        "portcullis_webhook_total",
        Unit::Count,
        "Calls of customers' webhooks, by call and outcome.",
    ),
    (
        "portcullis_webhook_refused_total",
        Unit::Count,
        "Questions to webhooks with too many waiting.",
    ),
    (
        "portcullis_webhook_suppressed_total",
        Unit::Count,
        "Notices held back as too many of a kind.",
    ),
    (
        "portcullis_webhook_unlogged_total",
        Unit::Count,
        "Calls that the delivery log had no room for, or that the database refused.",
    ),
    ("portcullis_search_total", Unit::Count, "Searches answered, by store."),
    (
        "portcullis_search_failures_total",
        Unit::Count,
        "Searches that Meilisearch did not answer.",
    ),
    (
        "portcullis_search_feed_failures_total",
        Unit::Count,
        "Failed attempts to write to Meilisearch.",
    ),
];

/// Times in seconds: name, and what it says.
const TIMES: &[(&str, &str)] = &[
    (
        "portcullis_change_done_seconds",
        "From a change until every node acts on it.",
    ),
    (
        "portcullis_events_seconds",
        "How long a batch of events took to be recorded.",
    ),
];

/// Says what each is, and begins it at zero: what never happened is no gap.
pub(crate) fn describe() {
    for (name, unit, about) in GAUGES {
        describe_gauge!(*name, *unit, *about);
    }
    for (name, unit, about) in COUNTERS {
        describe_counter!(*name, *unit, *about);
    }
    for (name, about) in TIMES {
        describe_histogram!(*name, Unit::Seconds, *about);
    }
    counter!("portcullis_sessions_cut_total").increment(0);
    counter!("portcullis_bytes_after_total").increment(0);
    counter!("portcullis_events_total").increment(0);
    counter!("portcullis_events_unrecorded_total").increment(0);
    counter!("portcullis_webhook_refused_total").increment(0);
    counter!("portcullis_webhook_suppressed_total").increment(0);
    counter!("portcullis_webhook_unlogged_total").increment(0);
    counter!("portcullis_search_failures_total").increment(0);
    counter!("portcullis_search_feed_failures_total").increment(0);
    for outcome in ["done", "unacknowledged"] {
        counter!("portcullis_changes_total", "outcome" => outcome).increment(0);
    }
    for indicator in Indicator::ALL {
        counter!("portcullis_findings_total", "indicator" => indicator.as_str()).increment(0);
    }
    for event in ["opened", "resolved"] {
        counter!("portcullis_alerts_total", "event" => event).increment(0);
    }
    for kind in ["email", "syslog"] {
        for outcome in ["delivered", "waiting", "failed"] {
            counter!("portcullis_alert_deliveries_total", "kind" => kind, "outcome" => outcome).increment(0);
        }
    }
    for outcome in ["sent", "waiting", "given_up"] {
        counter!("portcullis_mail_total", "outcome" => outcome).increment(0);
    }
    for call in Call::ALL {
        counter!("portcullis_webhook_total", "call" => call.as_str(), "outcome" => "delivered").increment(0);
    }
    counter!("portcullis_search_total", "store" => "database").increment(0);
    outbox_waiting(0);
}

pub(crate) fn nodes(connected: usize) {
    gauge!("portcullis_nodes").set(wide(connected));
}

pub(crate) fn outbox_waiting(changes: usize) {
    gauge!("portcullis_outbox_waiting").set(wide(changes));
}

pub(crate) fn change(progress: &Progress) {
    let outcome = if progress.done_after.is_some() {
        "done"
    } else {
        "unacknowledged"
    };
    counter!("portcullis_changes_total", "outcome" => outcome).increment(1);
    counter!("portcullis_sessions_cut_total").increment(progress.sessions_ended());
    counter!("portcullis_bytes_after_total").increment(progress.bytes_after());
    if let Some(after) = progress.done_after {
        histogram!("portcullis_change_done_seconds").record(after.as_secs_f64());
    }
}

pub(crate) fn events(taken: usize, took: Duration) {
    counter!("portcullis_events_total").increment(u64::try_from(taken).unwrap_or(u64::MAX));
    histogram!("portcullis_events_seconds").record(took.as_secs_f64());
}

pub(crate) fn unrecorded(many: usize) {
    counter!("portcullis_events_unrecorded_total").increment(u64::try_from(many).unwrap_or(u64::MAX));
}

pub(crate) fn finding(indicator: &'static str) {
    counter!("portcullis_findings_total", "indicator" => indicator).increment(1);
}

pub(crate) fn alert(event: &'static str) {
    counter!("portcullis_alerts_total", "event" => event).increment(1);
}

pub(crate) fn alert_delivery(kind: &'static str, outcome: &'static str) {
    counter!("portcullis_alert_deliveries_total", "kind" => kind, "outcome" => outcome).increment(1);
}

pub(crate) fn mail(outcome: &'static str) {
    counter!("portcullis_mail_total", "outcome" => outcome).increment(1);
}

pub(crate) fn webhook(call: &str, outcome: &'static str) {
    counter!("portcullis_webhook_total", "call" => call.to_owned(), "outcome" => outcome).increment(1);
}

pub(crate) fn webhook_refused() {
    counter!("portcullis_webhook_refused_total").increment(1);
}

pub(crate) fn webhook_suppressed() {
    counter!("portcullis_webhook_suppressed_total").increment(1);
}

pub(crate) fn webhook_unlogged(many: usize) {
    counter!("portcullis_webhook_unlogged_total").increment(u64::try_from(many).unwrap_or(u64::MAX));
}

pub(crate) fn search(store: &'static str) {
    counter!("portcullis_search_total", "store" => store).increment(1);
}

pub(crate) fn search_failed() {
    counter!("portcullis_search_failures_total").increment(1);
}

pub(crate) fn search_feed_failed() {
    counter!("portcullis_search_feed_failures_total").increment(1);
}

fn wide(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
