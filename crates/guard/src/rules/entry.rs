//! The rules that look for one value, by their scope.

use std::sync::Arc;

use ids::RuleId;
use rpds::HashTrieMapSync;

use super::{Rule, RuleScope};

/// At least one rule. Most values have one, which stands in its place itself, so that reading it costs no more memory to
/// wait for; some have one for each of very many streams.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    One(Rule),
    Many(Arc<HashTrieMapSync<RuleScope, Arc<[Rule]>>>),
}

/// A place that was found. It is looked at only where that matters, since its memory may have to be waited for.
pub(super) trait Found<'a> {
    /// What stands there.
    fn entry(self) -> Option<&'a Entry>;
}

impl<'a> Found<'a> for &'a Entry {
    fn entry(self) -> Option<&'a Entry> {
        Some(self)
    }
}

impl Entry {
    /// Puts a rule into a place that may be empty.
    pub(super) fn add(place: &mut Option<Self>, rule: Rule) {
        let mut scopes = match place.take() {
            None => {
                *place = Some(Self::One(rule));
                return;
            }
            Some(Self::One(one)) => Arc::new(HashTrieMapSync::default().insert(one.scope, [one].into())),
            Some(Self::Many(scopes)) => scopes,
        };
        let scope = rule.scope;
        let alike = scopes.get(&scope).into_iter().flat_map(|alike| alike.iter());
        let alike = alike.cloned().chain([rule]).collect();
        Arc::make_mut(&mut scopes).insert_mut(scope, alike);
        *place = Some(Self::Many(scopes));
    }

    /// Takes a rule out of its place.
    pub(super) fn remove(place: &mut Option<Self>, scope: RuleScope, id: RuleId) {
        let mut scopes = match place.take() {
            None => return,
            Some(Self::One(one)) => {
                *place = (one.id != id).then_some(Self::One(one));
                return;
            }
            Some(Self::Many(scopes)) => scopes,
        };
        let alike = scopes.get(&scope).into_iter().flat_map(|alike| alike.iter());
        let left: Arc<[_]> = alike.filter(|rule| rule.id != id).cloned().collect();
        let map = Arc::make_mut(&mut scopes);
        if left.is_empty() {
            map.remove_mut(&scope);
        } else {
            map.insert_mut(scope, left);
        }
        *place = (!scopes.is_empty()).then_some(Self::Many(scopes));
    }

    /// The rules of these scopes.
    pub(super) fn of<'a>(&'a self, scopes: &'a [RuleScope]) -> impl Iterator<Item = &'a Rule> {
        let (one, many) = match self {
            Self::One(one) => (Some(one).filter(|one| scopes.contains(&one.scope)), None),
            Self::Many(many) => (None, Some(many)),
        };
        let many = many.into_iter().flat_map(|many| {
            scopes
                .iter()
                .filter_map(|scope| many.get(scope))
                .flat_map(|alike| alike.iter())
        });
        one.into_iter().chain(many)
    }
}
