//! Who comes on a day: the honest, among them who looks like a thief and is none, and thieves.

use guard::Reason;
use misuse::Subject;
use rand::Rng;

use crate::traffic::{Day, Maker, PAGE, Spot, Visit, token_of, user_of};

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
        let (token, user) = self.names("solo");
        let spot = self.home();
        let (from_s, for_s) = (self.evening(), self.random.random_range(300..7_200));
        let page = self.page();
        self.visit(&Visit {
            token: &token,
            user: Some(&user),
            page,
            spot: &spot,
            from_s,
            for_s,
            lingers_s: 0,
        });
        self.honest("solo", &token, &user);
    }

    /// Two to four screens on Wi-Fi, and one or two telephones that are on their carrier.
    fn household(&mut self) {
        let (token, user) = self.names("household");
        let home = self.home();
        let begin = self.evening();
        for _ in 0..self.random.random_range(2..4) {
            let device = self.device(&home);
            let from_s = begin + self.random.random_range(0..1_200);
            let for_s = self.random.random_range(1_800..9_000);
            self.visit(&Visit {
                token: &token,
                user: Some(&user),
                page: PAGE,
                spot: &device,
                from_s,
                for_s,
                lingers_s: 0,
            });
        }
        for _ in 0..self.random.random_range(1..3) {
            let mobile = Spot {
                address: self.address(),
                ..self.mobile()
            };
            let from_s = begin + self.random.random_range(0..3_600);
            let for_s = self.random.random_range(300..3_600);
            self.visit(&Visit {
                token: &token,
                user: Some(&user),
                page: PAGE,
                spot: &mobile,
                from_s,
                for_s,
                lingers_s: 0,
            });
        }
        self.honest("household", &token, &user);
    }

    /// Wi-Fi at home, the carrier with another address every few minutes, Wi-Fi elsewhere. What was left behind lingers.
    fn roaming_phone(&mut self) {
        let (token, user) = self.names("phone");
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
            self.visit(&Visit {
                token: &token,
                user: Some(&user),
                page: PAGE,
                spot,
                from_s: at,
                for_s,
                lingers_s: 30,
            });
            at += for_s;
        }
        self.honest("roaming phone", &token, &user);
    }

    /// Switches a VPN on, to a data centre in another country, and off again.
    fn vpn(&mut self) {
        let (token, user) = self.names("vpn");
        let (home, exit) = (self.home(), self.data_centre());
        let mut at = self.evening();
        for spot in [&home, &exit, &home, &exit] {
            let for_s = self.random.random_range(120..3_600);
            self.visit(&Visit {
                token: &token,
                user: Some(&user),
                page: PAGE,
                spot,
                from_s: at,
                for_s,
                lingers_s: 20,
            });
            at += for_s;
        }
        self.honest("vpn", &token, &user);
    }

    /// A line that breaks again and again.
    fn flaky(&mut self) {
        let (token, user) = self.names("flaky");
        let spot = self.home();
        let mut at = self.evening();
        for _ in 0..self.random.random_range(15..40) {
            let for_s = self.random.random_range(5..60);
            self.visit(&Visit {
                token: &token,
                user: Some(&user),
                page: PAGE,
                spot: &spot,
                from_s: at,
                for_s,
                lingers_s: 20,
            });
            at += for_s;
        }
        self.honest("flaky line", &token, &user);
    }

    /// A screen that is never switched off.
    fn all_day(&mut self) {
        let (token, user) = self.names("screen");
        let spot = self.home();
        let from_s = self.random.random_range(0..3_600);
        self.visit(&Visit {
            token: &token,
            user: Some(&user),
            page: PAGE,
            spot: &spot,
            from_s,
            for_s: 26_000,
            lingers_s: 0,
        });
        self.honest("screen", &token, &user);
    }

    /// Over a border and back, by train.
    fn commuter(&mut self) {
        let (token, user) = self.names("commuter");
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
            self.visit(&Visit {
                token: &token,
                user: Some(&user),
                page: PAGE,
                spot,
                from_s: at,
                for_s,
                lingers_s: 20,
            });
            at += for_s;
        }
        self.honest("commuter", &token, &user);
    }

    /// From one country to a far one, in the time that it takes.
    fn traveller(&mut self) {
        let (token, user) = self.names("traveller");
        let home = self.home();
        let hotel = Spot {
            country: "ES",
            asn: 64_901,
            provider: "Hotel",
            address: self.address(),
        };
        let from_s = self.random.random_range(0..7_200);
        self.visit(&Visit {
            token: &token,
            user: Some(&user),
            page: PAGE,
            spot: &home,
            from_s,
            for_s: 1_800,
            lingers_s: 0,
        });
        let later = from_s + 1_800 + 9_000;
        self.visit(&Visit {
            token: &token,
            user: Some(&user),
            page: PAGE,
            spot: &hotel,
            from_s: later,
            for_s: 1_800,
            lingers_s: 0,
        });
        self.honest("traveller", &token, &user);
    }

    /// A player that goes on trying with a token that is over.
    fn late_player(&mut self) {
        let (token, user) = self.names("late");
        let spot = self.home();
        let from_s = self.evening();
        self.visit(&Visit {
            token: &token,
            user: Some(&user),
            page: PAGE,
            spot: &spot,
            from_s,
            for_s: 600,
            lingers_s: 0,
        });
        for turn in 0..self.random.random_range(30..120) {
            self.refuse(
                spot.address,
                Some(&token),
                Reason::TokenExpired,
                from_s + 600 + turn * 3,
            );
        }
        self.honest("late player", &token, &user);
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
        let (token, user) = self.names(what);
        let (from_s, for_s) = (
            self.random.random_range(0..3_600),
            self.random.random_range(1_800..10_000),
        );
        self.visit(&Visit {
            token: &token,
            user: Some(&user),
            page: PAGE,
            spot,
            from_s,
            for_s,
            lingers_s: 0,
        });
        self.honest(what, &token, &user);
    }

    /// A token in a forum: whoever reads it watches.
    fn shared_in_public(&mut self) {
        let (token, user) = self.names("public");
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
            self.visit(&Visit {
                token: &token,
                user: Some(&user),
                page: None,
                spot: &spot,
                from_s,
                for_s,
                lingers_s: 0,
            });
        }
        self.thief("shared in public", &[token_of(&token), user_of(&user)]);
    }

    /// Some homes that pay for one; two of them abroad or not.
    fn ring(&mut self) {
        let (token, user) = self.names("ring");
        let begin = self.evening();
        for _ in 0..self.random.random_range(4..9) {
            let spot = self.home();
            let (from_s, for_s) = (
                begin + self.random.random_range(0..600),
                self.random.random_range(3_600..7_200),
            );
            self.visit(&Visit {
                token: &token,
                user: Some(&user),
                page: PAGE,
                spot: &spot,
                from_s,
                for_s,
                lingers_s: 0,
            });
        }
        self.thief("ring", &[token_of(&token), user_of(&user)]);
    }

    /// A server that takes the stream and gives it to others, for as long as it goes on.
    fn relay(&mut self) {
        let (token, user) = self.names("relay");
        let spot = self.data_centre();
        let from_s = self.random.random_range(0..600);
        self.visit(&Visit {
            token: &token,
            user: Some(&user),
            page: None,
            spot: &spot,
            from_s,
            for_s: 27_000,
            lingers_s: 0,
        });
        self.thief(
            "relay",
            &[
                token_of(&token),
                user_of(&user),
                Subject::Address(guard::block(spot.address)),
            ],
        );
    }

    /// Somebody's page shows the player with a token that it took from ours.
    fn embedded_elsewhere(&mut self) {
        let (token, user) = self.names("embedded");
        let begin = self.evening();
        for _ in 0..self.random.random_range(6..30) {
            let spot = self.home();
            let (from_s, for_s) = (
                begin + self.random.random_range(0..900),
                self.random.random_range(900..4_000),
            );
            let page = Some("free-streams.example");
            self.visit(&Visit {
                token: &token,
                user: Some(&user),
                page,
                spot: &spot,
                from_s,
                for_s,
                lingers_s: 0,
            });
        }
        self.thief("embedded elsewhere", &[token_of(&token), user_of(&user)]);
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
        let (token, user) = self.names("farm");
        let spot = self.home();
        let begin = self.evening();
        for _ in 0..self.random.random_range(25..40) {
            let from_s = begin + self.random.random_range(0..300);
            self.visit(&Visit {
                token: &token,
                user: Some(&user),
                page: PAGE,
                spot: &spot,
                from_s,
                for_s: 3_600,
                lingers_s: 0,
            });
        }
        self.thief(
            "farm",
            &[
                token_of(&token),
                user_of(&user),
                Subject::Address(guard::block(spot.address)),
            ],
        );
    }
}
