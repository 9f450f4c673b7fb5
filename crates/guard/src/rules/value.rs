//! What rules look for, read from text and printed the same.

use std::{fmt, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::{
    address::{NetworkError, network},
    agent::{AgentError, AgentPattern},
    host::{HostError, HostPattern},
    place::{Asn, Country, PlaceError},
};

/// Whom a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Matcher {
    /// Addresses.
    Ip(IpNet),
    /// Networks by number.
    Asn(Aim<Asn>),
    /// Countries.
    Country(Aim<Country>),
    /// Pages.
    Referrer(Aim<HostPattern>),
    /// Players.
    UserAgent(Aim<AgentPattern>),
}

/// A value, what has none, or whatever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Aim<T> {
    /// `*`: all, what is unknown or missing included.
    All,
    /// `none`: what is unknown or missing.
    Missing,
    /// This.
    At(T),
}

/// Why a text is no value of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Of `IP`.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Of `IP`, where another kind has a word.
    #[error("an address is never unknown: for all of them take 0.0.0.0/0 and ::/0")]
    NoAddress,
    /// Of `ASN` or `COUNTRY`.
    #[error("{0}, `none` or `*`")]
    Place(#[from] PlaceError),
    /// Of `REFERRER`.
    #[error("{0}, `none` or `*`")]
    Host(#[from] HostError),
    /// Of `USER_AGENT`.
    #[error(transparent)]
    Agent(#[from] AgentError),
}

impl Matcher {
    /// Reads the value of a rule of that kind.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, ValueError> {
        Ok(match kind {
            Kind::Ip if matches!(text.trim(), "*" | "none") => return Err(ValueError::NoAddress),
            Kind::Ip => Self::Ip(network(text)?),
            Kind::Asn => Self::Asn(Aim::parse(text)?),
            Kind::Country => Self::Country(Aim::parse(text)?),
            Kind::Referrer => Self::Referrer(Aim::parse(text)?),
            Kind::UserAgent => Self::UserAgent(match Aim::<AgentPattern>::parse(text)? {
                Aim::At(pattern) if pattern.literal_length() == 0 => Aim::All,
                aim => aim,
            }),
        })
    }

    /// What it looks at.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Ip(_) => Kind::Ip,
            Self::Asn(_) => Kind::Asn,
            Self::Country(_) => Kind::Country,
            Self::Referrer(_) => Kind::Referrer,
            Self::UserAgent(_) => Kind::UserAgent,
        }
    }

    /// Whether it is about everybody, or about a part of the address space that no one operator's network has.
    pub fn is_wide(&self) -> bool {
        match self {
            Self::Ip(IpNet::V4(network)) => network.prefix_len() < WIDEST_FOUR,
            Self::Ip(IpNet::V6(network)) => network.prefix_len() < WIDEST_SIX,
            Self::Asn(aim) => *aim == Aim::All,
            Self::Country(aim) => *aim == Aim::All,
            Self::Referrer(aim) => *aim == Aim::All,
            Self::UserAgent(aim) => *aim == Aim::All,
        }
    }

    /// Whether it is a pattern of players, with a wildcard and something beside it: no index finds those, so every
    /// request is compared with each.
    pub fn is_agent_pattern(&self) -> bool {
        matches!(self, Self::UserAgent(Aim::At(pattern)) if pattern.literal().is_none())
    }

    /// Among the values of its kind: the greater, the more specific. As [`Rules`](super::Rules) ranks them.
    pub fn specificity(&self) -> u32 {
        fn of<T>(aim: &Aim<T>, within: impl FnOnce(&T) -> u32) -> u32 {
            match aim {
                Aim::All => ALL,
                Aim::Missing => MISSING,
                Aim::At(value) => VALUE.saturating_add(within(value)),
            }
        }
        match self {
            Self::Ip(network) => network.prefix_len().into(),
            Self::Asn(aim) => of(aim, |_| 0),
            Self::Country(aim) => of(aim, |_| 0),
            Self::Referrer(aim) => of(aim, HostPattern::specificity),
            Self::UserAgent(aim) => of(aim, AgentPattern::specificity),
        }
    }
}

/// The value, as [`Matcher::parse`] reads it. A single address has no prefix.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(network) if network.prefix_len() == network.max_prefix_len() => network.addr().fmt(f),
            Self::Ip(network) => network.fmt(f),
            Self::Asn(aim) => aim.fmt(f),
            Self::Country(aim) => aim.fmt(f),
            Self::Referrer(aim) => aim.fmt(f),
            Self::UserAgent(aim) => aim.fmt(f),
        }
    }
}

impl<T: FromStr> Aim<T> {
    fn parse(text: &str) -> Result<Self, T::Err> {
        match text.trim() {
            "*" => Ok(Self::All),
            "none" => Ok(Self::Missing),
            value => value.parse().map(Self::At),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Aim<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Missing => f.write_str("none"),
            Self::At(value) => value.fmt(f),
        }
    }
}

/// The widest network that one operator has, of either family.
const WIDEST_FOUR: u8 = 8;
const WIDEST_SIX: u8 = 16;

/// What the kinds but addresses rank by: `*`, `none`, and values with how specific they are among themselves.
pub(super) const ALL: u32 = 0;
pub(super) const MISSING: u32 = 1;
pub(super) const VALUE: u32 = 2;

#[cfg(test)]
mod tests {
    use super::{Kind, Matcher};

    #[test]
    fn a_value_prints_what_it_parses() {
        for (kind, text, printed) in [
            (Kind::Ip, "192.0.2.7", "192.0.2.7"),
            (Kind::Ip, "192.0.2.7/24", "192.0.2.0/24"),
            (Kind::Ip, "::ffff:192.0.2.7", "192.0.2.7"),
            (Kind::Asn, "AS64500", "64500"),
            (Kind::Asn, "none", "none"),
            (Kind::Country, "de", "DE"),
            (Kind::Country, "*", "*"),
            (Kind::Referrer, "https://App.Example.com/x", "app.example.com"),
            (Kind::Referrer, "*.example.com", "*.example.com"),
            (Kind::UserAgent, " curl/* ", "curl/*"),
            (Kind::UserAgent, "**", "*"),
        ] {
            let matcher = Matcher::parse(kind, text).unwrap();
            assert_eq!(matcher.to_string(), printed, "{text}");
            assert_eq!(Matcher::parse(kind, &matcher.to_string()), Ok(matcher.clone()));
            assert_eq!(matcher.kind(), kind);
        }
    }

    #[test]
    fn everybody_is_wide_by_halves_too_and_no_operators_network_is() {
        for (kind, text, wide) in [
            (Kind::Ip, "0.0.0.0/0", true),
            (Kind::Ip, "0.0.0.0/1", true),
            (Kind::Ip, "128.0.0.0/1", true),
            (Kind::Ip, "192.0.0.0/7", true),
            (Kind::Ip, "::ffff:0:0/103", true),
            (Kind::Ip, "10.0.0.0/8", false),
            (Kind::Ip, "192.0.2.7", false),
            (Kind::Ip, "::/0", true),
            (Kind::Ip, "8000::/1", true),
            (Kind::Ip, "2000::/15", true),
            (Kind::Ip, "2001::/16", false),
            (Kind::Ip, "2001:db8::1", false),
            (Kind::Asn, "*", true),
            (Kind::Asn, "none", false),
            (Kind::Asn, "64500", false),
            (Kind::Country, "*", true),
            (Kind::Country, "DE", false),
            (Kind::Referrer, "*", true),
            (Kind::Referrer, "*.example.com", false),
            (Kind::UserAgent, "**", true),
            (Kind::UserAgent, "curl/*", false),
        ] {
            assert_eq!(Matcher::parse(kind, text).unwrap().is_wide(), wide, "{text}");
        }
    }

    #[test]
    fn a_pattern_of_players_has_a_wildcard_and_something_beside_it() {
        for (kind, text, is_pattern) in [
            (Kind::UserAgent, "curl/*", true),
            (Kind::UserAgent, "*bot*", true),
            (Kind::UserAgent, "none*", true),
            (Kind::UserAgent, "curl/8", false),
            (Kind::UserAgent, "none", false),
            (Kind::UserAgent, "*", false),
            (Kind::UserAgent, " ** ", false),
            (Kind::Referrer, "*.example.com", false),
            (Kind::Country, "*", false),
            (Kind::Asn, "*", false),
            (Kind::Ip, "192.0.2.0/24", false),
        ] {
            let matcher = Matcher::parse(kind, text).unwrap();
            assert_eq!(matcher.is_agent_pattern(), is_pattern, "{text}");
        }
    }

    #[test]
    fn what_is_no_value_is_told_why() {
        for (kind, text, why) in [
            (
                Kind::Ip,
                "*",
                "an address is never unknown: for all of them take 0.0.0.0/0 and ::/0",
            ),
            (
                Kind::Ip,
                "1.2.3.4/33",
                "`/33` is not a prefix length: an IPv4 network has 0 to 32, an IPv6 network 0 to 128",
            ),
            (
                Kind::Asn,
                "DE",
                "`DE` is not a network's number, such as 64500 or AS64500, `none` or `*`",
            ),
            (
                Kind::Country,
                "UK",
                "`UK` is not a country's code of ISO 3166-1 alpha-2, such as DE, `none` or `*`",
            ),
            (
                Kind::Referrer,
                "a b",
                "`a b` is not a host such as example.com, www.example.com or *.example.com, `none` or `*`",
            ),
            (
                Kind::UserAgent,
                "",
                "a user agent's pattern is not empty: `none` stands for a missing header, `*` for all",
            ),
        ] {
            assert_eq!(Matcher::parse(kind, text).unwrap_err().to_string(), why);
        }
    }
}
