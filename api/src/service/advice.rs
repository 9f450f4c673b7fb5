//! What could be better about a token that is to be made; the marks are guard's.

use std::time::Duration;

use guard::{
    Timestamp,
    lint::{self, Finding, Traits, lint},
};

use super::tokens::{Scope, Wanted};
use crate::graphql::{Severity, TokenAdvice};

/// Advice on a token, the weightiest first. `force_disconnect`: whether its expiry ends sessions.
pub(crate) fn on(wanted: &Wanted, force_disconnect: bool, now: Timestamp) -> Vec<TokenAdvice> {
    let lifetime_s = wanted.expires.saturating_sub(now.s());
    let traits = Traits {
        publishes: wanted.publish,
        lifetime: Duration::from_secs(u64::try_from(lifetime_s).unwrap_or(0)),
        organisation_wide: matches!(wanted.scope, Scope::Organisation),
        has_ip: wanted.ip.is_some() || wanted.restrictions.bind_ips.is_some(),
        has_domains: !wanted.restrictions.domains.is_empty(),
        has_user: wanted.user.is_some(),
        has_tag: wanted.tag.is_some(),
        revocable: wanted.revocable,
        force_disconnect,
        is_static: false,
    };
    of(&traits)
}

/// Advice on a token of these traits, the weightiest first.
pub(crate) fn of(traits: &Traits) -> Vec<TokenAdvice> {
    lint(traits).into_iter().map(Into::into).collect()
}

impl From<Finding> for TokenAdvice {
    fn from(finding: Finding) -> Self {
        Self {
            code: finding.code.to_owned(),
            severity: match finding.severity {
                lint::Severity::Fail => Severity::Fail,
                lint::Severity::Warn => Severity::Warn,
                lint::Severity::Info => Severity::Info,
            },
            message: finding.message.to_owned(),
        }
    }
}
