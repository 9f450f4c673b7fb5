//! Whom a hold is not for, who is held already, and who is shown to be.

use std::{collections::BTreeMap, time::Duration};

use guard::{Grant, Reason, lint::Traits};
use link::{Kind as Event, SessionFacts};
use serde_json::{Value, json};
use testkit::Kind;

use super::{all, changed, code, found, in_state, of, settings, shared, together, token};
use crate::{
    analytics::viewing,
    harness::{Client, World, granted},
    privacy::{database, eventually, texts},
};

/// A token in four places at once that names a viewer, as nodes tell it.
fn named(world: &World, first: u64, grant: &Grant) {
    let places = ["198.51.100.1", "203.0.113.1", "192.0.2.1", "2001:db8::1"];
    let session = |(n, address): (u32, &str)| SessionFacts {
        grant: Some(grant.clone()),
        ..viewing(world, first + u64::from(n), &grant.jti, address, "DE", 64_500 + n)
    };
    together(world, &(0..).zip(places).map(session).collect::<Vec<_>>());
}

/// One that somebody else signed and that cannot be revoked.
fn foreign(jti: &str) -> Grant {
    let traits = Traits {
        publishes: false,
        lifetime: Duration::from_mins(5),
        organisation_wide: false,
        has_ip: true,
        has_domains: true,
        has_user: true,
        has_tag: true,
        revocable: false,
        force_disconnect: true,
        is_static: false,
    };
    Grant {
        revocable: false,
        marks: traits.marks(),
        ..granted(jti)
    }
}

async fn viewers_turn_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "apply": ["ADDRESSES"], "perHour": 10 })).await;
    let input = json!({ "streams": [world.stream()], "user": "viewer of ours", "revocable": false });
    let made = admin.make_token(input).await;
    let ours = made["record"]["jti"].as_str().unwrap().to_owned();
    let with = |grant: Grant, user: &str| Grant {
        user: Some(user.into()),
        ..grant
    };
    named(&world, 1, &with(granted(&ours), "viewer of ours"));
    named(&world, 11, &with(foreign("theirs"), "viewer of theirs"));
    eventually("the viewers are kept out", async || {
        in_state(&admin, "APPLIED").await == 2
    })
    .await;
    let mut held: Vec<_> = all(&admin).await.iter().map(|one| one["user"].clone()).collect();
    held.sort_by_key(ToString::to_string);
    assert_eq!(held, [json!("viewer of ours"), json!("viewer of theirs")], "no token");
    let token = made["token"].as_str().unwrap();
    assert_eq!(
        world.node.denies(world.stream(), token, world.clock.now()),
        Some(Reason::SessionEnded)
    );
}

#[tokio::test]
async fn where_a_token_cannot_be_held_its_viewer_is() {
    viewers_turn_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn where_a_token_cannot_be_held_its_viewer_is_on_postgresql() {
    viewers_turn_on(Kind::Postgres).await;
}

#[tokio::test]
async fn nobody_approves_to_hold_a_token_that_cannot_be_held() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "suggest": ["ADDRESSES"] })).await;
    shared(&world, 1, "shared");
    eventually("it is suggested", async || in_state(&admin, "SUGGESTED").await == 1).await;
    // Whoever signs it makes the next one of that id so that it cannot be revoked.
    world.pass(Duration::from_secs(1));
    let facts = SessionFacts {
        grant: Some(foreign("shared")),
        ..viewing(&world, 99, "shared", "198.51.100.1", "DE", 64_500)
    };
    world.begins(&admin, facts).await;
    let id = of(&admin, "shared").await["id"].clone();
    let refused = changed(&admin, "approveResponse", json!({ "id": id })).await;
    assert_eq!(code(&refused), "NOT_REVOCABLE");
    assert_eq!(
        in_state(&admin, "SUGGESTED").await,
        1,
        "it waits for somebody to refuse it"
    );
}

async fn held_already_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    let made = admin
        .make_token(json!({ "streams": [world.stream()], "ttlSeconds": 14_400 }))
        .await;
    let text = made["token"].as_str().unwrap().to_owned();
    let jti = made["record"]["jti"].as_str().unwrap().to_owned();
    let (_, other) = token(&world, &admin).await;
    let mut suggested = Vec::new();
    for (first, jti, length_s) in [(1, &jti, 7_200), (11, &other, 60)] {
        shared(&world, first, jti);
        eventually("it is found", async || found(&user, "jti", jti).await.is_some()).await;
        let finding = found(&user, "jti", jti).await.unwrap();
        let wish = json!({ "finding": finding["id"], "lengthSeconds": length_s });
        suggested.push(changed(&user, "suggestResponse", wish).await["response"]["id"].clone());
    }
    settings(
        &admin,
        json!({ "apply": ["ADDRESSES"], "lengthSeconds": 600, "perHour": 10 }),
    )
    .await;
    world.pass(Duration::from_mins(2));
    shared(&world, 21, &jti);
    shared(&world, 31, &other);
    eventually("they are kept out by themselves", async || {
        in_state(&admin, "APPLIED").await == 2
    })
    .await;
    assert_eq!(
        in_state(&admin, "SUGGESTED").await,
        2,
        "what people suggested is theirs"
    );

    // What lasts longer takes its place; what does not is refused.
    let now = world.clock.now();
    let denied = |minutes| {
        let at = now.plus(Duration::from_mins(minutes));
        world.node.denies(world.stream(), &text, at)
    };
    eventually("the node knows", async || denied(9) == Some(Reason::SessionEnded)).await;
    assert_eq!(denied(11), None);
    let shorter = changed(&admin, "approveResponse", json!({ "id": suggested[1] })).await;
    assert_eq!(code(&shorter), "ALREADY");
    let longer = changed(&admin, "approveResponse", json!({ "id": suggested[0] })).await;
    assert_eq!(longer["response"]["state"], "APPLIED");
    assert_eq!(denied(119), Some(Reason::SessionEnded));
    assert_eq!(
        (in_state(&admin, "APPLIED").await, in_state(&admin, "OVER").await),
        (2, 1)
    );
    // Entries of one moment stand in any order.
    let log = "{ organisation { auditLog(first: 4) { nodes { detail } } } }";
    let log = admin.data(log, json!({})).await["organisation"]["auditLog"]["nodes"].clone();
    let over = all(&admin).await.iter().find(|one| one["state"] == "OVER").unwrap()["id"].clone();
    let mut entries = log.as_array().unwrap().iter();
    assert!(entries.any(|entry| entry["detail"]["insteadOf"] == over), "{log}");

    // One of them is in force, so that one is taken back.
    changed(&admin, "undoResponse", json!({ "id": suggested[0] })).await;
    assert_eq!(denied(1), None);
}

#[tokio::test]
async fn who_is_held_by_itself_is_held_longer_by_two_persons_and_what_they_suggested_stays() {
    held_already_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn who_is_held_by_itself_is_held_longer_by_two_persons_and_what_they_suggested_stays_on_postgresql() {
    held_already_on(Kind::Postgres).await;
}

#[tokio::test]
async fn one_thief_is_one_response_with_each_token_that_a_session_ran_on() {
    let world = World::new().await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    let theirs = |jti: &str| Grant {
        user: Some("thief".into()),
        ..granted(jti)
    };
    // A session that began with one token and runs on another.
    let facts = SessionFacts {
        grant: Some(theirs("earlier")),
        ..viewing(&world, 90, "earlier", "198.51.100.9", "DE", 64_500)
    };
    world.begins(&admin, facts.clone()).await;
    let renewed = Event::Renewed {
        session: facts.session,
        organisation: facts.organisation,
        grant: theirs("newer"),
    };
    world.node.tell(world.clock.now(), renewed);
    let place = database(&world).await;
    eventually("it runs on another", async || {
        texts(&place, "SELECT jti FROM session_token").await.concat() == ["earlier"]
    })
    .await;
    // Two persons keep the viewer out.
    let places = ["198.51.100.1", "203.0.113.1", "192.0.2.1", "2001:db8::1"];
    let session = |(n, address): (u32, &str)| SessionFacts {
        grant: Some(theirs(if n < 2 { "one" } else { "another" })),
        ..viewing(&world, u64::from(n) + 1, "x", address, "DE", 64_500 + n)
    };
    together(&world, &(0..).zip(places).map(session).collect::<Vec<_>>());
    eventually("it is found", async || found(&user, "user", "thief").await.is_some()).await;
    let finding = found(&user, "user", "thief").await.unwrap();
    let suggested = changed(&user, "suggestResponse", json!({ "finding": finding["id"] })).await;
    let id = suggested["response"]["id"].clone();
    changed(&admin, "approveResponse", json!({ "id": id })).await;
    // Their first token, which somebody shares, is left alone, and the next one is not.
    settings(&admin, json!({ "apply": ["ADDRESSES"], "perHour": 10 })).await;
    world.pass(Duration::from_mins(2));
    shared(&world, 11, "earlier");
    shared(&world, 21, "next");
    eventually("the next one is held", async || in_state(&admin, "APPLIED").await == 2).await;
    let held: Vec<_> = all(&admin).await.iter().map(|one| one["jti"].clone()).collect();
    assert_eq!(held, [json!("next"), json!(null)]);
}

/// Until when each token, viewer and finding is shown to be held, by what it is and its name.
async fn shown(client: &Client) -> BTreeMap<String, Value> {
    let query = "{ organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\", to: \"2029-01-01T00:00:00Z\"}) {
        byToken(first: 10) { nodes { jti heldUntil } } byViewer(first: 10) { nodes { user heldUntil } }
        findings(first: 100) { nodes { jti user heldUntil } } } } }";
    let found = client.data(query, json!({})).await["organisation"]["analytics"].clone();
    let mut shown = BTreeMap::new();
    for (list, what, field) in [
        ("byToken", "token", "jti"),
        ("byViewer", "viewer", "user"),
        ("findings", "finding of token", "jti"),
        ("findings", "finding of viewer", "user"),
    ] {
        for node in found[list]["nodes"].as_array().unwrap() {
            if let Some(name) = node[field].as_str() {
                shown.insert(format!("{what} {name}"), node["heldUntil"].clone());
            }
        }
    }
    shown
}

async fn shown_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let grant = Grant {
        user: Some("thief".into()),
        ..foreign("theirs")
    };
    settings(
        &admin,
        json!({ "apply": ["ADDRESSES"], "lengthSeconds": 600, "perHour": 10 }),
    )
    .await;
    named(&world, 1, &grant);
    shared(&world, 11, "shared");
    let honest = viewing(&world, 99, "honest", "198.51.100.7", "DE", 64_500);
    together(&world, &[honest]);
    let all_there = |shown: &BTreeMap<String, Value>| {
        let names = [
            "token theirs",
            "token shared",
            "token honest",
            "viewer thief",
            "viewer user of honest",
            "finding of token theirs",
            "finding of token shared",
            "finding of viewer thief",
        ];
        names.iter().all(|name| shown.contains_key(*name))
    };
    eventually("both are kept out, and it is told", async || {
        in_state(&admin, "APPLIED").await == 2 && all_there(&shown(&admin).await)
    })
    .await;
    let responses = all(&admin).await;
    let until = |field: &str, name: &str| {
        let one = responses.iter().find(|one| one[field] == name).unwrap();
        assert!(one["until"].is_string(), "{one}");
        one["until"].clone()
    };
    let (of_viewer, of_token) = (until("user", "thief"), until("jti", "shared"));
    let now = shown(&admin).await;
    for (name, held) in [
        // It cannot be held by itself: it is with its viewer.
        ("token theirs", &of_viewer),
        ("viewer thief", &of_viewer),
        ("finding of token theirs", &of_viewer),
        ("finding of viewer thief", &of_viewer),
        ("token shared", &of_token),
        ("finding of token shared", &of_token),
        ("token honest", &Value::Null),
        ("viewer user of honest", &Value::Null),
    ] {
        assert_eq!(&now[name], held, "{name}");
    }
    // Nobody else's are.
    let outsider = world.outsider().await;
    assert!(shown(&outsider).await.values().all(Value::is_null));
    // Who was let in again is not, nor anybody once the time is over.
    let id = of(&admin, "shared").await["id"].clone();
    changed(&admin, "undoResponse", json!({ "id": id })).await;
    let now = shown(&admin).await;
    assert_eq!((&now["token shared"], &now["token theirs"]), (&Value::Null, &of_viewer));
    world.pass(Duration::from_mins(11));
    assert!(shown(&admin).await.values().all(Value::is_null));
}

#[tokio::test]
async fn whom_a_response_holds_is_shown_so_beside_the_token_the_viewer_and_the_finding() {
    shown_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn whom_a_response_holds_is_shown_so_beside_the_token_the_viewer_and_the_finding_on_postgresql() {
    shown_on(Kind::Postgres).await;
}
