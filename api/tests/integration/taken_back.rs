//! For how long it is known that tokens were taken back: for as long as they could let in. And how much of that there may be.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    credentials::STATIC,
    harness::{T0, World},
    privacy::{database, eventually, set, texts},
    signing_keys::{add, hs256},
};

const SECRET: &str = "thirty-two bytes and some more, shared";

/// A customer's token for an hour.
fn theirs(stream: &str, jti: &str) -> String {
    let claims = json!({ "aud": "play", "exp": T0.s() + 3_600, "streams": [stream], "jti": jti });
    hs256(SECRET, &json!({ "kid": "theirs" }), &claims)
}

async fn forgotten_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let stream = world.stream().to_owned();
    let key = add(&admin, json!({ "hs256Secret": SECRET, "kid": "theirs" })).await;
    assert_eq!(key["errors"], json!([]));
    let studio = json!({ "name": "studio", "organisation": true, "ttlSeconds": 3_600 });
    let listed = admin.data(STATIC, json!({ "i": studio })).await["createStaticToken"].clone();
    let short = admin
        .make_token(json!({ "streams": [stream], "ttlSeconds": 3_600 }))
        .await;
    let long = admin
        .make_token(json!({ "streams": [stream], "ttlSeconds": 3 * 24 * 3_600 }))
        .await;
    let jti = |made: &Value| made["record"]["jti"].as_str().unwrap().to_owned();
    let (short, long, text) = (jti(&short), jti(&long), long["token"].as_str().unwrap().to_owned());
    for by in [
        json!({ "jti": short }),
        json!({ "jti": long }),
        json!({ "token": theirs(&stream, "theirs-once") }),
        // By its id for good, and by its text until it is over.
        json!({ "jti": "theirs-twice" }),
        json!({ "token": theirs(&stream, "theirs-twice") }),
        json!({ "jti": "static:studio" }),
        json!({ "user": "theirs-all" }),
    ] {
        assert_eq!(admin.revoke(by.clone()).await["errors"], json!([]), "{by}");
    }
    let place = database(&world).await;
    let rows = async || {
        let rows = "SELECT subject FROM revocation ORDER BY subject";
        texts(&place, rows).await.concat()
    };
    let known = |jti: &str| format!("{:?}", *world.node.policy.lock().unwrap()).contains(jti);
    assert_eq!(rows().await.len(), 7);
    assert!(known(&short) && known("theirs-once"));

    // A session may outlive its token by a day.
    world.pass(Duration::from_hours(27));
    let left = ["static:studio", "theirs-all", "theirs-twice", &long];
    eventually("nodes forget it", async || !known(&short) && !known("theirs-once")).await;
    for jti in left {
        assert!(known(jti), "{jti}");
    }
    // Whoever looks back is told for as long as there are sessions to look at.
    assert_eq!(rows().await.len(), 7);
    let denied = world.node.denies(&stream, &text, world.clock.now());
    assert_eq!(denied, Some(guard::Reason::TokenRevoked));

    let admin = world.as_role("nanoAdmin").await;
    let log =
        "{ organisation { auditLog(filter: {action: \"revocation.end\"}) { nodes { actorKind object detail } } } }";
    assert_eq!(
        admin.data(log, json!({})).await["organisation"]["auditLog"]["nodes"],
        json!([{ "actorKind": "PLATFORM", "object": "revocations", "detail": { "tokens": 2 } }])
    );
    let record = "query($j: ID!) { playbackToken(jti: $j) { status } }";
    let record = admin.data(record, json!({ "j": short })).await["playbackToken"].clone();
    assert_eq!(record["status"], "REVOKED", "as its record says");
    set(&admin, Value::Null, json!({ "days": 1 })).await;
    world.pass(Duration::from_hours(25));
    eventually("what is old goes", async || rows().await == left).await;

    // A static token of that name would be the one that was revoked.
    let remove = "mutation($i: ID!) { removeStaticToken(input: {id: $i}) { errors { code } } }";
    admin.data(remove, json!({ "i": listed["staticToken"]["id"] })).await;
    let again = admin.data(STATIC, json!({ "i": studio })).await["createStaticToken"].clone();
    assert_eq!(
        again["errors"],
        json!([{ "code": "REVOKED", "field": ["input", "name"] }])
    );
}

#[tokio::test]
async fn what_was_taken_back_of_one_token_is_forgotten_once_that_is_over_and_nothing_else_is() {
    forgotten_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_was_taken_back_of_one_token_is_forgotten_once_that_is_over_and_nothing_else_is_on_postgresql() {
    forgotten_on(Kind::Postgres).await;
}

async fn limited_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, user, outsider) = (
        world.as_role("nanoAdmin").await,
        world.as_role("nanoUser").await,
        world.outsider().await,
    );
    let key = add(&admin, json!({ "hs256Secret": SECRET, "kid": "theirs" })).await;
    assert_eq!(key["errors"], json!([]));
    assert_eq!(user.revoke(json!({ "jti": "first" })).await["errors"], json!([]));
    let place = database(&world).await;
    let nearly = "UPDATE revocation_count SET revocations = 999999";
    place.execute_unprepared(nearly).await.unwrap();
    assert_eq!(user.revoke(json!({ "jti": "last" })).await["errors"], json!([]));
    for by in [
        json!({ "jti": "one more" }),
        json!({ "user": "ann" }),
        json!({ "tag": "web" }),
    ] {
        let refused = user.revoke(by.clone()).await["errors"][0].clone();
        assert_eq!(refused["code"], "LIMIT_REACHED", "{by}");
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains("1000000 revocations"), "{message}");
    }
    let subjects = texts(&place, "SELECT subject FROM revocation ORDER BY subject").await;
    assert_eq!(subjects.concat(), ["first", "last"]);

    // The same once more takes its own place, what ends with its token takes none, and what the organisation has itself is
    // always taken back.
    let made = user.make_token(json!({ "streams": [world.stream()] })).await;
    for by in [
        json!({ "jti": "last" }),
        json!({ "jti": made["record"]["jti"] }),
        json!({ "token": theirs(world.stream(), "by-its-text") }),
    ] {
        assert_eq!(user.revoke(by.clone()).await["errors"], json!([]), "{by}");
    }
    let keys = "{ organisation { signingKeys { id } } }";
    let key = admin.data(keys, json!({})).await["organisation"]["signingKeys"][0]["id"].clone();
    for by in [
        json!({ "stream": world.stream() }),
        json!({ "signingKey": key }),
        json!({ "issuedBefore": "2027-01-15T08:00:00Z" }),
    ] {
        assert_eq!(admin.revoke(by.clone()).await["errors"], json!([]), "{by}");
    }
    // Others have room of their own.
    assert_eq!(outsider.revoke(json!({ "user": "ann" })).await["errors"], json!([]));
}

#[tokio::test]
async fn names_of_anybodys_choice_are_taken_back_so_often_and_what_there_is_always() {
    limited_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn names_of_anybodys_choice_are_taken_back_so_often_and_what_there_is_always_on_postgresql() {
    limited_on(Kind::Postgres).await;
}
