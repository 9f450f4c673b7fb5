//! Why a request may not pass, and how each protocol says it: the one table.

use std::{borrow::Cow, fmt};

use ids::{DecisionId, RuleId};
use serde::{Deserialize, Serialize};

use crate::rules::Monitored;

/// A refusal. Not an error: it is counted, and its reason is told to whoever was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Which entry of the table.
    pub reason: Reason,
    /// What is said in its place, where the reason itself would tell a stranger whose key it is, or that an organisation is
    /// there at all; operators are told the reason.
    pub said: Option<Said>,
    /// What in particular, for the one who is refused; never a secret, never what others may not know.
    pub detail: Option<Cow<'static, str>>,
    /// Where an operator finds the trace; minted by the gate.
    pub decision: Option<DecisionId>,
    /// How many seconds it lasts yet, where the gate knows that.
    pub retry_after_s: Option<u16>,
    /// The Guardian rule that refused, for the operator.
    pub rule: Option<RuleId>,
    /// Monitored rules that the request fits.
    pub monitored: Vec<Monitored>,
}

/// A reason as it is said, with what in particular.
pub type Said = (Reason, Option<Cow<'static, str>>);

impl Denial {
    /// As it is told to whoever was refused.
    #[must_use]
    pub fn outwards(self) -> Self {
        match self.said {
            Some((reason, detail)) => Self {
                reason,
                detail,
                said: None,
                ..self
            },
            None => self,
        }
    }

    /// A denial that says more than its reason does.
    pub fn with_detail(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            detail: Some(detail.into()),
            ..reason.into()
        }
    }

    /// The Guardian rules that were met: the one that refused, and monitored ones.
    pub fn rules_met(&self) -> impl Iterator<Item = RuleId> {
        let monitored = self.monitored.iter().map(|monitored| monitored.rule);
        self.rule.into_iter().chain(monitored)
    }

    /// The detail where there is one, else the reason's own sentence.
    pub fn sentence(&self) -> &str {
        self.detail.as_deref().unwrap_or(self.reason.sentence())
    }
}

impl From<Reason> for Denial {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            said: None,
            detail: None,
            decision: None,
            retry_after_s: None,
            rule: None,
            monitored: Vec::new(),
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.sentence())
    }
}

macro_rules! reasons {
    ($($name:ident = $text:literal, $http:literal, $ws:expr, $srt:literal, $sentence:literal;)*) => {
        /// Why a request may not pass. Names and codes are public and stay.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason {
            $(
                #[doc = $sentence]
                #[serde(rename = $text)]
                $name,
            )*
        }

        impl Reason {
            /// Every reason, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The public name, as in `TOKEN_EXPIRED`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The HTTP status.
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$name => $http),* }
            }

            /// The WebSocket close code, where viewers can meet this reason.
            pub const fn ws_close(self) -> Option<u16> {
                match self { $(Self::$name => $ws),* }
            }

            /// The SRT reject code.
            pub const fn srt_reject(self) -> u16 {
                match self { $(Self::$name => $srt),* }
            }

            /// One sentence that a help desk can use.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence),* }
            }
        }
    };
}

reasons! {
    TokenMissing = "TOKEN_MISSING", 401, Some(4401), 1401, "this stream needs a token, and none was presented";
    TokenMalformed = "TOKEN_MALFORMED", 403, Some(4410), 1401, "what was presented is not a token";
    TokenKey = "TOKEN_KEY", 403, Some(4411), 1401, "the token was signed with a key that is not known for this stream";
    TokenSignature = "TOKEN_SIGNATURE", 403, Some(4412), 1401, "the token's signature does not fit its content";
    TokenAudience = "TOKEN_AUDIENCE", 403, Some(4413), 1401, "the token was made for another door";
    TokenNotYetValid = "TOKEN_NOT_YET_VALID", 403, Some(4414), 1403, "the token is not valid yet";
    TokenExpired = "TOKEN_EXPIRED", 403, Some(4415), 1403, "the token has expired";
    TokenRevoked = "TOKEN_REVOKED", 403, Some(4416), 1403, "the token was revoked";
    TokenUsed = "TOKEN_USED", 403, Some(4417), 1403, "the token was already used as often as it may be";
    TokenUserBanned = "TOKEN_USER_BANNED", 403, Some(4418), 1403, "this viewer is banned";
    TokenScope = "TOKEN_SCOPE", 403, Some(4420), 1403, "the token is for other streams";
    TokenIp = "TOKEN_IP", 403, Some(4421), 1403, "the token is not valid from this address";
    TokenDomain = "TOKEN_DOMAIN", 403, Some(4422), 1403, "the token is not valid on this site";
    TokenCountry = "TOKEN_COUNTRY", 403, Some(4423), 1403, "the token is not valid in this country";
    TokenAsn = "TOKEN_ASN", 403, Some(4424), 1403, "the token is not valid in this network";
    TokenUserAgent = "TOKEN_USER_AGENT", 403, Some(4425), 1403, "the token is not valid for this player";
    TokenBound = "TOKEN_BOUND", 403, Some(4426), 1403, "the token is bound to other addresses";
    TokenMfa = "TOKEN_MFA", 403, Some(4427), 1403, "the stream needs a token of a second factor";
    GuardianIp = "GUARDIAN_IP", 403, Some(4430), 1403, "this address is blocked";
    GuardianAsn = "GUARDIAN_ASN", 403, Some(4431), 1403, "this network is blocked";
    GuardianCountry = "GUARDIAN_COUNTRY", 403, Some(4432), 1403, "this country is blocked";
    GuardianReferrer = "GUARDIAN_REFERRER", 403, Some(4433), 1403, "this site is blocked";
    GuardianUserAgent = "GUARDIAN_USER_AGENT", 403, Some(4434), 1403, "this player is blocked";
    SessionLimit = "SESSION_LIMIT", 429, Some(4440), 1402, "too many sessions at once";
    ViewerLimit = "VIEWER_LIMIT", 429, Some(4441), 1402, "there are as many viewers as there may be";
    Throttled = "THROTTLED", 429, Some(4442), 1402, "too many refused requests from this address";
    BackendDenied = "BACKEND_DENIED", 403, Some(4450), 1403, "the broadcaster's own service refused";
    BackendUnavailable = "BACKEND_UNAVAILABLE", 503, Some(4451), 1503, "the broadcaster's own service does not answer";
    SessionEnded = "SESSION_ENDED", 403, Some(4460), 1403, "an operator ended this session";
    StreamUnknown = "STREAM_UNKNOWN", 404, Some(4404), 1404, "there is no such stream";
    StreamOffline = "STREAM_OFFLINE", 404, Some(4405), 1404, "the stream is not live";
    StreamLocked = "STREAM_LOCKED", 403, Some(4461), 1423, "the stream is locked";
    StreamStopped = "STREAM_STOPPED", 403, None, 1403, "the stream was stopped by an operator";
    StreamInUse = "STREAM_IN_USE", 409, None, 1409, "the stream has a publisher already";
    PublisherReplaced = "PUBLISHER_REPLACED", 409, None, 1409, "another publisher took the stream over";
    IngestKey = "INGEST_KEY", 403, None, 1401, "the key does not fit the stream";
    EncryptionRequired = "ENCRYPTION_REQUIRED", 403, None, 1403, "the stream must be published encrypted";
    OriginOnly = "ORIGIN_ONLY", 403, Some(4472), 1403, "this server answers its delivery network only";
    OrganisationSuspended = "ORGANISATION_SUSPENDED", 403, Some(4470), 1403, "the organisation is suspended";
    PackageRequired = "PACKAGE_REQUIRED", 403, Some(4471), 1403, "the organisation lacks a package for this";
    NotReady = "NOT_READY", 503, Some(4490), 1503, "this server has no policy, or one that is too old";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Reason;

    #[test]
    fn names_and_websocket_codes_are_each_used_once() {
        let names: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(names.len(), Reason::ALL.len());
        let codes: Vec<_> = Reason::ALL.iter().filter_map(|reason| reason.ws_close()).collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    }
}
