//! Patterns of user agents: whole ones are looked up, those with wildcards are tried one after the other.

use std::{cmp::Reverse, sync::Arc};

use rpds::HashTrieMapSync;

use super::entry::Entry;
use crate::agent::{AgentPattern, Searcher};

/// Every pattern.
#[derive(Clone, Debug, Default)]
pub(super) struct Agents {
    whole: HashTrieMapSync<Arc<str>, Entry>,
    /// The most specific first, in rows that lie side by side: read straight on, without following a tree. A change copies
    /// one row, and the list of rows.
    patterns: Arc<Vec<Arc<Vec<Tried>>>>,
}

/// A pattern with a wildcard.
#[derive(Clone, Debug)]
struct Tried {
    specificity: u32,
    searcher: Arc<Searcher>,
    entry: Entry,
    pattern: AgentPattern,
}

impl Tried {
    fn key(&self) -> (Reverse<u32>, &AgentPattern) {
        (Reverse(self.specificity), &self.pattern)
    }
}

impl Agents {
    pub(super) fn edit(&mut self, pattern: &AgentPattern, change: impl FnOnce(&mut Option<Entry>)) {
        if let Some(literal) = pattern.literal() {
            let mut entry = self.whole.get(literal).cloned();
            change(&mut entry);
            match entry {
                Some(entry) => self.whole.insert_mut(literal.clone(), entry),
                None => _ = self.whole.remove_mut(literal),
            }
        } else {
            self.edit_tried(pattern, change);
        }
    }

    fn edit_tried(&mut self, pattern: &AgentPattern, change: impl FnOnce(&mut Option<Entry>)) {
        let specificity = pattern.specificity();
        let key = (Reverse(specificity), pattern);
        let rows = Arc::make_mut(&mut self.patterns);
        // The last row that begins at it or before it.
        let behind = rows.partition_point(|row| row.first().is_some_and(|first| first.key() <= key));
        let at = behind.saturating_sub(1);
        if rows.is_empty() {
            rows.push(Arc::default());
        }
        let Some(row) = rows.get_mut(at).map(Arc::make_mut) else {
            return;
        };
        match row.binary_search_by(|tried| tried.key().cmp(&key)) {
            Ok(found) => {
                let mut entry = row.get(found).map(|tried| tried.entry.clone());
                change(&mut entry);
                match (entry, row.get_mut(found)) {
                    (Some(entry), Some(tried)) => tried.entry = entry,
                    _ => drop(row.remove(found)),
                }
            }
            Err(place) => {
                let mut entry = None;
                change(&mut entry);
                if let Some(entry) = entry {
                    let tried = Tried {
                        specificity,
                        searcher: pattern.searcher().into(),
                        entry,
                        pattern: pattern.clone(),
                    };
                    row.insert(place, tried);
                }
            }
        }
        let half = (row.len() > ROW).then(|| row.split_off(ROW / 2));
        if row.is_empty() {
            rows.remove(at);
        } else if let Some(half) = half {
            rows.insert(at.saturating_add(1), Arc::new(half));
        }
    }

    /// What stands for every pattern that the agent fits, with how specific it is: the length of its literal part. The
    /// most specific first; none is longer than the agent itself.
    pub(super) fn fits<'a>(&'a self, agent: &'a str) -> impl Iterator<Item = (u32, &'a Entry)> {
        let whole = (!self.whole.is_empty()).then(|| self.whole.get(agent)).flatten();
        let length = u32::try_from(agent.len()).unwrap_or(u32::MAX);
        let patterns = self.patterns.iter().flat_map(|row| row.iter());
        let patterns = patterns.filter(|tried| tried.searcher.fits(agent));
        let patterns = patterns.map(|tried| (tried.specificity, &tried.entry));
        whole.map(|entry| (length, entry)).into_iter().chain(patterns)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.patterns.is_empty()
    }
}

/// The most patterns that lie side by side.
const ROW: usize = 64;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{super::entry::Entry, Agents};
    use crate::{
        agent::AgentPattern,
        rules::{Action, Aim, Doors, Matcher, Mode, Rule, RuleScope},
    };

    fn entry(number: u16, pattern: &AgentPattern) -> Entry {
        let mut random = [0; 10];
        random[..2].copy_from_slice(&number.to_be_bytes());
        Entry::One(Rule {
            id: ids::RuleId::mint(1, random),
            matcher: Matcher::UserAgent(Aim::At(pattern.clone())),
            action: Action::Deny,
            scope: RuleScope::Organisation,
            doors: Doors::Both,
            mode: Mode::Enforce,
            expires: None,
        })
    }

    /// Five hundred numbers, each once.
    fn mixed(by: u32) -> impl Iterator<Item = u16> {
        (0..500).map(move |number| u16::try_from(number * by % 500).unwrap())
    }

    /// More than lie side by side, in a mixed order, and taken out again in another.
    #[test]
    fn patterns_are_found_the_most_specific_first_however_many_came_and_went() {
        let (mut agents, mut known) = (Agents::default(), BTreeMap::new());
        let pattern = |number: u16| -> AgentPattern {
            let length = usize::from(number % 7);
            format!("Player/{number}{}*", "x".repeat(length)).parse().unwrap()
        };
        let check = |agents: &Agents, known: &BTreeMap<u16, AgentPattern>| {
            assert_eq!(agents.patterns.iter().map(|row| row.len()).sum::<usize>(), known.len());
            assert!(agents.patterns.iter().all(|row| (1..=super::ROW).contains(&row.len())));
            let keys: Vec<_> = agents
                .patterns
                .iter()
                .flat_map(|row| row.iter().map(super::Tried::key))
                .collect();
            assert!(keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]));
            for (number, pattern) in known {
                let agent = pattern.to_string().replace('*', " and more");
                assert!(
                    agents.fits(&agent).any(|(length, _)| length == pattern.specificity()),
                    "{number}"
                );
            }
        };
        for number in mixed(263) {
            let pattern = pattern(number);
            agents.edit(&pattern, |place| *place = Some(entry(number, &pattern)));
            known.insert(number, pattern);
        }
        check(&agents, &known);
        let before = agents.clone();
        for number in mixed(7).take(437) {
            agents.edit(&pattern(number), |place| *place = None);
            agents.edit(&pattern(number), |place| *place = None);
            known.remove(&number);
        }
        check(&agents, &known);
        // Whoever holds what was before finds it as it was.
        assert_eq!(before.patterns.iter().map(|row| row.len()).sum::<usize>(), 500);
        for number in 0..500 {
            agents.edit(&pattern(number), |place| *place = None);
        }
        assert!(agents.is_empty());
    }
}
