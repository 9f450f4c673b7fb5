//! The numbers that an organisation sets: each decides its indicator, up to the most that it may be.

use guard::Reason;
use misuse::{Event, Indicator, Thresholds};

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
