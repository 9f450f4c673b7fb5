//! What happens, the latest first: as it is told, and as it is asked for where it was before or was missed.

use leptos::prelude::*;

/// The latest of what happened. Each has a number of its own for as long as it is kept.
pub(crate) struct Feed<T: Send + Sync + 'static> {
    seen: RwSignal<Vec<(u32, T)>>,
    last: StoredValue<u32>,
    most: usize,
    at: fn(&T) -> f64,
    is_same: fn(&T, &T) -> bool,
}

impl<T: Send + Sync + 'static> Clone for Feed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Feed<T> {}

impl<T: Send + Sync + 'static> Feed<T> {
    /// Keeps `most` of them; `at` says when one was, and `is_same` whether one is another, told or asked for twice.
    pub(crate) fn new(most: usize, at: fn(&T) -> f64, is_same: fn(&T, &T) -> bool) -> Self {
        Self {
            seen: RwSignal::new(Vec::new()),
            last: StoredValue::new(0),
            most,
            at,
            is_same,
        }
    }

    /// It happened just now.
    pub(crate) fn tell(self, one: T) {
        self.seen.update(|seen| {
            if !self.knows(seen, &one) {
                seen.insert(0, (self.number(), one));
                seen.truncate(self.most);
            }
        });
    }

    /// They happened, whenever that was.
    pub(crate) fn fill(self, past: Vec<T>) {
        self.seen.update(|seen| {
            let missed: Vec<_> = past.into_iter().filter(|one| !self.knows(seen, one)).collect();
            seen.extend(missed.into_iter().map(|one| (self.number(), one)));
            seen.sort_by(|(_, a), (_, b)| (self.at)(b).total_cmp(&(self.at)(a)));
            seen.truncate(self.most);
        });
    }

    /// What is kept, with its numbers.
    pub(crate) fn seen(self) -> RwSignal<Vec<(u32, T)>> {
        self.seen
    }

    fn knows(self, seen: &[(u32, T)], one: &T) -> bool {
        seen.iter().any(|(_, known)| (self.is_same)(known, one))
    }

    fn number(self) -> u32 {
        self.last.update_value(|last| *last = last.wrapping_add(1));
        self.last.get_value()
    }
}
