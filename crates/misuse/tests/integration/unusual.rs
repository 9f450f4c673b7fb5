//! Pages, data centres and countries: when each is found, and when not.

use std::time::Duration;

use misuse::{Finding, Indicator, Subject};

use crate::{
    signs::{detect, most, most_of, spot},
    traffic::{BEGIN, Maker, PAGE, Spot, Visit, token_of, user_of},
};

/// So many, from this page and this country.
type Others = (u64, Option<&'static str>, &'static str);

/// After these others, a session of a minute from this page and this place.
fn after(others: &[Others], page: Option<&str>, spot: &Spot) -> Vec<Finding> {
    let mut maker = Maker::new(0);
    for &(times, page, country) in others {
        maker.others(times, page, country);
    }
    maker.visit(&Visit {
        token: "t",
        user: Some("u"),
        page,
        spot,
        from_s: 10,
        for_s: 60,
        lingers_s: 0,
    });
    detect(maker.events())
}

#[test]
fn a_page_is_found_that_fewer_than_one_in_a_hundred_come_from() {
    let home = spot(1, 64_500, "DE");
    let points = |others: &[Others], page| most(&after(others, page, &home), Indicator::Referrer);
    assert_eq!(points(&[(198, PAGE, "DE")], THIEVES), None, "too few were seen");
    assert_eq!(points(&[(199, PAGE, "DE")], THIEVES), Some(20), "the 200th");
    assert_eq!(points(&[(199, PAGE, "DE")], PAGE), None, "where all come from");
    let some = |times: u64| [(300 - 1 - times, PAGE, "DE"), (times, THIEVES, "DE")];
    assert_eq!(points(&some(1), THIEVES), Some(20), "2 of 300");
    assert_eq!(points(&some(2), THIEVES), None, "3 of 300");
}

#[test]
fn no_page_is_found_where_others_have_one_or_a_server_asks() {
    let (home, server) = (spot(1, 64_500, "DE"), data_centre());
    let evidence = |others: &[Others], page, spot| {
        let found = after(others, page, spot);
        let of_token = found.iter().filter(|one| one.subject == token_of("t"));
        let mut evidence = of_token.filter(|one| one.indicator == Indicator::Referrer);
        evidence.next().map(|one| one.evidence.clone())
    };
    assert_eq!(evidence(&[], None, &home), None, "nothing is known of others");
    assert_eq!(
        evidence(&[(199, PAGE, "DE")], None, &home).as_deref(),
        Some("from no page, as fewer than 1 % of the others are")
    );
    let apps = [(297, PAGE, "DE"), (2, None, "DE")];
    assert_eq!(evidence(&apps, None, &home), None, "some watch in an app");
    assert_eq!(
        evidence(&[], None, &server).as_deref(),
        Some("from no page, and from a data centre")
    );
    assert_eq!(
        evidence(&[], PAGE, &server),
        None,
        "who uses a VPN is on the page all the same"
    );
}

#[test]
fn a_data_centre_is_found_by_its_number_or_its_name_as_long_as_somebody_watches_from_there() {
    let (home, server) = (spot(1, 64_500, "DE"), data_centre());
    let named = Spot {
        provider: "Northern Hosting Ltd",
        ..home.clone()
    };
    for (spot, points) in [(&home, None), (&server, Some(20)), (&named, Some(20))] {
        let found = after(&[], PAGE, spot);
        for subject in [token_of("t"), user_of("u"), Subject::Address(spot.address)] {
            assert_eq!(
                most_of(&found, &subject, Indicator::Hosting),
                points,
                "{subject:?} {}",
                spot.provider
            );
        }
    }
    let mut maker = Maker::new(0);
    for (spot, from_s) in [(&server, 0), (&home, 100)] {
        maker.visit(&Visit {
            token: "t",
            user: None,
            page: PAGE,
            spot,
            from_s,
            for_s: 100,
            lingers_s: 0,
        });
    }
    let found = detect(maker.events());
    let these = found.iter().filter(|one| one.indicator == Indicator::Hosting);
    let last = these.map(|one| one.last).max().expect("it was found");
    assert!(last < BEGIN.plus(Duration::from_secs(100)), "{found:?}");
    assert_eq!(found[0].evidence, "from a data centre: Servers (AS24940)");
}

#[test]
fn a_country_is_found_that_fewer_than_one_in_a_hundred_watch_from() {
    let abroad = spot(1, 64_500, "BR");
    let points = |others: &[Others], spot| most(&after(others, PAGE, spot), Indicator::UnusualCountry);
    assert_eq!(points(&[(198, PAGE, "DE")], &abroad), None, "too few were seen");
    assert_eq!(points(&[(199, PAGE, "DE")], &abroad), Some(10), "the 200th");
    let some = |times: u64| [(300 - 1 - times, PAGE, "DE"), (times, PAGE, "BR")];
    assert_eq!(points(&some(1), &abroad), Some(10), "2 of 300");
    assert_eq!(points(&some(2), &abroad), None, "3 of 300");
    let exit = Spot {
        country: "BR",
        ..data_centre()
    };
    assert_eq!(
        points(&[(199, PAGE, "DE")], &exit),
        None,
        "through a data centre nobody is where it is"
    );
}

fn data_centre() -> Spot {
    Spot {
        provider: "Servers",
        ..spot(9, 24_940, "DE")
    }
}

const THIEVES: Option<&str> = Some("thieves.example");
