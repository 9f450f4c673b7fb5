//! What comes late: told by a node before a viewer was erased, or of a time whose addresses are masked already.

use std::time::Duration;

use guard::Grant;
use link::{Kind as Event, SessionEnd, SessionFacts, Visitor};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    analytics::viewing,
    harness::{World, granted},
    privacy::{addresses, database, days, eventually, refused, refused_as, set, texts, watched, where_it_stands},
};

#[tokio::test]
async fn a_session_that_is_recorded_after_its_days_is_masked_all_the_same() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let begin = world.clock.now();
    watched(&world, &viewing(&world, 1, "a", "198.51.100.200", "DE", 64_500), begin);
    eventually("it is written", async || addresses(&admin).await.len() == 1).await;
    set(&admin, json!({ "addressDays": 1 }), Value::Null).await;
    world.pass(days(3));
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({}), Value::Null).await;
    eventually("it is masked", async || addresses(&admin).await == ["198.51.100.0/24"]).await;

    watched(&world, &viewing(&world, 2, "b", "203.0.113.9", "DE", 64_500), begin);
    refused(&world, begin, 1, "203.0.113.9", "203.0.113.9 and not 203.0.113.91");
    let both = ["198.51.100.0/24", "203.0.113.0/24"];
    eventually("the late one is written", async || addresses(&admin).await.len() == 2).await;
    world.pass(Duration::from_millis(1));
    set(&admin, json!({}), Value::Null).await;
    eventually("it is masked too", async || addresses(&admin).await == both).await;
    let place = database(&world).await;
    let refusals = texts(&place, "SELECT address, CAST(trace AS text) FROM denial").await;
    assert_eq!(refusals[0][0], "203.0.113.0/24");
    assert!(
        refusals[0][1].contains("203.0.113.0/24 and not 203.0.113.91"),
        "{refusals:?}"
    );
}

async fn what_was_on_its_way_is_erased_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let begin = world.clock.now();
    let session = |n: u64, user: &str| SessionFacts {
        grant: Some(Grant {
            user: Some(user.into()),
            ..granted(&format!("t{n}"))
        }),
        user_agent: Some("her own player".into()),
        address: [198, 51, 100, 7].into(),
        ..world.viewing(world.stream(), n)
    };
    let goes_on = session(1, "anna-s");
    world.node.tell(begin, Event::Started(goes_on.clone()));
    refused(&world, begin, 1, "192.0.2.77", "by user anna-s");
    eventually("they are written", async || addresses(&admin).await.len() == 1).await;
    let place = database(&world).await;
    eventually("they are written", async || {
        !texts(&place, "SELECT address FROM denial").await.is_empty()
    })
    .await;
    world.pass(Duration::from_secs(1));
    let erase = "mutation { eraseViewer(input: {user: \"anna-s\"}) { sessions errors { code } } }";
    let erased = admin.data(erase, json!({})).await["eraseViewer"].clone();
    assert_eq!(erased, json!({ "sessions": 1, "errors": [] }));
    assert_eq!(texts(&place, "SELECT address FROM denial").await, [["192.0.2.0/24"]]);

    // Told before, written after; and the end of a session that began before.
    watched(&world, &session(2, "anna-s"), begin);
    watched(&world, &session(3, "anna-t"), begin);
    refused(&world, begin, 2, "192.0.2.78", "by user anna-s");
    let visitor = Visitor {
        grant: session(5, "anna-s").grant,
        user_agent: Some("her own player".into()),
        ..Visitor::default()
    };
    refused_as(&world, begin, 3, ("192.0.2.79", visitor), "by a token of hers");
    world.node.tell(
        begin,
        Event::Renewed {
            session: goes_on.session,
            organisation: goes_on.organisation,
            grant: Grant {
                user: Some("anna-s".into()),
                ..granted("newer")
            },
        },
    );
    let end = SessionEnd {
        session: goes_on.session,
        organisation: goes_on.organisation,
        stream: goes_on.stream,
        bytes: 1,
        requests: 1,
        reason: None,
    };
    world.node.tell(world.clock.now(), Event::Ended(end));
    let over = "{ organisation { sessions(filter: {live: false}) { totalCount } } }";
    eventually("all are written", async || {
        admin.data(over, json!({})).await["organisation"]["sessions"]["totalCount"] == 3
    })
    .await;
    assert_eq!(where_it_stands(&world, "anna-s").await, Vec::<String>::new());
    let refusals = texts(&place, "SELECT address FROM denial ORDER BY address").await;
    assert_eq!(refusals, [["192.0.2.0"], ["192.0.2.0"], ["192.0.2.0/24"]]);
    let players = "SELECT CAST(COUNT(user_agent) AS text) FROM denial";
    assert_eq!(texts(&place, players).await, [["0"]]);
    let users = "SELECT COALESCE(viewer, '') FROM session ORDER BY 1";
    assert_eq!(texts(&place, users).await, [[""], [""], ["anna-t"]]);

    // Who comes back is somebody again.
    world.pass(Duration::from_secs(1));
    watched(&world, &session(4, "anna-s"), world.clock.now());
    eventually("it is written", async || {
        texts(&place, users).await.contains(&vec!["anna-s".to_owned()])
    })
    .await;
}

#[tokio::test]
async fn what_was_on_its_way_is_written_without_the_name_of_who_was_erased() {
    what_was_on_its_way_is_erased_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_was_on_its_way_is_written_without_the_name_of_who_was_erased_on_postgresql() {
    what_was_on_its_way_is_erased_on(Kind::Postgres).await;
}

/// What was found of a token or a viewer says from where, in words.
async fn evidence_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    for n in 1..=20 {
        let facts = viewing(&world, n, "crowd", "198.51.100.200", "DE", 64_500);
        world.node.tell(world.clock.now(), Event::Started(facts));
    }
    let place = database(&world).await;
    let of = async |address: &str| {
        let query = format!("SELECT kind FROM finding WHERE evidence LIKE '%from {address},%' ORDER BY kind");
        texts(&place, &query).await.concat()
    };
    eventually("it is found", async || of("198.51.100.200").await.len() == 3).await;
    set(&admin, json!({ "addressDays": 5 }), Value::Null).await;
    world.pass(days(6));
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({}), Value::Null).await;
    eventually("it is masked", async || {
        where_it_stands(&world, "198.51.100.200").await.is_empty()
    })
    .await;
    assert_eq!(of("198.51.100.0/24").await, ["address", "token", "user"]);
}

#[tokio::test]
async fn what_was_found_of_a_token_names_no_address_once_its_days_are_over() {
    evidence_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_was_found_of_a_token_names_no_address_once_its_days_are_over_on_postgresql() {
    evidence_on(Kind::Postgres).await;
}

/// What a token was for is in its record, in full for as long as it lets in and the days after that.
async fn tokens_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    set(&admin, json!({ "addressDays": 2 }), Value::Null).await;
    let networks = ["198.51.100.200", "203.0.113.7/32", "192.0.2.0/24", "2001:db8:1:2::/64"];
    let of_hours = |hours: u64| json!({ "organisation": true, "ip": networks, "ttlSeconds": hours * 3_600 });
    let short = admin.make_token(of_hours(1)).await;
    let long = admin.make_token(of_hours(9 * 24)).await;
    let theirs = outsider.make_token(of_hours(1)).await;
    let place = database(&world).await;
    let of = async |made: &Value| {
        let jti = made["record"]["jti"].as_str().unwrap();
        let query = format!("SELECT CAST(claims AS text) FROM playback_token WHERE jti = '{jti}'");
        let claims: Value = serde_json::from_str(&texts(&place, &query).await[0][0]).unwrap();
        claims["ip"].clone()
    };
    world.pass(days(3));
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({}), Value::Null).await;
    let masked = json!(["198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24", "2001:db8:1::/48"]);
    eventually("it is masked", async || of(&short).await == masked).await;
    assert_eq!(of(&long).await, json!(networks), "it lets in");
    assert_eq!(of(&theirs).await, json!(networks), "their days are more");
    let (stream, token) = (world.stream(), long["token"].as_str().unwrap());
    assert_eq!(world.node.denies(stream, token, world.clock.now()), None);

    set(&admin, json!({ "addressesAfterwards": "HASHED" }), Value::Null).await;
    world.pass(days(10));
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    set(&admin, json!({}), Value::Null).await;
    eventually("it has names", async || {
        let ip = of(&long).await;
        let is_name = |n: usize| ip[n].as_str().unwrap().starts_with("anon-");
        is_name(0) && is_name(1) && is_name(3) && ip[2] == "192.0.2.0/24"
    })
    .await;
    assert_eq!(of(&short).await, masked, "what was masked stays so");
    assert_eq!(where_it_stands(&world, "203.0.113.7").await, ["playback_token"]);
    set(&outsider, json!({ "addressDays": 1 }), Value::Null).await;
    eventually("theirs is masked too", async || of(&theirs).await == masked).await;
    assert_eq!(where_it_stands(&world, "203.0.113.7").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_record_of_a_token_names_no_address_once_it_is_over_for_the_days() {
    tokens_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn the_record_of_a_token_names_no_address_once_it_is_over_for_the_days_on_postgresql() {
    tokens_on(Kind::Postgres).await;
}
