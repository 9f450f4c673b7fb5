//! Traffic that looks real: a few streams that most watch, people who come in the evening, from homes, telephones and
//! data centres.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc, time::Duration};

use guard::{Asn, Place, Reason, Timestamp};
use ids::{NodeId, SessionId, StreamName};
use misuse::{Denial, Event, Stay, Subject, What};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// What happened, in order, and who stole.
pub(crate) struct Day {
    pub(crate) events: Vec<Event>,
    pub(crate) thieves: BTreeSet<Subject>,
    /// Of the thieves, those of whom one at least must be called, each by what it does.
    pub(crate) to_call: Vec<(&'static str, Vec<Subject>)>,
    /// Who is honest, by what they do.
    pub(crate) honest: Vec<(&'static str, Subject)>,
}

/// Where somebody is, on the network.
#[derive(Clone)]
pub(crate) struct Spot {
    pub(crate) address: IpAddr,
    pub(crate) asn: u32,
    pub(crate) country: &'static str,
    pub(crate) provider: &'static str,
}

/// Makes a day from a seed.
pub(crate) struct Maker {
    pub(crate) random: StdRng,
    pub(crate) day: Day,
    streams: Vec<StreamName>,
    nodes: [NodeId; 2],
    next: u64,
}

/// One session to be.
pub(crate) struct Visit<'a> {
    /// Empty for an open stream.
    pub(crate) token: &'a str,
    pub(crate) user: Option<&'a str>,
    pub(crate) page: Option<&'a str>,
    pub(crate) spot: &'a Spot,
    pub(crate) from_s: u64,
    pub(crate) for_s: u64,
    /// How long it stays behind when nobody gets it any more.
    pub(crate) lingers_s: u64,
}

impl<'a> Visit<'a> {
    /// With a token of a viewer's own, from the customer's page; nothing of it stays behind.
    pub(crate) fn of(who: &'a (String, String), spot: &'a Spot, from_s: u64, for_s: u64) -> Self {
        Self {
            token: &who.0,
            user: Some(&who.1),
            page: PAGE,
            spot,
            from_s,
            for_s,
            lingers_s: 0,
        }
    }

    /// From another page, or none.
    pub(crate) fn on(self, page: Option<&'a str>) -> Self {
        Self { page, ..self }
    }

    /// It stays behind for so long.
    pub(crate) fn lingering(self, lingers_s: u64) -> Self {
        Self { lingers_s, ..self }
    }
}

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            day: Day {
                events: Vec::new(),
                thieves: BTreeSet::new(),
                to_call: Vec::new(),
                honest: Vec::new(),
            },
            streams: (0..40).filter_map(|n| format!("7KQ2M-{n}").parse().ok()).collect(),
            nodes: [NodeId::from_uuid(numbered(1)), NodeId::from_uuid(numbered(2))],
            next: 10,
        }
    }

    /// What was made so far, in order.
    pub(crate) fn events(mut self) -> Vec<Event> {
        self.day.events.sort_by_key(|event| event.at);
        self.day.events
    }

    /// A session with its beats, from its beginning to its end.
    pub(crate) fn visit(&mut self, visit: &Visit<'_>) {
        let session = SessionId::from_uuid(self.fresh());
        // A few streams are watched by most.
        let stream = self.random.random_range(0.0_f64..1.0).powi(3) * 40.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 39")]
        let stream = self.streams[(stream as usize).min(39)].clone();
        let node = self.nodes[self.random.random_range(0..2)];
        let stay = Stay {
            session,
            node,
            stream,
            jti: Some(visit.token).filter(|token| !token.is_empty()).map(Arc::from),
            user: visit.user.map(Arc::from),
            address: visit.spot.address,
            place: Place {
                country: visit.spot.country.parse().ok(),
                asn: Some(Asn::new(visit.spot.asn)),
            },
            provider: Some(visit.spot.provider.into()),
            referrer: visit.page.map(Arc::from),
        };
        self.tell(visit.from_s, What::Started(Arc::new(stay)));
        let (end, gone) = (visit.from_s + visit.for_s, visit.from_s + visit.for_s + visit.lingers_s);
        for at in (visit.from_s + 10..gone).step_by(10) {
            let bytes = (at.min(end) - visit.from_s) * 300_000;
            self.tell(at, What::Beat { session, bytes });
        }
        self.tell(gone, What::Ended { session });
    }

    /// So many who each watched with a token of their own, from this page and this country, and are gone.
    pub(crate) fn others(&mut self, times: u64, page: Option<&str>, country: &'static str) {
        for _ in 0..times {
            let spot = Spot { country, ..self.home() };
            let who = self.names("other");
            self.visit(&Visit::of(&who, &spot, 0, 0).on(page));
        }
    }

    pub(crate) fn refuse(&mut self, address: IpAddr, token: Option<&str>, reason: Reason, at_s: u64) {
        let denial = Denial {
            stream: self.streams.first().cloned(),
            address,
            jti: token.map(Arc::from),
            reason,
        };
        self.tell(at_s, What::Denied(denial));
    }

    fn tell(&mut self, at_s: u64, what: What) {
        let at = BEGIN.plus(Duration::from_secs(at_s));
        self.day.events.push(Event { at, what });
    }

    pub(crate) fn honest(&mut self, what: &'static str, who: &(String, String)) {
        self.day
            .honest
            .extend([(what, token_of(&who.0)), (what, user_of(&who.1))]);
    }

    pub(crate) fn thief(&mut self, what: &'static str, subjects: &[Subject]) {
        self.day.thieves.extend(subjects.iter().cloned());
        self.day.to_call.push((what, subjects.to_vec()));
    }

    pub(crate) fn names(&mut self, what: &str) -> (String, String) {
        self.next += 1;
        (
            format!("jti-{what}-{}", self.next),
            format!("user-{what}-{}", self.next),
        )
    }

    fn fresh(&mut self) -> uuid::Uuid {
        self.next += 1;
        numbered(self.next.into())
    }

    /// Somewhere in the seven hours that are looked at, most in the middle.
    pub(crate) fn evening(&mut self) -> u64 {
        (0..3).map(|_| self.random.random_range(0..6_000)).sum()
    }

    pub(crate) fn page(&mut self) -> Option<&'static str> {
        // Some watch in an app.
        if self.random.random_bool(0.06) { None } else { PAGE }
    }

    /// Another device of a home: behind IPv4 all have one address, with IPv6 each its own in the /64.
    pub(crate) fn device(&mut self, home: &Spot) -> Spot {
        let address = match home.address {
            IpAddr::V4(_) => home.address,
            IpAddr::V6(six) => {
                let host = u128::from(self.random.random::<u64>());
                std::net::Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX) | host).into()
            }
        };
        Spot {
            address,
            ..home.clone()
        }
    }

    pub(crate) fn address(&mut self) -> IpAddr {
        IpAddr::from([
            self.random.random_range(11..120),
            self.random.random(),
            self.random.random(),
            self.random.random_range(1..255),
        ])
    }

    pub(crate) fn home(&mut self) -> Spot {
        let number = self.random.random_range(0..12);
        let country = if number < 9 { "DE" } else { "AT" };
        let address = if self.random.random_bool(0.4) {
            let bits = 0x2001_0db8_u128 << 96 | u128::from(self.random.random::<u32>()) << 64 | 7;
            std::net::Ipv6Addr::from_bits(bits).into()
        } else {
            self.address()
        };
        Spot {
            address,
            asn: 64_600 + number,
            country,
            provider: "Home Telecom",
        }
    }

    pub(crate) fn mobile(&mut self) -> Spot {
        let asn = 64_700 + self.random.random_range(0..3);
        Spot {
            address: self.address(),
            asn,
            country: "DE",
            provider: "Mobile DE",
        }
    }

    pub(crate) fn abroad(&mut self) -> Spot {
        let number = self.random.random_range(0..5);
        let country = ["BR", "IN", "US", "TR", "ID"][number as usize];
        Spot {
            address: self.address(),
            asn: 65_000 + number,
            country,
            provider: "Telecom",
        }
    }

    pub(crate) fn data_centre(&mut self) -> Spot {
        let number = self.random.random_range(0..3_usize);
        let (asn, country) = [(24_940, "DE"), (14_061, "US"), (16_276, "FR")][number];
        Spot {
            address: self.address(),
            asn,
            country,
            provider: "Servers",
        }
    }
}

pub(crate) fn token_of(token: &str) -> Subject {
    Subject::Token(token.into())
}

pub(crate) fn user_of(user: &str) -> Subject {
    Subject::User(user.into())
}

fn numbered(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

pub(crate) const PAGE: Option<&str> = Some("shop.example");
/// 2027-01-15 08:00 UTC.
pub(crate) const BEGIN: Timestamp = Timestamp::from_s(1_800_000_000);
