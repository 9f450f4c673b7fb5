//! The numbers that an organisation sets: each decides its indicator, up to the most that it may be.

use guard::Reason;
use misuse::{Detector, Event, Indicator, Thresholds};

use crate::{
    signs::{detect_by, events, most, spot},
    traffic::{Maker, Spot},
};

#[test]
fn the_most_that_a_threshold_may_be_is_reached_and_one_less_is_not_enough() {
    let most_each = Thresholds::MOST;
    let table: [(Indicator, u32, Happens); 4] = [
        (Indicator::Addresses, most_each.addresses, addresses),
        (Indicator::Countries, most_each.countries, countries),
        (Indicator::Reconnects, most_each.reconnects, reconnects),
        (Indicator::Denials, most_each.denials, denials),
    ];
    for (indicator, number, happens) in table {
        let found = |times| most(&detect_by(Thresholds::MOST, happens(times)), indicator);
        assert!(found(number).is_some(), "{indicator}: {number}");
        assert_eq!(found(number - 1), None, "{indicator}: one less than {number}");
    }
}

#[test]
fn each_threshold_decides_when_its_own_indicator_is_found() {
    for threshold in &EACH {
        let Each { indicator, number, .. } = threshold;
        let happened = (threshold.happens)(*number);
        let by = |least: u32| {
            let mut thresholds = Thresholds::default();
            *(threshold.of)(&mut thresholds) = least;
            most(&detect_by(thresholds, happened.clone()), *indicator)
        };
        assert!(by(*number).is_some(), "{indicator}: {number} of {number}");
        assert_eq!(by(number + 1), None, "{indicator}: {number} of {}", number + 1);
        // It is the default that is raised or lowered.
        let default = *(threshold.of)(&mut Thresholds::default());
        assert_ne!(default, *number);
        let by_default = most(&detect_by(Thresholds::default(), happened.clone()), *indicator);
        assert_eq!(by_default.is_some(), default < *number, "{indicator} by default");
        // Nor does another number decide it.
        for other in EACH.iter().filter(|other| other.indicator != *indicator) {
            let mut thresholds = Thresholds::default();
            *(threshold.of)(&mut thresholds) = *number;
            *(other.of)(&mut thresholds) = 10_000;
            let found = most(&detect_by(thresholds, happened.clone()), *indicator);
            assert!(found.is_some(), "{indicator} whatever {} wants", other.indicator);
        }
    }
}

#[test]
fn what_is_set_holds_from_then_on() {
    let (mut detector, mut found) = (Detector::new(Thresholds::default()), Vec::new());
    for (n, event) in (0..).zip(denials(6)) {
        if n == 4 {
            detector.set(Thresholds {
                denials: 6,
                ..Thresholds::default()
            });
        }
        detector.take(event, &mut found);
    }
    assert_eq!(
        most(&found, Indicator::Denials),
        Some(5),
        "the six, of whom four were before"
    );
}

/// A number of an organisation's, and what happens for it to be reached.
struct Each {
    indicator: Indicator,
    of: fn(&mut Thresholds) -> &mut u32,
    happens: Happens,
    /// How much of it happens: another number than the default.
    number: u32,
}

const EACH: [Each; 7] = [
    Each {
        indicator: Indicator::Addresses,
        of: |all| &mut all.addresses,
        happens: addresses,
        number: 5,
    },
    Each {
        indicator: Indicator::Countries,
        of: |all| &mut all.countries,
        happens: countries,
        number: 3,
    },
    Each {
        indicator: Indicator::Sessions,
        of: |all| &mut all.sessions,
        happens: beside,
        number: 5,
    },
    Each {
        indicator: Indicator::LongPlayback,
        of: |all| &mut all.hours,
        happens: hours,
        number: 2,
    },
    Each {
        indicator: Indicator::Reconnects,
        of: |all| &mut all.reconnects,
        happens: reconnects,
        number: 4,
    },
    Each {
        indicator: Indicator::Connections,
        of: |all| &mut all.connections,
        happens: beside,
        number: 6,
    },
    Each {
        indicator: Indicator::Denials,
        of: |all| &mut all.denials,
        happens: denials,
        number: 4,
    },
];

/// What makes a number what it is.
type Happens = fn(u32) -> Vec<Event>;

/// So many addresses one after the other, within ten minutes.
fn addresses(times: u32) -> Vec<Event> {
    let spots: Vec<_> = (0..times)
        .map(|n| spot(u8::try_from(n).expect("256 at most"), 64_500 + n, "DE"))
        .collect();
    in_turn(&spots, 2)
}

/// So many countries one after the other, within an hour.
fn countries(times: u32) -> Vec<Event> {
    let codes = COUNTRIES.split(' ').take(usize::try_from(times).expect("few"));
    let spots: Vec<_> = (0..).zip(codes).map(|(n, code)| spot(n, 64_500, code)).collect();
    assert_eq!(spots.len(), usize::try_from(times).expect("few"));
    in_turn(&spots, 30)
}

/// So many sessions at once, from one place.
fn beside(times: u32) -> Vec<Event> {
    let home = spot(1, 64_500, "DE");
    let all: Vec<_> = (0..times).map(|_| (&home, 0, 60)).collect();
    events(&all)
}

/// So many hours, and a minute, without a pause.
fn hours(times: u32) -> Vec<Event> {
    let home = spot(1, 64_500, "DE");
    events(&[(&home, 0, u64::from(times) * 3_600 + 60)])
}

/// So many sessions that begin within ten minutes, from one place.
fn reconnects(times: u32) -> Vec<Event> {
    let home = spot(1, 64_500, "DE");
    let row: Vec<_> = (0..u64::from(times)).map(|n| (&home, n / 17, 0)).collect();
    events(&row)
}

/// So many refusals within five minutes.
fn denials(times: u32) -> Vec<Event> {
    let (home, mut maker) = (spot(1, 64_500, "DE"), Maker::new(0));
    for n in 0..u64::from(times) {
        maker.refuse(home.address, Some("t"), Reason::TokenExpired, n / 34);
    }
    maker.events()
}

/// A short session from each of these places, so many seconds apart.
fn in_turn(spots: &[Spot], apart_s: u64) -> Vec<Event> {
    let row: Vec<_> = (0..).zip(spots).map(|(n, spot)| (spot, n * apart_s, 1)).collect();
    events(&row)
}

const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BR \
    BS BT BW BY BZ CA CD CF CG CH CI CK CL CM CN CO CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ \
    FK FM FO FR GA GB GD GE GG GH GL GM GN GQ GR GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR";
