//! Sessions that go on with a newer token: what they are does not change by it.

use std::time::Duration;

use misuse::{Event, Indicator, What};

use crate::{
    signs::{detect, most_of, spot},
    traffic::{BEGIN, Maker, PAGE, Spot, Visit, token_of},
};

#[test]
fn an_odd_page_and_an_unusual_country_are_found_of_each_newer_token() {
    let (mut maker, abroad) = (Maker::new(0), spot(1, 64_500, "BR"));
    maker.others(199, PAGE, "DE");
    maker.visit(&Visit {
        page: Some("thieves.example"),
        ..alone("t", &abroad, 10, 600)
    });
    let mut events = maker.events();
    renew(&mut events, "t", "t1", 100);
    renew(&mut events, "t", "t2", 200);
    let found = detect(events);
    for token in ["t", "t1", "t2"] {
        let points = |indicator| most_of(&found, &token_of(token), indicator);
        assert_eq!(points(Indicator::Referrer), Some(20), "{token}");
        assert_eq!(points(Indicator::UnusualCountry), Some(10), "{token}");
    }
}

#[test]
fn a_page_becomes_no_more_usual_by_tokens_that_follow_each_other() {
    let (mut maker, home) = (Maker::new(0), spot(1, 64_500, "DE"));
    maker.others(199, PAGE, "DE");
    let tokens: Vec<_> = (0..=10).map(|n| format!("t{n}")).collect();
    let turns = || (0..).zip(tokens.windows(2));
    for (n, pair) in turns() {
        maker.visit(&Visit {
            page: Some("thieves.example"),
            ..alone(&pair[0], &home, 100 * n, 150)
        });
    }
    let mut events = maker.events();
    for (n, pair) in turns() {
        renew(&mut events, &pair[0], &pair[1], 100 * n + 50);
    }
    let found = detect(events);
    for token in &tokens {
        assert_eq!(
            most_of(&found, &token_of(token), Indicator::Referrer),
            Some(20),
            "{token}"
        );
    }
}

#[test]
fn playback_goes_on_over_newer_tokens() {
    let (mut maker, home, hour) = (Maker::new(0), spot(1, 64_500, "DE"), 3_600);
    maker.visit(&alone("t0", &home, 0, 6 * hour + 60));
    let mut events = maker.events();
    for n in 1..=5 {
        renew(&mut events, "t0", &format!("t{n}"), n * hour);
    }
    let found = detect(events);
    let points = |token| most_of(&found, &token_of(token), Indicator::LongPlayback);
    assert_eq!(points("t5"), Some(15));
    assert_eq!(points("t4"), None, "it was over after five hours");
}

#[test]
fn a_newer_token_is_no_session_that_begins() {
    let (mut maker, home) = (Maker::new(0), spot(1, 64_500, "DE"));
    let tokens: Vec<_> = (0..12).map(|n| format!("t{n}")).collect();
    for token in &tokens {
        maker.visit(&alone(token, &home, 0, 600));
    }
    let mut events = maker.events();
    for token in &tokens {
        renew(&mut events, token, "one", 100);
    }
    assert_eq!(most_of(&detect(events), &token_of("one"), Indicator::Reconnects), None);
}

/// With a token that names no viewer.
fn alone<'a>(token: &'a str, spot: &'a Spot, from_s: u64, for_s: u64) -> Visit<'a> {
    Visit {
        token,
        user: None,
        page: PAGE,
        spot,
        from_s,
        for_s,
        lingers_s: 0,
    }
}

/// The session that began with a token goes on with another one.
pub(crate) fn renew(events: &mut Vec<Event>, began_with: &str, newer: &str, at_s: u64) {
    let session = events.iter().find_map(|event| match &event.what {
        What::Started(stay) if stay.jti.as_deref() == Some(began_with) => Some(stay.session),
        _ => None,
    });
    let what = What::Renewed {
        session: session.expect("it began"),
        jti: newer.into(),
    };
    let at = BEGIN.plus(Duration::from_secs(at_s));
    events.push(Event { at, what });
    events.sort_by_key(|event| event.at);
}
