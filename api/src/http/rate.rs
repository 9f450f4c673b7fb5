//! How much software may ask: so many operations a minute for each API token, and for each organisation.
//!
//! A bucket that refills evenly (GCRA): the minute's worth may come at once, then one for each that flows back. People in
//! the dashboard are not counted.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderValue};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};
use uuid::Uuid;

use crate::{
    fault::Fault,
    people::{Caller, Who},
};

/// Operations a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// For each API token.
    pub token: NonZeroU32,
    /// For all API tokens of an organisation.
    pub organisation: NonZeroU32,
}

/// What was asked of late.
#[derive(Debug)]
pub(crate) struct Rate {
    tokens: Buckets,
    organisations: Buckets,
    /// Operations since what is full again was forgotten.
    since: AtomicU32,
}

/// How much is left to whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    limit: u32,
    remaining: u32,
    reset_s: u64,
    /// Where it was refused: when to try again.
    retry_after_s: Option<u64>,
}

impl Rate {
    pub(crate) fn new(rates: Rates) -> Self {
        let buckets = |limit| RateLimiter::keyed(Quota::per_minute(limit)).with_middleware();
        Self {
            tokens: buckets(rates.token),
            organisations: buckets(rates.organisation),
            since: AtomicU32::new(0),
        }
    }

    /// Counts an operation; of the token's and the organisation's limits, tells the one that is nearer. None for who is not
    /// counted.
    pub(crate) fn count(&self, caller: &Caller) -> Option<Left> {
        let Who::Software(software) = &caller.who else {
            return None;
        };
        if self.since.fetch_add(1, Ordering::Relaxed) >= FORGET_EVERY {
            self.since.store(0, Ordering::Relaxed);
            self.tokens.retain_recent();
            self.organisations.retain_recent();
        }
        let token = take(&self.tokens, &software.token.id);
        if token.retry_after_s.is_some() {
            return Some(token);
        }
        let organisation = take(&self.organisations, &software.organisation.id);
        let nearer = organisation.retry_after_s.is_some() || organisation.remaining < token.remaining;
        Some(if nearer { organisation } else { token })
    }
}

impl Left {
    /// The refusal, where it was one.
    pub(crate) fn refusal(&self) -> Option<Fault> {
        self.retry_after_s
            .map(|retry_after_s| Fault::RateLimited { retry_after_s })
    }

    /// Tells the client, in the usual headers.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        let mut set = |name: &'static str, value: u64| headers.insert(name, HeaderValue::from(value));
        set("ratelimit-limit", self.limit.into());
        set("ratelimit-remaining", self.remaining.into());
        set("ratelimit-reset", self.reset_s);
        if let Some(retry_after_s) = self.retry_after_s {
            set("retry-after", retry_after_s);
        }
    }
}

type Buckets = RateLimiter<Uuid, DefaultKeyedStateStore<Uuid>, DefaultClock, StateInformationMiddleware>;

fn take(buckets: &Buckets, key: &Uuid) -> Left {
    match buckets.check_key(key) {
        Ok(left) => {
            let limit = left.quota().burst_size().get();
            let remaining = left.remaining_burst_capacity();
            let used = limit.saturating_sub(remaining);
            Left {
                limit,
                remaining,
                reset_s: seconds(left.quota().replenish_interval().saturating_mul(used)),
                retry_after_s: None,
            }
        }
        Err(until) => {
            let limit = until.quota().burst_size().get();
            Left {
                limit,
                remaining: 0,
                reset_s: seconds(until.quota().replenish_interval().saturating_mul(limit)),
                retry_after_s: Some(seconds(until.wait_time_from(DefaultClock::default().now())).max(1)),
            }
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Buckets that are full again are forgotten after so many operations.
const FORGET_EVERY: u32 = 4096;
