//! Who a viewer is comes from the verified token and the connection, and from nothing that a viewer can write.

use serde_json::json;

use crate::stage::{Home, Person, curl, until};

#[tokio::test]
async fn a_viewer_with_a_connection_for_each_request_is_one_session() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    let token = admin
        .token(json!({ "streams": [name], "user": "one-viewer", "ttlSeconds": 600 }))
        .await;
    let playlist = server.door(name, "index.m3u8", &token);
    // Each curl is a connection of its own, as behind a proxy without keep-alive.
    for _ in 0..3 {
        // An id that the viewer made up is worth nothing, and neither are names beside the token's.
        let dressed_up = format!("{playlist}&session=ses_00000000000000000000000000&user=somebody-else");
        for url in [playlist.as_str(), &dressed_up] {
            assert_eq!(curl(&[url], None).await.status, 200);
        }
    }
    let query =
        "query($user: String) { organisation { sessions(filter: { user: $user }) { nodes { id user requests } } } }";
    let sessions = until("the session is recorded, with its requests", async || {
        let seen = admin.ask(query, &json!({ "user": "one-viewer" })).await;
        let sessions = seen["organisation"]["sessions"]["nodes"]
            .as_array()
            .expect("sessions")
            .clone();
        sessions
            .iter()
            .any(|session| session["requests"] == 6)
            .then_some(sessions)
    })
    .await;
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    assert_ne!(sessions[0]["id"], "ses_00000000000000000000000000");
    let seen = admin.ask(query, &json!({ "user": "somebody-else" })).await;
    assert_eq!(seen["organisation"]["sessions"]["nodes"], json!([]));
}

#[tokio::test]
async fn an_address_that_a_viewer_claims_is_not_believed() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    let token = admin.token(json!({ "streams": [name], "ip": ["203.0.113.7"] })).await;
    let playlist = server.door(name, "index.m3u8", &token);
    for claim in [
        "x-forwarded-for: 203.0.113.7",
        "x-forwarded-for: 203.0.113.7, 127.0.0.1",
        "x-real-ip: 203.0.113.7",
        "forwarded: for=203.0.113.7",
        "true-client-ip: 203.0.113.7",
    ] {
        let answer = curl(&["--header", claim, &playlist], None).await;
        assert_eq!(answer.reason().as_deref(), Some("TOKEN_IP"), "{claim}");
    }
}
