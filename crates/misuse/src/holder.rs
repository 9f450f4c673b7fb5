//! What one token, viewer or address does now.

use std::{
    collections::{BTreeSet, HashMap},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use guard::{Asn, Country, Reason, Timestamp};
use ids::{NodeId, SessionId, StreamName};

use crate::{
    Stay,
    recent::Recent,
    tally::Tally,
    thresholds::{COUNTRIES_WITHIN, PAUSE, STALLED},
};

/// One token, viewer or address.
#[derive(Debug, Default)]
pub(crate) struct Holder {
    pub(crate) open: HashMap<SessionId, Open>,
    /// From where sessions began.
    pub(crate) addresses: Recent<(Group, IpAddr)>,
    pub(crate) countries: Recent<Seen>,
    pub(crate) starts: Tally,
    /// On which streams sessions began.
    pub(crate) streams: Recent<StreamName>,
    pub(crate) denials: Tally,
    /// For which streams it was refused.
    pub(crate) refused: Recent<StreamName>,
    /// Of the denials, those of what was forged.
    pub(crate) forged: Tally,
    /// Since when it plays without a pause, and until when.
    pub(crate) playing: Option<(Timestamp, Timestamp)>,
    /// The token of the session that began last.
    pub(crate) token: Option<Arc<str>>,
    /// When it was seen last that several are here, at once or with another token each: of use at an address.
    pub(crate) shared: Option<Timestamp>,
    /// Whether a viewer is named.
    pub(crate) is_bound: bool,
    /// Whether it had a session.
    pub(crate) has_watched: bool,
    /// The last session that came from an unusual page, and what is unusual of it; and so on.
    pub(crate) odd_referrer: Option<(SessionId, String)>,
    pub(crate) odd_country: Option<(SessionId, String)>,
    pub(crate) hosting: Option<(SessionId, String)>,
    pub(crate) judged: Timestamp,
    pub(crate) heard: Timestamp,
    /// With what it was counted as usual already.
    pub(crate) met: Met,
}

/// A session that goes on.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) group: Group,
    /// One address of IPv6 is a /64.
    pub(crate) address: IpAddr,
    /// Through a data centre, as whoever uses a VPN is.
    pub(crate) hosting: bool,
    pub(crate) country: Option<Country>,
    pub(crate) node: NodeId,
    pub(crate) stream: StreamName,
    pub(crate) jti: Option<Arc<str>>,
    pub(crate) started: Timestamp,
    pub(crate) progressed: Timestamp,
    bytes: u64,
}

/// Addresses that count as one: a network's, or those of one /24 or /64 where the network is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Group {
    Network(Asn),
    Block(IpAddr),
}

/// A country that somebody was seen in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) country: Country,
    /// Through a data centre, as whoever uses a VPN is.
    pub(crate) hosting: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Met {
    pub(crate) countries: BTreeSet<Country>,
    pub(crate) referrers: BTreeSet<Option<Arc<str>>>,
}

/// What a session that goes on with a newer token brings along.
#[derive(Debug)]
pub(crate) struct Moved {
    open: Open,
    playing: Option<(Timestamp, Timestamp)>,
    met: Met,
}

impl Holder {
    /// Takes in a session that began; `hosting` says whether it comes from a data centre.
    pub(crate) fn started(&mut self, stay: &Stay, hosting: bool, at: Timestamp) {
        self.starts.add(at);
        if self.has_watched && self.token != stay.jti {
            self.shared = Some(at);
        }
        self.token.clone_from(&stay.jti);
        self.take(stay, hosting, at);
    }

    /// Lets a session go that goes on with a newer token.
    pub(crate) fn leave(&mut self, session: SessionId) -> Option<Moved> {
        let open = self.open.remove(&session)?;
        Some(Moved {
            open,
            playing: self.playing,
            met: self.met.clone(),
        })
    }

    /// Takes in a session that began with an older token. It goes on as it was there, and what it was counted as usual
    /// with is not counted again.
    pub(crate) fn renewed(&mut self, stay: &Stay, hosting: bool, moved: Option<Moved>, at: Timestamp) {
        let is_new = !self.has_watched;
        self.take(stay, hosting, at);
        let Some(Moved { open, playing, met }) = moved else {
            return;
        };
        if let Some(now) = self.open.get_mut(&stay.session) {
            (now.started, now.progressed, now.bytes) = (open.started, open.progressed, open.bytes);
        }
        let goes_on = |(_, last): &(Timestamp, Timestamp)| at.since(*last) < PAUSE;
        self.playing = match (self.playing.filter(goes_on), playing.filter(goes_on)) {
            (Some((since, last)), Some((earlier, later))) => Some((since.min(earlier), last.max(later))),
            (one, other) => one.or(other),
        };
        if is_new {
            self.met = met;
        }
    }

    fn take(&mut self, stay: &Stay, hosting: bool, at: Timestamp) {
        let group = group(stay);
        self.open.insert(
            stay.session,
            Open {
                group,
                address: guard::block(stay.address),
                hosting,
                country: stay.place.country,
                node: stay.node,
                stream: stay.stream.clone(),
                jti: stay.jti.clone(),
                started: at,
                progressed: at,
                bytes: 0,
            },
        );
        self.is_bound |= stay.user.is_some();
        self.has_watched = true;
        self.addresses.renew(at, (group, guard::block(stay.address)));
        self.streams.renew(at, stay.stream.clone());
        if let Some(country) = stay.place.country {
            self.countries.renew(at, Seen { country, hosting });
        }
        if hosting {
            let network = match (stay.place.asn, &stay.provider) {
                (Some(asn), Some(name)) => format!("{name} (AS{asn})"),
                (Some(asn), None) => format!("AS{asn}"),
                (None, name) => name.as_deref().unwrap_or_default().to_owned(),
            };
            self.hosting = Some((stay.session, network));
        }
    }

    /// Whether it got something since the last beat.
    pub(crate) fn beat(&mut self, session: SessionId, bytes: u64, at: Timestamp) {
        let Some(open) = self.open.get_mut(&session).filter(|open| bytes > open.bytes) else {
            return;
        };
        (open.bytes, open.progressed) = (bytes, at);
        let (country, started) = (open.country, open.started);
        self.playing = match self.playing {
            Some((since, last)) if at.since(last) < PAUSE => Some((since, at)),
            _ if at.since(started) < PAUSE => Some((started, at)),
            _ => Some((at, at)),
        };
        // Still there, though it came from there long ago.
        let known = country.and_then(|country| {
            self.countries
                .within(COUNTRIES_WITHIN, at)
                .find(|(_, seen)| seen.country == country)
                .map(|(_, seen)| *seen)
        });
        if let Some(seen) = known {
            self.countries.renew(at, seen);
        }
    }

    /// Sessions that somebody watches, and not since a moment ago.
    pub(crate) fn watched(&self, beside: std::time::Duration, now: Timestamp) -> impl Iterator<Item = &Open> {
        self.open
            .values()
            .filter(move |open| now.since(open.progressed) <= STALLED && now.since(open.started) >= beside)
    }
}

/// Which network or block a session is in.
pub(crate) fn group(stay: &Stay) -> Group {
    stay.place
        .asn
        .map_or_else(|| Group::Block(block(stay.address)), Group::Network)
}

/// The /24 of an IPv4 address, the /64 of an IPv6 one.
fn block(address: IpAddr) -> IpAddr {
    match guard::block(address) {
        IpAddr::V4(four) => Ipv4Addr::from_bits(four.to_bits() & 0xffff_ff00).into(),
        six @ IpAddr::V6(_) => six,
    }
}

/// Whether nobody who means well is refused for this: keys and addresses go wrong by mistake, a signature does not.
pub(crate) fn is_forged(reason: Reason) -> bool {
    reason == Reason::TokenSignature
}

/// Whether it says something of whoever is refused: who waits for a stream, meets a fault of ours, or was sent away by us
/// does no wrong by it.
pub(crate) fn counts(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::StreamOffline
            | Reason::NotReady
            | Reason::BackendUnavailable
            | Reason::Throttled
            | Reason::SessionEnded
    )
}
