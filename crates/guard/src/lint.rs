//! What could be better about a token: the list of best practice, applied when one is made, pasted or seen in traffic.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Door, Timestamp,
    token::{Claims, Scope},
};

/// What advice looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a trait of its own")]
pub struct Traits {
    /// Whether it is for a broadcaster: encoders send no page, and none renews their token.
    pub publishes: bool,
    /// From its issue, or from now where that is not known, to its end.
    pub lifetime: Duration,
    /// Whether it is for every stream of its organisation.
    pub organisation_wide: bool,
    /// Whether it is bound to addresses.
    pub has_ip: bool,
    /// Whether it is bound to sites.
    pub has_domains: bool,
    /// Whether it names a viewer.
    pub has_user: bool,
    /// Whether it has a label.
    pub has_tag: bool,
    /// Whether it can be revoked by itself.
    pub revocable: bool,
    /// Whether sessions end with it.
    pub force_disconnect: bool,
    /// Whether it is a text in a list, and no token.
    pub is_static: bool,
}

/// One piece of advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about; stays.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What is not as it should be, and why that matters.
    pub message: &'static str,
}

/// How much advice weighs, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Against best practice.
    Fail,
    /// Could be worth a thief's while.
    Warn,
    /// Good to know.
    Info,
}

impl Traits {
    /// Those of a token that says this. `default`: whether the organisation's sessions end with their tokens.
    pub fn of(claims: &Claims, default: bool, now: Timestamp) -> Self {
        let issued = claims.iat.unwrap_or(now);
        Self {
            publishes: claims.aud.as_deref() == Some(Door::Ingest.audience()),
            lifetime: claims.exp.since(issued),
            organisation_wide: claims.scope == Scope::Organisation,
            has_ip: claims.ip.is_some() || claims.bind_ips.is_some(),
            has_domains: claims.domains.is_some(),
            has_user: claims.user.is_some(),
            has_tag: claims.tag.is_some(),
            revocable: claims.revocable,
            force_disconnect: claims.force_disconnect.unwrap_or(default),
            is_static: false,
        }
    }

    /// What speaks against such a token.
    pub fn marks(&self) -> Marks {
        let long = self.lifetime > LONG;
        // In the order of `FINDINGS`.
        let applies = [
            long,
            self.lifetime > SHORT && !long && !self.publishes,
            self.is_static,
            !self.revocable,
            self.organisation_wide,
            !self.has_ip,
            !self.has_domains && !self.publishes,
            !self.has_user,
            !self.has_tag,
            !self.force_disconnect,
            self.has_domains && !self.publishes,
            self.has_domains && self.publishes,
        ];
        let found = applies.iter().zip(0_u32..).filter(|(applies, _)| **applies);
        Marks(found.fold(0, |set, (_, bit)| set | 1_u16.checked_shl(bit).unwrap_or(0)))
    }
}

/// What speaks against a token: a set of findings, small enough to go with whatever the token lets in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Marks(u16);

impl Marks {
    /// The set as a number, whose bits mean the same in every version.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The set of a number; bits that mean nothing here are left out.
    pub fn of_bits(bits: u16) -> Self {
        Self(bits & u16::MAX.checked_shr(UNUSED).unwrap_or(0))
    }

    /// Each of them by its number, which means the same in every version.
    pub fn each(self) -> impl Iterator<Item = (u8, Finding)> {
        let known = FINDINGS.into_iter().zip(0_u8..);
        known
            .filter(move |(_, bit)| self.0 & 1_u16.checked_shl((*bit).into()).unwrap_or(0) != 0)
            .map(|(finding, bit)| (bit, finding))
    }

    /// All of them, the weightiest first.
    pub fn findings(self) -> Vec<Finding> {
        let mut findings: Vec<_> = self.each().map(|(_, finding)| finding).collect();
        findings.sort_by_key(|finding| finding.severity);
        findings
    }
}

/// All advice, the weightiest first.
pub fn lint(traits: &Traits) -> Vec<Finding> {
    traits.marks().findings()
}

impl Finding {
    const fn new(code: &'static str, severity: Severity, message: &'static str) -> Self {
        Self {
            code,
            severity,
            message,
        }
    }

    /// The one of that number.
    pub fn of_number(number: u8) -> Option<Self> {
        FINDINGS.get(usize::from(number)).copied()
    }
}

/// All that there are, by their numbers. These are kept in rows: a new one comes last, and none goes.
const FINDINGS: [Finding; 12] = [
    Finding::new(
        "LIFETIME",
        Severity::Fail,
        "it lives longer than 24 hours: whoever copies it can use it that long",
    ),
    Finding::new(
        "LIFETIME",
        Severity::Warn,
        "it lives longer than 30 minutes: shorter ones, renewed by the page, are worth less to a thief",
    ),
    Finding::new(
        "STATIC",
        Severity::Warn,
        "it is the same text for everybody who has it: a tool for tests, not for viewers",
    ),
    Finding::new("NOT_REVOCABLE", Severity::Warn, "it cannot be revoked by itself"),
    Finding::new(
        "ORGANISATION_WIDE",
        Severity::Warn,
        "it is for every stream of the organisation",
    ),
    Finding::new("NO_IP", Severity::Warn, "it works from any address"),
    Finding::new("NO_DOMAINS", Severity::Warn, "it works on any site"),
    Finding::new(
        "NO_USER",
        Severity::Warn,
        "it names nobody: what it is used for cannot be traced to a viewer or broadcaster",
    ),
    Finding::new("NO_TAG", Severity::Info, "it has no label to revoke it by"),
    Finding::new(
        "NO_FORCE_DISCONNECT",
        Severity::Info,
        "sessions that run when it expires go on for up to 24 hours",
    ),
    Finding::new(
        "NEEDS_REFERRER",
        Severity::Info,
        "players that send no page, such as VLC or SRT, are refused: for them make a token without `domains`",
    ),
    Finding::new(
        "NEEDS_REFERRER",
        Severity::Warn,
        "encoders send no page and are refused with it: for them make a token without `domains`",
    ),
];
/// What is said of an opaque text with two dots: one with a header that can be read is a token, or malformed. It is of
/// no token that lets in, so it has no number.
pub const DAMAGED: Finding = Finding::new(
    "DAMAGED",
    Severity::Info,
    "it has two dots, as a token has, and may be one whose header is damaged: its beginning may be lost",
);
/// Bits of a number that mean nothing.
const UNUSED: u32 = 4;
const SHORT: Duration = Duration::from_mins(30);
const LONG: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Finding, Marks, Severity, Traits, lint};

    const BEST: Traits = Traits {
        publishes: false,
        lifetime: Duration::from_mins(5),
        organisation_wide: false,
        has_ip: true,
        has_domains: true,
        has_user: true,
        has_tag: true,
        revocable: true,
        force_disconnect: true,
        is_static: false,
    };

    fn codes(traits: Traits) -> Vec<(&'static str, Severity)> {
        lint(&traits)
            .into_iter()
            .filter(|finding| finding.code != "NEEDS_REFERRER")
            .map(|finding| (finding.code, finding.severity))
            .collect()
    }

    #[test]
    fn the_best_token_has_one_remark_and_no_mark() {
        assert_eq!(codes(BEST), []);
        assert_eq!(lint(&BEST).len(), 1);
    }

    #[test]
    fn a_set_of_findings_is_kept_as_a_number() {
        let worst = Traits {
            has_domains: false,
            is_static: true,
            lifetime: Duration::from_hours(25),
            ..BEST
        };
        let marks = worst.marks();
        // What rows hold: a finding keeps its number.
        assert_eq!(marks.bits(), 0b0000_0100_0101);
        assert_eq!(Marks::of_bits(marks.bits()), marks);
        assert_eq!(marks.findings(), lint(&worst));
        assert_eq!(Marks::of_bits(u16::MAX).findings().len(), 12);
        assert_eq!(Marks::of_bits(u16::MAX).bits(), 0b1111_1111_1111);
        for (number, finding) in Marks::of_bits(u16::MAX).each() {
            assert_eq!(Finding::of_number(number), Some(finding));
        }
        assert_eq!(Finding::of_number(12), None);
    }

    #[test]
    fn a_lifetime_is_warned_of_beyond_half_an_hour_and_fails_beyond_a_day() {
        let of = |lifetime| codes(Traits { lifetime, ..BEST });
        assert_eq!(of(Duration::from_mins(30)), []);
        assert_eq!(of(Duration::from_secs(1801)), [("LIFETIME", Severity::Warn)]);
        assert_eq!(of(Duration::from_hours(24)), [("LIFETIME", Severity::Warn)]);
        assert_eq!(of(Duration::from_secs(86_401)), [("LIFETIME", Severity::Fail)]);
    }

    #[test]
    fn advice_on_a_token_for_publishing_breaks_none() {
        let of = |traits: Traits| {
            let traits = Traits {
                publishes: true,
                ..traits
            };
            let found = lint(&traits).into_iter();
            found
                .map(|finding| (finding.code, finding.severity))
                .collect::<Vec<_>>()
        };
        let best = Traits {
            has_domains: false,
            ..BEST
        };
        assert_eq!(of(best), [], "an encoder comes from no site");
        let lives = |hours| Traits {
            lifetime: Duration::from_hours(hours),
            ..best
        };
        assert_eq!(of(lives(24)), [], "no page renews it");
        assert_eq!(of(lives(25)), [("LIFETIME", Severity::Fail)]);
        assert_eq!(of(BEST), [("NEEDS_REFERRER", Severity::Warn)]);
        let bound = Traits {
            publishes: true,
            ..BEST
        };
        // What rows hold: not the number of what is said of players.
        assert_eq!(bound.marks().bits(), 0b1000_0000_0000);
        assert_eq!(BEST.marks().bits(), 0b0100_0000_0000);
    }

    #[test]
    fn each_weakness_has_its_mark_and_the_weightiest_comes_first() {
        let worst = Traits {
            publishes: false,
            lifetime: Duration::from_hours(48),
            organisation_wide: true,
            has_ip: false,
            has_domains: false,
            has_user: false,
            has_tag: false,
            revocable: false,
            force_disconnect: false,
            is_static: true,
        };
        let found: Vec<_> = lint(&worst).iter().map(|finding| finding.code).collect();
        assert_eq!(
            found,
            [
                "LIFETIME",
                "STATIC",
                "NOT_REVOCABLE",
                "ORGANISATION_WIDE",
                "NO_IP",
                "NO_DOMAINS",
                "NO_USER",
                "NO_TAG",
                "NO_FORCE_DISCONNECT"
            ]
        );
        assert!(lint(&worst).is_sorted_by_key(|finding| finding.severity));
    }
}
