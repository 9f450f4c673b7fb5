//! The schema and its limits.

use std::collections::HashSet;

use api::Tools;
use axum::http::StatusCode;
use serde_json::json;
use testkit::Kind;

use crate::{harness::World, sweep::CODES};

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
    // Lists below lists, with arguments and without.
    for costly in [
        "{ organisation { streams(first: 100) { nodes { sessions(first: 100) { nodes { id stream } } } } } }",
        "{ organisation { cases(first: 100) { nodes { sessions { id stream address jti user startedAt } } } } }",
    ] {
        let refused = client.ask(costly, json!({})).await;
        assert_eq!(refused.code().as_deref(), Some("INVALID"), "{}", refused.text);
    }

    // One level more than there may be, of few fields.
    let levels = |n: usize| {
        let (open, close) = ("group { streams(first: 1) { nodes { ".repeat(n), "} } } ".repeat(n));
        format!("{{ stream(name: \"{}\") {{ {open} name {close} }} }}", world.stream())
    };
    client.data(&levels(4), json!({})).await;
    let refused = client.ask(&levels(5), json!({})).await;
    assert!(refused.text.contains("too deep"), "{}", refused.text);

    let directives = "@include(if: true) ".repeat(9);
    let refused = client
        .ask(&format!("{{ viewer {{ id {directives} }} }}"), json!({}))
        .await;
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
    let query = "mutation { signIn(input: {email: \"a@example.com\", password: \"hunter2\"} { errors { code } } }";
    for query in [
        query.to_owned(),
        format!("{{ viewer {{ id }} {}", "hunter2 ".repeat(500)),
    ] {
        let answer = world.anonymous().ask(&query, json!({})).await;
        assert_eq!(answer.code().as_deref(), Some("INVALID"));
        assert!(
            !answer.text.contains("hunter2") && answer.text.len() < 400,
            "{}",
            answer.text
        );
        let error = &answer.body["errors"][0];
        assert!(
            error["message"].as_str().unwrap().starts_with("syntax error"),
            "{error}"
        );
        assert!(error["locations"][0]["column"].as_u64() > Some(10), "{error}");
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_a_request_the_error_has_one_of_the_codes() {
    let world = World::new().await;
    let client = world.as_role("nanoAdmin").await;
    for (query, variables) in [
        ("", json!({})),
        ("{", json!({})),
        ("{ nothing }", json!({})),
        ("{ viewer }", json!({})),
        ("{ viewer { id } } { viewer { id } }", json!({})),
        ("query A { viewer { id } } query B { viewer { id } }", json!({})),
        ("subscription { live { viewers } }", json!({})),
        ("query($n: String!) { stream(name: $n) { id } }", json!({})),
        ("query($n: String!) { stream(name: $n) { id } }", json!({ "n": 7 })),
        (
            "query($n: String!) { stream(name: $n) { id } }",
            json!({ "n": { "a": 1 } }),
        ),
        ("query($n: Nothing) { stream(name: $n) { id } }", json!({})),
        ("{ viewer { ...F } }", json!({})),
        ("{ viewer { ...F } } fragment F on Viewer { ...F }", json!({})),
        (
            "{ organisation { streams(first: 99999999999) { totalCount } } }",
            json!({}),
        ),
        ("{ organisation { streams(first: -1) { totalCount } } }", json!({})),
        (
            "{ organisation { streams(after: \"\\u0000\") { totalCount } } }",
            json!({}),
        ),
        (
            "{ organisation { streams(orderBy: SIDEWAYS) { totalCount } } }",
            json!({}),
        ),
        ("{ stream(name: \"a\\u0000b\") { id } }", json!({})),
        ("{ playbackToken(jti: \"\\u0000\") { id } }", json!({})),
        ("{ change(id: \"chg_x\") { id } }", json!({})),
        ("mutation { revokeTokens(input: {}) { revoked } }", json!({})),
        (
            "mutation { revokeTokens(input: {user: \"a\", tag: \"b\"}) { revoked } }",
            json!({}),
        ),
    ] {
        let answer = client.ask(query, variables).await;
        let errors = answer.body["errors"].as_array();
        for error in errors.unwrap_or_else(|| panic!("{query}: {}", answer.text)) {
            let code = error["extensions"]["code"].as_str().unwrap_or_default();
            assert!(CODES.contains(&code) && code != "INTERNAL", "{query}: {}", answer.text);
            let message = error["message"].as_str().unwrap().to_lowercase();
            for ours in ["panicked", "select ", "sqlx", "sqlite", "api::", ".rs"] {
                assert!(!message.contains(ours), "{query}: {message}");
            }
        }
    }
}

/// The same mistakes, where the schema is told and where it is not.
#[tokio::test]
async fn where_the_schema_is_not_told_no_error_suggests_a_name_of_it() {
    let closed = Tools {
        introspection: false,
        graphiql: false,
    };
    let world = World::tuned(Kind::Sqlite, |settings| settings.tools = closed).await;
    let open = World::new().await;
    let mut suggested = 0;
    for (query, name) in [
        ("{ viewer { emial } }", "email"),
        ("{ organisation { stream { id } } }", "streams"),
        ("{ organisation { streams(frist: 1) { totalCount } } }", "first"),
        (
            "mutation { createStreem(input: {}) { errors { code } } }",
            "createStream",
        ),
        (
            "mutation { createStream(input: {titel: \"x\"}) { errors { code } } }",
            "title",
        ),
        ("{ viewer { ... on Streem { id } } }", "Stream"),
    ] {
        let told = open.anonymous().ask(query, json!({})).await.text;
        suggested += usize::from(told.contains("Did you mean"));
        let hidden = world.anonymous().ask(query, json!({})).await.text;
        assert!(!hidden.contains("Did you mean"), "{query}: {hidden}");
        assert!(!hidden.contains(&format!("\"{name}\\\"")), "{query}: {hidden}");
    }
    assert!(suggested >= 2, "the tools of a demo help: {suggested}");

    // Nor does one tell a name that is not in the request.
    let admin = world.as_role("nanoAdmin").await;
    let names =
        "{ __schema { types { name fields { name args { name } } inputFields { name } enumValues { name } } } }";
    let names = open.anonymous().data(names, json!({})).await.to_string();
    let names: HashSet<_> = words(&names).collect();
    let created = "mutation($i: CreateStreamInput!) { createStream(input: $i) { errors { code } } }";
    for (query, variables) in [
        ("{ viewer { emial } }", json!({})),
        ("{ viewer }", json!({})),
        ("{ viewer { email { x } } }", json!({})),
        ("{ organisation { streams(frist: 1) { totalCount } } }", json!({})),
        ("{ organisation { streams(first: \"x\") { totalCount } } }", json!({})),
        (
            "{ organisation { streams(orderBy: SIDEWAYS) { totalCount } } }",
            json!({}),
        ),
        ("{ organisation { streams(filter: {x: 1}) { totalCount } } }", json!({})),
        ("{ stream { id } }", json!({})),
        ("{ stream(name: 7) { id } }", json!({})),
        ("query($n: Int) { stream(name: $n) { id } }", json!({ "n": 7 })),
        ("query($n: Viewer) { stream(name: $n) { id } }", json!({})),
        ("{ viewer { ... on Stream { id } } }", json!({})),
        ("{ viewer { ...F } } fragment F on Role { id }", json!({})),
        ("{ viewer @skip { id } }", json!({})),
        ("mutation { createStream { errors { code } } }", json!({})),
        ("mutation { inviteMember(input: {}) { errors { code } } }", json!({})),
        (
            "mutation { inviteMember(input: {email: 7, role: nanoGod}) { errors { code } } }",
            json!({}),
        ),
        (
            "mutation { revokeTokens(input: {jti: [1]}) { errors { code } } }",
            json!({}),
        ),
        (created, json!({ "i": { "titel": "x" } })),
        (created, json!({ "i": { "tags": [{ "a": 1 }] } })),
        (created, json!({ "i": 7 })),
        (created, json!({})),
        (
            "mutation($r: String!) { createApiToken(input: {name: \"x\", role: $r}) { secret } }",
            json!({ "r": "x" }),
        ),
        ("subscription { changeProgress { x } }", json!({})),
    ] {
        let answer = admin.ask(query, variables.clone()).await;
        let written = format!("{query} {variables}");
        let written: HashSet<_> = words(&written).collect();
        for error in answer.body["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("{query}: {}", answer.text))
        {
            let message = error["message"].as_str().unwrap();
            let quoted = message.split('"').skip(1).step_by(2).flat_map(words);
            let named = words(message).filter(|word| word.contains(char::is_uppercase) && names.contains(word));
            for word in quoted.chain(named) {
                assert!(written.contains(word), "`{word}` in `{message}` for {query}");
            }
        }
    }

    for query in [
        "{ __schema { types { name } } }",
        "{ a: __type(name: \"Query\") { name } }",
    ] {
        assert_eq!(world.anonymous().code(query, json!({})).await, "INVALID");
        open.anonymous().data(query, json!({})).await;
    }
    // Which type an object is says nothing that the client did not write.
    world.anonymous().data("{ __typename }", json!({})).await;
    let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let page = world.anonymous().fetch("/graphql", &browser).await;
    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(
        world.anonymous().get("/graphiql/start.js").await.status,
        StatusCode::NOT_FOUND
    );
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
}

#[tokio::test]
async fn graphiql_is_for_browsers_and_operations_are_sent_by_post() {
    let world = World::new().await;
    let client = world.as_role("nanoAdmin").await;
    for path in [
        "/graphql",
        "/graphql?query=%7Bviewer%7Bid%7D%7D",
        "/graphql?query=mutation%7BsignOut%7Berrors%7Bcode%7D%7D%7D",
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(answer.headers["allow"], "POST");
    }
    client.data("{ viewer { id } }", json!({})).await;
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
    let page = world.anonymous().fetch("/graphql", &[("accept", "text/html")]).await;
    assert!(page.text.contains("/graphiql/start.js"));
    assert!(!page.text.contains("http://") && !page.text.contains("https://"));
}
