//! Guardian rules: who is let in or kept out by address, network, country, page and player, whatever token they hold.
//!
//! Within a kind the most specific rule wins; among equals the narrower scope; among equals of one scope `DENY`. No match
//! lets pass, and a deny by any one kind denies. A monitored rule decides nothing and hides no other. Section 4.

mod agents;
mod entry;
mod hosts;
mod index;
mod search;
mod spread;
mod trie;
mod value;

use ids::{GroupId, RuleId, StreamId};
pub use index::Rules;
pub(crate) use search::{Asked, Verdict};
use serde::{Deserialize, Serialize};
pub use value::{Aim, Matcher, ValueError};

use crate::{Door, Reason, Timestamp};

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// Whom it is about.
    pub matcher: Matcher,
    /// What becomes of them.
    pub action: Action,
    /// For which streams.
    pub scope: RuleScope,
    /// At which door.
    pub doors: Doors,
    /// Whether it decides.
    pub mode: Mode,
    /// From when on it is as if it were not there.
    pub expires: Option<Timestamp>,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// The address.
    Ip,
    /// The network that it belongs to.
    Asn,
    /// The country that it is in.
    Country,
    /// The host of the page.
    Referrer,
    /// What the player calls itself.
    UserAgent,
}

/// What becomes of whom a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Action {
    /// They pass, as far as this kind is concerned.
    Allow,
    /// They do not.
    Deny,
}

/// The streams that a rule is for, the widest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RuleScope {
    /// All of the organisation.
    Organisation,
    /// Those of a group.
    Group(GroupId),
    /// One.
    Stream(StreamId),
}

/// The doors that a rule stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Doors {
    /// Viewers'.
    Playback,
    /// Broadcasters'.
    Ingest,
    /// Both.
    Both,
}

/// Whether a rule decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mode {
    /// It does.
    Enforce,
    /// It counts whom it is about, and decides nothing.
    Monitor,
}

/// A monitored rule that a request fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Monitored {
    /// Which.
    pub rule: RuleId,
    /// What it would have done.
    pub action: Action,
    /// Whether it would have decided its kind: no enforced rule is more specific, or as specific and narrower.
    pub decisive: bool,
}

impl Kind {
    /// Those that there are, in the order of the decision.
    pub const ALL: [Self; 5] = [Self::Ip, Self::Asn, Self::Country, Self::Referrer, Self::UserAgent];

    /// The public name, as in `USER_AGENT`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ip => "IP",
            Self::Asn => "ASN",
            Self::Country => "COUNTRY",
            Self::Referrer => "REFERRER",
            Self::UserAgent => "USER_AGENT",
        }
    }

    /// What it is called in an explanation.
    pub(crate) const fn step(self) -> &'static str {
        match self {
            Self::Ip => "guardian: address",
            Self::Asn => "guardian: network",
            Self::Country => "guardian: country",
            Self::Referrer => "guardian: referrer",
            Self::UserAgent => "guardian: user agent",
        }
    }

    /// Why somebody is refused by a rule of this kind.
    pub const fn reason(self) -> Reason {
        match self {
            Self::Ip => Reason::GuardianIp,
            Self::Asn => Reason::GuardianAsn,
            Self::Country => Reason::GuardianCountry,
            Self::Referrer => Reason::GuardianReferrer,
            Self::UserAgent => Reason::GuardianUserAgent,
        }
    }
}

impl Doors {
    /// Whether `door` is among them.
    pub const fn have(self, door: Door) -> bool {
        match self {
            Self::Playback => matches!(door, Door::Playback),
            Self::Ingest => matches!(door, Door::Ingest),
            Self::Both => true,
        }
    }
}

impl Rule {
    /// Whether it is there at `now`.
    pub fn stands(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}
