//! What was seen within the last so many minutes, bounded.

use std::{collections::VecDeque, time::Duration};

use guard::Timestamp;

/// The newest things, each with its time.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    things: VecDeque<(Timestamp, T)>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self {
            things: VecDeque::new(),
        }
    }
}

impl<T: PartialEq> Recent<T> {
    /// Adds one, in place of the same from earlier. Whether there was none.
    pub(crate) fn renew(&mut self, at: Timestamp, thing: T) -> bool {
        let known = self.things.iter().position(|(_, known)| *known == thing);
        if let Some(known) = known {
            self.things.remove(known);
        }
        if self.things.len() == KEPT {
            self.things.pop_front();
        }
        self.things.push_back((at, thing));
        known.is_none()
    }

    /// Those of the last while.
    pub(crate) fn within(&self, span: Duration, now: Timestamp) -> impl DoubleEndedIterator<Item = (Timestamp, &T)> {
        let from = now.minus(span);
        let things = self.things.iter();
        things
            .filter(move |(at, _)| *at >= from)
            .map(|(at, thing)| (*at, thing))
    }

    /// Those that were not forgotten.
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.things.iter().map(|(_, thing)| thing)
    }

    /// Those that were not forgotten, and when they were.
    pub(crate) fn each(&self) -> impl Iterator<Item = (Timestamp, &T)> {
        self.things.iter().map(|(at, thing)| (*at, thing))
    }

    /// Drops what is older.
    pub(crate) fn forget(&mut self, span: Duration, now: Timestamp) {
        let from = now.minus(span);
        while self.things.front().is_some_and(|(at, _)| *at < from) {
            self.things.pop_front();
        }
    }
}

/// As many as the most that a threshold of such things may be, see [`MOST`](crate::Thresholds::MOST).
const KEPT: usize = 256;
