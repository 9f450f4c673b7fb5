//! What was answered survives `kill -9`.

use std::{collections::BTreeSet, os::unix::fs::PermissionsExt, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::stage::{Home, Person, Server, Viewer, get, publish};

#[tokio::test]
async fn nothing_that_was_answered_is_lost_by_a_crash() {
    let home = Home::new();
    let first = home.demo().await;
    let admin = Person::admin(&first).await;
    let (made, made_url) = admin
        .create_stream(json!({ "alias": "kept", "title": "Kept", "tags": ["a", "b"] }))
        .await;
    let token = admin.token_for(&made).await;
    let kept = admin.token_for(&made).await;
    let encoder = publish(&made_url);
    admin.until_playable(&made, &token).await;
    let mut viewer = Viewer::open(&first.socket(&made, &token)).await;
    let mut staying = Viewer::open(&first.socket(&made, &kept)).await;
    let begun = Instant::now();
    while begun.elapsed() < HEARD_OF_AGAIN {
        viewer.watch(5).await;
        staying.watch(5).await;
    }
    let before = told(&first);

    // A revocation, and a crash as soon as it is answered.
    let revoked = admin.revoke(json!({ "token": token })).await;
    first.kill().await;
    let killed = now();
    assert!(revoked["change"]["sessionsEnded"].as_u64() >= Some(1), "{revoked}");
    assert!(home.data().join("ready.json").exists(), "a crash leaves it");
    let output = encoder.end().await;
    assert!(!output.status.success(), "ffmpeg notices");

    let second = home.demo().await;
    complete(&home, &second);
    assert_eq!(told(&second), before, "the same users, passwords, streams and keys");
    let admin = Person::admin(&second).await;
    let data = admin
        .ask(
            "query($name: String!) { stream(name: $name) { title tags { name } ingestKey state } }",
            &json!({ "name": made }),
        )
        .await;
    let key = made_url.split_once("key=").expect("a key").1;
    assert_eq!(data["stream"]["title"], "Kept");
    assert_eq!(data["stream"]["tags"], json!([{ "name": "a" }, { "name": "b" }]));
    assert_eq!(data["stream"]["ingestKey"], key);
    assert_eq!(data["stream"]["state"], "ENDED", "nobody publishes");

    let sessions = "query($filter: SessionFilter) { organisation { sessions(first: 100, filter: $filter) { nodes { stream endedAt startedAt protocol } } } }";
    let past = admin.ask(sessions, &json!({ "filter": { "stream": made } })).await;
    let past = past["organisation"]["sessions"]["nodes"].as_array().expect("sessions");
    assert!(!past.is_empty());
    assert!(
        past.iter().all(|session| session["endedAt"].is_string()),
        "left open: {past:?}"
    );
    end_with_the_crash(past, killed);

    // Still revoked; the other token still good.
    let _encoder = publish(&second_url(&made_url, &second));
    admin.until_playable(&made, &kept).await;
    let refused = get(&second.door(&made, "stream.mp4", &token)).await;
    assert_eq!(
        (refused.status, refused.reason().as_deref()),
        (403, Some("TOKEN_REVOKED"))
    );
    let (code, ..) = Viewer::open(&second.socket(&made, &token)).await.last_word().await;
    assert_eq!(code, 4416);
    Viewer::open(&second.socket(&made, &kept)).await.watch(5).await;

    // Stopped, locked and deleted hold as well, and a third life knows it all.
    let (gone, _) = admin.create_stream(json!({ "alias": "gone" })).await;
    admin.on_stream("deleteStream", &gone).await;
    let rotated = admin
        .change("rotateIngestKey", &json!({ "name": made }), "stream { ingestKey }")
        .await;
    admin.on_stream("lockStream", &made).await;
    second.kill().await;
    let third = home.demo().await;
    let admin = Person::admin(&third).await;
    let refused = get(&third.door(&made, "stream.mp4", &kept)).await;
    assert_eq!(refused.reason().as_deref(), Some("STREAM_LOCKED"));
    let query = "query($name: String!) { stream(name: $name) { state ingestKey } }";
    let data = admin.ask(query, &json!({ "name": made })).await;
    assert_eq!(data["stream"]["state"], "LOCKED");
    assert_eq!(data["stream"]["ingestKey"], rotated["stream"]["ingestKey"]);
    let answer = admin.answer(query, &json!({ "name": gone })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
}

/// What a crash leaves open ends when it was heard of last: no later than the crash, and a beat before it at most.
fn end_with_the_crash(past: &[Value], killed: DateTime<Utc>) {
    for protocol in ["RTMP", "WEBSOCKET"] {
        let all = past.iter().filter(|session| session["protocol"] == protocol);
        let ended: Vec<DateTime<Utc>> = all
            .map(|session| {
                session["endedAt"]
                    .as_str()
                    .expect("a moment")
                    .parse()
                    .expect("a moment")
            })
            .collect();
        assert!(!ended.is_empty(), "{protocol}: {past:?}");
        for at in ended {
            let early = killed - at;
            assert!(
                early >= TimeDelta::zero(),
                "{protocol}: ended after the crash at {killed}: {past:?}"
            );
            assert!(
                early <= EARLY,
                "{protocol}: ended too long before the crash at {killed}: {past:?}"
            );
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server that is killed goes by the machine's clock too"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// What `ready.json` tells that stays the same: ports are new at each start, and so are tokens.
fn told(server: &Server) -> (Value, Vec<(String, String)>) {
    let streams = [server.test(), server.encoder()];
    let streams = streams.map(|stream| (stream.name().to_owned(), stream.key().to_owned()));
    (server.ready["users"].clone(), streams.to_vec())
}

/// The contract of `ready.json`.
pub(crate) fn complete(home: &Home, server: &Server) {
    let file = std::fs::metadata(home.data().join("ready.json")).expect("ready.json");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    let ready = &server.ready;
    let keys: BTreeSet<_> = ready
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        ["dashboard", "graphql", "http", "operator", "rtmp", "streams", "users"].into()
    );
    for key in ["http", "graphql", "dashboard"] {
        assert!(
            ready[key]
                .as_str()
                .is_some_and(|url| url.starts_with("http://127.0.0.1:")),
            "{key}"
        );
    }
    assert!(
        ready["rtmp"]
            .as_str()
            .is_some_and(|url| url.starts_with("rtmp://127.0.0.1:"))
    );
    let users = ready["users"].as_array().expect("users");
    let roles: Vec<_> = users
        .iter()
        .map(|user| user["role"].as_str().expect("a role"))
        .collect();
    assert_eq!(roles, ["nanoAdmin", "nanoUser", "nanoReadOnly", "nanoAdmin"]);
    let hashes: Vec<_> = users
        .iter()
        .map(|user| user["organisation"].as_str().expect("a hash"))
        .collect();
    assert!(
        hashes[0] == hashes[1] && hashes[1] == hashes[2] && hashes[2] != hashes[3],
        "{hashes:?}"
    );
    assert!(
        users
            .iter()
            .all(|user| user["password"].as_str().is_some_and(|password| password.len() >= 12))
    );
    for stream in ready["streams"].as_array().expect("streams") {
        let name = stream["name"].as_str().expect("a name");
        assert!(name.starts_with(&format!("{}-", hashes[0])), "{name}");
        let ingest = format!("{}/live/{name}?key=", ready["rtmp"].as_str().expect("an address"));
        assert!(stream["ingestUrl"].as_str().is_some_and(|url| url.starts_with(&ingest)));
        let watch = stream["watchUrl"].as_str().expect("an address");
        // In the fragment, which browsers send to nobody.
        let (page, fragment) = watch.split_once('#').expect("a fragment");
        assert_eq!(page, format!("{}/watch", server.http()));
        assert!(fragment.contains("token="));
    }
}

/// The same stream's address at a server on another port.
fn second_url(url: &str, server: &Server) -> String {
    let path = url.split_once("/live/").expect("a path").1;
    format!("{}/live/{path}", server.ready["rtmp"].as_str().expect("an address"))
}

/// A node tells of its sessions every ten seconds.
const HEARD_OF_AGAIN: Duration = Duration::from_secs(13);
/// Such a beat, and a moment until it is written.
const EARLY: TimeDelta = TimeDelta::seconds(11);
