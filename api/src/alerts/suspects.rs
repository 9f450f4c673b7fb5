//! Of whom misuse was found, for as long as it counts.

use std::collections::HashMap;

use guard::Timestamp;
use misuse::{Finding, Indicator};

/// Tokens, viewers and addresses, so many at most: of each every indicator's points, and until when it was seen.
#[derive(Debug, Default)]
pub(super) struct Suspects(HashMap<String, Vec<(Indicator, u32, Timestamp)>>);

impl Suspects {
    /// An indicator holds of somebody.
    pub(super) fn found(&mut self, whom: String, indicator: Indicator, points: u32, at: Timestamp) {
        if self.0.len() >= MOST && !self.0.contains_key(&whom) {
            return;
        }
        let suspect = self.0.entry(whom).or_default();
        match suspect.iter_mut().find(|(known, ..)| *known == indicator) {
            Some(known) => *known = (indicator, points.max(known.1), known.2.max(at)),
            None => suspect.push((indicator, points, at)),
        }
    }

    /// How many have that score or more by what was seen after `since`. What was not is forgotten.
    pub(super) fn many(&mut self, since: Timestamp, min_score: u32) -> usize {
        self.0.retain(|_, found| {
            found.retain(|(.., at)| *at > since);
            !found.is_empty()
        });
        let score = |found: &Vec<(Indicator, u32, Timestamp)>| found.iter().map(|(_, points, _)| points).sum::<u32>();
        self.0.values().filter(|found| score(found) >= min_score).count()
    }
}

/// How a finding's subject is told from others.
pub(super) fn whom(finding: &Finding) -> String {
    let (kind, subject) = crate::analytics::findings::named(&finding.subject);
    known_as(kind, &subject)
}

/// The same of a row. Customers name their viewers as they like.
pub(super) fn known_as(kind: &str, subject: &str) -> String {
    format!("{kind}:{subject}").chars().take(SUBJECT).collect()
}

/// Whom a rule remembers.
const MOST: usize = 10_000;
const SUBJECT: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_there_are_so_many_are_remembered_for_as_long_as_they_count() {
        let (mut suspects, at) = (Suspects::default(), Timestamp::from_s);
        for n in 0..2 * MOST {
            suspects.found(format!("user:{n}"), Indicator::Nodes, 60, at(6));
        }
        assert_eq!(suspects.0.len(), MOST);
        assert_eq!((suspects.many(at(5), 60), suspects.many(at(5), 61)), (MOST, 0));
        assert_eq!((suspects.many(at(6), 0), suspects.0.len()), (0, 0));
    }
}
