//! Leaves alone for a while what failed, then lets one try.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use guard::Timestamp;

/// Whether something that may fail is asked.
#[derive(Debug)]
pub(super) struct Circuit {
    pause: Duration,
    /// Microseconds since 1970; 0 while nothing failed.
    open_until: AtomicI64,
}

impl Circuit {
    pub(super) fn new(pause: Duration) -> Self {
        Self {
            pause,
            open_until: AtomicI64::new(0),
        }
    }

    /// Whether it may be asked now. After a pause the first who comes may; others only once it answered.
    pub(super) fn lets(&self, now: Timestamp) -> bool {
        let until = self.open_until.load(Ordering::Acquire);
        if until == 0 {
            return true;
        }
        let next = now.plus(self.pause).us();
        now.us() >= until
            && self
                .open_until
                .compare_exchange(until, next, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
    }

    pub(super) fn answered(&self) {
        self.open_until.store(0, Ordering::Release);
    }

    pub(super) fn failed(&self, now: Timestamp) {
        self.open_until.store(now.plus(self.pause).us(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_left_alone_and_then_one_tries() {
        let circuit = Circuit::new(Duration::from_secs(10));
        let at = Timestamp::from_s;
        assert!(circuit.lets(at(0)) && circuit.lets(at(0)));
        circuit.failed(at(1));
        assert!(!circuit.lets(at(1)) && !circuit.lets(at(10)));
        assert!(circuit.lets(at(11)));
        assert!(!circuit.lets(at(11)), "one tries, not all");
        circuit.answered();
        assert!(circuit.lets(at(12)) && circuit.lets(at(12)));
    }
}
