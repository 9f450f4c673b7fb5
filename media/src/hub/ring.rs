//! The last fragments of a stream. One publisher writes, any number of viewers read without a lock.
//!
//! Bounded twice: by count and by bytes, so that no encoder decides how much memory its stream has.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwapOption;

use super::Fragment;

/// A slot per fragment, by its sequence number modulo the ring's size.
#[derive(Debug)]
pub(super) struct Ring {
    slots: Box<[ArcSwapOption<Fragment>]>,
    kept: Mutex<Kept>,
}

/// What the publisher keeps book of.
#[derive(Debug, Default)]
struct Kept {
    first: u64,
    sizes: VecDeque<usize>,
    bytes: usize,
}

impl Ring {
    pub(super) fn new() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| ArcSwapOption::empty()).collect(),
            kept: Mutex::default(),
        }
    }

    /// The fragment of that number, while it is kept.
    pub(super) fn get(&self, sequence: u64) -> Option<Arc<Fragment>> {
        self.slot(sequence)
            .load_full()
            .filter(|fragment| fragment.sequence == sequence)
    }

    /// Keeps a fragment and drops the oldest over the bounds; the number of the oldest that is left.
    pub(super) fn push(&self, fragment: Arc<Fragment>) -> u64 {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.sizes.push_back(fragment.len());
        kept.bytes = kept.bytes.saturating_add(fragment.len());
        self.slot(fragment.sequence).store(Some(fragment));
        while kept.sizes.len() > SLOTS || (kept.bytes > BYTES && kept.sizes.len() > 1) {
            let size = kept.sizes.pop_front().unwrap_or(0);
            kept.bytes = kept.bytes.saturating_sub(size);
            let oldest = kept.first;
            kept.first = oldest.saturating_add(1);
            let slot = self.slot(oldest);
            if slot.load().as_ref().is_some_and(|fragment| fragment.sequence == oldest) {
                slot.store(None);
            }
        }
        kept.first
    }

    fn slot(&self, sequence: u64) -> &ArcSwapOption<Fragment> {
        let place = usize::try_from(sequence % (SLOTS as u64)).unwrap_or(0);
        // INVARIANT: a remainder of the length is inside.
        &self.slots[place]
    }
}

/// About 13 s of 60 pictures and 16 batches of sound a second.
const SLOTS: usize = 1024;
/// The most media that one stream may keep here.
const BYTES: usize = 48 * 1024 * 1024;
