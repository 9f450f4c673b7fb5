//! Which indicators hold of one token, viewer or address, and what of them is worth to be told.

use std::collections::{BTreeSet, HashMap};

use guard::Timestamp;
use ids::StreamName;

use crate::{
    Finding, Indicator, Subject,
    thresholds::{LAPSE, LOOKED_EVERY, TOLD_EVERY},
};

/// The findings that hold.
#[derive(Debug, Default)]
pub(crate) struct Raised(HashMap<Indicator, One>);

#[derive(Debug)]
struct One {
    first: Timestamp,
    last: Timestamp,
    told: Timestamp,
    looked: Timestamp,
    points: u32,
    evidence: String,
    streams: BTreeSet<StreamName>,
}

/// Takes in what holds of a subject now; what is new of it, has become more, reads otherwise for some seconds, shows on
/// another stream, or was not told for a minute, goes to `found`.
pub(crate) struct Raise<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) raised: &'a mut Raised,
    pub(crate) now: Timestamp,
    pub(crate) found: &'a mut Vec<Finding>,
}

impl Raise<'_> {
    /// An indicator holds, on these streams. `evidence` is asked for only where it will be read.
    pub(crate) fn holds<'s>(
        &mut self,
        indicator: Indicator,
        points: u32,
        streams: impl Iterator<Item = &'s StreamName>,
        evidence: impl FnOnce() -> String,
    ) {
        let now = self.now;
        let fresh = || One {
            first: now,
            last: now,
            told: now,
            looked: now,
            points: 0,
            evidence: String::new(),
            streams: BTreeSet::new(),
        };
        let one = self.raised.0.entry(indicator).or_insert_with(fresh);
        if now.since(one.last) >= LAPSE {
            *one = fresh();
        }
        one.last = now;
        let mut is_due = now.since(one.told) >= TOLD_EVERY;
        for stream in streams {
            if one.streams.len() < STREAMS && !one.streams.contains(stream) {
                one.streams.insert(stream.clone());
                is_due = true;
            }
        }
        let is_news = points > one.points;
        if is_news || is_due || now.since(one.looked) >= LOOKED_EVERY {
            one.looked = now;
            // Of what is less by now the strongest evidence stays.
            if points >= one.points {
                let evidence = evidence();
                is_due |= evidence != one.evidence;
                (one.points, one.evidence) = (points, evidence);
            }
        }
        if !is_news && !is_due {
            return;
        }
        one.told = now;
        self.found.push(Finding {
            subject: self.subject.clone(),
            indicator,
            points: one.points,
            evidence: one.evidence.clone(),
            streams: one.streams.clone(),
            first: one.first,
            last: now,
            is_news,
        });
    }
}

/// Of how many streams a finding says that it was seen there.
const STREAMS: usize = 100;
