//! The schema and its limits.

use axum::http::StatusCode;
use serde_json::json;

use crate::harness::World;

#[test]
fn the_committed_schema_is_the_one_that_the_program_prints() {
    let committed = include_str!("../../schema.graphql");
    assert!(
        committed == api::sdl(),
        "api/schema.graphql has drifted: print it with `cargo xtask sdl`"
    );
}

#[tokio::test]
async fn a_request_that_asks_too_much_is_refused_before_anything_is_done() {
    let world = World::new().await;
    let client = world.as_role("nanoAdmin").await;
    let aliases: Vec<_> = (0..31).map(|n| format!("a{n}: organisation {{ id }}")).collect();
    let aliases = aliases.join(" ");
    let refused = client.ask(&format!("{{ {aliases} }}"), json!({})).await;
    assert!(refused.text.contains("aliases"), "{}", refused.text);

    let fields = "id ".repeat(1001);
    let refused = client
        .ask(&format!("{{ organisation {{ {fields} }} }}"), json!({}))
        .await;
    assert!(refused.text.contains("fields"), "{}", refused.text);

    // Fragments that spread each other twice: a kilobyte that would stand for a thousand million fields.
    let spreads: Vec<_> = (1..30)
        .map(|n| format!("fragment F{} on Viewer {{ ...F{n} ...F{n} }}", n - 1))
        .collect();
    let bomb = spreads.join(" ");
    let bomb = format!("{{ viewer {{ ...F0 }} }} {bomb} fragment F29 on Viewer {{ email }}");
    let refused = client.ask(&bomb, json!({})).await;
    assert!(refused.text.contains("fields"), "{}", refused.text);

    let deep = "organisation { streams { nodes { sessions { nodes { id } } } } }";
    client.data(&format!("{{ {deep} }}"), json!({})).await;
    let costly = "{ organisation { streams(first: 100) { nodes { sessions(first: 100) { nodes { id stream } } } } } }";
    let refused = client.ask(costly, json!({})).await;
    assert_eq!(refused.code().as_deref(), Some("INVALID"), "{}", refused.text);

    let nested = format!("{}{}", "{ a ".repeat(5000), "}".repeat(5000));
    let refused = client.ask(&nested, json!({})).await;
    assert_eq!(refused.code().as_deref(), Some("INVALID"));
    assert!(refused.text.len() < 1000, "{}", refused.text.len());

    let many = client.data("{ organisation { id } }", json!({})).await;
    assert!(many["organisation"]["id"].as_str().unwrap().starts_with("org_"));
    assert_eq!(
        client
            .code("{ organisation { streams(first: 101) { totalCount } } }", json!({}))
            .await,
        "INVALID"
    );
}

#[tokio::test]
async fn a_request_of_more_than_256_kb_and_a_batch_are_refused() {
    let world = World::new().await;
    let client = world.anonymous();
    let large = json!({ "query": format!("# {}\n{{ viewer {{ id }} }}", "x".repeat(256 * 1024)) });
    assert_eq!(client.send(&large, &[]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let batch = json!([{ "query": "{ viewer { id } }" }, { "query": "{ viewer { id } }" }]);
    assert_eq!(client.send(&batch, &[]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_parse_error_does_not_repeat_the_request() {
    let world = World::new().await;
    let answer = world
        .anonymous()
        .ask(&format!("{{ viewer {{ id }} {}", "secret ".repeat(500)), json!({}))
        .await;
    assert!(answer.text.len() < 800, "{}", answer.text.len());
}

#[tokio::test]
async fn the_public_keys_name_no_organisation() {
    let world = World::new().await;
    let answer = world.anonymous().get("/.well-known/jwks.json").await;
    let keys = answer.body["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        assert_eq!(
            (&key["kty"], &key["crv"], &key["alg"]),
            (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
        );
    }
    assert!(!answer.text.contains("org_"));
    for user in &world.demo.users {
        assert!(!answer.text.contains(&user.organisation));
    }
}

#[tokio::test]
async fn graphiql_loads_nothing_from_elsewhere() {
    let world = World::new().await;
    let page = world.anonymous().get("/graphql").await;
    assert!(page.text.contains("/graphiql/start.js"));
    assert!(!page.text.contains("http://") && !page.text.contains("https://"));
}
