//! Patterns of user agents: whole ones are looked up, those with wildcards are tried one after the other.

use std::{cmp::Reverse, sync::Arc};

use rpds::{HashTrieMapSync, RedBlackTreeMapSync};

use super::entry::Entry;
use crate::agent::{AgentPattern, Searcher};

/// Every pattern.
#[derive(Clone, Debug, Default)]
pub(super) struct Agents {
    whole: HashTrieMapSync<Arc<str>, Entry>,
    /// The most specific first.
    patterns: RedBlackTreeMapSync<(Reverse<u32>, AgentPattern), (Arc<Searcher>, Entry)>,
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
            let key = (Reverse(pattern.specificity()), pattern.clone());
            let (searcher, mut entry) = self.patterns.get(&key).cloned().unzip();
            change(&mut entry);
            match entry {
                Some(entry) => {
                    let searcher = searcher.unwrap_or_else(|| pattern.searcher().into());
                    self.patterns.insert_mut(key, (searcher, entry));
                }
                None => _ = self.patterns.remove_mut(&key),
            }
        }
    }

    /// What stands for every pattern that the agent fits, with how specific it is: the length of its literal part. The
    /// most specific first; none is longer than the agent itself.
    pub(super) fn fits<'a>(&'a self, agent: &'a str) -> impl Iterator<Item = (u32, &'a Entry)> {
        let whole = (!self.whole.is_empty()).then(|| self.whole.get(agent)).flatten();
        let length = u32::try_from(agent.len()).unwrap_or(u32::MAX);
        let patterns = self.patterns.iter().filter(|(_, (searcher, _))| searcher.fits(agent));
        let patterns = patterns.map(|((Reverse(specificity), _), (_, entry))| (*specificity, entry));
        whole.map(|entry| (length, entry)).into_iter().chain(patterns)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.patterns.is_empty()
    }
}
