//! Every refusal that can be provoked from outside, at every door that there is, with the programs that people use.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    matrix::{codes, forged},
    stage::{Home, Person, Server, Viewer, curl, get, publish, refusal, until},
};

/// Reasons of viewers that are tried here with everything that is said beside them.
const TRIED: [&str; 16] = [
    "TOKEN_MISSING",
    "TOKEN_MALFORMED",
    "TOKEN_KEY",
    "TOKEN_SIGNATURE",
    "TOKEN_NOT_YET_VALID",
    "TOKEN_EXPIRED",
    "TOKEN_REVOKED",
    "TOKEN_SCOPE",
    "TOKEN_IP",
    "TOKEN_DOMAIN",
    "TOKEN_COUNTRY",
    "TOKEN_ASN",
    "TOKEN_USER_AGENT",
    "STREAM_UNKNOWN",
    "STREAM_OFFLINE",
    "STREAM_LOCKED",
];

/// Reasons that are tried elsewhere: in `matrix`, or that whoever is refused too often is told, who comes past a delivery
/// network, was sent away (`ending`), whom the customer's backend judges (`webhooks`), or whose organisation is suspended
/// (`operator`).
const ELSEWHERE: [&str; 24] = [
    "TOKEN_USER_BANNED",
    "TOKEN_MFA",
    "TOKEN_AUDIENCE",
    "INGEST_KEY",
    "STREAM_STOPPED",
    "STREAM_IN_USE",
    "PUBLISHER_REPLACED",
    "THROTTLED",
    "ENCRYPTION_REQUIRED",
    "ORIGIN_ONLY",
    "TOKEN_USED",
    "TOKEN_BOUND",
    "SESSION_LIMIT",
    "SESSION_ENDED",
    "GUARDIAN_ASN",
    "GUARDIAN_COUNTRY",
    "VIEWER_LIMIT",
    "PACKAGE_REQUIRED",
    "GUARDIAN_IP",
    "GUARDIAN_REFERRER",
    "GUARDIAN_USER_AGENT",
    "BACKEND_DENIED",
    "BACKEND_UNAVAILABLE",
    "ORGANISATION_SUSPENDED",
];

/// What only a node without a policy says: `media` has a test of it. In one process a node has its policy before it opens
/// a door.
const UNREADY: &str = "NOT_READY";

#[tokio::test]
async fn every_reason_is_tried_or_waits_for_what_causes_it() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let reasons = admin
        .ask("{ __type(name: \"DenyReason\") { enumValues { name } } }", &json!({}))
        .await;
    let reasons = reasons["__type"]["enumValues"].as_array().expect("reasons").clone();
    let reasons: BTreeSet<_> = reasons
        .iter()
        .map(|value| value["name"].as_str().expect("a name"))
        .collect();
    let tried = TRIED.into_iter().chain(ELSEWHERE);
    let known: BTreeSet<_> = tried.chain([UNREADY]).collect();
    assert_eq!(reasons, known);
}

#[tokio::test]
async fn a_viewer_is_told_the_reason_at_every_door() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let mut events = admin
        .subscribe(
            "subscription { sessionEvents { kind reason decision stream } }",
            json!({}),
        )
        .await;
    let cases = viewers(&server, &admin).await;
    assert_eq!(
        cases.keys().copied().collect::<BTreeSet<_>>(),
        TRIED.into_iter().collect()
    );
    for reason in TRIED {
        let ((status, code), (name, token)) = (codes(reason), &cases[reason]);
        for door in ["stream.mp4", "index.m3u8", "init/0.mp4", "segment/0.m4s", "ws"] {
            let path = format!("{}/live/{name}/{door}", server.http());
            // That each carrier says the same is the matrix' to prove.
            let answer = match token {
                None => get(&path).await,
                Some(token) => get(&format!("{path}?token={token}")).await,
            };
            assert_eq!(answer.reason().as_deref(), Some(reason), "{reason} {door}");
            assert_eq!(answer.status, status, "{reason} {door}");
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge, (status == 401).then_some("Bearer realm=\"portcullis\""));
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
            assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        }
        let said = token.clone().unwrap_or_default();
        let mut viewer = Viewer::open(&server.socket(name, &said)).await;
        if token.is_none() {
            // A socket may bring its token in the first message; this one brings none.
            viewer.say("{\"command\":\"play\"}").await;
        }
        assert_eq!(viewer.last_word().await, (code, reason.to_owned(), 0));
    }
    // What is explained is what is decided.
    let explain = "query($i: ExplainInput!) { explain(input: $i) { admitted reason steps { outcome } } }";
    for reason in TRIED {
        let (name, token) = &cases[reason];
        let input = json!({ "stream": name, "token": token, "ip": "127.0.0.1", "userAgent": "curl/8" });
        let answer = admin.answer(explain, &json!({ "i": input })).await;
        if reason == "STREAM_UNKNOWN" {
            assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
            continue;
        }
        let explained = &answer["data"]["explain"];
        assert_eq!(
            (&explained["admitted"], &explained["reason"]),
            (&json!(false), &json!(reason)),
            "{answer}"
        );
    }
    // Why was I denied? The id that the viewer was given finds it.
    let (name, token) = &cases["TOKEN_SCOPE"];
    let answer = get(&server.door(name, "stream.mp4", token.as_deref().unwrap_or_default())).await;
    let decision = answer.header("x-decision-id").expect("an id").to_owned();
    let event = events
        .next(|event| event["sessionEvents"]["decision"] == *decision)
        .await;
    assert_eq!(event["sessionEvents"]["kind"], "DENIED");
    assert_eq!(event["sessionEvents"]["reason"], "TOKEN_SCOPE");
    let trace = "query($id: ID!) { decision(id: $id) { stream reason steps { check outcome because } } }";
    let found = admin.ask(trace, &json!({ "id": decision })).await["decision"].clone();
    assert_eq!(
        (&found["stream"], &found["reason"]),
        (&json!(name), &json!("TOKEN_SCOPE"))
    );
    let steps = found["steps"].as_array().expect("steps");
    let (last, before) = steps.split_last().expect("a step");
    assert_eq!((&last["check"], &last["outcome"]), (&json!("scope"), &json!("FAILED")));
    assert!(before.iter().all(|step| step["outcome"] == "PASSED"), "{found}");
    assert!(before.iter().any(|step| step["check"] == "signature"), "{found}");
    let outsider = Person::outsider(&server).await;
    let answer = outsider.answer(trace, &json!({ "id": decision })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
    // So does whoever has the log.
    let log = home.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains(&decision)).collect();
    let says = |line: &&str| line.contains("TOKEN_SCOPE") && line.contains(name.as_str());
    assert!(lines.iter().any(says), "{lines:?}");
}

#[tokio::test]
async fn pages_tell_other_sites_where_they_are_and_media_tells_nothing() {
    let home = Home::new();
    let server = home.demo().await;
    let (name, token) = (server.test().name(), server.test().token());
    // What a player asks for is judged by the site that it is on: its page says that, and not more.
    for page in ["/", "/watch", "/sign-in", &format!("/streams/{name}")] {
        let answer = get(&format!("{}{page}", server.http())).await;
        assert_eq!(answer.status, 200, "{page}");
        assert_eq!(answer.header("referrer-policy"), Some("strict-origin"), "{page}");
        assert!(
            answer.text().contains("strict-origin"),
            "the page says so itself, {page}"
        );
    }
    for url in [
        server.door(name, "index.m3u8", token),
        format!("{}/t/{token}/live/{name}/index.m3u8", server.http()),
    ] {
        let answer = get(&url).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    }
}

#[tokio::test]
async fn a_token_may_come_in_the_first_message_and_two_that_differ_are_none() {
    let home = Home::new();
    let server = home.demo().await;
    let (name, token) = (server.test().name(), server.test().token());
    let url = format!("{}/live/{name}/ws", server.http()).replacen("http", "ws", 1);
    let mut viewer = Viewer::open(&url).await;
    viewer
        .say(&json!({ "command": "play", "streamId": name, "token": token }).to_string())
        .await;
    viewer.watch(5).await;
    let other = Person::admin(&server).await.token_for(name).await;
    let bearer = format!("authorization: Bearer {other}");
    let answer = curl(&["--header", &bearer, &server.door(name, "index.m3u8", token)], None).await;
    assert_eq!(answer.reason().as_deref(), Some("TOKEN_MALFORMED"));
    // A player on another site asks first, and is answered without a decision.
    let preflight = [
        "--request",
        "OPTIONS",
        "--header",
        "origin: https://site.example",
        "--header",
        "access-control-request-method: GET",
    ];
    let url = format!("{}/live/{name}/index.m3u8", server.http());
    let answer = curl(&[&preflight[..], &[&url]].concat(), None).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, Some("*"))
    );
    assert!(answer.header("x-decision-id").is_none());
}

#[tokio::test]
async fn an_encoder_is_told_the_reason() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let outsider = Person::outsider(&server).await;
    let rtmp = server.ready["rtmp"].as_str().expect("an address");
    let (name, key) = (server.encoder().name(), server.encoder().key());
    let hash = name.split_once('-').expect("a hash").0;
    let told = async |url: String, reason: &str| {
        let said = refusal(&url).await;
        assert!(said.contains(&format!("{reason}: ")), "{reason}: {said}");
        assert!(!said.contains("panicked"));
    };
    let address = |name: &str, query: &str| format!("{rtmp}/live/{name}{query}");
    tokio::join!(
        told(address(name, "?key=wrong"), "INGEST_KEY"),
        told(address(name, ""), "INGEST_KEY"),
        // What does not exist answers like a wrong key.
        told(
            address(&format!("{hash}-nowhere"), &format!("?key={key}")),
            "INGEST_KEY"
        ),
        told(format!("{rtmp}/other/{name}?key={key}"), "INGEST_KEY"),
        told(server.test().ingest_url().to_owned(), "STREAM_IN_USE"),
    );

    let open = json!({ "alias": "by-token", "ingestAuthorisation": "TOKEN" });
    let (by_token, _) = admin.create_stream(open).await;
    let good = admin.token_for(&by_token).await;
    let foreign = outsider.token(json!({ "organisation": true })).await;
    tokio::join!(
        told(address(&by_token, ""), "TOKEN_MISSING"),
        told(address(&by_token, "?token=abc"), "TOKEN_MALFORMED"),
        told(address(&by_token, &format!("?token={foreign}")), "TOKEN_KEY"),
        told(
            address(&by_token, &format!("?token={}", forged(&good))),
            "TOKEN_SIGNATURE"
        ),
        // A playback token opens no other door.
        told(address(&by_token, &format!("?token={good}")), "TOKEN_AUDIENCE"),
    );

    // Stopped while it publishes, then barred; locked; started again, and in.
    let url = server.encoder().ingest_url();
    let encoder = publish(url);
    admin.until_live(name).await;
    told(url.to_owned(), "STREAM_IN_USE").await;
    assert_eq!(admin.on_stream("stopStream", name).await["sessionsEnded"], 1);
    assert!(!encoder.end().await.status.success());
    told(url.to_owned(), "STREAM_STOPPED").await;
    admin.on_stream("startStream", name).await;
    admin.on_stream("lockStream", name).await;
    told(url.to_owned(), "STREAM_LOCKED").await;
    admin.on_stream("unlockStream", name).await;
    let encoder = publish(url);
    admin.until_live(name).await;
    let rotated = admin
        .change("rotateIngestKey", &json!({ "name": name }), "stream { ingestUrl }")
        .await;
    assert!(
        !encoder.end().await.status.success(),
        "the old key is worth nothing from then on"
    );
    told(url.to_owned(), "INGEST_KEY").await;
    let url = rotated["stream"]["ingestUrl"].as_str().expect("an address");
    let encoder = publish(url);
    admin.until_live(name).await;
    // Where the stream says so, whoever comes later takes it over.
    let takeover = json!({ "name": name, "takeover": true });
    admin.change("updateStream", &takeover, "stream { takeover }").await;
    let second = publish(url);
    let replaced = encoder.end().await;
    assert!(!replaced.status.success());
    let said = String::from_utf8_lossy(&replaced.stderr);
    assert!(said.contains("PUBLISHER_REPLACED: "), "{said}");
    let encoder = second;
    let query = "query($filter: SessionFilter) { organisation { sessions(filter: $filter) { nodes { reason } } } }";
    let ended = json!({ "filter": { "stream": name, "door": "INGEST", "live": false } });
    until("the operator reads why", async || {
        let known = admin.ask(query, &ended).await;
        let sessions = known["organisation"]["sessions"]["nodes"].as_array().expect("sessions");
        let replaced = sessions.iter().any(|one| one["reason"] == "PUBLISHER_REPLACED");
        replaced.then_some(())
    })
    .await;
    admin.until_live(name).await;
    // Whoever must come encrypted and does not is cut off, and told; the test source never leaves this process.
    let encrypted = json!({ "encryptedIngest": true });
    let payload = admin
        .change("updateSettings", &encrypted, "change { sessionsEnded }")
        .await;
    assert_eq!(payload["change"]["sessionsEnded"], 1);
    assert!(!encoder.end().await.status.success());
    told(url.to_owned(), "ENCRYPTION_REQUIRED").await;
    admin.until_live(server.test().name()).await;
}

#[tokio::test]
async fn whoever_is_refused_too_often_is_slowed_and_nobody_else() {
    let home = Home::new();
    let server = home.demo().await;
    let (name, token) = (server.test().name(), server.test().token());
    let good = server.door(name, "index.m3u8", token);
    let mut viewer = Viewer::open(&server.socket(name, token)).await;
    viewer.watch(1).await;
    // One curl, many requests.
    let many = format!("{}/live/{name}/index.m3u8?n=[1-300]", server.http());
    assert_eq!(get(&many).await.status, 401);
    let slowed = get(&good).await;
    assert_eq!((slowed.status, slowed.reason().as_deref()), (429, Some("THROTTLED")));
    assert!(slowed.header("retry-after").is_some());
    let (code, reason, _) = Viewer::open(&server.socket(name, token)).await.last_word().await;
    assert_eq!((code, reason.as_str()), (4442, "THROTTLED"));
    assert!(refusal(server.encoder().ingest_url()).await.contains("THROTTLED: "));
    // From another address, and for who was let in before: as ever.
    assert_eq!(curl(&["--interface", "127.0.0.2", &good], None).await.status, 200);
    viewer.watch(30).await;
}

/// For each reason a stream, and a token that is refused there for it.
async fn viewers(server: &Server, admin: &Person) -> BTreeMap<&'static str, (String, Option<String>)> {
    let test = server.test().name().to_owned();
    let hash = test.split_once('-').expect("a hash").0.to_owned();
    let outsider = Person::outsider(server).await;
    let whole = admin.token(json!({ "organisation": true })).await;
    let revoked = admin.token_for(&test).await;
    admin.revoke(json!({ "token": revoked })).await;
    let (locked, _) = admin.create_stream(json!({ "alias": "locked" })).await;
    admin.on_stream("lockStream", &locked).await;
    // Ends are whole seconds: of one second nothing may be left by the time that it is made.
    let expires = admin.token(json!({ "streams": [test], "ttlSeconds": 2 })).await;
    crate::stage::until("expiry", async || {
        let answer = get(&server.door(&test, "stream.mp4", &expires)).await;
        (answer.reason().as_deref() == Some("TOKEN_EXPIRED")).then_some(())
    })
    .await;
    let input = json!({ "input": { "streams": [test] } });
    let made =
        "mutation($input: CreatePlaybackTokenInput!) { createPlaybackToken(input: $input) { record { expiresAt } } }";
    let tomorrow = admin.ask(made, &input).await["createPlaybackToken"]["record"]["expiresAt"].clone();
    let early = json!({ "streams": [test], "notBefore": tomorrow, "ttlSeconds": 2 * 24 * 60 * 60 });
    let early = admin.token(early).await;
    let elsewhere = json!({ "streams": [test], "ip": ["203.0.113.0/24", "2001:db8::/32"] });
    let elsewhere = admin.token(elsewhere).await;
    let restricted = async |claim: &str, value: Value| admin.token(json!({ "streams": [test], claim: value })).await;
    let here = |token: String| (test.clone(), Some(token));
    BTreeMap::from([
        ("TOKEN_MISSING", (test.clone(), None)),
        ("TOKEN_MALFORMED", here("abc".to_owned())),
        ("TOKEN_KEY", here(outsider.token(json!({ "organisation": true })).await)),
        ("TOKEN_SIGNATURE", here(forged(&whole))),
        ("TOKEN_NOT_YET_VALID", here(early)),
        ("TOKEN_EXPIRED", here(expires)),
        ("TOKEN_REVOKED", here(revoked)),
        ("TOKEN_SCOPE", here(server.encoder().token().to_owned())),
        ("TOKEN_IP", here(elsewhere)),
        (
            "TOKEN_DOMAIN",
            here(restricted("domains", json!(["example.com"])).await),
        ),
        ("TOKEN_COUNTRY", here(restricted("countries", json!(["DE"])).await)),
        ("TOKEN_ASN", here(restricted("asns", json!([64500])).await)),
        ("TOKEN_USER_AGENT", here(restricted("userAgent", json!("VLC/3")).await)),
        ("STREAM_UNKNOWN", (format!("{hash}-nowhere"), Some(whole.clone()))),
        (
            "STREAM_OFFLINE",
            (server.encoder().name().to_owned(), Some(whole.clone())),
        ),
        ("STREAM_LOCKED", (locked, Some(whole))),
    ])
}
