//! Patterns of user agents: whole ones are looked up, those with wildcards are tried one after the other.

use std::sync::Arc;

use rpds::{HashTrieMapSync, RedBlackTreeMapSync};

use super::entry::Entry;
use crate::agent::AgentPattern;

/// Every pattern.
#[derive(Clone, Debug, Default)]
pub(super) struct Agents {
    whole: HashTrieMapSync<Arc<str>, Entry>,
    patterns: RedBlackTreeMapSync<AgentPattern, Entry>,
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
            let mut entry = self.patterns.get(pattern).cloned();
            change(&mut entry);
            match entry {
                Some(entry) => self.patterns.insert_mut(pattern.clone(), entry),
                None => _ = self.patterns.remove_mut(pattern),
            }
        }
    }

    /// Every pattern that the agent fits, with how specific it is: the length of its literal part.
    pub(super) fn visit<'a>(&'a self, agent: &str, mut found: impl FnMut(u32, &'a Entry)) {
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        if let Some(entry) = self.whole.get(agent) {
            found(length(agent.len()), entry);
        }
        for (pattern, entry) in self.patterns.iter().filter(|(pattern, _)| pattern.matches(agent)) {
            found(pattern.specificity(), entry);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.patterns.is_empty()
    }
}
