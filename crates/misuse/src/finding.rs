//! What was found about whom, and the score.

use std::{collections::BTreeSet, fmt, net::IpAddr, sync::Arc};

use guard::Timestamp;
use ids::StreamName;
use serde::{Deserialize, Serialize};

/// An indicator that holds of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Of whom.
    pub subject: Subject,
    /// Which.
    pub indicator: Indicator,
    /// What it adds to the score: 1 to 100.
    pub points: u32,
    /// Why, in words and numbers.
    pub evidence: String,
    /// On which streams it was seen so far, 100 at most; none where no stream is known.
    pub streams: BTreeSet<StreamName>,
    /// Since when.
    pub first: Timestamp,
    /// Until when it was seen.
    pub last: Timestamp,
    /// Whether it is new, or more than was told before.
    pub is_news: bool,
}

/// Whom something is found of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A token, by its id.
    Token(Arc<str>),
    /// A viewer, as tokens name them.
    User(Arc<str>),
    /// An address; an IPv6 one stands for its /64.
    Address(IpAddr),
}

/// What is a sign of misuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Indicator {
    /// Several addresses, outside one network.
    Addresses,
    /// An address in a data centre.
    Hosting,
    /// No page, where players here have one, or one that is not known.
    Referrer,
    /// Several countries at once, or faster than anybody travels.
    Countries,
    /// Several sessions at once on a token that is one viewer's.
    Sessions,
    /// Playback for very long without a pause.
    LongPlayback,
    /// Session after session.
    Reconnects,
    /// Many connections from one address.
    Connections,
    /// A country from where hardly anybody watches here.
    UnusualCountry,
    /// One token on two nodes at once.
    Nodes,
    /// Refused again and again.
    Denials,
}

impl Indicator {
    /// All, in the order in which they are explained.
    pub const ALL: [Self; 11] = [
        Self::Addresses,
        Self::Hosting,
        Self::Referrer,
        Self::Countries,
        Self::Sessions,
        Self::LongPlayback,
        Self::Reconnects,
        Self::Connections,
        Self::UnusualCountry,
        Self::Nodes,
        Self::Denials,
    ];

    /// Its name, as in `SESSIONS`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Addresses => "ADDRESSES",
            Self::Hosting => "HOSTING",
            Self::Referrer => "REFERRER",
            Self::Countries => "COUNTRIES",
            Self::Sessions => "SESSIONS",
            Self::LongPlayback => "LONG_PLAYBACK",
            Self::Reconnects => "RECONNECTS",
            Self::Connections => "CONNECTIONS",
            Self::UnusualCountry => "UNUSUAL_COUNTRY",
            Self::Nodes => "NODES",
            Self::Denials => "DENIALS",
        }
    }

    /// The one of that name.
    pub fn named(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == code)
    }

    /// A few words for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Addresses => "Several addresses",
            Self::Hosting => "Data-centre network",
            Self::Referrer => "Unknown site",
            Self::Countries => "Several countries",
            Self::Sessions => "Many sessions at once",
            Self::LongPlayback => "Watches without a pause",
            Self::Reconnects => "Reconnects again and again",
            Self::Connections => "Many connections",
            Self::UnusualCountry => "Unusual country",
            Self::Nodes => "Two nodes at once",
            Self::Denials => "Turned away again and again",
        }
    }
}

/// A few words for people for the name of an indicator; the name itself where none has it.
pub fn label(code: &str) -> &str {
    let known = Indicator::named(code).map(Indicator::label);
    known.unwrap_or(code)
}

impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The sum of what was found of one subject: for each indicator its most, 100 at most in all.
pub fn score<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> u32 {
    let mut most = [0_u32; Indicator::ALL.len()];
    for finding in findings {
        let place = Indicator::ALL.iter().position(|one| *one == finding.indicator);
        if let Some(most) = place.and_then(|place| most.get_mut(place)) {
            *most = finding.points.max(*most);
        }
    }
    most.iter().sum::<u32>().min(100)
}

/// Who has this score is called a thief.
pub const CALLED: u32 = 50;

#[cfg(test)]
mod tests {
    use super::{Indicator, label};

    #[test]
    fn each_indicator_is_found_by_its_name_which_is_that_of_its_records() {
        for indicator in Indicator::ALL {
            let written = serde_json::to_value(indicator).unwrap();
            assert_eq!(written, indicator.as_str());
            assert_eq!(Indicator::named(indicator.as_str()), Some(indicator));
        }
    }

    #[test]
    fn a_name_that_no_indicator_has_stands_for_itself() {
        assert_eq!(label("LONG_PLAYBACK"), "Watches without a pause");
        assert_eq!(label("OF_TOMORROW"), "OF_TOMORROW");
    }
}
