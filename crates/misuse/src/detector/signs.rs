//! Each indicator, and what it adds to the score.
//!
//! What an honest household, an office behind one address, a telephone that roams or a viewer with a VPN does too adds
//! little, and together less than what calls somebody a thief.
//!
//! What one viewer does shows of an address as well, as long as one alone is there: no two at once, and none with
//! another token, for an hour. An address does not say who that is; so it counts a third there. Of a home, whatever
//! honest people give a reason for comes to 49 points, with many connections and refusals; of an address in a data
//! centre, what one viewer with a VPN does comes to 41. A relay of an open stream is suspicious, not called.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use guard::{Country, Timestamp};
use ids::{SessionId, StreamName};

use crate::{
    Indicator, Subject, Thresholds,
    holder::{Holder, Open, Seen},
    raised::Raise,
    thresholds::{
        ADDRESSES_WITHIN, BESIDE, COUNTRIES_WITHIN, DENIALS_WITHIN, PAUSE, RECONNECTS_WITHIN, SHARED_FOR, TRAVEL_KMH,
    },
    world::{Between, between},
};

/// Raises what holds of one of them now, since something is known of its sessions.
pub(super) fn raise(holder: &mut Holder, thresholds: &Thresholds, mut raise: Raise<'_>) {
    let now = raise.now;
    holder.addresses.forget(ADDRESSES_WITHIN, now);
    holder.countries.forget(COUNTRIES_WITHIN, now);
    holder.starts.forget(RECONNECTS_WITHIN, now);
    holder.streams.forget(COUNTRIES_WITHIN, now);
    forget_refusals(holder, now);
    let is_address = matches!(raise.subject, Subject::Address(_));
    if holder.watched(BESIDE, now).nth(1).is_some() {
        holder.shared = Some(now);
    }
    let case = Case {
        watched: holder.watched(BESIDE, now).collect(),
        holder,
        is_address,
        thresholds,
        now,
    };
    let raise = &mut raise;
    case.hosting(raise);
    case.connections(raise);
    case.denials(raise);
    if is_address {
        if !case.is_shared() {
            case.referrer(raise);
            case.long_playback(raise);
            case.reconnects(raise);
            case.unusual_country(raise);
        }
        return;
    }
    case.addresses(raise);
    case.referrer(raise);
    case.countries(raise);
    case.sessions(raise);
    case.long_playback(raise);
    case.reconnects(raise);
    case.unusual_country(raise);
    case.nodes(raise);
}

/// Raises what refusals say of one of them now, and nothing else: whoever was cut off tries again and is refused, and by
/// that none of what their sessions did goes on.
pub(super) fn raise_of_refusals(holder: &mut Holder, thresholds: &Thresholds, mut raise: Raise<'_>) {
    let now = raise.now;
    forget_refusals(holder, now);
    let case = Case {
        watched: Vec::new(),
        holder,
        is_address: matches!(raise.subject, Subject::Address(_)),
        thresholds,
        now,
    };
    case.denials(&mut raise);
}

fn forget_refusals(holder: &mut Holder, now: Timestamp) {
    holder.denials.forget(DENIALS_WITHIN, now);
    holder.refused.forget(DENIALS_WITHIN, now);
    holder.forged.forget(DENIALS_WITHIN, now);
}

struct Case<'a> {
    holder: &'a Holder,
    /// Sessions that somebody watches, beside each other for long enough.
    watched: Vec<&'a Open>,
    is_address: bool,
    thresholds: &'a Thresholds,
    now: Timestamp,
}

impl Case<'_> {
    /// Whether several are there, or were of late.
    fn is_shared(&self) -> bool {
        let shared = self.holder.shared;
        shared.is_some_and(|shared| self.now.since(shared) < SHARED_FOR)
    }

    fn holds(&self, raise: &mut Raise<'_>, indicator: Indicator, points: u32, evidence: impl FnOnce() -> String) {
        raise.holds(indicator, points, self.streams(indicator), evidence);
    }

    /// On which streams an indicator shows: those of sessions that go on, or count though they are over.
    fn streams(&self, indicator: Indicator) -> impl Iterator<Item = &StreamName> {
        let span = match indicator {
            Indicator::Countries => COUNTRIES_WITHIN,
            Indicator::Addresses => ADDRESSES_WITHIN,
            Indicator::Reconnects => RECONNECTS_WITHIN,
            _ => Duration::ZERO,
        };
        let began = self.holder.streams.within(span, self.now).map(|(_, stream)| stream);
        let open = self.holder.open.values().map(|open| &open.stream);
        open.chain(began)
    }

    /// What one viewer's sign is worth: of an address less, in a data centre too, where honest people come out of VPNs.
    fn weighed(&self, points: u32) -> u32 {
        if self.is_address { points.div_euclid(3) } else { points }
    }

    /// Addresses outside one network. A telephone has them one after the other, and a family at once: a home, and
    /// telephones on one carrier. So homes are counted apart.
    fn addresses(&self, raise: &mut Raise<'_>) {
        let open = self.holder.open.values().map(|open| (open.group, open.address));
        let all: BTreeSet<_> = self.holder.addresses.all().copied().chain(open).collect();
        let networks = count(all.iter().map(|(group, _)| group).collect::<BTreeSet<_>>().len());
        let least = self.thresholds.addresses.max(2);
        if count(all.len()) < least || networks < 2 {
            return;
        }
        let at_once = Places::of(&self.watched);
        let points = match at_once.apart.checked_sub(least) {
            // As many as that are a home, and two telephones on two carriers.
            Some(0) if at_once.addresses <= least => 15,
            Some(more) => 50_u32.saturating_add(more.saturating_mul(5)).min(80),
            None if at_once.networks > 1 && at_once.addresses > least => 30,
            None => 5,
        };
        self.holds(raise, Indicator::Addresses, points, || {
            let addresses = counted(count(all.len()), "address", "addresses");
            let networks = counted(networks, "network", "networks");
            // Who came just now is not known to be there at once.
            let at_once = match at_once.addresses {
                0 => String::new(),
                many => format!(", {many} at once"),
            };
            format!("{addresses} in {networks} within 10 minutes{at_once}")
        });
    }

    fn hosting(&self, raise: &mut Raise<'_>) {
        if let Some(network) = self.of_open(self.holder.hosting.as_ref()) {
            self.holds(raise, Indicator::Hosting, 20, || {
                format!("from a data centre: {network}")
            });
        }
    }

    /// A page that hardly anybody comes from; or none, where others have one, or where it is a server that asks.
    fn referrer(&self, raise: &mut Raise<'_>) {
        if let Some(odd) = self.of_open(self.holder.odd_referrer.as_ref()) {
            self.holds(raise, Indicator::Referrer, self.weighed(20), || odd.clone());
        }
    }

    fn unusual_country(&self, raise: &mut Raise<'_>) {
        if let Some(odd) = self.of_open(self.holder.odd_country.as_ref()) {
            self.holds(raise, Indicator::UnusualCountry, self.weighed(10), || odd.clone());
        }
    }

    /// What was noted of a session that goes on.
    fn of_open<'a>(&self, noted: Option<&'a (SessionId, String)>) -> Option<&'a String> {
        let (session, text) = noted?;
        self.holder.open.contains_key(session).then_some(text)
    }

    /// Countries at once, or one after the other faster than anybody travels. At a border a telephone hears both; a data
    /// centre on the way is a VPN that was switched on.
    fn countries(&self, raise: &mut Raise<'_>) {
        let recent: Vec<(Timestamp, Seen)> = self.holder.countries.each().map(|(at, seen)| (at, *seen)).collect();
        let all: BTreeSet<Country> = recent.iter().map(|(_, seen)| seen.country).collect();
        let least = self.thresholds.countries.max(2);
        if count(all.len()) < least {
            return;
        }
        let watched = self.watched.iter().filter(|open| !open.hosting);
        let at_once: BTreeSet<Country> = watched.filter_map(|open| open.country).collect();
        if count(at_once.len()) >= least && are_apart(&at_once) {
            let more = count(at_once.len()).saturating_sub(2);
            let points = 35_u32.saturating_add(more.saturating_mul(10)).min(60);
            self.holds(raise, Indicator::Countries, points, || {
                format!("{} countries at once: {}", at_once.len(), listed(&at_once))
            });
        } else if let Some((from, to, far, took)) = leap(&recent) {
            self.holds(raise, Indicator::Countries, 35, || {
                let minutes = u32::try_from(took.as_secs().div_ceil(60)).unwrap_or(u32::MAX);
                let within = counted(minutes.max(1), "minute", "minutes");
                format!("{from} and {to}, {far} km apart, within {within}")
            });
        } else {
            self.holds(raise, Indicator::Countries, 5, || {
                format!("{} countries within an hour: {}", all.len(), listed(&all))
            });
        }
    }

    /// Sessions at once of one viewer; half as much where they look like a family's, which has many screens.
    fn sessions(&self, raise: &mut Raise<'_>) {
        let at_once = count(self.watched.len());
        let Some(more) = at_once.checked_sub(self.thresholds.sessions.max(2)) else {
            return;
        };
        if !self.holder.is_bound {
            return;
        }
        let places = Places::of(&self.watched);
        let points = 20_u32.saturating_add(more.saturating_mul(10)).min(60);
        let is_family = places.addresses <= 3;
        let points = if is_family { points.div_euclid(2) } else { points };
        self.holds(raise, Indicator::Sessions, points, || {
            let addresses = counted(places.addresses, "address", "addresses");
            format!("{at_once} sessions at once, from {addresses}, of one viewer")
        });
    }

    fn long_playback(&self, raise: &mut Raise<'_>) {
        let Some((since, last)) = self.holder.playing else {
            return;
        };
        // Since several were there, where it is an address.
        let shared = self.holder.shared.filter(|_| self.is_address);
        let since = shared.map_or(since, |shared| since.max(shared));
        let hours = u32::try_from(last.since(since).as_secs().div_euclid(3_600)).unwrap_or(u32::MAX);
        if self.now.since(last) < PAUSE && hours >= self.thresholds.hours.max(1) {
            let points = self.weighed(if hours >= 24 { 30 } else { 15 });
            self.holds(raise, Indicator::LongPlayback, points, || {
                format!("{} without a pause", counted(hours, "hour", "hours"))
            });
        }
    }

    fn reconnects(&self, raise: &mut Raise<'_>) {
        let times = self.holder.starts.times();
        // Whoever came to an address and stays is somebody else, and began once.
        let beside = count(self.holder.open.len()).saturating_sub(1);
        let of_one = if self.is_address {
            times.saturating_sub(beside)
        } else {
            times
        };
        if let Some(more) = of_one.checked_sub(self.thresholds.reconnects.max(2)) {
            let points = self.weighed(5_u32.saturating_add(more.div_euclid(4)).min(15));
            let evidence = || format!("{times} sessions began within 10 minutes");
            self.holds(raise, Indicator::Reconnects, points, evidence);
        }
    }

    /// Connections from one address. An office has as many people as connections.
    fn connections(&self, raise: &mut Raise<'_>) {
        let least = self.thresholds.connections.max(2);
        if count(self.holder.open.len()) < least {
            return;
        }
        let mut addresses: BTreeMap<_, BTreeMap<_, u32>> = BTreeMap::new();
        for open in self.holder.open.values() {
            let of_token = addresses.entry(open.address).or_default().entry(&open.jti).or_insert(0);
            *of_token = of_token.saturating_add(1);
        }
        let of_address = |tokens: &BTreeMap<_, u32>| tokens.values().sum::<u32>();
        let most = addresses.into_iter().max_by_key(|(_, tokens)| of_address(tokens));
        let Some((address, tokens)) = most.filter(|(_, tokens)| of_address(tokens) >= least) else {
            return;
        };
        // Without tokens, who is one viewer is not known.
        let of_tokens = tokens.iter().filter(|(jti, _)| jti.is_some());
        let of_one = of_tokens.map(|(_, sessions)| *sessions).max().unwrap_or(0);
        let points = if of_one.saturating_mul(2) >= least { 50 } else { 10 };
        self.holds(raise, Indicator::Connections, points, || {
            let on = counted(count(tokens.len()), "token", "tokens");
            let connections = of_address(&tokens);
            format!("{connections} connections at once from {address}, on {on}, up to {of_one} on one")
        });
    }

    /// One token on several nodes at once. A player that was led to another node leaves a session behind that gets
    /// nothing any more; a family's screens may be on two, so it adds little.
    fn nodes(&self, raise: &mut Raise<'_>) {
        let mut tokens: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for open in &self.watched {
            tokens.entry(&open.jti).or_default().insert(open.node);
        }
        let nodes = tokens.values().map(BTreeSet::len).max().unwrap_or(0);
        if nodes > 1 {
            self.holds(raise, Indicator::Nodes, 5, || format!("on {nodes} nodes at once"));
        }
    }

    /// Refusals. Of what expired or was taken back a player tries again and again; nobody forges by mistake.
    fn denials(&self, raise: &mut Raise<'_>) {
        let (times, forged) = (self.holder.denials.times(), self.holder.forged.times());
        let least = self.thresholds.denials.max(1);
        let Some(more) = times.checked_sub(least) else {
            return;
        };
        let points = if forged >= least {
            50_u32.saturating_add(forged.div_euclid(10)).min(70)
        } else {
            5_u32.saturating_add(more.div_euclid(10)).min(15)
        };
        // Not on those of its sessions, which may be very many.
        let streams = self.holder.refused.all();
        raise.holds(Indicator::Denials, points, streams, || {
            format!("refused {times} times within 5 minutes, {forged} of them with what was forged")
        });
    }
}

/// From where a token is watched at once.
struct Places {
    addresses: u32,
    networks: u32,
    /// Addresses, those of the network with the most taken for one.
    apart: u32,
}

impl Places {
    fn of(watched: &[&Open]) -> Self {
        let all: BTreeSet<_> = watched.iter().map(|open| (open.group, open.address)).collect();
        let mut networks = BTreeMap::new();
        for (group, _) in &all {
            let addresses = networks.entry(group).or_insert(0_u32);
            *addresses = addresses.saturating_add(1);
        }
        let addresses = count(all.len());
        let largest = networks.values().copied().max().unwrap_or(0);
        Self {
            addresses,
            networks: count(networks.len()),
            apart: addresses.saturating_sub(largest).saturating_add(u32::from(largest > 0)),
        }
    }
}

fn are_apart(countries: &BTreeSet<Country>) -> bool {
    let mut pairs = countries
        .iter()
        .flat_map(|one| countries.iter().map(move |other| (*one, *other)));
    pairs.any(|(one, other)| matches!(between(one, other), Between::Kilometres(_) | Between::Unknown))
}

/// Two countries, how far they are apart, and how soon somebody was in the second who can hardly have travelled so.
fn leap(recent: &[(Timestamp, Seen)]) -> Option<(Country, Country, u32, Duration)> {
    let turns = recent.iter().zip(recent.iter().skip(1));
    turns
        .filter(|((_, from), (_, to))| !from.hosting && !to.hosting)
        .find_map(|((before, from), (at, to))| {
            let Between::Kilometres(far) = between(from.country, to.country) else {
                return None;
            };
            let took = at.since(*before);
            let is_leap = f64::from(far) > TRAVEL_KMH * took.as_secs_f64() / 3_600.0;
            is_leap.then_some((from.country, to.country, far, took))
        })
}

fn listed(countries: &BTreeSet<Country>) -> String {
    countries.iter().map(Country::to_string).collect::<Vec<_>>().join(", ")
}

fn counted(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
