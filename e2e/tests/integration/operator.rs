//! Platform operators: made on the command line beside a running installation; what they do reaches running sessions.

use serde_json::json;

use crate::stage::{Home, Person, Server, Viewer, get};

/// The second organisation's administrator, made a platform operator while everything runs.
async fn operator(home: &Home, server: &Server) -> Person {
    let email = "admin@southgate.example";
    let made = home.command(&["operator", "create"], &["--email", email]).await;
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(made.status.success() && said.contains("/reset#"), "{made:?}");
    Person::sign_in(server, email).await
}

#[tokio::test]
async fn suspending_an_organisation_ends_its_viewers_and_its_publisher_at_once_and_resuming_lets_them_back() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let hash = server.test().name()[..5].to_owned();
    let token = admin.token_for(server.test().name()).await;
    let socket = server.socket(server.test().name(), &token);
    let mut viewer = Viewer::open(&socket).await;
    viewer.watch(20).await;
    let operator = operator(&home, &server).await;
    let suspended = operator.suspend(&hash).await;
    assert!(suspended["sessionsEnded"].as_u64() >= Some(2), "{suspended}");
    assert_eq!(suspended["bytesAfter"], 0.0);
    let (code, reason, _) = viewer.last_word().await;
    assert_eq!((code, reason.as_str()), (4470, "ORGANISATION_SUSPENDED"));
    let playlist = server.door(server.test().name(), "index.m3u8", &token);
    assert_eq!(get(&playlist).await.reason().as_deref(), Some("ORGANISATION_SUSPENDED"));
    let refused = admin.answer("{ organisation { name } }", &json!({})).await;
    assert_eq!(refused["errors"][0]["extensions"]["reason"], "ORGANISATION_SUSPENDED");
    operator
        .change("resumeOrganisation", &json!({ "organisation": hash }), "change { id }")
        .await;
    admin.until_playable(server.test().name(), &token).await;
    let mut viewer = Viewer::open(&socket).await;
    viewer.watch(5).await;
}

#[tokio::test]
async fn a_package_that_is_given_back_ends_sessions_that_have_no_token() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let hash = server.test().name()[..5].to_owned();
    let operator = operator(&home, &server).await;
    let set = async |enabled: bool| {
        let input = json!({ "organisation": hash, "package": "SECURE", "enabled": enabled });
        operator.change("setPackage", &input, "change { sessionsEnded }").await
    };
    let token = admin.token_for(server.test().name()).await;
    set(false).await;
    // Without the package playback is open.
    let socket = server.socket(server.test().name(), "");
    let mut open = Viewer::open(socket.trim_end_matches("?token=")).await;
    open.watch(5).await;
    let mut proven = Viewer::open(&server.socket(server.test().name(), &token)).await;
    proven.watch(5).await;
    set(true).await;
    let (code, reason, _) = open.last_word().await;
    assert_eq!((code, reason.as_str()), (4401, "TOKEN_MISSING"));
}
