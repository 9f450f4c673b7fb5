//! What one viewer does, as it shows of an address: on an open stream nothing else is known of whoever watches.

use guard::Reason;
use misuse::{CALLED, Finding, Indicator, Subject, score};

use crate::{
    renewed::renew,
    signs::{detect, most_of, spot},
    traffic::{Maker, PAGE, Spot, Visit, token_of},
};

#[test]
fn a_relay_on_an_open_stream_is_suspicious_by_its_address_and_not_called() {
    let (mut maker, home, server) = (Maker::new(0), spot(2, 64_500, "DE"), server());
    maker.visit(&Visit {
        page: None,
        ..open(&server, 0, 27_000)
    });
    maker.visit(&open(&home, 0, 27_000));
    let found = detect(maker.events());
    // No more is known of it than of somebody with a VPN.
    assert_eq!(score_of(&found, &server), 31, "{found:?}");
    assert!(score_of(&found, &server) < CALLED);
    assert_eq!(score_of(&found, &home), 5, "a screen that nobody switches off");
}

#[test]
fn a_viewer_with_a_vpn_is_not_called_on_an_open_stream() {
    let (mut maker, server) = (Maker::new(0), server());
    // Through an app without pages, over a line that breaks; and then for a day.
    for turn in 0..60 {
        maker.visit(&Visit {
            page: None,
            ..open(&server, 10 + turn * 10, 8)
        });
    }
    maker.visit(&Visit {
        page: None,
        ..open(&server, 700, 25 * HOUR)
    });
    let found = detect(maker.events());
    assert_eq!(of(&found, &server, Indicator::Hosting), Some(20));
    assert_eq!(of(&found, &server, Indicator::Referrer), Some(6));
    assert_eq!(of(&found, &server, Indicator::LongPlayback), Some(10));
    assert_eq!(score_of(&found, &server), 41, "{found:?}");
    assert!(score_of(&found, &server) < CALLED);
}

#[test]
fn the_signs_of_one_viewer_are_found_of_the_address() {
    let home = spot(1, 64_500, "DE");
    let reconnects = |times: u64| {
        let mut maker = Maker::new(0);
        for turn in 0..times {
            maker.visit(&open(&home, turn * 30, 20));
        }
        of(&detect(maker.events()), &home, Indicator::Reconnects)
    };
    assert_eq!((reconnects(9), reconnects(10)), (None, Some(1)));
    let playback = |for_s: u64| {
        let mut maker = Maker::new(0);
        maker.visit(&open(&home, 0, for_s));
        of(&detect(maker.events()), &home, Indicator::LongPlayback)
    };
    assert_eq!((playback(6 * HOUR - 60), playback(6 * HOUR + 60)), (None, Some(5)));

    let (mut maker, abroad) = (Maker::new(0), spot(1, 64_500, "BR"));
    maker.others(199, PAGE, "DE");
    maker.visit(&Visit {
        page: THIEVES,
        ..open(&abroad, 10, 60)
    });
    let found = detect(maker.events());
    assert_eq!(of(&found, &abroad, Indicator::Referrer), Some(6));
    assert_eq!(of(&found, &abroad, Indicator::UnusualCountry), Some(3));
}

#[test]
fn where_several_watch_none_of_them_is_taken_for_one() {
    let office = spot(1, 64_500, "DE");
    let mut maker = Maker::new(0);
    for second in 0..15 {
        maker.visit(&open(&office, second, 120));
    }
    assert_eq!(
        detect(maker.events()),
        [],
        "fifteen that come at once are no player that begins anew"
    );

    let beside = |first_s: u64, second_s: u64| {
        let mut maker = Maker::new(0);
        maker.visit(&open(&office, 0, first_s));
        maker.visit(&open(&office, 0, second_s));
        of(&detect(maker.events()), &office, Indicator::LongPlayback)
    };
    assert_eq!(beside(7 * HOUR, 7 * HOUR), None);
    assert_eq!(beside(HOUR, 7 * HOUR - 120), None, "alone for less than six hours");
    assert_eq!(beside(HOUR, 7 * HOUR + 120), Some(5), "alone for six hours");
}

#[test]
fn at_an_address_of_several_tokens_nobody_is_alone_but_who_takes_a_newer_one() {
    let home = spot(1, 64_500, "DE");
    let second = |token: &str, newer: Option<&str>| {
        let mut maker = Maker::new(0);
        maker.others(199, PAGE, "DE");
        maker.visit(&Visit {
            token: "t",
            ..open(&home, 10, 600)
        });
        maker.visit(&Visit {
            token,
            page: THIEVES,
            ..open(&home, 700, 60)
        });
        let mut events = maker.events();
        if let Some(newer) = newer {
            renew(&mut events, "t", newer, 300);
        }
        let found = detect(events);
        assert_eq!(
            most_of(&found, &token_of(token), Indicator::Referrer),
            Some(20),
            "{token}"
        );
        of(&found, &home, Indicator::Referrer)
    };
    assert_eq!(second("other", None), None);
    assert_eq!(second("t", None), Some(6));
    assert_eq!(second("t1", Some("t1")), Some(6));
}

#[test]
fn a_household_and_a_telephone_that_roams_show_nothing_on_an_open_stream() {
    let (mut maker, home) = (Maker::new(0), spot(1, 64_500, "DE"));
    for screen in 0..3 {
        maker.visit(&open(&home, 120 * screen, 9_000));
    }
    let carrier: Vec<_> = (10..18).map(|last| spot(last, 64_700, "DE")).collect();
    for (turn, spot) in (0..).zip(&carrier) {
        maker.visit(&open(spot, 300 * turn, 300).lingering(30));
    }
    assert_eq!(detect(maker.events()), []);
}

#[test]
fn a_home_is_not_called_for_all_that_honest_people_give_a_reason_for() {
    let (mut maker, home) = (Maker::new(0), spot(1, 64_500, "BR"));
    maker.others(199, PAGE, "DE");
    // From an odd page in an unusual country, over a line that breaks; and then for a day.
    for turn in 0..60 {
        maker.visit(&Visit {
            page: THIEVES,
            ..open(&home, 10 + turn * 10, 8)
        });
    }
    maker.visit(&open(&home, 700, 25 * HOUR));
    // Somebody's player does not give up, and friends come.
    for second in 0..150 {
        maker.refuse(home.address, None, Reason::TokenExpired, 1_000 + second);
    }
    for _ in 0..20 {
        maker.visit(&open(&home, 26 * HOUR, 60));
    }
    let found = detect(maker.events());
    assert_eq!(score_of(&found, &home), CALLED - 1, "{found:?}");
}

/// In a data centre.
fn server() -> Spot {
    Spot {
        asn: 24_940,
        provider: "Servers",
        ..spot(1, 0, "DE")
    }
}

/// Without a token, from the customer's page.
fn open(spot: &Spot, from_s: u64, for_s: u64) -> Visit<'_> {
    Visit {
        token: "",
        user: None,
        page: PAGE,
        spot,
        from_s,
        for_s,
        lingers_s: 0,
    }
}

fn of(found: &[Finding], spot: &Spot, indicator: Indicator) -> Option<u32> {
    most_of(found, &subject(spot), indicator)
}

fn score_of(found: &[Finding], spot: &Spot) -> u32 {
    let subject = subject(spot);
    score(found.iter().filter(|finding| finding.subject == subject))
}

fn subject(spot: &Spot) -> Subject {
    Subject::Address(guard::block(spot.address))
}

const THIEVES: Option<&str> = Some("thieves.example");
const HOUR: u64 = 3_600;
