//! Who comes on a day: the honest, among them who looks like a thief and is none, and thieves.

use guard::Reason;
use misuse::Subject;
use rand::Rng;

use crate::traffic::{Day, Maker, Spot, Visit, token_of, user_of};

impl Maker {
    /// A whole day: some hundred honest people, and a few thieves.
    pub(crate) fn day(mut self) -> Day {
        for _ in 0..320 {
            self.solo();
        }
        for _ in 0..16 {
            self.household();
            self.roaming_phone();
        }
        for _ in 0..8 {
            self.vpn();
            self.flaky();
            self.all_day();
            self.commuter();
            self.traveller();
            self.late_player();
        }
        self.office();
        self.carrier_nat();
        for _ in 0..2 {
            self.shared_in_public();
            self.ring();
            self.relay();
            self.embedded_elsewhere();
            self.forger();
            self.farm();
        }
        self.day.events.sort_by_key(|event| event.at);
        self.day
    }

    fn solo(&mut self) {
        let who = self.names("solo");
        let spot = self.home();
        let (from_s, for_s) = (self.evening(), self.random.random_range(300..7_200));
        let page = self.page();
        self.visit(&Visit::of(&who, &spot, from_s, for_s).on(page));
        self.honest("solo", &who);
    }

    /// Two to four screens on Wi-Fi, and one or two telephones that are on their carrier.
    fn household(&mut self) {
        let who = self.names("household");
        let home = self.home();
        let begin = self.evening();
        for _ in 0..self.random.random_range(2..4) {
            let device = self.device(&home);
            let from_s = begin + self.random.random_range(0..1_200);
            let for_s = self.random.random_range(1_800..9_000);
            self.visit(&Visit::of(&who, &device, from_s, for_s));
        }
        for _ in 0..self.random.random_range(1..3) {
            let mobile = Spot {
                address: self.address(),
                ..self.mobile()
            };
            let from_s = begin + self.random.random_range(0..3_600);
            let for_s = self.random.random_range(300..3_600);
            self.visit(&Visit::of(&who, &mobile, from_s, for_s));
        }
        self.honest("household", &who);
    }

    /// Wi-Fi at home, the carrier with another address every few minutes, Wi-Fi elsewhere. What was left behind lingers.
    fn roaming_phone(&mut self) {
        let who = self.names("phone");
        let (mut at, carrier) = (self.evening(), self.mobile());
        let mut spots = vec![self.home()];
        for _ in 0..self.random.random_range(2..8) {
            spots.push(Spot {
                address: self.address(),
                ..carrier.clone()
            });
        }
        spots.push(self.home());
        for spot in &spots {
            let for_s = self.random.random_range(60..600);
            self.visit(&Visit::of(&who, spot, at, for_s).lingering(30));
            at += for_s;
        }
        self.honest("roaming phone", &who);
    }

    /// Switches a VPN on, to a data centre in another country, and off again.
    fn vpn(&mut self) {
        let who = self.names("vpn");
        let (home, exit) = (self.home(), self.data_centre());
        let mut at = self.evening();
        for spot in [&home, &exit, &home, &exit] {
            let for_s = self.random.random_range(120..3_600);
            self.visit(&Visit::of(&who, spot, at, for_s).lingering(20));
            at += for_s;
        }
        self.honest("vpn", &who);
    }

    /// A line that breaks again and again.
    fn flaky(&mut self) {
        let who = self.names("flaky");
        let spot = self.home();
        let mut at = self.evening();
        for _ in 0..self.random.random_range(15..40) {
            let for_s = self.random.random_range(5..60);
            self.visit(&Visit::of(&who, &spot, at, for_s).lingering(20));
            at += for_s;
        }
        self.honest("flaky line", &who);
    }

    /// A screen that is never switched off.
    fn all_day(&mut self) {
        let who = self.names("screen");
        let spot = self.home();
        let from_s = self.random.random_range(0..3_600);
        self.visit(&Visit::of(&who, &spot, from_s, 26_000));
        self.honest("screen", &who);
    }

    /// Over a border and back, by train.
    fn commuter(&mut self) {
        let who = self.names("commuter");
        let (here, there) = (
            self.mobile(),
            Spot {
                country: "FR",
                asn: 64_801,
                provider: "Mobile FR",
                address: self.address(),
            },
        );
        let mut at = self.evening();
        for spot in [&here, &there, &here, &there] {
            let for_s = self.random.random_range(120..900);
            self.visit(&Visit::of(&who, spot, at, for_s).lingering(20));
            at += for_s;
        }
        self.honest("commuter", &who);
    }

    /// From one country to a far one, in the time that it takes.
    fn traveller(&mut self) {
        let who = self.names("traveller");
        let home = self.home();
        let hotel = Spot {
            country: "ES",
            asn: 64_901,
            provider: "Hotel",
            address: self.address(),
        };
        let from_s = self.random.random_range(0..7_200);
        self.visit(&Visit::of(&who, &home, from_s, 1_800));
        let later = from_s + 1_800 + 9_000;
        self.visit(&Visit::of(&who, &hotel, later, 1_800));
        self.honest("traveller", &who);
    }

    /// A player that goes on trying with a token that is over.
    fn late_player(&mut self) {
        let who = self.names("late");
        let spot = self.home();
        let from_s = self.evening();
        self.visit(&Visit::of(&who, &spot, from_s, 600));
        for turn in 0..self.random.random_range(30..120) {
            self.refuse(
                spot.address,
                Some(&who.0),
                Reason::TokenExpired,
                from_s + 600 + turn * 3,
            );
        }
        self.honest("late player", &who);
        self.day
            .honest
            .push(("late player", Subject::Address(guard::block(spot.address))));
    }

    /// Many people behind one address, each with a token.
    fn office(&mut self) {
        let office = self.home();
        for _ in 0..self.random.random_range(40..70) {
            self.one_of_many("office", &office);
        }
        self.day
            .honest
            .push(("office", Subject::Address(guard::block(office.address))));
    }

    fn carrier_nat(&mut self) {
        let carrier = self.mobile();
        for _ in 0..self.random.random_range(30..60) {
            self.one_of_many("carrier", &carrier);
        }
        self.day
            .honest
            .push(("carrier", Subject::Address(guard::block(carrier.address))));
    }

    fn one_of_many(&mut self, what: &'static str, spot: &Spot) {
        let who = self.names(what);
        let (from_s, for_s) = (
            self.random.random_range(0..3_600),
            self.random.random_range(1_800..10_000),
        );
        self.visit(&Visit::of(&who, spot, from_s, for_s));
        self.honest(what, &who);
    }

    /// A token in a forum: whoever reads it watches.
    fn shared_in_public(&mut self) {
        let who = self.names("public");
        let begin = self.evening();
        for _ in 0..self.random.random_range(8..40) {
            let spot = if self.random.random_bool(0.5) {
                self.home()
            } else {
                self.abroad()
            };
            let (from_s, for_s) = (
                begin + self.random.random_range(0..1_800),
                self.random.random_range(600..5_000),
            );
            self.visit(&Visit::of(&who, &spot, from_s, for_s).on(None));
        }
        self.thief("shared in public", &[token_of(&who.0), user_of(&who.1)]);
    }

    /// Some homes that pay for one; two of them abroad or not.
    fn ring(&mut self) {
        let who = self.names("ring");
        let begin = self.evening();
        for _ in 0..self.random.random_range(4..9) {
            let spot = self.home();
            let (from_s, for_s) = (
                begin + self.random.random_range(0..600),
                self.random.random_range(3_600..7_200),
            );
            self.visit(&Visit::of(&who, &spot, from_s, for_s));
        }
        self.thief("ring", &[token_of(&who.0), user_of(&who.1)]);
    }

    /// A server that takes the stream and gives it to others, for as long as it goes on.
    fn relay(&mut self) {
        let who = self.names("relay");
        let spot = self.data_centre();
        let from_s = self.random.random_range(0..600);
        self.visit(&Visit::of(&who, &spot, from_s, 27_000).on(None));
        self.thief(
            "relay",
            &[
                token_of(&who.0),
                user_of(&who.1),
                Subject::Address(guard::block(spot.address)),
            ],
        );
    }

    /// Somebody's page shows the player with a token that it took from ours.
    fn embedded_elsewhere(&mut self) {
        let who = self.names("embedded");
        let begin = self.evening();
        for _ in 0..self.random.random_range(6..30) {
            let spot = self.home();
            let (from_s, for_s) = (
                begin + self.random.random_range(0..900),
                self.random.random_range(900..4_000),
            );
            let page = Some("free-streams.example");
            self.visit(&Visit::of(&who, &spot, from_s, for_s).on(page));
        }
        self.thief("embedded elsewhere", &[token_of(&who.0), user_of(&who.1)]);
    }

    /// Somebody who makes tokens up.
    fn forger(&mut self) {
        let spot = self.home();
        let from_s = self.evening();
        for turn in 0..self.random.random_range(40..200) {
            self.refuse(spot.address, None, Reason::TokenSignature, from_s + turn);
        }
        self.thief("forger", &[Subject::Address(guard::block(spot.address))]);
    }

    /// Many connections of one token from one address.
    fn farm(&mut self) {
        let who = self.names("farm");
        let spot = self.home();
        let begin = self.evening();
        for _ in 0..self.random.random_range(25..40) {
            let from_s = begin + self.random.random_range(0..300);
            self.visit(&Visit::of(&who, &spot, from_s, 3_600));
        }
        self.thief(
            "farm",
            &[
                token_of(&who.0),
                user_of(&who.1),
                Subject::Address(guard::block(spot.address)),
            ],
        );
    }
}
