//! Slows failed sign-ins: an account from 5 of them, an address from 60 in 5 minutes. Nobody is locked out for good.
//!
//! An attempt counts as failed from its beginning until it succeeds, so that many at once gain nothing. One that is
//! refused here does not count, and is not even looked at: the right password is no exception while the wait lasts.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use guard::Timestamp;
use sha2::{Digest, Sha256};

use crate::fault::Fault;

/// Failed sign-ins of late.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<Failures>);

#[derive(Debug, Default)]
struct Failures {
    accounts: HashMap<[u8; 32], VecDeque<Timestamp>>,
    addresses: HashMap<IpAddr, VecDeque<Timestamp>>,
}

/// An attempt that was let through; failed unless it says otherwise.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    throttle: &'a Throttle,
    account: [u8; 32],
    address: IpAddr,
    at: Timestamp,
}

impl Throttle {
    /// Lets an attempt through, or says how long to wait.
    pub(crate) fn begin(&self, email: &str, address: IpAddr, now: Timestamp) -> Result<Attempt<'_>, Fault> {
        let account: [u8; 32] = Sha256::digest(email.as_bytes()).into();
        let address = network(address);
        let mut failures = self.failures();
        forget(&mut failures.accounts, now, ACCOUNT_WINDOW);
        forget(&mut failures.addresses, now, ADDRESS_WINDOW);
        let wait = wait(failures.accounts.get(&account), ACCOUNT_FREE, now).max(wait(
            failures.addresses.get(&address),
            ADDRESS_FREE,
            now,
        ));
        if !wait.is_zero() {
            return Err(Fault::RateLimited {
                retry_after_s: wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX),
            });
        }
        failures.accounts.entry(account).or_default().push_back(now);
        failures.addresses.entry(address).or_default().push_back(now);
        Ok(Attempt {
            throttle: self,
            account,
            address,
            at: now,
        })
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// It was the right password: the account's failures are forgotten, the address's stay.
    pub(crate) fn succeeded(self) {
        let mut failures = self.throttle.failures();
        failures.accounts.remove(&self.account);
        withdraw(failures.addresses.get_mut(&self.address), self.at);
    }

    /// Nothing wrong was said, and not enough to let anybody in: it does not count, and forgets nothing.
    pub(crate) fn undecided(self) {
        let mut failures = self.throttle.failures();
        let Failures { accounts, addresses } = &mut *failures;
        withdraw(accounts.get_mut(&self.account), self.at);
        withdraw(addresses.get_mut(&self.address), self.at);
    }
}

/// Takes back one attempt of that moment.
fn withdraw(times: Option<&mut VecDeque<Timestamp>>, at: Timestamp) {
    if let Some(times) = times
        && let Some(place) = times.iter().rposition(|one| *one == at)
    {
        times.remove(place);
    }
}

/// A second after the last free failure, twice as long after each further one, a minute at most.
fn wait(times: Option<&VecDeque<Timestamp>>, free: usize, now: Timestamp) -> Duration {
    let Some((times, last)) = times.and_then(|times| Some((times, times.back()?))) else {
        return Duration::ZERO;
    };
    let Some(beyond) = times.len().checked_sub(free) else {
        return Duration::ZERO;
    };
    let pause = Duration::from_secs(1 << beyond.min(6)).min(LONGEST);
    last.plus(pause).since(now)
}

/// Drops what is older than `window`; a table that grows too large loses its oldest entries with it.
fn forget<K: Eq + Hash + Copy>(table: &mut HashMap<K, VecDeque<Timestamp>>, now: Timestamp, window: Duration) {
    if table.len() > MOST {
        let mut newest: Vec<_> = table.values().filter_map(|times| times.back().copied()).collect();
        newest.sort_unstable();
        let middle = newest.get(newest.len() / 2).copied().unwrap_or_default();
        table.retain(|_, times| times.back().is_some_and(|at| *at > middle));
    }
    table.retain(|_, times| {
        while times.front().is_some_and(|at| now.since(*at) >= window) {
            times.pop_front();
        }
        !times.is_empty()
    });
}

/// An IPv6 address counts with its /64: whoever has one has them all.
fn network(address: IpAddr) -> IpAddr {
    match guard::fold(address) {
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX)).into(),
        four @ IpAddr::V4(_) => four,
    }
}

const ACCOUNT_FREE: usize = 5;
const ADDRESS_FREE: usize = 60;
const ACCOUNT_WINDOW: Duration = Duration::from_mins(30);
const ADDRESS_WINDOW: Duration = Duration::from_mins(5);
const LONGEST: Duration = Duration::from_mins(1);
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp::from_s(1_800_000_000);

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn the_sixth_attempt_on_an_account_waits_and_the_wait_doubles() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            throttle.begin("a@example.com", address(1), T0).unwrap();
        }
        assert!(throttle.begin("a@example.com", address(2), T0).is_err());
        assert!(throttle.begin("b@example.com", address(1), T0).is_ok());
        let later = T0.plus(Duration::from_secs(1));
        throttle.begin("a@example.com", address(1), later).unwrap();
        let fault = throttle.begin("a@example.com", address(1), later).unwrap_err();
        assert!(matches!(fault, Fault::RateLimited { retry_after_s: 2 }));
    }

    #[test]
    fn nobody_is_locked_out_for_good() {
        let throttle = Throttle::default();
        let mut now = T0;
        for _ in 0..200 {
            now = now.plus(LONGEST);
            throttle.begin("a@example.com", address(1), now).unwrap();
        }
    }

    #[test]
    fn what_is_undecided_neither_counts_nor_forgets() {
        let throttle = Throttle::default();
        for _ in 0..4 {
            throttle.begin("a@example.com", address(1), T0).unwrap();
        }
        for _ in 0..100 {
            throttle.begin("a@example.com", address(1), T0).unwrap().undecided();
        }
        throttle.begin("a@example.com", address(1), T0).unwrap();
        assert!(throttle.begin("a@example.com", address(1), T0).is_err());
    }

    #[test]
    fn an_address_is_slowed_from_sixty_failures_and_successes_never_count() {
        let throttle = Throttle::default();
        for n in 0..200 {
            throttle
                .begin(&format!("{n}@example.com"), address(1), T0)
                .unwrap()
                .succeeded();
        }
        for n in 0..60 {
            throttle.begin(&format!("{n}@example.com"), address(1), T0).unwrap();
        }
        assert!(throttle.begin("z@example.com", address(1), T0).is_err());
        assert!(throttle.begin("z@example.com", address(2), T0).is_ok());
        assert!(
            throttle
                .begin("z@example.com", address(1), T0.plus(ADDRESS_WINDOW))
                .is_ok()
        );
    }
}
