//! Each indicator at its threshold.

use std::net::IpAddr;

use guard::Reason;
use misuse::{Detector, Event, Finding, Indicator, Subject, Thresholds, What};

use crate::traffic::{BEGIN, Maker, Spot, Visit, token_of};

/// A token of one viewer, from these places: where, from when and for how long, in seconds.
fn of(places: &[(&Spot, u64, u64)]) -> Vec<Finding> {
    detect(events(places))
}

/// What happens then.
pub(crate) fn events(places: &[(&Spot, u64, u64)]) -> Vec<Event> {
    let mut maker = Maker::new(0);
    for (spot, from_s, for_s) in places {
        maker.visit(&Visit {
            token: "t",
            user: Some("u"),
            page: Some("shop.example"),
            spot,
            from_s: *from_s,
            for_s: *for_s,
            lingers_s: 0,
        });
    }
    maker.events()
}

pub(crate) fn detect(events: Vec<Event>) -> Vec<Finding> {
    detect_by(Thresholds::default(), events)
}

/// What is found by these thresholds.
pub(crate) fn detect_by(thresholds: Thresholds, events: Vec<Event>) -> Vec<Finding> {
    let mut detector = Detector::new(thresholds);
    let mut found = Vec::new();
    for event in events {
        detector.take(event, &mut found);
    }
    found
}

/// The most points that an indicator gave that token.
pub(crate) fn most(found: &[Finding], indicator: Indicator) -> Option<u32> {
    most_of(found, &token_of("t"), indicator)
}

/// The most points that an indicator gave somebody.
pub(crate) fn most_of(found: &[Finding], subject: &Subject, indicator: Indicator) -> Option<u32> {
    let these = found
        .iter()
        .filter(|finding| finding.indicator == indicator && finding.subject == *subject);
    these.map(|finding| finding.points).max()
}

pub(crate) fn spot(last: u8, asn: u32, country: &'static str) -> Spot {
    Spot {
        address: IpAddr::from([192, 0, 2, last]),
        asn,
        country,
        provider: "Telecom",
    }
}

#[test]
fn what_a_finding_says_is_at_most_ten_seconds_old_however_little_its_points_rise() {
    let (mut maker, home) = (Maker::new(0), spot(1, 64_500, "DE"));
    let who = ("t".to_owned(), "u".to_owned());
    maker.visit(&Visit::of(&who, &home, 0, 5));
    for second in 0..250 {
        maker.refuse(home.address, Some("t"), Reason::TokenExpired, 10 + second);
    }
    let found = detect(maker.events());
    let denials = found
        .iter()
        .filter(|finding| finding.indicator == Indicator::Denials && finding.subject == token_of("t"));
    let said: Vec<_> = denials
        .map(|finding| (finding.last, finding.evidence.as_str()))
        .collect();
    let apart = said.windows(2).map(|two| two[1].0.since(two[0].0).as_secs()).max();
    assert!(apart <= Some(10), "{said:?}");
    let last = said.last().map(|(_, evidence)| evidence.contains("250 times"));
    assert_eq!(last, Some(true), "{said:?}");
}

#[test]
fn addresses_count_from_three_outside_one_network() {
    let (a, b, c, same) = (
        spot(1, 64_500, "DE"),
        spot(2, 64_501, "DE"),
        spot(3, 64_502, "DE"),
        spot(4, 64_500, "DE"),
    );
    assert_eq!(
        most(&of(&[(&a, 0, 600), (&b, 0, 600)]), Indicator::Addresses),
        None,
        "two"
    );
    let one_network = [spot(5, 64_500, "DE"), same.clone(), a.clone()];
    let one_network: Vec<_> = one_network.iter().map(|spot| (spot, 0, 600)).collect();
    assert_eq!(most(&of(&one_network), Indicator::Addresses), None, "one network");
    assert_eq!(
        most(
            &of(&[(&a, 0, 100), (&b, 100, 100), (&c, 200, 100)]),
            Indicator::Addresses
        ),
        Some(5),
        "in turn"
    );
    assert_eq!(
        most(
            &of(&[(&a, 0, 100), (&b, 700, 100), (&c, 1_400, 100)]),
            Indicator::Addresses
        ),
        None,
        "apart"
    );
    let family = of(&[(&a, 0, 600), (&b, 10, 600), (&c, 20, 600)]);
    assert_eq!(most(&family, Indicator::Addresses), Some(15), "a home and two carriers");
    let first = family
        .iter()
        .find(|finding| finding.indicator == Indicator::Addresses)
        .expect("that indicator");
    assert_eq!(
        first.evidence, "3 addresses in 3 networks within 10 minutes",
        "who just came"
    );
    let found = of(&[(&a, 0, 600), (&b, 10, 600), (&c, 20, 600), (&same, 20, 600)]);
    assert_eq!(most(&found, Indicator::Addresses), Some(50), "at once");
    let at_once = found.iter().find(|finding| finding.points == 50).expect("that finding");
    assert_eq!(
        at_once.evidence,
        "4 addresses in 3 networks within 10 minutes, 4 at once"
    );
    assert!(
        at_once.first.since(BEGIN).as_secs() <= 60,
        "within a minute: {at_once:?}"
    );
}

#[test]
fn countries_count_at_once_or_faster_than_anybody_travels() {
    let (de, at, br) = (spot(1, 64_500, "DE"), spot(2, 64_501, "AT"), spot(3, 64_502, "BR"));
    assert_eq!(
        most(&of(&[(&de, 0, 600), (&at, 0, 600)]), Indicator::Countries),
        Some(5),
        "a border"
    );
    assert_eq!(
        most(&of(&[(&de, 0, 600), (&br, 0, 600)]), Indicator::Countries),
        Some(35),
        "at once"
    );
    assert_eq!(
        most(&of(&[(&de, 0, 600), (&br, 1_200, 600)]), Indicator::Countries),
        Some(35),
        "too fast"
    );
    assert_eq!(
        most(&of(&[(&de, 0, 600), (&br, 40_000, 600)]), Indicator::Countries),
        None,
        "by aeroplane"
    );
    let vpn = Spot { asn: 14_061, ..br };
    assert_eq!(
        most(&of(&[(&de, 0, 600), (&vpn, 1_200, 600)]), Indicator::Countries),
        Some(5),
        "a VPN"
    );
}

#[test]
fn sessions_count_from_three_and_half_where_they_look_like_a_family() {
    let at = |last, asn| spot(last, asn, "DE");
    let points = |spots: &[Spot]| {
        let sessions: Vec<_> = spots.iter().map(|spot| (spot, 0, 600)).collect();
        most(&of(&sessions), Indicator::Sessions)
    };
    let (a, b) = (at(1, 64_500), at(2, 64_501));
    assert_eq!(points(&[a.clone(), a.clone()]), None);
    assert_eq!(points(&[a.clone(), a.clone(), a.clone()]), Some(10), "a home");
    assert_eq!(
        points(&[a.clone(), a.clone(), b.clone()]),
        Some(10),
        "a home and a telephone"
    );
    assert_eq!(
        points(&[a.clone(), b.clone(), at(3, 64_502)]),
        Some(10),
        "a home and two carriers"
    );
    assert_eq!(
        points(&[a.clone(), at(4, 64_500), at(5, 64_500), at(6, 64_500)]),
        Some(30),
        "four addresses"
    );
    // Who changed the network left one behind, which gets nothing.
    assert_eq!(
        most(
            &of(&[(&a, 0, 100), (&a, 100, 100), (&b, 200, 100)]),
            Indicator::Sessions
        ),
        None
    );
}

#[test]
fn playback_is_long_from_six_hours_without_a_pause() {
    let a = spot(1, 64_500, "DE");
    let hour = 3_600;
    assert_eq!(most(&of(&[(&a, 0, 6 * hour - 60)]), Indicator::LongPlayback), None);
    assert_eq!(most(&of(&[(&a, 0, 6 * hour + 60)]), Indicator::LongPlayback), Some(15));
    let resumed = [(&a, 0, 3 * hour), (&a, 3 * hour + 60, 3 * hour + 60)];
    assert_eq!(
        most(&of(&resumed), Indicator::LongPlayback),
        Some(15),
        "a short gap is no pause"
    );
    let paused = [(&a, 0, 3 * hour), (&a, 3 * hour + 400, 4 * hour)];
    assert_eq!(most(&of(&paused), Indicator::LongPlayback), None, "a long one is");
    assert_eq!(most(&of(&[(&a, 0, 24 * hour + 60)]), Indicator::LongPlayback), Some(30));
}

#[test]
fn one_hour_is_told_as_one() {
    let a = spot(1, 64_500, "DE");
    let thresholds = Thresholds {
        hours: 1,
        ..Thresholds::default()
    };
    let found = detect_by(thresholds, events(&[(&a, 0, 3_600 + 60)]));
    let long = found.iter().find(|one| one.indicator == Indicator::LongPlayback);
    assert_eq!(long.map(|one| one.evidence.as_str()), Some("1 hour without a pause"));
}

#[test]
fn sessions_in_a_row_count_from_ten_in_ten_minutes() {
    let a = spot(1, 64_500, "DE");
    let row = |times: u64| (0..times).map(|turn| (&a, turn * 30, 20)).collect::<Vec<_>>();
    assert_eq!(most(&of(&row(9)), Indicator::Reconnects), None);
    assert_eq!(most(&of(&row(10)), Indicator::Reconnects), Some(5));
}

#[test]
fn refusals_count_from_ten_in_five_minutes_and_forgeries_call_a_thief() {
    let address = IpAddr::from([192, 0, 2, 9]);
    let points = |times: u64, apart_s: u64, reason| {
        let mut maker = Maker::new(0);
        for turn in 0..times {
            maker.refuse(address, None, reason, turn * apart_s);
        }
        detect(maker.events()).iter().map(|finding| finding.points).max()
    };
    assert_eq!(points(9, 1, Reason::TokenExpired), None);
    assert_eq!(points(10, 40, Reason::TokenExpired), None);
    assert_eq!(points(10, 1, Reason::TokenExpired), Some(5));
    assert_eq!(points(10, 1, Reason::TokenSignature), Some(51));
    assert_eq!(points(50, 1, Reason::StreamOffline), None, "who waits for a stream");
    assert_eq!(points(10, 1, Reason::TokenKey), Some(5), "a key that was rotated");
}

#[test]
fn what_sessions_said_ends_with_them_however_often_the_token_is_refused_afterwards() {
    let abroad = [
        spot(1, 64_500, "DE"),
        spot(2, 64_501, "BR"),
        spot(3, 64_502, "IN"),
        Spot {
            asn: 14_061,
            ..spot(4, 0, "US")
        },
    ];
    let mut maker = Maker::new(0);
    let cut_s = 120;
    for spot in &abroad {
        maker.visit(&thiefs(spot, cut_s));
        for at_s in (cut_s + 2..900).step_by(2) {
            maker.refuse(spot.address, Some("t"), Reason::TokenRevoked, at_s);
        }
    }
    let found = detect(maker.events());
    assert!(most(&found, Indicator::Addresses) >= Some(50), "{found:?}");
    assert!(most(&found, Indicator::Countries) >= Some(35), "{found:?}");
    let address = Subject::Address(abroad[3].address);
    assert_eq!(most_of(&found, &address, Indicator::Hosting), Some(20));
    let cut = BEGIN.plus(std::time::Duration::from_secs(cut_s));
    for finding in &found {
        let is_refusals = finding.indicator == Indicator::Denials;
        assert_eq!(finding.last > cut, is_refusals, "{finding:?}");
    }
    let refused = found.iter().filter(|one| one.indicator == Indicator::Denials);
    let last = refused.map(|one| one.last.since(cut).as_secs()).max();
    assert!(last >= Some(700), "while it is refused, that is told: {last:?}");
}

#[test]
fn whoever_is_refused_every_second_is_judged_by_sessions_all_the_same() {
    let mut maker = Maker::new(0);
    for (last, asn) in [(1, 64_500), (2, 64_501), (3, 64_502), (4, 64_500)] {
        let spot = spot(last, asn, "DE");
        maker.visit(&thiefs(&spot, 120));
        for at_s in 1..120 {
            maker.refuse(spot.address, Some("t"), Reason::SessionLimit, at_s);
        }
    }
    let found = detect(maker.events());
    assert_eq!(most(&found, Indicator::Addresses), Some(50), "{found:?}");
}

/// A session on that token from its beginning on.
fn thiefs(spot: &Spot, for_s: u64) -> Visit<'_> {
    Visit {
        token: "t",
        user: Some("u"),
        page: Some("shop.example"),
        spot,
        from_s: 0,
        for_s,
        lingers_s: 0,
    }
}

#[test]
fn connections_count_from_twenty_and_more_where_they_share_a_token() {
    let address = spot(1, 64_500, "DE");
    let found = |tokens: u64| {
        let mut maker = Maker::new(0);
        for turn in 0..20 {
            let token = (tokens > 0).then(|| format!("t{}", turn % tokens));
            maker.visit(&Visit {
                token: token.as_deref().unwrap_or_default(),
                user: None,
                page: None,
                spot: &address,
                from_s: 0,
                for_s: 60,
                lingers_s: 0,
            });
        }
        let found = detect(maker.events());
        let these = found
            .iter()
            .filter(|finding| finding.indicator == Indicator::Connections);
        these
            .filter(|finding| finding.subject == Subject::Address(address.address))
            .map(|finding| finding.points)
            .max()
    };
    assert_eq!(found(20), Some(10), "an office");
    assert_eq!(found(0), Some(10), "an office on an open stream");
    assert_eq!(found(1), Some(50), "a farm");
}

#[test]
fn a_session_that_takes_a_newer_token_counts_for_that_one_from_then_on() {
    let (a, b, c) = (spot(1, 64_500, "DE"), spot(2, 64_501, "DE"), spot(3, 64_502, "DE"));
    let mut maker = Maker::new(0);
    for spot in [&a, &b, &c] {
        maker.visit(&Visit {
            token: "t",
            user: Some("u"),
            page: Some("shop.example"),
            spot,
            from_s: 0,
            for_s: 600,
            lingers_s: 0,
        });
    }
    let mut events = maker.events();
    let sessions: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.what {
            What::Started(stay) => Some(stay.session),
            _ => None,
        })
        .collect();
    for (session, jti) in sessions.into_iter().zip(["t1", "t2", "t3"]) {
        let what = What::Renewed {
            session,
            jti: jti.into(),
        };
        let at = BEGIN.plus(std::time::Duration::from_secs(1));
        events.push(Event { at, what });
    }
    events.sort_by_key(|event| event.at);
    let found = detect(events);
    let at_once = |subject: Subject| {
        found
            .iter()
            .any(|one| one.subject == subject && one.indicator == Indicator::Sessions)
    };
    assert!(!at_once(Subject::Token("t".into())), "{found:?}");
    assert!(
        at_once(Subject::User("u".into())),
        "its viewer has the same three: {found:?}"
    );
}
