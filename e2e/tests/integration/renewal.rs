//! Short tokens, renewed in time, play for as long as somebody hands out newer ones.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::stage::{Answer, Heard, Home, Person, Viewer, curl, until};

/// How long each token lives.
const LIFE_S: u64 = 15;

async fn token(admin: &Person, stream: &str, user: &str, life_s: u64) -> String {
    let claims = json!({ "streams": [stream], "user": user, "ttlSeconds": life_s, "forceDisconnect": true });
    admin.token(claims).await
}

/// What the viewer is told next, whatever media comes before it.
async fn told(viewer: &mut Viewer) -> Value {
    loop {
        match viewer.hear().await {
            Heard::Info(said) if said["type"] != "info" => return said,
            Heard::Info(_) | Heard::Media(_) => {}
            over => panic!("{over:?}"),
        }
    }
}

async fn play(url: &str, headers: &[&str]) -> Answer {
    let headers: Vec<_> = headers.iter().flat_map(|header| ["--header", header]).collect();
    curl(&[&["--user-agent", "player/1"][..], &headers, &[url]].concat(), None).await
}

#[tokio::test]
async fn a_viewer_with_short_tokens_watches_far_longer_than_any_of_them_lives() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    let begun = Instant::now();
    let first = token(&admin, name, "ann", LIFE_S).await;
    let mut viewer = Viewer::open(&server.socket(name, &first)).await;
    viewer.watch(1).await;
    let playlist = server.door(name, "index.m3u8", &first);
    assert_eq!(play(&playlist, &[]).await.status, 200);
    // Two lives.
    while begun.elapsed() < Duration::from_secs(2 * LIFE_S) {
        let newer = token(&admin, name, "ann", LIFE_S).await;
        viewer
            .say(&json!({ "command": "token", "token": newer }).to_string())
            .await;
        assert_eq!(told(&mut viewer).await["type"], "token");
        // The player goes on under the addresses of its first playlist.
        let bearer = format!("authorization: Bearer {newer}");
        let answer = play(&playlist, &[&bearer]).await;
        assert_eq!((answer.status, answer.reason()), (200, None));
        let segment = answer.text();
        let segment = segment
            .lines()
            .find(|line| line.starts_with("segment/"))
            .expect("a segment")
            .to_owned();
        let answer = play(&format!("{}/live/{name}/{segment}", server.http()), &[]).await;
        assert_eq!((answer.status, answer.reason()), (200, None));
        viewer.watch(20).await;
    }
    // A token for somebody else is refused, with the reason, and nothing ends.
    let other = token(&admin, name, "ben", 600).await;
    viewer
        .say(&json!({ "command": "token", "token": other }).to_string())
        .await;
    let said = told(&mut viewer).await;
    assert_eq!(
        (&said["type"], &said["reason"]),
        (&json!("refused"), &json!("TOKEN_MALFORMED"))
    );
    let elsewhere = token(&admin, server.encoder().name(), "ann", 600).await;
    viewer
        .say(&json!({ "command": "token", "token": elsewhere }).to_string())
        .await;
    assert_eq!(told(&mut viewer).await["reason"], "TOKEN_SCOPE");
    let outsider = Person::outsider(&server).await;
    let foreign = outsider.token(json!({ "organisation": true, "user": "ann" })).await;
    viewer
        .say(&json!({ "command": "token", "token": foreign }).to_string())
        .await;
    assert_eq!(told(&mut viewer).await["reason"], "TOKEN_KEY");
    viewer.watch(1).await;
    // Nobody hands out another one.
    let (code, reason, _) = viewer.last_word().await;
    assert_eq!((code, reason.as_str()), (4415, "TOKEN_EXPIRED"));
    assert!(begun.elapsed() > Duration::from_secs(2 * LIFE_S));
}

#[tokio::test]
async fn a_session_shows_its_newest_token_and_ends_with_any_of_them() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    let sessions = "query($jti: ID!) { organisation { sessions(filter: { jti: $jti }) { nodes { id jti } } } }";
    for revoke_first in [true, false] {
        let old = token(&admin, name, "ann", 600).await;
        let new = token(&admin, name, "ann", 900).await;
        let mut viewer = Viewer::open(&server.socket(name, &old)).await;
        viewer.watch(1).await;
        // Who does not read is cut off without a word.
        let last = tokio::spawn(async move { viewer.last_word().await });
        let path = server.door(name, "session/token", &old);
        let body = json!({ "token": new }).to_string();
        let json_body = ["--header", "content-type: application/json", &path];
        let answer = curl(&json_body, Some(&body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["sessions"], 1);
        let jti = jti(&new);
        until("the session is told of by its newest token", async || {
            let found = admin.ask(sessions, &json!({ "jti": jti })).await;
            let nodes = found["organisation"]["sessions"]["nodes"].as_array().cloned();
            (nodes.is_some_and(|nodes| nodes.len() == 1)).then_some(())
        })
        .await;
        let gone = if revoke_first { &old } else { &new };
        let payload = admin.revoke(json!({ "token": gone })).await;
        assert_eq!(payload["change"]["sessionsEnded"], 1, "{payload}");
        assert_eq!(last.await.expect("a last word").0, 4416);
    }
}

/// The token's id, as whoever holds it can read it.
fn jti(token: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = token.split('.').nth(1).expect("claims");
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON");
    claims["jti"].as_str().expect("an id").to_owned()
}
