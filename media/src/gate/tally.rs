//! How often Guardian rules are met: counted here, and told in batches, however many requests there are.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use ids::{OrganisationId, RuleId};

/// Counts since they were taken last. Bounded by the rules that there are.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counts>);

type Counts = HashMap<OrganisationId, HashMap<RuleId, u32>>;

impl Tally {
    /// Counts each of an organisation's rules as often as it is named.
    pub(super) fn count(&self, organisation: OrganisationId, rules: impl IntoIterator<Item = RuleId>) {
        self.add(organisation, rules.into_iter().map(|rule| (rule, 1)));
    }

    /// Adds to the counts.
    pub(super) fn add(&self, organisation: OrganisationId, rules: impl IntoIterator<Item = (RuleId, u32)>) {
        let mut rules = rules.into_iter().peekable();
        if rules.peek().is_none() {
            return;
        }
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = counts.entry(organisation).or_default();
        for (rule, times) in rules {
            let count = counts.entry(rule).or_default();
            *count = count.saturating_add(times);
        }
    }

    /// Takes the counts of each organisation; counting begins anew.
    pub(super) fn take(&self) -> impl Iterator<Item = (OrganisationId, Vec<(RuleId, u32)>)> + use<> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        counts
            .into_iter()
            .map(|(organisation, rules)| (organisation, rules.into_iter().collect()))
    }
}
