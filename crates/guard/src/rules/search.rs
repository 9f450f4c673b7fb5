//! Which of the rules that a request fits wins, now and until when.

use std::{
    cmp::{Ordering, Reverse},
    net::IpAddr,
    sync::Arc,
};

use super::{Action, Mode, Monitored, Rule, RuleScope, entry::Entry};
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
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    /// The rule that wins.
    pub(crate) winner: Option<Arc<Rule>>,
    /// From when on they deny, where they let pass now and do not for ever.
    pub(crate) until: Option<Timestamp>,
}

impl Verdict {
    pub(crate) fn denies(&self) -> bool {
        self.winner.as_ref().is_some_and(|rule| rule.action == Action::Deny)
    }
}

/// Looks through the rules of one kind. `visit` shows every value that fits, with how specific it is; `monitors` says
/// whether any rule at all is monitored.
pub(super) fn judge<'a>(
    asked: &'a Asked<'_>,
    now: Timestamp,
    monitors: bool,
    monitored: &mut Vec<Monitored>,
    visit: impl FnOnce(&mut dyn FnMut(u32, &'a Entry)),
) -> Verdict {
    let mut fits = Vec::new();
    visit(&mut |specificity, entry| fits.push((specificity, entry)));
    // The most specific first: where one wins, the memory of the others is not waited for.
    fits.sort_unstable_by_key(|(specificity, _)| Reverse(*specificity));
    let mut watched = Vec::new();
    let winner = winner(asked, now, &fits, monitors.then_some(&mut watched));
    monitored.extend(watched.into_iter().map(|(rank, rule)| Monitored {
        rule: rule.id,
        action: rule.action,
        decisive: winner.as_ref().is_none_or(|(best, _)| rank > *best),
    }));
    // What excepts somebody for a while leaves them to the next rule when it expires.
    let mut last = winner.as_ref().map(|(_, rule)| *rule);
    let mut until = None;
    while let Some(expires) = last
        .filter(|rule| rule.action == Action::Allow)
        .and_then(|rule| rule.expires)
    {
        last = self::winner(asked, expires, &fits, None).map(|(_, rule)| rule);
        if last.is_some_and(|rule| rule.action == Action::Deny) {
            until = Some(expires);
        }
    }
    Verdict {
        winner: winner.map(|(_, rule)| rule.clone()),
        until,
    }
}

type Ranked<'a> = (Rank, &'a Arc<Rule>);

/// The rule that wins among the values that fit, the most specific of which are first. Whom monitored ones are about is
/// added where that is wanted.
fn winner<'a>(
    asked: &'a Asked<'_>,
    at: Timestamp,
    fits: &[(u32, &'a Entry)],
    mut watched: Option<&mut Vec<Ranked<'a>>>,
) -> Option<Ranked<'a>> {
    let mut best: Option<Ranked<'a>> = None;
    for (specificity, entry) in fits {
        if watched.is_none() && best.is_some_and(|(rank, _)| rank.specificity > *specificity) {
            break;
        }
        for rule in entry.of(asked.scopes) {
            if !rule.doors.have(asked.door) || !rule.stands(at) {
                continue;
            }
            let rank = Rank::of(*specificity, rule);
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
