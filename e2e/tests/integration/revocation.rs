//! A revoked viewer gets nothing more, by any door, and is told why.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use crate::stage::{Answer, Heard, Home, Person, Server, Viewer, curl, get, until};

#[tokio::test]
async fn a_revoked_viewer_is_cut_off_at_every_door_and_told_why() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    let token = admin.token_for(name).await;
    let spared = admin.token_for(name).await;
    let children = hls_children(&server, name, &token).await;

    let mut events = admin
        .subscribe(
            "subscription($filter: SessionFilter) { sessionEvents(filter: $filter) { kind reason protocol decision session { bytes } } }",
            json!({ "filter": { "stream": name } }),
        )
        .await;
    let mut viewer = Viewer::open(&server.socket(name, &token)).await;
    viewer.watch(30).await;
    let mut other = Viewer::open(&server.socket(name, &spared)).await;
    other.watch(1).await;
    let file = home.path("progressive.mp4");
    let download = download(&server.door(name, "stream.mp4", &token), &file);
    until("media", async || {
        std::fs::metadata(&file)
            .ok()
            .filter(|file| file.len() > 10_000)
            .map(|_| ())
    })
    .await;
    let live = "query($filter: SessionFilter) { organisation { sessions(filter: $filter) { totalCount } } }";
    let sessions = admin
        .ask(
            live,
            &json!({ "filter": { "stream": name, "live": true, "door": "PLAYBACK" } }),
        )
        .await;
    assert!(
        sessions["organisation"]["sessions"]["totalCount"].as_u64() >= Some(3),
        "{sessions}"
    );

    let payload = admin.revoke(json!({ "token": token })).await;
    let change = &payload["change"];
    assert_eq!(payload["revoked"], 1);
    // By WebSocket, progressive and HLS.
    assert_eq!(change["sessionsEnded"], 3, "{payload}");
    assert_eq!(change["bytesAfter"], 0.0, "{payload}");
    assert_eq!(change["nodes"].as_array().map(Vec::len), Some(1));
    assert_eq!(change["nodes"][0]["acknowledged"], true);
    assert!(
        change["doneAfterMs"].as_f64().is_some_and(|after| after < 1000.0),
        "{payload}"
    );

    let (code, reason, _) = viewer.last_word().await;
    assert_eq!((code, reason.as_str()), (4416, "TOKEN_REVOKED"));
    let status = timeout(Duration::from_secs(5), download.wait_with_output()).await;
    let status = status.expect("the answer breaks off").expect("an outcome").status;
    // What curl says of an answer that was not finished.
    assert!(matches!(status.code(), Some(18 | 56)), "{status}");
    for url in children.iter().chain([&server.door(name, "stream.mp4", &token)]) {
        assert_revoked(&get(url).await);
    }
    for _ in 0..3 {
        let denied = events.next(|event| event["sessionEvents"]["kind"] == "ENDED").await;
        assert_eq!(denied["sessionEvents"]["reason"], "TOKEN_REVOKED", "{denied}");
    }

    let progress = "subscription($id: ID!) { changeProgress(id: $id) { done nodes acknowledged sessionsEnded bytesAfter afterMs } }";
    let mut progress = admin.subscribe(progress, json!({ "id": change["id"] })).await;
    let done = progress.next(|data| data["changeProgress"]["done"] == true).await;
    assert_eq!(done["changeProgress"]["sessionsEnded"], 3);
    assert_eq!(done["changeProgress"]["bytesAfter"], 0.0);

    let mut again = Viewer::open(&server.socket(name, &token)).await;
    assert_eq!(again.hear().await, Heard::Closed(4416, "TOKEN_REVOKED".to_owned()));
    other.watch(50).await;
    assert_eq!(get(&server.door(name, "index.m3u8", &spared)).await.status, 200);
    let record = "query($jti: ID!) { playbackToken(jti: $jti) { status revokedAt } }";
    let record = admin.ask(record, &json!({ "jti": jti(&admin, &payload).await })).await;
    assert_eq!(record["playbackToken"]["status"], "REVOKED");
}

#[tokio::test]
async fn a_running_session_ends_when_its_token_expires_where_that_was_asked_for() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    let ends = json!({ "streams": [name], "ttlSeconds": 3, "forceDisconnect": true });
    let stays = json!({ "streams": [name], "ttlSeconds": 3, "forceDisconnect": false });
    let mut ended = Viewer::open(&server.socket(name, &admin.token(ends).await)).await;
    let stays = admin.token(stays).await;
    let mut stayed = Viewer::open(&server.socket(name, &stays)).await;
    stayed.watch(1).await;
    let (code, reason, media) = ended.last_word().await;
    assert_eq!((code, reason.as_str()), (4415, "TOKEN_EXPIRED"));
    assert!(media > 1);
    // It ended at its expiry: the other one's has come too.
    until("expiry", async || {
        let answer = get(&server.door(name, "stream.mp4", &stays)).await;
        (answer.reason().as_deref() == Some("TOKEN_EXPIRED")).then_some(())
    })
    .await;
    stayed.watch(100).await;
}

/// The playlist, its init segment and one of its segments, with everything that their addresses carry.
async fn hls_children(server: &Server, name: &str, token: &str) -> Vec<String> {
    let playlist = server.door(name, "index.m3u8", token);
    let answer = curl(&["--user-agent", PLAYER, &playlist], None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let segment = text
        .lines()
        .find(|line| line.starts_with("segment/"))
        .expect("a segment");
    let map = text.split('"').find(|part| part.starts_with("init/")).expect("a map");
    let children: Vec<_> = [map, segment]
        .map(|child| format!("{}/live/{name}/{child}", server.http()))
        .into_iter()
        .chain([playlist.clone()])
        .collect();
    for child in &children {
        let answer = curl(&["--user-agent", PLAYER, child], None).await;
        assert_eq!((answer.status, answer.exit), (200, 0), "{child}");
        assert!(!answer.body.is_empty());
    }
    children
}

fn download(url: &str, file: &std::path::Path) -> Child {
    let mut command = Command::new("curl");
    command.args(["--silent", "--no-buffer", "--output"]).arg(file).arg(url);
    let child = command.stdin(Stdio::null()).kill_on_drop(true).spawn();
    child.expect("curl")
}

fn assert_revoked(answer: &Answer) {
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(answer.reason().as_deref(), Some("TOKEN_REVOKED"));
}

/// The id of the one token that was revoked.
async fn jti(admin: &Person, payload: &Value) -> String {
    assert_eq!(payload["revoked"], 1);
    let query = "{ organisation { playbackTokens(filter: { status: REVOKED }) { nodes { jti } } } }";
    let data = admin.ask(query, &json!({})).await;
    let jti = data["organisation"]["playbackTokens"]["nodes"][0]["jti"].as_str();
    jti.expect("a record").to_owned()
}

/// One player is one session.
const PLAYER: &str = "player/1";
