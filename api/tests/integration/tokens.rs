//! Tokens: made as asked, or refused with a sentence.

use serde_json::{Value, json};

use crate::{
    credentials::{LINT, STATIC, settings},
    harness::{T0, World},
    signing_keys::hs256,
};

#[tokio::test]
async fn a_token_says_what_was_asked_and_lets_in() {
    let world = World::new().await;
    let client = world.as_role("nanoUser").await;
    let input = json!({ "streams": [world.stream()], "ttlSeconds": 600, "user": "ann", "tag": "web", "ip": ["192.0.2.0/24", "::ffff:198.51.100.7"], "forceDisconnect": true });
    let made = client.make_token(input).await;
    let claims = &made["record"]["claims"];
    assert_eq!(claims["iss"], "http://live.example.com");
    assert_eq!(claims["aud"], "play");
    assert_eq!(claims["jti"], made["record"]["jti"]);
    assert_eq!(claims["exp"].as_i64().unwrap(), T0.s() + 600);
    assert_eq!(claims["streams"], json!([world.stream()]));
    assert_eq!(claims["ip"], json!(["192.0.2.0/24", "198.51.100.7"]));
    assert_eq!((&claims["user"], &claims["tag"]), (&json!("ann"), &json!("web")));
    assert_eq!(claims["forceDisconnect"], true);
    let token = made["token"].as_str().unwrap();
    assert_eq!(world.node.denies(world.stream(), token, T0), None);
    let other = &world.demo.streams[0].name;
    assert_eq!(world.node.denies(other, token, T0), Some(guard::Reason::TokenScope));
    let codes: Vec<_> = made["advice"]
        .as_array()
        .unwrap()
        .iter()
        .map(|advice| advice["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["NO_DOMAINS"]);
}

#[tokio::test]
async fn advice_on_a_token_for_publishing_is_for_encoders_whoever_made_it() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "ingestAuthorisation": "TOKEN" })).await;
    let make = "mutation($i: CreatePublishTokenInput!) { createPublishToken(input: $i) { token advice { code } } }";
    let input = json!({ "streams": [world.stream()], "ttlSeconds": 24 * 3600, "user": "ann", "tag": "studio", "ip": ["192.0.2.7"], "forceDisconnect": true });
    let made = admin.data(make, json!({ "i": input })).await["createPublishToken"].clone();
    assert_eq!(made["advice"], json!([]), "no page renews it, none shows it");
    let looked = async |text: &Value| admin.data(LINT, json!({ "t": text })).await["lintToken"]["advice"].clone();
    assert_eq!(looked(&made["token"]).await, json!([]));

    let input = json!({ "name": "studio", "door": "INGEST", "organisation": true, "ttlSeconds": 3600 });
    let made = admin.data(STATIC, json!({ "i": input })).await["createStaticToken"].clone();
    let codes = ["STATIC", "ORGANISATION_WIDE", "NO_IP", "NO_USER", "NO_TAG"];
    assert_eq!(made["advice"], json!(codes.map(|code| json!({ "code": code }))));

    let theirs = json!({
        "aud": "publish", "streams": [world.stream()], "exp": T0.s() + 3600, "user": "ann", "tag": "studio",
        "ip": "192.0.2.7", "forceDisconnect": true, "domains": ["example.com"],
    });
    let refused = json!([{ "code": "NEEDS_REFERRER", "severity": "WARN" }]);
    assert_eq!(looked(&json!(hs256("x", &json!({}), &theirs))).await, refused);
}

#[tokio::test]
async fn a_token_for_publishing_where_a_stream_takes_its_key_says_so_and_what_changes_that() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let make = "mutation($i: CreatePublishTokenInput!) { createPublishToken(input: $i) {
        token advice { code severity message } } }";
    let group = "mutation($s: [String!]) { createGroup(input: {name: \"g\", streams: $s}) { group { id } } }";
    let takes = "mutation($n: String!, $a: IngestAuthorisation!) {
        updateStream(input: {name: $n, ingestAuthorisation: $a}) { errors { code } } }";
    let (first, second) = (world.demo.streams[0].name.as_str(), world.stream());
    let made = admin.data(group, json!({ "s": [second] })).await;
    let group = made["createGroup"]["group"]["id"].clone();
    let takes = async |name: &str, what: &str| {
        let done = admin.data(takes, json!({ "n": name, "a": what })).await;
        assert_eq!(done["updateStream"]["errors"], json!([]));
    };
    // What is said of the key, as it is made and as it is looked at.
    let said = async |input: &Value| {
        let made = admin.data(make, json!({ "i": input })).await["createPublishToken"].clone();
        let looked = admin.data(LINT, json!({ "t": made["token"] })).await["lintToken"]["advice"].clone();
        let all = made["advice"].as_array().unwrap();
        let short = |one: &Value| json!({ "code": one["code"], "severity": one["severity"] });
        assert_eq!(looked, all.iter().map(short).collect::<Value>(), "{input}");
        let found: Vec<_> = all.iter().filter(|one| one["code"] == "INGEST_KEY").collect();
        assert!(found.len() < 2, "{input}");
        found.first().map(|one| {
            assert_eq!(one["severity"], "WARN");
            one["message"].as_str().unwrap().to_owned()
        })
    };
    let names = async |input: &Value, stream: &str| {
        let message = said(input).await.unwrap_or_default();
        assert!(
            message.starts_with(&format!("it does not publish {stream}, ")),
            "{input}: {message}"
        );
        assert!(message.contains("`ingestAuthorisation: TOKEN`"), "{message}");
    };
    let (one, both) = (json!({ "streams": [second] }), json!({ "streams": [first, second] }));
    let (of_group, all) = (
        json!({ "groups": [group] }),
        json!({ "organisation": true, "ttlSeconds": 90_000 }),
    );
    // Of several the first by its name.
    for input in [&one, &of_group, &both, &all] {
        names(input, second).await;
    }
    // No viewer shows a key.
    let watches = admin.make_token(one.clone()).await;
    assert!(!watches["advice"].to_string().contains("INGEST_KEY"), "{watches}");

    takes(second, "TOKEN").await;
    for input in [&one, &of_group] {
        assert_eq!(said(input).await, None, "{input}");
    }
    for input in [&both, &all] {
        names(input, first).await;
    }
    takes(first, "OPEN").await;
    assert_eq!(said(&all).await, None, "whatever comes publishes it");
    takes(first, "INHERIT").await;
    settings(&admin, json!({ "ingestAuthorisation": "TOKEN" })).await;
    assert_eq!(said(&all).await, None);
    takes(first, "KEY").await;
    names(&all, first).await;
    assert_eq!(said(&one).await, None);
}

#[tokio::test]
async fn a_token_that_would_be_wrong_is_not_made() {
    let world = World::new().await;
    let client = world.as_role("nanoAdmin").await;
    let stream = world.stream();
    let day = 24 * 3600;
    for (input, field, code) in [
        (json!({}), "streams", "INVALID"),
        (
            json!({ "streams": [stream], "organisation": true }),
            "streams",
            "INVALID",
        ),
        (json!({ "streams": [] }), "streams", "INVALID"),
        (json!({ "streams": [stream], "ttlSeconds": 0 }), "ttlSeconds", "INVALID"),
        (
            json!({ "streams": [stream], "ttlSeconds": -5 }),
            "ttlSeconds",
            "INVALID",
        ),
        (
            json!({ "streams": [stream], "ttlSeconds": 366 * day }),
            "ttlSeconds",
            "TOO_LONG",
        ),
        (
            json!({ "streams": [stream], "ttlSeconds": day + 1, "revocable": false }),
            "revocable",
            "TOO_LONG",
        ),
        (
            json!({ "streams": [stream], "ttlSeconds": 60, "expiresAt": "2030-01-01T00:00:00Z" }),
            "expiresAt",
            "INVALID",
        ),
        (json!({ "streams": [stream], "ip": ["300.1.1.1"] }), "ip", "INVALID"),
        // A list that came out empty is not a token for everywhere.
        (json!({ "streams": [stream], "ip": [] }), "ip", "INVALID"),
        (
            json!({ "streams": [stream], "ip": vec!["192.0.2.1"; 11] }),
            "ip",
            "INVALID",
        ),
        (json!({ "streams": [stream], "user": "a\u{0}b" }), "user", "INVALID"),
        (json!({ "streams": [stream], "user": "\u{202e}nna" }), "user", "INVALID"),
    ] {
        let refused = client.make_token(input.clone()).await;
        assert_eq!(refused["errors"][0]["code"], code, "{input}");
        assert_eq!(refused["errors"][0]["field"], json!(["input", field]), "{input}");
        assert_eq!((&refused["token"], &refused["record"]), (&Value::Null, &Value::Null));
    }
}

#[tokio::test]
async fn everybody_may_watch_from_where_they_are() {
    let world = World::new().await;
    let query = "mutation($n: String!) { watchStream(input: {name: $n}) { token expiresAt playbackUrls { websocket } errors { code } } }";
    for role in ["nanoAdmin", "nanoUser", "nanoReadOnly"] {
        let client = world.as_role(role).await;
        let watch = client.data(query, json!({ "n": world.stream() })).await["watchStream"].clone();
        let token = watch["token"].as_str().unwrap();
        assert_eq!(world.node.denies(world.stream(), token, T0), None, "{role}");
        let parsed = guard::Token::parse(token).unwrap();
        let claims = parsed.claims().unwrap();
        assert!(claims.user.as_ref().unwrap().starts_with("mem_"));
        assert!(!claims.address_fits([192, 0, 2, 78].into()));
        assert_eq!(claims.exp.s(), T0.s() + 600);
    }
    let admin = world.as_role("nanoAdmin").await;
    let list = "query($w: Boolean) { organisation { playbackTokens(filter: {watch: $w}) { totalCount } } }";
    let count = |data: Value| data["organisation"]["playbackTokens"]["totalCount"].clone();
    assert_eq!(count(admin.data(list, json!({ "w": false })).await), 2);
    assert_eq!(count(admin.data(list, json!({ "w": true })).await), 5);
}

#[tokio::test]
async fn records_are_found_by_stream_status_user_tag_and_text() {
    let world = World::new().await;
    let client = world.as_role("nanoUser").await;
    let stream = world.stream();
    client
        .make_token(json!({ "streams": [stream], "ttlSeconds": 60, "user": "ann", "tag": "derby" }))
        .await;
    client
        .make_token(json!({ "organisation": true, "ttlSeconds": 6000, "user": "bob", "tag": "derby" }))
        .await;
    world.pass(std::time::Duration::from_mins(1));
    let query = "query($f: TokenFilter) { organisation { playbackTokens(filter: $f) { totalCount nodes { status createdBy { name } } } } }";
    for (filter, expected) in [
        (json!({}), 4),
        (json!({ "stream": stream }), 3),
        (json!({ "stream": "22222-none" }), 0),
        (json!({ "status": "EXPIRED" }), 1),
        (json!({ "status": "ACTIVE" }), 3),
        (json!({ "status": "REVOKED" }), 0),
        (json!({ "user": "ann" }), 1),
        (json!({ "tag": "derby" }), 2),
        (json!({ "text": "OB" }), 1),
        (json!({ "text": "DERB" }), 2),
        (json!({ "text": "%" }), 0),
        (json!({ "text": "TOK_" }), 4),
        (json!({ "text": "ann", "user": "bob" }), 0),
        (
            json!({ "tag": "derby", "status": "ACTIVE", "user": "bob", "stream": stream }),
            1,
        ),
    ] {
        let found = client.data(query, json!({ "f": filter })).await["organisation"]["playbackTokens"].clone();
        assert_eq!(found["totalCount"], expected, "{filter}");
        assert_eq!(found["nodes"].as_array().unwrap().len(), expected);
        assert!(
            found["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .all(|node| node["createdBy"]["name"].is_string())
        );
    }
}
