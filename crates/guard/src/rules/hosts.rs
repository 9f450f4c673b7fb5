//! Hosts, label by label from the right. Persistent, like all that a policy holds.

use std::sync::Arc;

use rpds::HashTrieMapSync;

use super::entry::Entry;
use crate::host::{Host, HostPattern};

/// One label's place, and all below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts {
    /// What is said of this very host.
    exact: Option<Entry>,
    /// What is said of all below it.
    below: Option<Entry>,
    children: HashTrieMapSync<Arc<str>, Arc<Self>>,
}

impl Hosts {
    pub(super) fn edit(&mut self, pattern: &HostPattern, change: impl FnOnce(&mut Option<Entry>)) {
        let (HostPattern::Exact(host) | HostPattern::Below(host)) = pattern;
        self.descend(&mut host.labels(), |place| match pattern {
            HostPattern::Exact(_) => change(&mut place.exact),
            HostPattern::Below(_) => change(&mut place.below),
        });
    }

    fn descend<'a>(&mut self, labels: &mut impl Iterator<Item = &'a str>, change: impl FnOnce(&mut Self)) {
        let Some(label) = labels.next() else {
            change(self);
            return;
        };
        let mut child = self.children.get(label).cloned().unwrap_or_default();
        self.children.remove_mut(label);
        let place = Arc::make_mut(&mut child);
        place.descend(labels, change);
        if !place.is_empty() {
            self.children.insert_mut(label.into(), child);
        }
    }

    /// What stands for every pattern that the host fits, with how specific it is, the most specific first: the host
    /// itself, then by the number of labels.
    pub(super) fn fits(&self, host: &Host) -> impl Iterator<Item = (u32, &Entry)> {
        let mut fits = Vec::new();
        let mut place = self;
        let mut labels = host.labels().peekable();
        for depth in 1.. {
            if place.children.is_empty() {
                break;
            }
            let Some(child) = labels.next().and_then(|label| place.children.get(label)) else {
                break;
            };
            place = child;
            let below = labels.peek().is_some();
            let (specificity, entry) = if below {
                (depth, &place.below)
            } else {
                (u32::MAX, &place.exact)
            };
            fits.extend(entry.iter().map(|entry| (specificity, entry)));
        }
        fits.into_iter().rev()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_none() && self.below.is_none() && self.children.is_empty()
    }
}
