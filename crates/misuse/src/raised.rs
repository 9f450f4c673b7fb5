//! Which indicators hold of one token, viewer or address, and what of them is worth to be told.

use std::collections::HashMap;

use guard::Timestamp;

use crate::{
    Finding, Indicator, Subject,
    thresholds::{LAPSE, TOLD_EVERY},
};

/// The findings that hold.
#[derive(Debug, Default)]
pub(crate) struct Raised(HashMap<Indicator, One>);

#[derive(Debug)]
struct One {
    first: Timestamp,
    last: Timestamp,
    told: Timestamp,
    points: u32,
    evidence: String,
}

/// Takes in what holds of a subject now; what is new of it, has become more, or was not told for a minute, goes to
/// `found`.
pub(crate) struct Raise<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) raised: &'a mut Raised,
    pub(crate) now: Timestamp,
    pub(crate) found: &'a mut Vec<Finding>,
}

impl Raise<'_> {
    /// An indicator holds. `evidence` is asked for only where it will be read.
    pub(crate) fn holds(&mut self, indicator: Indicator, points: u32, evidence: impl FnOnce() -> String) {
        let now = self.now;
        let fresh = || One {
            first: now,
            last: now,
            told: now,
            points: 0,
            evidence: String::new(),
        };
        let one = self.raised.0.entry(indicator).or_insert_with(fresh);
        if now.since(one.last) >= LAPSE {
            *one = fresh();
        }
        one.last = now;
        let is_news = points > one.points;
        if is_news {
            (one.points, one.evidence) = (points, evidence());
        } else if now.since(one.told) < TOLD_EVERY {
            return;
        }
        one.told = now;
        self.found.push(Finding {
            subject: self.subject.clone(),
            indicator,
            points: one.points,
            evidence: one.evidence.clone(),
            first: one.first,
            last: now,
            is_news,
        });
    }
}
