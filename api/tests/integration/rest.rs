//! Tokens by REST share everything with GraphQL: the budget, what is told beside the answer, and the schema.

use axum::http::StatusCode;
use serde_json::json;
use testkit::Kind;

use crate::harness::World;

#[tokio::test]
async fn rest_and_graphql_have_one_budget() {
    let world = World::tuned(Kind::Sqlite, |settings| {
        settings.rates.token = 3.try_into().unwrap();
    })
    .await;
    let admin = world.as_role("nanoAdmin").await;
    let make = "mutation { createApiToken(input: {name: \"tool\", role: nanoUser}) { secret } }";
    let secret = admin.data(make, json!({})).await["createApiToken"]["secret"].clone();
    let mut tool = world.anonymous();
    tool.bearer = Some(secret.as_str().unwrap().to_owned());
    let wish = json!({ "streams": [world.stream()] });
    let made = tool.post("/api/v1/tokens", &wish, &[]).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(
        (&made.headers["ratelimit-limit"], &made.headers["ratelimit-remaining"]),
        (&"3".parse().unwrap(), &"2".parse().unwrap())
    );
    let asked = tool.ask("{ viewer { role } }", json!({})).await;
    assert_eq!(asked.headers["ratelimit-remaining"], "1");
    // What is not understood counts like what is.
    let refused = tool.post("/api/v1/tokens/revoke", &json!({}), &[]).await;
    assert_eq!(
        (refused.status, &refused.headers["ratelimit-remaining"]),
        (StatusCode::BAD_REQUEST, &"0".parse().unwrap())
    );
    for _ in 0..2 {
        let over = tool.post("/api/v1/tokens", &wish, &[]).await;
        assert_eq!(over.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(over.body["code"], "RATE_LIMITED");
        let wait = over.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap();
        assert_eq!(over.body["retryAfterS"], wait);
        assert!((1..=20).contains(&wait), "{wait}");
    }
    assert_eq!(tool.code("{ viewer { role } }", json!({})).await, "RATE_LIMITED");
    // People are not counted.
    assert_eq!(
        admin.post("/api/v1/tokens", &wish, &[]).await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn without_its_package_nothing_is_made_and_the_package_is_named() {
    let world = World::new().await;
    let operator = crate::organisations::operator(&world).await;
    let hash = &world.demo.users[0].organisation;
    let take = format!(
        "mutation {{ setPackage(input: {{organisation: \"{hash}\", package: SECURE, enabled: false}}) {{ errors {{ code }} }} }}"
    );
    operator.data(&take, json!({})).await;
    let admin = world.as_role("nanoAdmin").await;
    let refused = admin
        .post("/api/v1/tokens", &json!({ "streams": [world.stream()] }), &[])
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(
        (&refused.body["code"], &refused.body["package"]),
        (&json!("PACKAGE_REQUIRED"), &json!("SECURE"))
    );
}

#[tokio::test]
async fn the_document_says_what_is_committed() {
    let world = World::new().await;
    let document = world.anonymous().get("/api/v1/openapi.json").await;
    assert_eq!(document.body["servers"], json!([{ "url": "http://live.example.com" }]));
    insta::assert_snapshot!(serde_json::to_string_pretty(&document.body).unwrap());
}

#[tokio::test]
async fn an_address_that_is_none_is_no_page_but_says_so() {
    let world = World::new().await;
    let nobody = world.anonymous();
    for path in ["/api", "/api/", "/api/v1/", "/api/v1/token/abc", "/api/v2/tokens"] {
        for answer in [nobody.get(path).await, nobody.post(path, &json!({}), &[]).await] {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(answer.body["code"], "NOT_FOUND", "{path}: {}", answer.text);
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{path}");
        }
    }
    let posted = nobody.post("/api/v1/openapi.json", &json!({}), &[]).await;
    assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(posted.body["code"], "INVALID", "{}", posted.text);
    assert_eq!(posted.headers["content-type"], "application/problem+json");
    assert_eq!(posted.headers["allow"], "GET,HEAD");
}
