//! Slowing addresses that are refused again and again. Successes never count; nobody is locked out for good.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use guard::{Reason, Timestamp};

/// Refusals by address, in the current window.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<IpAddr, Window>>);

#[derive(Clone, Copy, Debug)]
struct Window {
    begun: Timestamp,
    denials: u32,
}

impl Throttle {
    /// Whether `address` has had its share of refusals.
    pub(super) fn slows(&self, address: IpAddr, now: Timestamp) -> bool {
        self.lasts(address, now).is_some()
    }

    /// For how long it is slowed yet, if it is.
    pub(super) fn lasts(&self, address: IpAddr, now: Timestamp) -> Option<Duration> {
        let address = guard::block(address);
        let windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.get(&address).filter(|window| window.denials >= DENIALS)?;
        let left = WINDOW.saturating_sub(now.since(window.begun));
        (!left.is_zero()).then_some(left)
    }

    /// Counts a refusal, unless it says nothing against who asked.
    pub(super) fn denied(&self, address: IpAddr, reason: Reason, now: Timestamp) {
        if matches!(
            reason,
            Reason::Throttled | Reason::StreamOffline | Reason::NotReady | Reason::BackendUnavailable
        ) {
            return;
        }
        // Whoever has an IPv6 address has a whole /64 of them.
        let address = guard::block(address);
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= ADDRESSES {
            windows.retain(|_, window| now.since(window.begun) < WINDOW);
            if windows.len() >= ADDRESSES {
                windows.clear();
            }
        }
        let window = windows.entry(address).or_insert(Window { begun: now, denials: 0 });
        if now.since(window.begun) >= WINDOW {
            *window = Window { begun: now, denials: 0 };
        }
        window.denials = window.denials.saturating_add(1);
    }
}

const WINDOW: Duration = Duration::from_mins(5);
const DENIALS: u32 = 300;
/// Bounds the table; 64 bytes each.
const ADDRESSES: usize = 100_000;

#[cfg(test)]
mod tests {
    use std::{
        net::{IpAddr, Ipv4Addr},
        time::Duration,
    };

    use guard::{Reason, Timestamp};

    use super::{DENIALS, Throttle};

    #[test]
    fn an_address_is_slowed_after_its_share_of_refusals_and_not_for_good() {
        let (throttle, here) = (Throttle::default(), IpAddr::from(Ipv4Addr::LOCALHOST));
        let now = Timestamp::from_s(1_000);
        for _ in 0..DENIALS {
            assert!(!throttle.slows(here, now));
            throttle.denied(here, Reason::TokenExpired, now);
        }
        assert!(throttle.slows(here, now));
        assert!(!throttle.slows(IpAddr::from([127, 0, 0, 2]), now));
        for (gone, left) in [(0, Some(300)), (299, Some(1)), (300, None), (301, None)] {
            let then = now.plus(Duration::from_secs(gone));
            assert_eq!(throttle.lasts(here, then), left.map(Duration::from_secs), "{gone}");
            assert_eq!(throttle.slows(here, then), left.is_some(), "{gone}");
        }
    }

    #[test]
    fn a_network_that_is_one_customers_is_slowed_as_one() {
        let (throttle, now) = (Throttle::default(), Timestamp::from_s(1_000));
        let six = |network: u16, host: u32| {
            let [_, _, high, low] = host.to_be_bytes().map(u16::from);
            IpAddr::from([0x2001, 0xdb8, 0, network, 0, 0, high, low])
        };
        for host in 0..DENIALS {
            assert!(!throttle.slows(six(1, host), now));
            throttle.denied(six(1, host), Reason::TokenExpired, now);
        }
        assert!(throttle.slows(six(1, DENIALS), now));
        assert!(!throttle.slows(six(2, 0), now));
        // An IPv4 address is the same in the other family's clothes.
        let (four, mapped) = ("192.0.2.7".parse().unwrap(), "::ffff:192.0.2.7".parse().unwrap());
        for _ in 0..DENIALS {
            throttle.denied(mapped, Reason::TokenExpired, now);
        }
        assert!(throttle.slows(four, now));
    }

    #[test]
    fn a_stream_that_is_offline_is_not_held_against_who_asked() {
        let (throttle, here) = (Throttle::default(), IpAddr::from(Ipv4Addr::LOCALHOST));
        for _ in 0..2 * DENIALS {
            throttle.denied(here, Reason::StreamOffline, Timestamp::from_s(1));
        }
        assert!(!throttle.slows(here, Timestamp::from_s(1)));
    }
}
