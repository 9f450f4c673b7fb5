//! Two organisations do not see each other, and no secret is in the log.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use crate::{
    matrix::{date, forged, signed},
    stage::{Heard, Home, JSON, Person, Server, Viewer, curl, get, publish, refusal},
};

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
    std::fs::write(
        &filter,
        "[log]\nfilter = \"trace,tungstenite=trace,tungstenite::protocol=trace\"\n",
    )
    .expect("a file");
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
    assert_eq!(show(&server, name, &token).await, LET_IN);
    Viewer::open(&server.socket(name, &token)).await.watch(3).await;
    let shared = share(&server, &admin, name).await;
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
    secrets.extend(shared);
    // What proves a token is as good as the token.
    let proofs = secrets.iter().filter_map(|secret| secret.rsplit_once('.'));
    let proofs: Vec<_> = proofs.map(|(_, signature)| signature.to_owned()).collect();
    secrets.extend(proofs);
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

/// What every carrier is told of a good token.
const LET_IN: [Option<String>; 5] = [const { None }; 5];

/// Shows a token in every carrier of viewers; what each was told.
async fn show(server: &Server, name: &str, token: &str) -> [Option<String>; 5] {
    let base = format!("{}/live/{name}", server.http());
    let playlist = format!("{base}/index.m3u8");
    let query = server.door(name, "index.m3u8", token);
    let path = format!("{}/t/{token}/live/{name}/index.m3u8", server.http());
    let (bearer, cookie) = (
        format!("authorization: Bearer {token}"),
        format!("portcullis_token={token}"),
    );
    let ask = async |arguments: &[&str]| curl(arguments, None).await.reason();
    let mut viewer = Viewer::open(&format!("{base}/ws").replacen("http", "ws", 1)).await;
    let play = json!({ "command": "play", "streamId": name, "token": token });
    viewer.say(&play.to_string()).await;
    let by_message = match viewer.hear().await {
        Heard::Closed(_, reason) => Some(reason),
        _ => None,
    };
    [
        ask(&[query.as_str()]).await,
        ask(&[path.as_str()]).await,
        ask(&["--header", &bearer, &playlist]).await,
        ask(&["--cookie", &cookie, &playlist]).await,
        by_message,
    ]
}

/// Shares a secret, and shows what it signed and what it did not wherever a token is read: everything that must not be read
/// of it afterwards, the signatures that the forged ones ought to have had among it.
async fn share(server: &Server, admin: &Person, name: &str) -> Vec<String> {
    let (kid, secret) = ("theirs", "what-a-customer-has-in-common-with-us");
    let input = json!({ "hs256Secret": secret, "kid": kid });
    admin.change("addSigningKey", &input, "__typename").await;
    let (pushed, _) = admin.create_stream(json!({ "ingestAuthorisation": "TOKEN" })).await;
    let until: u64 = date("+1 hour", "+%s").await.parse().expect("seconds");
    let sign = |audience: &str| {
        let claims = json!({ "aud": audience, "streams": [name, pushed], "exp": until });
        signed(secret, &json!({ "alg": "HS256", "kid": kid }), &claims)
    };
    let (play, push) = (sign("play"), sign("publish"));
    let (wrong_play, wrong_push) = (forged(&play), forged(&push));
    // A stranger is told the same whatever keys there are.
    let to_strangers = || Some("TOKEN_KEY".to_owned());

    let handle = admin.change("createHandle", &json!({ "token": play }), "handle").await;
    let handle = handle["handle"].as_str().expect("a handle").to_owned();
    for good in [&play, &handle] {
        assert_eq!(show(server, name, good).await, LET_IN);
    }
    for told in show(server, name, &wrong_play).await {
        assert_eq!(told, to_strangers());
    }
    let mut viewer = Viewer::open(&server.socket(name, &play)).await;
    viewer.watch(1).await;
    let newer = admin.token_for(name).await;
    let renew = server.door(name, "session/token", &play);
    for (token, reason) in [(&wrong_play, to_strangers()), (&newer, None)] {
        let body = json!({ "token": token }).to_string();
        let answer = curl(&["--header", JSON, &renew], Some(&body)).await;
        assert_eq!(answer.reason(), reason);
    }

    let lint = "mutation($token: String!) { lintToken(input: { token: $token }) { signed } }";
    for (token, is_signed) in [(&play, true), (&wrong_play, false)] {
        let variables = json!({ "token": token });
        let by_post = admin.ask(lint, &variables).await;
        let by_socket = admin.subscribe(lint, variables).await.next(|_| true).await;
        assert_eq!(by_post["lintToken"]["signed"], is_signed);
        assert_eq!(by_socket, by_post);
    }
    let make = "mutation { createPlaybackToken(input: { organisation: true }) { token } }";
    let made = admin.subscribe(make, json!({})).await.next(|_| true).await;
    let made = made["createPlaybackToken"]["token"]
        .as_str()
        .expect("a token")
        .to_owned();

    let rtmp = |token: &str| format!("rtmp://{}/live/{pushed}?token={token}", server.rtmp_address());
    let refused = refusal(&rtmp(&wrong_push)).await;
    assert!(refused.contains("TOKEN_KEY: "), "{refused}");
    let _encoder = publish(&rtmp(&push));
    admin.until_live(&pushed).await;

    let mut all = vec![secret.to_owned()];
    all.extend(spelt(secret.as_bytes()));
    for token in [&play, &push] {
        let (_, signature) = token.rsplit_once('.').expect("a token");
        all.extend(spelt(&BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64")));
    }
    all.extend([play, push, wrong_play, wrong_push, handle, newer, made]);
    all
}

/// The forms in which a log could have some bytes.
fn spelt(bytes: &[u8]) -> [String; 4] {
    let listed = format!("{bytes:?}");
    [
        BASE64_URL_SAFE_NO_PAD.encode(bytes),
        BASE64_STANDARD.encode(bytes),
        bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")),
        listed.trim_matches(['[', ']']).to_owned(),
    ]
}

/// The line of a log in which something is.
fn around<'a>(log: &'a str, secret: &str) -> &'a str {
    log.lines().find(|line| line.contains(secret)).unwrap_or_default()
}
