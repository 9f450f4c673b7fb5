//! Who is cut off already has nothing done about them by itself, and one thief is suggested once.

use std::time::Duration;

use guard::Grant;
use link::{Kind as Event, SessionEnd, SessionFacts};
use serde_json::json;
use testkit::Kind;

use super::{all, found, in_state, settings, shared, together, token};
use crate::{
    analytics::viewing,
    cases::thief,
    harness::{Client, World, granted},
    privacy::{database, eventually, texts},
};

const PLACES: [&str; 4] = ["198.51.100.1", "203.0.113.1", "192.0.2.1", "2001:db8::1"];

/// Somebody in four places at once, in each with a token, as nodes tell it and as it is written.
async fn everywhere(world: &World, grant: impl Fn(u32) -> Grant) -> Vec<SessionFacts> {
    let session = |(n, address): (u32, &str)| {
        let grant = grant(n);
        SessionFacts {
            grant: Some(grant.clone()),
            ..viewing(world, u64::from(n) + 1, &grant.jti, address, "DE", 64_500 + n)
        }
    };
    let sessions: Vec<_> = (0..).zip(PLACES).map(session).collect();
    together(world, &sessions);
    let place = database(world).await;
    eventually("the sessions are written", async || {
        let written = texts(&place, "SELECT jti FROM session WHERE jti IS NOT NULL").await;
        written.len() == PLACES.len()
    })
    .await;
    sessions
}

/// A token that names a viewer.
fn theirs(jti: &str) -> Grant {
    Grant {
        user: Some("thief".into()),
        ..granted(jti)
    }
}

/// How many are suggested once what was suggested is seen to like what was found just now.
async fn seen_to_anew(world: &World, client: &Client) -> usize {
    let place = database(world).await;
    let anew = "UPDATE response SET state = 'due' WHERE state = 'suggested' RETURNING state";
    assert_eq!(texts(&place, anew).await.len(), 1);
    eventually("it is seen to", async || {
        let due = "SELECT subject FROM response WHERE state = 'due'";
        texts(&place, due).await.is_empty()
    })
    .await;
    in_state(client, "SUGGESTED").await
}

/// Something is suggested, and would be again.
async fn suggested(world: &World, client: &Client) {
    eventually("it is suggested", async || in_state(client, "SUGGESTED").await == 1).await;
    assert_eq!(seen_to_anew(world, client).await, 1, "nobody cut them off yet");
}

async fn revoked_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "apply": ["ADDRESSES"], "perHour": 1 })).await;
    let (_, revoked) = token(&world, &admin).await;
    let (_, live) = token(&world, &admin).await;
    assert_eq!(admin.revoke(json!({ "jti": revoked })).await["errors"], json!([]));
    // Its players go on asking, and the other one is shared.
    shared(&world, 1, &revoked);
    let place = database(&world).await;
    eventually("it is found, and seen to", async || {
        let due = "SELECT subject FROM response WHERE state = 'due'";
        found(&admin, "jti", &revoked).await.is_some() && texts(&place, due).await.is_empty()
    })
    .await;
    shared(&world, 11, &live);
    eventually("the live one is held", async || in_state(&admin, "APPLIED").await == 1).await;
    let about: Vec<_> = all(&admin).await.iter().map(|one| one["jti"].clone()).collect();
    assert_eq!(about, [json!(live)]);
}

#[tokio::test]
async fn a_token_that_is_revoked_takes_no_response_from_a_thief_who_is_live() {
    revoked_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_token_that_is_revoked_takes_no_response_from_a_thief_who_is_live_on_postgresql() {
    revoked_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_token_that_was_revoked_with_others_is_seen_to() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "suggest": ["ADDRESSES"] })).await;
    let tagged = Grant {
        tag: Some("sold".into()),
        ..granted("theirs")
    };
    everywhere(&world, |_| tagged.clone()).await;
    suggested(&world, &admin).await;
    assert_eq!(all(&admin).await[0]["jti"], "theirs");
    assert_eq!(admin.revoke(json!({ "tag": "sold" })).await["errors"], json!([]));
    assert_eq!(seen_to_anew(&world, &admin).await, 0);
}

#[tokio::test]
async fn a_token_of_a_viewer_who_is_banned_is_seen_to() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "suggest": ["ADDRESSES"] })).await;
    everywhere(&world, |_| theirs("theirs")).await;
    suggested(&world, &admin).await;
    let ban = "mutation { banUser(input: {user: \"thief\"}) { errors { code } } }";
    admin.data(ban, json!({})).await;
    assert_eq!(seen_to_anew(&world, &admin).await, 0);
}

#[tokio::test]
async fn a_viewer_of_whom_nothing_runs_nor_is_let_in_is_seen_to() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "suggest": ["ADDRESSES"] })).await;
    // It is the viewer who is in four places, and neither token.
    let sessions = everywhere(&world, |n| theirs(if n < 2 { "one" } else { "another" })).await;
    suggested(&world, &admin).await;
    assert_eq!(all(&admin).await[0]["user"], "thief");
    for facts in sessions {
        let end = SessionEnd {
            session: facts.session,
            organisation: facts.organisation,
            stream: facts.stream,
            bytes: 1_000,
            requests: 1,
            reason: None,
        };
        let at = world.clock.now().minus(Duration::from_secs(5));
        world.node.tell(at, Event::Ended(end));
    }
    let live = "{ organisation { sessions(filter: {live: true}) { totalCount } } }";
    eventually("nothing of theirs runs", async || {
        admin.data(live, json!({})).await["organisation"]["sessions"]["totalCount"] == 0
    })
    .await;
    assert_eq!(seen_to_anew(&world, &admin).await, 1, "their tokens still let in");
    assert_eq!(admin.revoke(json!({ "user": "thief" })).await["errors"], json!([]));
    // Not so where there is another token for them, though nobody showed it yet.
    world.pass(Duration::from_secs(1));
    let next = admin
        .make_token(json!({ "streams": [world.stream()], "user": "thief" }))
        .await;
    assert_eq!(seen_to_anew(&world, &admin).await, 1, "that one lets in");
    let jti = next["record"]["jti"].clone();
    assert_eq!(admin.revoke(json!({ "jti": jti })).await["errors"], json!([]));
    assert_eq!(seen_to_anew(&world, &admin).await, 0);
}

#[tokio::test]
async fn an_address_that_a_rule_blocks_is_seen_to() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "suggest": ["DENIALS"] })).await;
    thief(&world, &admin).await;
    suggested(&world, &admin).await;
    let rule = async |value: &str, mode: &str| {
        let query = "mutation($v: String!, $m: GuardianMode!) {
            createGuardianRule(input: {kind: IP, value: $v, action: DENY, mode: $m}) { errors { code } } }";
        let made = admin.data(query, json!({ "v": value, "m": mode })).await;
        assert_eq!(made["createGuardianRule"]["errors"], json!([]));
    };
    rule("198.51.100.200", "MONITOR").await;
    assert_eq!(seen_to_anew(&world, &admin).await, 1, "it only counts");
    rule("198.51.100.0/24", "ENFORCE").await;
    assert_eq!(seen_to_anew(&world, &admin).await, 0);
}

async fn once_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "suggest": ["ADDRESSES"] })).await;
    everywhere(&world, |_| theirs("theirs")).await;
    let place = database(&world).await;
    eventually("both are found, and seen to", async || {
        let due = "SELECT subject FROM response WHERE state = 'due'";
        found(&admin, "jti", "theirs").await.is_some()
            && found(&admin, "user", "thief").await.is_some()
            && texts(&place, due).await.is_empty()
    })
    .await;
    let waiting = all(&admin).await;
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert_eq!(waiting[0]["state"], "SUGGESTED");
}

#[tokio::test]
async fn one_thief_is_suggested_once_the_token_or_its_viewer() {
    once_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn one_thief_is_suggested_once_the_token_or_its_viewer_on_postgresql() {
    once_on(Kind::Postgres).await;
}
