//! What could be better about a token.

use guard::Timestamp;

use super::tokens::{Scope, Wanted};
use crate::graphql::{Severity, TokenAdvice};

/// Advice on a token, the weightiest first. `force_disconnect`: whether its expiry ends sessions.
pub(crate) fn on(wanted: &Wanted, force_disconnect: bool, now: Timestamp) -> Vec<TokenAdvice> {
    let lifetime_s = wanted.expires.saturating_sub(now.s());
    let marks = [
        (
            lifetime_s > LONG_S,
            "LIFETIME",
            Severity::Fail,
            "it lives longer than 24 hours: whoever copies it can watch that long",
        ),
        (
            lifetime_s > SHORT_S && lifetime_s <= LONG_S,
            "LIFETIME",
            Severity::Warn,
            "it lives longer than 30 minutes: shorter ones, renewed by the page, are worth less to a thief",
        ),
        (
            !wanted.revocable,
            "NOT_REVOCABLE",
            Severity::Warn,
            "it cannot be revoked by itself",
        ),
        (
            matches!(wanted.scope, Scope::Organisation),
            "ORGANISATION_WIDE",
            Severity::Warn,
            "it is for every stream of the organisation",
        ),
        (
            wanted.ip.is_empty(),
            "NO_IP",
            Severity::Warn,
            "it works from any address",
        ),
        (true, "NO_DOMAINS", Severity::Warn, "it works on any site"),
        (
            wanted.user.is_none(),
            "NO_USER",
            Severity::Warn,
            "it names no viewer: what it is used for cannot be traced to one",
        ),
        (
            wanted.tag.is_none(),
            "NO_TAG",
            Severity::Info,
            "it has no label to revoke it by",
        ),
        (
            !force_disconnect,
            "NO_FORCE_DISCONNECT",
            Severity::Info,
            "sessions that run when it expires go on for up to 24 hours",
        ),
    ];
    marks
        .into_iter()
        .filter(|(applies, ..)| *applies)
        .map(|(_, code, severity, message)| TokenAdvice {
            code: code.to_owned(),
            severity,
            message: message.to_owned(),
        })
        .collect()
}

const SHORT_S: i64 = 30 * 60;
const LONG_S: i64 = 24 * 3600;
