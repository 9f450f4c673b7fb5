//! A denial as WebSocket says it: the close code and the reason's name.

use guard::Reason;

/// Code and reason of the close message. A reason that no viewer should meet is a policy violation (RFC 6455 7.4.1).
pub(crate) fn close(reason: Reason) -> (u16, &'static str) {
    (reason.ws_close().unwrap_or(1008), reason.as_str())
}
