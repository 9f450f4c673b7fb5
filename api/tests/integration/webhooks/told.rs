//! Notices: durable, tried again, delivered again, and bounded in a flood.

use std::time::Duration;

use guard::{Door, Reason};
use ids::DecisionId;
use link::{Kind, Protocol, SessionEnd, SessionFacts};
use serde_json::{Value, json};
use testkit::Kind as Store;

use super::{
    hook, log, logged,
    receiver::{Receiver, Says},
    set,
};
use crate::{
    analytics::viewing,
    harness::{Client, T0, World, granted},
    organisations::operator,
};

const RULE: &str = "mutation { createGuardianRule(input: {kind: IP, value: \"198.51.100.0/24\", action: DENY}) { rule { id } change { id } } }";
const AGAIN: &str =
    "mutation($i: ID!) { redeliverWebhook(input: {id: $i}) { delivery { state attempts } errors { code } } }";

/// A viewer is refused.
fn refuse(world: &World, address: u8) {
    let viewing = world.viewing(world.stream(), 1);
    let kind = Kind::Denied {
        organisation: Some(viewing.organisation),
        stream: viewing.name,
        door: Door::Playback,
        protocol: Protocol::Hls,
        address: [203, 0, 113, address].into(),
        reason: Reason::TokenExpired,
        decision: DecisionId::mint(u64::from(address), [address; 10]),
        trace: vec![],
        visitor: link::Visitor::default(),
    };
    world.node.tell(world.clock.now(), kind);
}

async fn changes_hold_on(kind: Store) {
    let world = World::on(kind).await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let calls = json!(["TOKEN_REVOKED", "RULE_CHANGED"]);
    let (id, secret) = hook(
        &admin,
        json!({ "url": receiver.url, "calls": calls, "encoding": "JSON" }),
    )
    .await;
    let revoked = admin.revoke(json!({ "user": "ann" })).await;
    let seen = receiver.until(1).await.remove(0);
    assert_eq!(seen.signatures_by(&secret), 1);
    let body = seen.json();
    assert_eq!(
        (
            &body["call"],
            &body["by"],
            &body["subject"],
            &body["change"],
            &body["timestamp"]
        ),
        (
            &json!("token_revoked"),
            &json!("user"),
            &json!("ann"),
            &revoked["change"]["id"],
            &json!(T0.ms())
        )
    );
    let rule = admin.data(RULE, json!({})).await["createGuardianRule"].clone();
    let body = receiver.until(2).await[1].json();
    assert_eq!(
        (
            &body["call"],
            &body["rule"],
            &body["kind"],
            &body["value"],
            &body["action"],
            &body["removed"]
        ),
        (
            &json!("rule_changed"),
            &rule["rule"]["id"],
            &json!("IP"),
            &json!("198.51.100.0/24"),
            &json!("DENY"),
            &json!(false)
        )
    );
    let delivered = logged(&admin, |entry| {
        entry["call"] == "rule_changed" && entry["state"] == "DELIVERED"
    })
    .await;
    assert_eq!((&delivered["content"], &delivered["status"]), (&body, &json!(200)));

    // It fails, waits, and is tried again later, under its own id.
    receiver.says(Says::Answer(503, "later".to_owned()));
    admin.revoke(json!({ "tag": "trial" })).await;
    let failed = |entry: &Value| entry["error"] == "answered 503" && entry["state"] == "WAITING";
    let waiting = logged(&admin, failed).await;
    assert_eq!(waiting["attempts"], 1);
    receiver.says(Says::Answer(204, String::new()));
    world.pass(Duration::from_secs(5));
    let late = logged(&admin, |entry| {
        entry["id"] == waiting["id"] && entry["state"] == "DELIVERED"
    })
    .await;
    assert_eq!(
        (&late["attempts"], &late["error"], &late["nextAt"]),
        (&json!(2), &Value::Null, &Value::Null)
    );
    let seen = receiver.seen();
    let ids: Vec<_> = seen[2..].iter().map(|seen| seen.header("webhook-id")).collect();
    assert_eq!(ids, [&waiting["id"], &waiting["id"]]);

    // Again by hand; switched off, not.
    let again = admin.data(AGAIN, json!({ "i": delivered["id"] })).await["redeliverWebhook"].clone();
    assert_eq!(
        (&again["delivery"]["state"], &again["errors"]),
        (&json!("WAITING"), &json!([]))
    );
    let seen = receiver.until(5).await;
    assert_eq!(seen[4].json(), body);
    logged(&admin, |entry| {
        entry["id"] == delivered["id"] && entry["state"] == "DELIVERED"
    })
    .await;
    set(&admin, json!({ "id": id, "enabled": false })).await;
    let again = admin.data(AGAIN, json!({ "i": delivered["id"] })).await["redeliverWebhook"].clone();
    assert_eq!(again["errors"][0]["code"], "DISABLED");
    // Nobody else's log has any of it, nor can they send it.
    let outsider = world.outsider().await;
    assert!(log(&outsider, json!({ "webhook": id })).await.is_empty());
    assert_eq!(outsider.code(AGAIN, json!({ "i": delivered["id"] })).await, "NOT_FOUND");
}

#[tokio::test]
async fn a_change_is_told_until_it_is_taken_and_again_when_asked() {
    changes_hold_on(Store::Sqlite).await;
}

#[tokio::test]
async fn a_change_is_told_until_it_is_taken_and_again_when_asked_on_postgresql() {
    changes_hold_on(Store::Postgres).await;
}

#[tokio::test]
async fn what_was_not_taken_survives_a_restart() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    receiver.says(Says::Answer(500, String::new()));
    hook(&admin, json!({ "url": receiver.url, "calls": ["TOKEN_REVOKED"] })).await;
    admin.revoke(json!({ "user": "ann" })).await;
    logged(&admin, |entry| entry["error"] == "answered 500").await;
    let world = world.restarted().await;
    receiver.says(Says::Answer(200, String::new()));
    world.pass(Duration::from_secs(5));
    let admin = world.as_role("nanoAdmin").await;
    logged(&admin, |entry| entry["state"] == "DELIVERED").await;
    let subjects: Vec<_> = receiver
        .seen()
        .iter()
        .map(|seen| seen.form()["subject"].clone())
        .collect();
    assert_eq!(subjects, ["ann", "ann"]);
}

#[tokio::test]
async fn whoever_leaves_or_is_refused_is_told_of_without_a_token() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let calls = json!(["ON_PUBLISH_DONE", "PLAY_DONE", "VIEWER_DENIED"]);
    hook(
        &admin,
        json!({ "url": receiver.url, "calls": calls, "encoding": "JSON" }),
    )
    .await;
    let viewing = SessionFacts {
        grant: Some(guard::Grant {
            user: Some("ann".into()),
            ..granted("tok_1")
        }),
        ..world.viewing(world.stream(), 1)
    };
    let publishing = SessionFacts {
        door: Door::Ingest,
        protocol: Protocol::Rtmp,
        ..world.viewing(world.stream(), 2)
    };
    for (facts, bytes, reason) in [(viewing, 700, Some(Reason::TokenRevoked)), (publishing, 900, None)] {
        let end = SessionEnd {
            session: facts.session,
            organisation: facts.organisation,
            stream: facts.stream,
            bytes,
            requests: 1,
            reason,
        };
        world.node.tell(T0, Kind::Started(facts));
        world.node.tell(T0.plus(Duration::from_secs(90)), Kind::Ended(end));
    }
    refuse(&world, 9);
    let mut bodies: Vec<_> = receiver
        .until(3)
        .await
        .iter()
        .map(super::receiver::Seen::json)
        .collect();
    bodies.sort_by_key(|body| body["call"].as_str().unwrap().to_owned());
    let said = |body: &Value, names: &[&str]| names.iter().map(|name| body[*name].clone()).collect::<Value>();
    assert_eq!(
        said(
            &bodies[0],
            &["call", "user", "jti", "bytes_out", "bytes_in", "time", "reason"]
        ),
        json!(["play_done", "ann", "tok_1", 700, 0, 90, "TOKEN_REVOKED"])
    );
    assert_eq!(
        said(&bodies[1], &["call", "name", "bytes_out", "bytes_in", "time", "reason"]),
        json!(["publish_done", world.stream(), 0, 900, 90, null])
    );
    assert_eq!(
        said(&bodies[2], &["call", "name", "addr", "reason", "app"]),
        json!(["viewer_denied", world.stream(), "203.0.113.9", "TOKEN_EXPIRED", "live"])
    );
    assert!(bodies.iter().all(|body| body.get("token").is_none()));
}

#[tokio::test]
async fn a_broadcaster_whom_a_crash_ended_is_told_of_after_it() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    hook(&admin, json!({ "url": receiver.url, "calls": ["ON_PUBLISH_DONE"] })).await;
    let publishing = SessionFacts {
        door: Door::Ingest,
        protocol: Protocol::Rtmp,
        ..world.viewing(world.stream(), 2)
    };
    let (session, organisation) = (publishing.session, publishing.organisation);
    world.node.tell(T0, Kind::Started(publishing));
    let beat = Kind::Beat {
        session,
        organisation,
        bytes: 900,
        requests: 1,
    };
    world.node.tell(T0.plus(Duration::from_secs(40)), beat);
    let sessions = "{ organisation { sessions { nodes { bytes } } } }";
    while admin.data(sessions, json!({})).await["organisation"]["sessions"]["nodes"][0]["bytes"] != 900.0 {
        tokio::task::yield_now().await;
    }
    // The control plane starts anew, and of its node nothing is heard any more.
    let world = world.restarted().await;
    let form = receiver.until(1).await[0].form();
    assert_eq!(
        ["call", "name", "clientid", "bytes_in", "time"].map(|name| form[name].as_str()),
        ["publish_done", world.stream(), &session.to_string(), "900", "40"]
    );
}

#[tokio::test]
async fn a_flood_of_denials_is_bounded_and_counted() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let (id, _) = hook(
        &admin,
        json!({ "url": receiver.url, "calls": ["VIEWER_DENIED"], "encoding": "JSON" }),
    )
    .await;
    for n in 0..200 {
        refuse(&world, n);
    }
    let suppressed = async |client: &Client| {
        let query = "{ organisation { webhooks { id suppressed } } }";
        let hooks = client.data(query, json!({})).await["organisation"]["webhooks"].clone();
        assert_eq!(hooks[0]["id"], id);
        hooks[0]["suppressed"].as_f64().unwrap()
    };
    while suppressed(&admin).await < 140.0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let seen = receiver.until(60).await;
    assert!(seen.iter().all(|seen| seen.json().get("suppressed").is_none()));
    // The next minute's first says what was left out.
    world.pass(Duration::from_mins(1));
    refuse(&world, 201);
    let seen = receiver.until(61).await;
    assert_eq!(seen[60].json()["suppressed"], 140);
    assert_eq!((seen.len(), suppressed(&admin).await), (61, 140.0));
}

#[tokio::test]
async fn a_call_that_waits_while_its_viewer_is_erased_keeps_no_name_once_it_was_made() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    receiver.says(Says::Answer(503, "later".to_owned()));
    let calls = json!(["TOKEN_REVOKED"]);
    hook(
        &admin,
        json!({ "url": receiver.url, "calls": calls, "encoding": "JSON" }),
    )
    .await;
    for user in ["ann-s", "ann-t"] {
        admin.revoke(json!({ "user": user })).await;
        world.pass(Duration::from_millis(1));
    }
    receiver.until(2).await;
    let waits = |user: &'static str| {
        move |entry: &Value| {
            entry["state"] == "WAITING" && entry["content"]["subject"] == user && entry["status"] == 503
        }
    };
    for user in ["ann-s", "ann-t"] {
        logged(&admin, waits(user)).await;
    }
    let erase = "mutation { eraseViewer(input: {user: \"ann-s\"}) { errors { code } } }";
    assert_eq!(admin.data(erase, json!({})).await["eraseViewer"]["errors"], json!([]));
    logged(&admin, waits("ann-s")).await;

    receiver.says(Says::Answer(204, String::new()));
    world.pass(Duration::from_mins(1));
    let admin = world.as_role("nanoAdmin").await;
    let seen = receiver.until(4).await;
    assert!(
        seen[2..].iter().any(|seen| seen.json()["subject"] == "ann-s"),
        "it is told first"
    );
    logged(&admin, |entry| {
        entry["state"] == "DELIVERED" && entry["content"].is_null()
    })
    .await;
    logged(&admin, |entry| {
        entry["state"] == "DELIVERED" && entry["content"]["subject"] == "ann-t"
    })
    .await;
}

/// A token watched from four networks at once for a minute.
fn share(world: &World, first: u64, jti: &str) {
    let begin = world.clock.now();
    let later = |seconds| begin.plus(Duration::from_secs(seconds));
    let places = ["198.51.100.1", "203.0.113.1", "192.0.2.1", "2001:db8::1"];
    let sessions: Vec<_> = (0_u32..)
        .zip(places)
        .map(|(n, address)| viewing(world, first + u64::from(n), jti, address, "DE", 64_500 + n))
        .collect();
    for facts in &sessions {
        world.node.tell(begin, Kind::Started(facts.clone()));
    }
    for second in (10..130).step_by(10) {
        for facts in &sessions {
            let (session, organisation) = (facts.session, facts.organisation);
            let bytes = second * 1_000;
            world.node.tell(
                later(second),
                Kind::Beat {
                    session,
                    organisation,
                    bytes,
                    requests: 1,
                },
            );
        }
    }
}

async fn signs_of_misuse_are_told_on(kind: Store) {
    let world = World::on(kind).await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let calls = json!(["FINDING", "TOKEN_REVOKED"]);
    hook(
        &admin,
        json!({ "url": receiver.url, "calls": calls, "encoding": "JSON" }),
    )
    .await;
    share(&world, 1, "shared");
    let of = |indicator: &'static str, points: u64| {
        move |body: &Value| body["jti"] == "shared" && body["indicator"] == indicator && body["points"] == points
    };
    let mut seen = 1;
    let found = loop {
        let bodies: Vec<_> = receiver
            .until(seen)
            .await
            .iter()
            .map(super::receiver::Seen::json)
            .collect();
        if let Some(found) = bodies.into_iter().find(of("ADDRESSES", 55)) {
            break found;
        }
        seen += 1;
    };
    assert_eq!(found["call"], "finding");
    assert_eq!(
        found["evidence"],
        "4 addresses in 4 networks within 10 minutes, 4 at once"
    );
    assert!(
        found["since"].as_i64() >= Some(T0.s()) && found["timestamp"].is_i64(),
        "{found}"
    );

    // What goes on and is no more than before is not told again; nor, without the package, what is new.
    let operator = operator(&world).await;
    let take = "mutation($o: String!) { setPackage(input: { organisation: $o, package: ANALYTICS, enabled: false }) {
        errors { code } } }";
    let hash = world.stream().split('-').next().unwrap();
    assert_eq!(
        operator.data(take, json!({ "o": hash })).await["setPackage"]["errors"],
        json!([])
    );
    share(&world, 11, "two");
    let written = "query { organisation { sessions(first: 100) { totalCount } } }";
    while admin.data(written, json!({})).await["organisation"]["sessions"]["totalCount"].as_u64() < Some(8) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    admin.revoke(json!({ "user": "ann" })).await;
    let revoked = |body: &Value| body["call"] == "token_revoked";
    let bodies = loop {
        let bodies: Vec<_> = receiver
            .until(seen)
            .await
            .iter()
            .map(super::receiver::Seen::json)
            .collect();
        if bodies.iter().any(revoked) {
            break bodies;
        }
        seen += 1;
    };
    assert_eq!(bodies.iter().filter(|body| of("ADDRESSES", 55)(body)).count(), 1);
    assert!(!bodies.iter().any(|body| body["jti"] == "two"), "{bodies:?}");
}

#[tokio::test]
async fn a_sign_of_misuse_is_told_once_with_its_evidence() {
    signs_of_misuse_are_told_on(Store::Sqlite).await;
}

#[tokio::test]
async fn a_sign_of_misuse_is_told_once_with_its_evidence_on_postgresql() {
    signs_of_misuse_are_told_on(Store::Postgres).await;
}
