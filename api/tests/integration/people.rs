//! Signing in and out, and what protects it.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::harness::World;

const VIEWER: &str =
    "{ viewer { email role permissions organisation { hash } memberships { role organisation { hash } } } }";

#[tokio::test]
async fn whoever_signs_in_is_known_until_they_sign_out() {
    let world = World::new().await;
    let user = &world.demo.users[0];
    let mut client = world.anonymous();
    assert_eq!(client.code(VIEWER, json!({})).await, "UNAUTHENTICATED");

    let answer = client.sign_in(&user.email.to_uppercase(), &user.password).await;
    let set = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict") && !set.contains("Secure"),
        "{set}"
    );
    client.cookie = answer.cookie();
    let viewer = client.data(VIEWER, json!({})).await["viewer"].clone();
    assert_eq!(viewer["email"], user.email);
    assert_eq!(viewer["role"], "nanoAdmin");
    assert_eq!(viewer["organisation"]["hash"], user.organisation);

    client.data("mutation { signOut { errors { code } } }", json!({})).await;
    assert_eq!(client.code(VIEWER, json!({})).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let world = World::new().await;
    let client = world.anonymous();
    let wrong = client.sign_in(&world.demo.users[0].email, "wrong").await;
    let unknown = client.sign_in("nobody@example.com", "wrong").await;
    assert_eq!(wrong.text, unknown.text);
    assert_eq!(wrong.body["data"]["signIn"]["errors"][0]["code"], "SIGN_IN_FAILED");
    assert!(wrong.cookie().is_none());
}

#[tokio::test]
async fn failed_sign_ins_slow_an_account_and_nobody_is_locked_out_for_good() {
    let world = World::new().await;
    let user = &world.demo.users[0];
    let client = world.anonymous();
    for _ in 0..5 {
        assert_eq!(client.sign_in(&user.email, "wrong").await.code(), None);
    }
    let slowed = client.sign_in(&user.email, &user.password).await;
    assert_eq!(slowed.code().as_deref(), Some("RATE_LIMITED"));
    assert_eq!(slowed.headers["retry-after"], "1");
    assert_eq!(slowed.body["errors"][0]["extensions"]["retryAfterS"], 1);
    world.pass(Duration::from_secs(1));
    assert!(client.sign_in(&user.email, &user.password).await.cookie().is_some());
}

#[tokio::test]
async fn a_sign_in_that_nobody_used_for_thirty_days_is_over() {
    let world = World::new().await;
    let client = world.as_role("nanoUser").await;
    for _ in 0..3 {
        world.pass(Duration::from_hours(29 * 24));
        client.data(VIEWER, json!({})).await;
    }
    world.pass(Duration::from_hours(30 * 24));
    assert_eq!(client.code(VIEWER, json!({})).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn another_site_cannot_act_for_whoever_is_signed_in() {
    let world = World::new().await;
    let client = world.as_role("nanoAdmin").await;
    let body = json!({ "query": VIEWER });
    let from = |origin: &'static str| [("host", "live.example.com"), ("origin", origin)];
    for origin in ["https://evil.test", "null", "http://live.example.com.evil.test"] {
        let answer = client.send(&body, &from(origin)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
    }
    assert_eq!(
        client.send(&body, &from("http://live.example.com")).await.status,
        StatusCode::OK
    );
    for form in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ] {
        let answer = client.send(&body, &[("content-type", form)]).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{form}");
    }
}

#[tokio::test]
async fn a_cookie_is_secure_when_the_request_came_by_https() {
    use axum::{body::Body, extract::ConnectInfo, http::Request};
    use tower::ServiceExt;
    let world = World::new().await;
    let user = &world.demo.users[0];
    let query = "mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { errors { code } } }";
    let body = json!({ "query": query, "variables": { "e": user.email, "p": user.password } });
    let mut request = Request::post("/graphql")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    request.extensions_mut().insert(ConnectInfo(world.anonymous().address));
    request.extensions_mut().insert(axum::http::uri::Scheme::HTTPS);
    let response = world.running.router().oneshot(request).await.unwrap();
    assert!(response.headers()["set-cookie"].to_str().unwrap().ends_with("; Secure"));
}

#[tokio::test]
async fn a_demo_has_the_same_people_passwords_and_streams_at_every_start() {
    let world = World::new().await;
    let before: Vec<_> = world
        .demo
        .users
        .iter()
        .map(|user| (user.email.clone(), user.password.clone(), user.organisation.clone()))
        .collect();
    let streams: Vec<_> = world
        .demo
        .streams
        .iter()
        .map(|stream| (stream.name.clone(), stream.ingest_url.clone()))
        .collect();
    let world = world.restarted().await;
    let after: Vec<_> = world
        .demo
        .users
        .iter()
        .map(|user| (user.email.clone(), user.password.clone(), user.organisation.clone()))
        .collect();
    assert_eq!(before, after);
    assert_eq!(
        streams,
        world
            .demo
            .streams
            .iter()
            .map(|stream| (stream.name.clone(), stream.ingest_url.clone()))
            .collect::<Vec<_>>()
    );
    assert!(
        world.demo.users[..3]
            .iter()
            .all(|user| user.organisation != world.demo.users[3].organisation)
    );
    for stream in &world.demo.streams {
        assert_eq!(world.node.denies(&stream.name, &stream.token, world.clock.now()), None);
    }
}
