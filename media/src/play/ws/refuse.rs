//! A denial as WebSocket says it: a message with the decision's id, the close code and the reason's name.

use guard::{Denial, Reason};
use serde_json::json;

/// Code and reason of the close message. A reason that no viewer should meet is a policy violation (RFC 6455 7.4.1).
pub(crate) fn close(reason: Reason) -> (u16, &'static str) {
    (reason.ws_close().unwrap_or(1008), reason.as_str())
}

/// A denial as a message of that `type`: a close frame has no room for the decision's id.
pub(super) fn message(kind: &str, denial: &Denial) -> String {
    json!({
        "type": kind,
        "reason": denial.reason.as_str(),
        "detail": denial.sentence(),
        "decisionId": denial.decision.map(|decision| decision.to_string()),
    })
    .to_string()
}
