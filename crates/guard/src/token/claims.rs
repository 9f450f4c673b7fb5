//! What a token says. Unknown claims are ignored; restrictions that are not judged yet are kept, so that they refuse.

use std::{net::IpAddr, sync::Arc, time::Duration};

use ids::StreamName;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Jti, Malformed};
use crate::{Reason, Timestamp, address::fold};

/// The claims of a token, in the types of their meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// `jti`, or the digest of what was signed where there is none.
    pub jti: Jti,
    /// `sub`: the organisation's id.
    pub sub: Option<Arc<str>>,
    /// `aud`, where it is one string; an array is never right.
    pub aud: Option<Arc<str>>,
    /// `iat`.
    pub iat: Option<Timestamp>,
    /// `nbf`.
    pub nbf: Option<Timestamp>,
    /// `exp`.
    pub exp: Timestamp,
    /// `streams`, `groups` or `org`.
    pub scope: Scope,
    /// `ip`: networks, any of which the viewer's address must be in; `None` where the claim is absent.
    pub ip: Option<Arc<[IpNet]>>,
    /// `user`.
    pub user: Option<Arc<str>>,
    /// `tag`.
    pub tag: Option<Arc<str>>,
    /// `revocable`; absent means yes.
    pub revocable: bool,
    /// `forceDisconnect`; absent means as the organisation says.
    pub force_disconnect: Option<bool>,
    /// The first restriction in it that this version cannot judge, as the reason of its refusal.
    pub unjudged: Option<Reason>,
}

/// Which streams a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `streams`: these names.
    Streams(Arc<[StreamName]>),
    /// `org: true`: every stream of the organisation.
    Organisation,
    /// No stream: the claim is missing, or a kind that is not judged yet.
    Nothing,
}

impl Claims {
    pub(super) fn parse(payload: &[u8], unnamed: impl FnOnce() -> Jti) -> Result<Self, Malformed> {
        let wire: Wire = serde_json::from_slice(payload).map_err(|_| Malformed::Claims)?;
        if wire
            .crit
            .as_ref()
            .is_some_and(|names| names.iter().any(|name| !UNDERSTOOD.contains(&name.as_str())))
        {
            return Err(Malformed::CriticalClaim);
        }
        let unjudged = wire.unjudged();
        let scope = wire.scope()?;
        Ok(Self {
            jti: match wire.jti {
                None => unnamed(),
                Some(jti) if jti.is_empty() || jti.len() > 256 || jti.starts_with("sha256:") => {
                    return Err(Malformed::Jti);
                }
                Some(jti) => jti,
            },
            sub: wire.sub,
            aud: wire.aud.as_ref().and_then(Value::as_str).map(Arc::from),
            iat: wire.iat.as_ref().map(time).transpose()?,
            nbf: wire.nbf.as_ref().map(time).transpose()?,
            exp: time(&wire.exp.ok_or(Malformed::NoExpiry)?)?,
            scope,
            ip: wire.ip.map(networks).transpose()?,
            user: wire.user,
            tag: wire.tag,
            revocable: wire.revocable.unwrap_or(true),
            force_disconnect: wire.force_disconnect,
            unjudged,
        })
    }

    /// Whether `address` is inside the claim `ip`; true where the token has none.
    pub fn address_fits(&self, address: IpAddr) -> bool {
        let address = fold(address);
        self.ip
            .as_ref()
            .is_none_or(|networks| networks.iter().any(|network| network.contains(&address)))
    }
}

impl Scope {
    /// Whether a stream of that name is inside.
    pub fn covers(&self, name: &StreamName) -> bool {
        match self {
            Self::Streams(names) => names.contains(name),
            Self::Organisation => true,
            Self::Nothing => false,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    jti: Option<Arc<str>>,
    sub: Option<Arc<str>>,
    aud: Option<Value>,
    iat: Option<Value>,
    nbf: Option<Value>,
    exp: Option<Value>,
    streams: Option<Vec<StreamName>>,
    groups: Option<Value>,
    org: Option<bool>,
    ip: Option<OneOrMany>,
    user: Option<Arc<str>>,
    tag: Option<Arc<str>>,
    revocable: Option<bool>,
    force_disconnect: Option<bool>,
    crit: Option<Vec<String>>,
    domains: Option<Value>,
    countries: Option<Value>,
    asns: Option<Value>,
    ua: Option<Value>,
    max_sessions: Option<Value>,
    bind_ips: Option<Value>,
    max_uses: Option<Value>,
}

impl Wire {
    fn scope(&self) -> Result<Scope, Malformed> {
        match (&self.streams, &self.groups, self.org) {
            (Some(names), None, None | Some(false)) => Ok(Scope::Streams(names.clone().into())),
            (None, None, Some(true)) => Ok(Scope::Organisation),
            (None, _, None | Some(false)) => Ok(Scope::Nothing),
            _ => Err(Malformed::Scopes),
        }
    }

    fn unjudged(&self) -> Option<Reason> {
        [
            (self.domains.is_some(), Reason::TokenDomain),
            (self.countries.is_some(), Reason::TokenCountry),
            (self.asns.is_some(), Reason::TokenAsn),
            (self.ua.is_some(), Reason::TokenUserAgent),
            (self.max_sessions.is_some(), Reason::SessionLimit),
            (self.bind_ips.is_some(), Reason::TokenBound),
            (self.max_uses.is_some(), Reason::TokenUsed),
        ]
        .into_iter()
        .find_map(|(present, reason)| present.then_some(reason))
    }
}

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn networks(claim: OneOrMany) -> Result<Arc<[IpNet]>, Malformed> {
    let texts = match claim {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    };
    if !(1..=MAX_NETWORKS).contains(&texts.len()) {
        return Err(Malformed::Ip);
    }
    texts.iter().map(|text| network(text).ok_or(Malformed::Ip)).collect()
}

/// An address or CIDR; a range of IPv4-mapped IPv6 addresses is the IPv4 one.
fn network(text: &str) -> Option<IpNet> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()?;
    match (network, fold(network.addr())) {
        (IpNet::V6(six), IpAddr::V4(four)) if six.prefix_len() >= 96 => {
            IpNet::new(four.into(), six.prefix_len().saturating_sub(96)).ok()
        }
        _ => Some(network),
    }
}

/// Seconds since 1970, fractions allowed (RFC 7519 NumericDate), within what a clock can show.
fn time(claim: &Value) -> Result<Timestamp, Malformed> {
    if let Some(seconds) = claim.as_i64() {
        return (0..MAX_SECONDS)
            .contains(&seconds)
            .then(|| Timestamp::from_s(seconds))
            .ok_or(Malformed::Time);
    }
    let seconds = claim.as_f64().ok_or(Malformed::Claims)?;
    let span = Duration::try_from_secs_f64(seconds).map_err(|_| Malformed::Time)?;
    (seconds < MAX_SECONDS_F)
        .then(|| Timestamp::default().plus(span))
        .ok_or(Malformed::Time)
}

const MAX_NETWORKS: usize = 10;
/// The year 2286: what lies beyond is milliseconds by mistake.
const MAX_SECONDS: i64 = 10_000_000_000;
const MAX_SECONDS_F: f64 = 1e10;

const UNDERSTOOD: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "jti",
    "iat",
    "nbf",
    "exp",
    "streams",
    "org",
    "ip",
    "user",
    "tag",
    "revocable",
    "forceDisconnect",
];
