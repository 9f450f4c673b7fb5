//! What a token says, in the types of its meaning. Unknown claims are ignored, unless they say that they must not be.

use std::{fmt, net::IpAddr, sync::Arc};

use ids::{GroupId, StreamName};
use ipnet::IpNet;

use super::Jti;
use crate::{
    Timestamp,
    address::fold,
    agent::AgentClaim,
    host::{Host, HostPattern},
    place::{Asn, Country},
    policy::Stream,
};

/// The claims of a token.
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
    /// `domains`: sites, one of which the viewer must come from.
    pub domains: Option<Arc<[HostPattern]>>,
    /// `countries`: those that the viewer may be in.
    pub countries: Option<Arc<[Country]>>,
    /// `asns`: the networks that the viewer may be in.
    pub asns: Option<Arc<[Asn]>>,
    /// `ua`: what the player must call itself.
    pub ua: Option<AgentClaim>,
    /// `user`.
    pub user: Option<Arc<str>>,
    /// `tag`.
    pub tag: Option<Arc<str>>,
    /// `maxSessions`: how many sessions there may be at once.
    pub max_sessions: Option<u32>,
    /// `bindIps`: to how many addresses the token locks itself.
    pub bind_ips: Option<u32>,
    /// `maxUses`: how often it may be used in all.
    pub max_uses: Option<u32>,
    /// `revocable`; absent means yes.
    pub revocable: bool,
    /// `forceDisconnect`; absent means as the organisation says.
    pub force_disconnect: Option<bool>,
    /// `amr` has `mfa`: its holder showed a second factor.
    pub mfa: bool,
}

/// Which streams a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `streams`: these names.
    Streams(Arc<[StreamName]>),
    /// `groups`: the streams of these groups.
    Groups(Arc<[GroupId]>),
    /// `org: true`: every stream of the organisation.
    Organisation,
    /// No stream: the claim is missing.
    Nothing,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = |f: &mut fmt::Formatter<'_>, what: &str, names: Vec<String>| write!(f, "{what} {}", names.join(", "));
        match self {
            Self::Streams(names) => all(f, "streams", names.iter().map(ToString::to_string).collect()),
            Self::Groups(ids) => all(f, "groups", ids.iter().map(ToString::to_string).collect()),
            Self::Organisation => f.write_str("every stream of the organisation"),
            Self::Nothing => f.write_str("no stream"),
        }
    }
}

impl Claims {
    /// Claims of something that is no JWT: no restrictions, for ever.
    pub(crate) fn bare(jti: Jti, scope: Scope) -> Self {
        Self {
            jti,
            sub: None,
            aud: None,
            iat: None,
            nbf: None,
            exp: Timestamp::from_us(i64::MAX),
            scope,
            ip: None,
            domains: None,
            countries: None,
            asns: None,
            ua: None,
            user: None,
            tag: None,
            max_sessions: None,
            bind_ips: None,
            max_uses: None,
            revocable: true,
            force_disconnect: None,
            mfa: false,
        }
    }

    /// Whether `address` is inside the claim `ip`; true where the token has none.
    pub fn address_fits(&self, address: IpAddr) -> bool {
        let address = fold(address);
        self.ip
            .as_ref()
            .is_none_or(|networks| networks.iter().any(|network| network.contains(&address)))
    }

    /// Whether the page's host is inside the claim `domains`; a missing one is not.
    pub fn domain_fits(&self, host: Option<&Host>) -> bool {
        self.domains
            .as_ref()
            .is_none_or(|domains| host.is_some_and(|host| domains.iter().any(|domain| domain.matches(host))))
    }

    /// Whether the country is inside the claim `countries`; an unknown one is not.
    pub fn country_fits(&self, country: Option<Country>) -> bool {
        self.countries
            .as_ref()
            .is_none_or(|countries| country.is_some_and(|country| countries.contains(&country)))
    }

    /// Whether the network is inside the claim `asns`; an unknown one is not.
    pub fn asn_fits(&self, asn: Option<Asn>) -> bool {
        self.asns
            .as_ref()
            .is_none_or(|asns| asn.is_some_and(|asn| asns.contains(&asn)))
    }

    /// Whether the player calls itself as the claim `ua` says.
    pub fn agent_fits(&self, agent: Option<&str>) -> bool {
        self.ua
            .as_ref()
            .is_none_or(|claim| agent.is_some_and(|agent| claim.fits(agent)))
    }
}

impl Scope {
    /// Whether a stream of that name is inside; `stream` is what is known of it.
    pub fn covers(&self, name: &StreamName, stream: Option<&Stream>) -> bool {
        match self {
            Self::Streams(names) => names.contains(name),
            Self::Groups(groups) => stream
                .and_then(|stream| stream.group)
                .is_some_and(|group| groups.contains(&group)),
            Self::Organisation => true,
            Self::Nothing => false,
        }
    }
}
