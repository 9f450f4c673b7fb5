//! What is counted for a token: the addresses that it locks itself to, its uses, its sessions. It survives a crash.

use serde_json::{Value, json};

use crate::stage::{Home, Person, Server, Viewer, curl, get, until};

/// What the playlist says to a viewer from that address.
async fn reason(server: &Server, token: &str, from: &str) -> Option<String> {
    let url = server.door(server.test().name(), "index.m3u8", token);
    curl(&["--interface", from, &url], None).await.reason()
}

async fn token(server: &Server, claim: &str, value: Value) -> String {
    let admin = Person::admin(server).await;
    admin
        .token(json!({ "streams": [server.test().name()], claim: value }))
        .await
}

#[tokio::test]
async fn a_token_locks_itself_to_its_first_addresses_and_a_crash_does_not_unlock_it() {
    let home = Home::new();
    let server = home.demo().await;
    let bound = token(&server, "bindIps", json!(2)).await;
    for (from, passes) in [
        ("127.0.0.2", true),
        ("127.0.0.3", true),
        ("127.0.0.4", false),
        ("127.0.0.2", true),
    ] {
        let expected = (!passes).then(|| "TOKEN_BOUND".to_owned());
        assert_eq!(reason(&server, &bound, from).await, expected, "{from}");
    }
    // Who is refused for another reason takes no place.
    let elsewhere = token(&server, "bindIps", json!(1)).await;
    let wrong = server.door(server.encoder().name(), "index.m3u8", &elsewhere);
    assert_eq!(
        curl(&["--interface", "127.0.0.5", &wrong], None)
            .await
            .reason()
            .as_deref(),
        Some("TOKEN_SCOPE")
    );
    assert_eq!(reason(&server, &elsewhere, "127.0.0.6").await, None);
    server.kill().await;

    let server = home.demo().await;
    for (token, from, passes) in [
        (&bound, "127.0.0.4", false),
        (&bound, "127.0.0.3", true),
        (&elsewhere, "127.0.0.5", false),
        (&elsewhere, "127.0.0.6", true),
    ] {
        let expected = (!passes).then(|| "TOKEN_BOUND".to_owned());
        assert_eq!(reason(&server, token, from).await, expected, "{from}");
    }
}

#[tokio::test]
async fn a_one_time_token_is_used_up_by_its_first_media_byte_and_a_crash_does_not_renew_it() {
    let home = Home::new();
    let server = home.demo().await;
    let name = server.test().name();
    let once = token(&server, "maxUses", json!(1)).await;
    let mut viewer = Viewer::open(&server.socket(name, &once)).await;
    viewer.watch(2).await;
    let (code, reason, _) = Viewer::open(&server.socket(name, &once)).await.last_word().await;
    assert_eq!((code, reason.as_str()), (4417, "TOKEN_USED"));
    assert_eq!(
        get(&server.door(name, "index.m3u8", &once)).await.reason().as_deref(),
        Some("TOKEN_USED")
    );
    viewer.watch(2).await;
    // What was asked for and never sent leaves the use to others.
    let unspent = token(&server, "maxUses", json!(1)).await;
    let door = server.door(name, "ws", &unspent);
    assert_eq!(get(&door).await.status, 426);
    until("the use is left again", async || {
        get(&server.door(name, "index.m3u8", &unspent))
            .await
            .reason()
            .is_none()
            .then_some(())
    })
    .await;
    let taken = token(&server, "maxUses", json!(1)).await;
    assert_eq!(get(&server.door(name, "index.m3u8", &taken)).await.reason(), None);
    server.kill().await;

    let server = home.demo().await;
    for token in [&once, &taken] {
        let answer = get(&server.door(server.test().name(), "index.m3u8", token)).await;
        assert_eq!(answer.reason().as_deref(), Some("TOKEN_USED"));
    }
}

#[tokio::test]
async fn a_viewer_has_as_many_sessions_at_once_as_the_token_says() {
    let home = Home::new();
    let server = home.demo().await;
    let name = server.test().name();
    let one = token(&server, "maxSessions", json!(1)).await;
    let mut viewer = Viewer::open(&server.socket(name, &one)).await;
    viewer.watch(1).await;
    let (code, reason, _) = Viewer::open(&server.socket(name, &one)).await.last_word().await;
    assert_eq!((code, reason.as_str()), (4440, "SESSION_LIMIT"));
    drop(viewer);
    until("the first is gone", async || {
        let answer = get(&server.door(name, "index.m3u8", &one)).await;
        answer.reason().is_none().then_some(())
    })
    .await;
}
