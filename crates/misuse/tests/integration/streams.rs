//! On which streams something is found.

use std::sync::Arc;

use guard::Reason;
use misuse::{Denial, Event, Finding, Indicator, Stay, What};

use crate::{
    signs::{detect, events, spot},
    traffic::{Maker, Visit, token_of},
};

#[test]
fn sessions_at_once_are_found_on_each_of_their_streams_and_on_no_other() {
    let home = spot(1, 64_500, "DE");
    let places = [(&home, 0, 120), (&home, 1, 120), (&home, 2, 120), (&home, 300, 60)];
    let found = detect(on(&["a", "b", "b", "later"], events(&places)));
    let told = told(&found, Indicator::Sessions);
    assert_eq!(told.last().expect("three at once"), &["7KQ2M-a", "7KQ2M-b"]);
}

#[test]
fn what_counts_though_it_is_over_is_found_on_its_stream_for_as_long_as_it_counts() {
    let home = spot(1, 64_500, "DE");
    // One of long before, and ten within ten minutes, of which one is open.
    let times = [0].into_iter().chain((0..10).map(|n| 700 + 20 * n));
    let places: Vec<_> = times.map(|from_s| (&home, from_s, 5)).collect();
    let streams = ["before", "a", "a", "a", "a", "a", "a", "a", "a", "a", "b"];
    let found = detect(on(&streams, events(&places)));
    assert_eq!(told(&found, Indicator::Reconnects), [["7KQ2M-a", "7KQ2M-b"]]);
}

#[test]
fn refusals_are_found_on_the_streams_that_they_were_for_and_another_is_told_at_once() {
    let (mut maker, home) = (Maker::new(0), spot(1, 64_500, "DE"));
    let who = ("t".to_owned(), "u".to_owned());
    maker.visit(&Visit::of(&who, &home, 0, 30));
    for second in 0..12 {
        maker.refuse(home.address, Some("t"), Reason::TokenExpired, 10 + second);
    }
    // The tenth is for a name that no stream has.
    let streams = ["watched", "a", "a", "a", "a", "a", "a", "a", "a", "a", "", "b", "b"];
    let found = detect(on(&streams, maker.events()));
    let told = told(&found, Indicator::Denials);
    assert_eq!(told, [vec!["7KQ2M-a"], vec!["7KQ2M-a", "7KQ2M-b"]]);
}

/// The same sessions and refusals, each of its stream; a refusal without one is for none.
fn on(streams: &[&str], events: Vec<Event>) -> Vec<Event> {
    let mut streams = streams.iter().map(|alias| format!("7KQ2M-{alias}").parse().ok());
    let mut next = || streams.next().expect("a stream for each");
    let of = |event: Event| {
        let what = match event.what {
            What::Started(stay) => What::Started(Arc::new(Stay {
                stream: next().expect("each is watched on one"),
                ..Stay::clone(&stay)
            })),
            What::Denied(denial) => What::Denied(Denial {
                stream: next(),
                ..denial
            }),
            what => what,
        };
        Event { what, ..event }
    };
    events.into_iter().map(of).collect()
}

/// The streams of a token's indicator, each time that it was told.
fn told(found: &[Finding], indicator: Indicator) -> Vec<Vec<&str>> {
    let token = token_of("t");
    let these = found
        .iter()
        .filter(|finding| finding.indicator == indicator && finding.subject == token);
    these
        .map(|finding| finding.streams.iter().map(ids::StreamName::as_str).collect())
        .collect()
}
