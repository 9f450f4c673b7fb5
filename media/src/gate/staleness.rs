//! How old a policy may be: without the control plane a node goes on by the last one, and after a while it lets in nobody new,
//! since it cannot know whom it should not.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use guard::Timestamp;

/// Until when somebody new may be let in.
#[derive(Debug)]
pub(super) struct Staleness {
    /// For how long after the control plane is gone.
    patience: Duration,
    /// The first moment at which nobody is, in microseconds since 1970.
    over: AtomicI64,
}

impl Staleness {
    /// The control plane is there.
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            patience,
            over: AtomicI64::new(NEVER),
        }
    }

    /// The control plane is gone since then.
    pub(super) fn begin(&self, at: Timestamp) {
        self.over.store(at.plus(self.patience).us(), Ordering::SeqCst);
    }

    /// The policy is as new as there is.
    pub(super) fn end(&self) {
        self.over.store(NEVER, Ordering::SeqCst);
    }

    /// Whether the policy is too old to let in anybody new by it.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now.us() >= self.over.load(Ordering::SeqCst)
    }
}

const NEVER: i64 = i64::MAX;
