//! Two organisations do not see each other, and no secret is in the log.

use serde_json::{Value, json};

use crate::stage::{Home, Person, Viewer, curl, get, publish, refusal};

/// What an outsider may try on a stream by its name.
const BY_NAME: [(&str, &str); 9] = [
    ("query", "stream(name: $name) { id name title state viewers ingestKey }"),
    (
        "mutation",
        "stopStream(input: { name: $name }) { stream { name } errors { code message } }",
    ),
    (
        "mutation",
        "startStream(input: { name: $name }) { stream { name } errors { code message } }",
    ),
    (
        "mutation",
        "lockStream(input: { name: $name }) { stream { name } errors { code message } }",
    ),
    (
        "mutation",
        "deleteStream(input: { name: $name }) { stream { name } errors { code message } }",
    ),
    (
        "mutation",
        "rotateIngestKey(input: { name: $name }) { stream { ingestKey } errors { code message } }",
    ),
    (
        "mutation",
        "startTestSource(input: { name: $name }) { stream { name } errors { code message } }",
    ),
    (
        "mutation",
        "watchStream(input: { name: $name }) { token errors { code message } }",
    ),
    (
        "mutation",
        "revokeTokens(input: { stream: $name }) { revoked errors { code message } }",
    ),
];

#[tokio::test]
async fn what_is_another_organisations_answers_like_what_is_not() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let outsider = Person::outsider(&server).await;
    let name = server.test().name();
    let hash = name.split_once('-').expect("a hash").0;
    let nothing = format!("{hash}-nothing");
    for (kind, operation) in BY_NAME {
        let query = format!("{kind}($name: String!) {{ {operation} }}");
        let ask = async |name: &str| outsider.answer(&query, &json!({ "name": name })).await;
        let (theirs, none) = (ask(name).await, ask(&nothing).await);
        assert_eq!(theirs, none, "{operation}");
        assert_eq!(ask("no name at all!").await, none, "{operation}");
        assert!(!theirs.to_string().contains("Test picture"), "{theirs}");
    }
    let token = server.test().token();
    let theirs = outsider
        .answer(
            "mutation($token: String!) { revokeTokens(input: { token: $token }) { revoked errors { code } } }",
            &json!({ "token": token }),
        )
        .await;
    assert_ne!(theirs["data"]["revokeTokens"]["revoked"], 1, "{theirs}");
    let foreign = json!({ "name": name });
    let theirs = outsider
        .answer(
            "mutation($name: String!) { createPlaybackToken(input: { streams: [$name] }) { token } }",
            &foreign,
        )
        .await;
    assert!(theirs["data"]["createPlaybackToken"]["token"].is_null(), "{theirs}");

    let all = "{ organisation { hash streams { totalCount nodes { name } } sessions { totalCount } playbackTokens { totalCount } signingKeys { kid } } }";
    let theirs = outsider.ask(all, &json!({})).await;
    assert_eq!(theirs["organisation"]["streams"]["totalCount"], 0);
    assert_eq!(theirs["organisation"]["sessions"]["totalCount"], 0);
    assert_eq!(theirs["organisation"]["playbackTokens"]["totalCount"], 0);
    let ours = admin.ask(all, &json!({})).await;
    assert_eq!(ours["organisation"]["hash"], hash);
    assert_ne!(
        ours["organisation"]["signingKeys"],
        theirs["organisation"]["signingKeys"]
    );
    let jwks = get(&format!("{}/.well-known/jwks.json", server.http())).await.text();
    assert!(!jwks.contains(hash) && !jwks.contains("Northwind"), "{jwks}");

    // Naming the other organisation changes nothing; nor does subscribing to it.
    let mut events = outsider
        .subscribe("subscription { sessionEvents { stream } }", json!({}))
        .await;
    let mut watched = Viewer::open(&server.socket(name, token)).await;
    watched.watch(5).await;
    let (own, _) = outsider.create_stream(json!({ "alias": "own" })).await;
    get(&format!("{}/live/{own}/stream.mp4", server.http())).await;
    let first = events.next(|_| true).await;
    assert_eq!(
        first["sessionEvents"]["stream"], *own,
        "nothing of the others came before it"
    );

    // Nor does a token of the one open a stream of the other.
    let foreign = outsider.token(json!({ "organisation": true })).await;
    let answers = [
        get(&server.door(name, "stream.mp4", &foreign)).await,
        get(&server.door(&nothing, "stream.mp4", &foreign)).await,
    ];
    let reasons = answers.map(|answer| answer.reason());
    assert_eq!(reasons[0], reasons[1]);
    // Still there, still live.
    let data = admin
        .ask(
            "query($name: String!) { stream(name: $name) { state } }",
            &json!({ "name": name }),
        )
        .await;
    assert_eq!(data["stream"]["state"], "LIVE");
}

#[tokio::test]
async fn who_may_only_read_gets_neither_keys_nor_rights() {
    let home = Home::new();
    let server = home.demo().await;
    let reader = Person::sign_in(&server, "readonly@northwind.example").await;
    let name = server.test().name();
    let answer = reader
        .answer(
            "query($name: String!) { stream(name: $name) { name ingestKey ingestUrl } }",
            &json!({ "name": name }),
        )
        .await;
    assert_eq!(answer["data"]["stream"]["name"], name);
    assert_eq!(answer["data"]["stream"]["ingestKey"], Value::Null);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    for mutation in [
        "stopStream",
        "lockStream",
        "deleteStream",
        "rotateIngestKey",
        "startTestSource",
    ] {
        for name in [name, "nonsense"] {
            let query =
                format!("mutation($name: String!) {{ {mutation}(input: {{ name: $name }}) {{ errors {{ code }} }} }}");
            let answer = reader.answer(&query, &json!({ "name": name })).await;
            assert_eq!(
                answer["errors"][0]["extensions"]["code"], "FORBIDDEN",
                "{mutation}: {answer}"
            );
        }
    }
    // What a page of another site asks with somebody's cookie is not done.
    let url = server.ready["graphql"].as_str().expect("an address");
    let body = json!({ "query": "{ viewer { email } }" }).to_string();
    let ask = async |more: &[&str], body: &str| {
        curl(&[&["--header", &reader.cookie], more, &[url]].concat(), Some(body)).await
    };
    let foreign = [
        "--header",
        "content-type: application/json",
        "--header",
        "origin: https://evil.example",
    ];
    assert_eq!(ask(&foreign, &body).await.status, 403);
    assert_eq!(ask(&["--header", "content-type: text/plain"], &body).await.status, 415);
}

#[tokio::test]
async fn no_key_token_or_password_is_in_the_log() {
    let home = Home::new();
    let filter = home.path("portcullis.toml");
    std::fs::write(&filter, "[log]\nfilter = \"trace\"\n").expect("a file");
    let path = filter.to_str().expect("a path");
    let server = home
        .ready(home.spawn(&[
            "--http",
            "127.0.0.1:0",
            "--rtmp",
            "127.0.0.1:0",
            "--demo",
            "--config",
            path,
        ]))
        .await;
    let admin = Person::admin(&server).await;
    let name = server.encoder().name();
    let mut secrets = vec![
        server.test().key().to_owned(),
        server.encoder().key().to_owned(),
        server.test().token().to_owned(),
        server.encoder().token().to_owned(),
        admin.secret().to_owned(),
    ];
    let encoder = publish(server.encoder().ingest_url());
    let token = admin.token_for(name).await;
    admin.until_playable(name, &token).await;
    let bearer = format!("authorization: Bearer {token}");
    curl(
        &[
            "--header",
            &bearer,
            &format!("{}/live/{name}/index.m3u8", server.http()),
        ],
        None,
    )
    .await;
    get(&format!("{}/t/{token}/live/{name}/index.m3u8", server.http())).await;
    Viewer::open(&server.socket(name, &token)).await.watch(3).await;
    let wrong = "wrong-key-that-somebody-mistyped";
    refusal(&server.encoder().ingest_url().replace(server.encoder().key(), wrong)).await;
    admin.revoke(json!({ "token": token })).await;
    let rotated = admin
        .change("rotateIngestKey", &json!({ "name": name }), "stream { ingestKey }")
        .await;
    encoder.end().await;
    secrets.extend([
        token.clone(),
        wrong.to_owned(),
        rotated["stream"]["ingestKey"].as_str().expect("a key").to_owned(),
    ]);
    // What proves a token is as good as the token.
    secrets.extend(token.rsplit_once('.').map(|(_, signature)| signature.to_owned()));
    let users = server.ready["users"].as_array().expect("users").clone();
    assert!(server.stop().await.0.success());
    let log = home.log();
    assert!(log.len() > 10_000, "the log says everything: {log}");
    for secret in &secrets {
        assert!(
            !log.contains(secret.as_str()),
            "`{secret}` is in the log: {}",
            around(&log, secret)
        );
    }
    // The banner of a demo tells the demo's passwords to whoever started it; the log itself does not.
    let logged: Vec<_> = log.lines().filter(|line| !line.starts_with("  Sign in")).collect();
    let logged = logged.join("\n");
    for user in &users {
        let password = user["password"].as_str().expect("a password");
        assert!(!logged.contains(password), "{}", around(&logged, password));
    }
}

/// The line of a log in which something is.
fn around<'a>(log: &'a str, secret: &str) -> &'a str {
    log.lines().find(|line| line.contains(secret)).unwrap_or_default()
}
