//! Which of the rules that a request fits wins, now and until when.

use std::{cmp::Ordering, net::IpAddr};

use super::{Action, Mode, Monitored, Rule, RuleScope, entry::Found};
use crate::{Door, Timestamp, host::Host, place::Place};

/// What rules look at.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) door: Door,
    /// The scopes that the stream is in.
    pub(crate) scopes: &'a [RuleScope],
    pub(crate) address: IpAddr,
    pub(crate) place: Place,
    pub(crate) referrer: Option<&'a Host>,
    pub(crate) agent: Option<&'a str>,
}

/// What the rules of one kind say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Verdict<'a> {
    /// The rule that wins.
    pub(crate) winner: Option<&'a Rule>,
    /// From when on they deny, where they let pass now and do not for ever.
    pub(crate) until: Option<Timestamp>,
}

impl Verdict<'_> {
    pub(crate) fn denies(&self) -> bool {
        self.winner.is_some_and(|rule| rule.action == Action::Deny)
    }
}

/// Looks through the rules of one kind. `fits` are the values that the request fits and how specific each is, the most
/// specific first: where one wins, the others are not looked at. `monitors` says whether any rule at all is monitored.
pub(super) fn judge<'a, E: Found<'a>, F: Iterator<Item = (u32, E)>>(
    asked: &'a Asked<'_>,
    now: Timestamp,
    monitors: bool,
    monitored: &mut Vec<Monitored>,
    fits: impl Fn() -> F,
) -> Verdict<'a> {
    let mut watched = Vec::new();
    let winner = winner(asked, now, fits(), monitors.then_some(&mut watched));
    monitored.extend(watched.into_iter().map(|(rank, rule)| Monitored {
        rule: rule.id,
        action: rule.action,
        decisive: winner.is_none_or(|(best, _)| rank > best),
    }));
    let winner = winner.map(|(_, rule)| rule);
    // What excepts somebody for a while leaves them to the next rule when it expires.
    let mut last = winner;
    let mut until = None;
    while let Some(expires) = last
        .filter(|rule| rule.action == Action::Allow)
        .and_then(|rule| rule.expires)
    {
        last = self::winner(asked, expires, fits(), None).map(|(_, rule)| rule);
        if last.is_some_and(|rule| rule.action == Action::Deny) {
            until = Some(expires);
        }
    }
    Verdict { winner, until }
}

type Ranked<'a> = (Rank, &'a Rule);

/// The rule that wins among the values that fit. Whom monitored ones are about is added where that is wanted.
fn winner<'a>(
    asked: &'a Asked<'_>,
    at: Timestamp,
    fits: impl Iterator<Item = (u32, impl Found<'a>)>,
    mut watched: Option<&mut Vec<Ranked<'a>>>,
) -> Option<Ranked<'a>> {
    let mut best: Option<Ranked<'a>> = None;
    for (specificity, found) in fits {
        if watched.is_none() && best.is_some_and(|(rank, _)| rank.specificity > specificity) {
            break;
        }
        let rules = found.entry().into_iter().flat_map(|entry| entry.of(asked.scopes));
        for rule in rules {
            if !rule.doors.have(asked.door) || !rule.stands(at) {
                continue;
            }
            let rank = Rank::of(specificity, rule);
            match (rule.mode, &mut watched) {
                (Mode::Monitor, Some(watched)) => watched.push((rank, rule)),
                (Mode::Monitor, None) => {}
                (Mode::Enforce, _) => {
                    let better = best.is_none_or(|(known, of)| rank.cmp(&known).then(lasting(rule, of)).is_gt());
                    if better {
                        best = Some((rank, rule));
                    }
                }
            }
        }
    }
    best
}

/// Among rules that say the same, the one that lasts longer; the oldest, where they last equally.
fn lasting(one: &Rule, other: &Rule) -> Ordering {
    let expires = |rule: &Rule| rule.expires.unwrap_or(Timestamp::from_us(i64::MAX));
    expires(one).cmp(&expires(other)).then(other.id.cmp(&one.id))
}

/// More specific, then narrower, then `DENY`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    specificity: u32,
    scope: u8,
    action: Action,
}

impl Rank {
    fn of(specificity: u32, rule: &Rule) -> Self {
        Self {
            specificity,
            scope: match rule.scope {
                RuleScope::Organisation => 0,
                RuleScope::Group(_) => 1,
                RuleScope::Stream(_) => 2,
            },
            action: rule.action,
        }
    }
}
