//! The customer's own backend: a real server that allows, denies, hangs, lies and leads elsewhere; and what it is told.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::stage::{Home, Person, Receiver, Says, Server, Viewer, curl, get, publish, refusal, until};

const PRIVATE: &str = "[outbound]\ndanger_allow_private_networks = true\n";

/// Sets a webhook that speaks JSON; its secret.
async fn hook(admin: &Person, receiver: &Receiver, calls: Value) -> String {
    let input = json!({ "url": receiver.url, "calls": calls, "encoding": "JSON" });
    let made = admin.change("setWebhook", &input, "secret").await;
    made["secret"].as_str().expect("a secret").to_owned()
}

/// What a player of that name is answered by the playlist's door.
async fn ask(server: &Server, token: &str, player: &str) -> (u16, Option<String>) {
    let url = server.door(server.test().name(), "index.m3u8", token);
    let answer = curl(&["--user-agent", player, &url], None).await;
    let reason = if answer.status == 200 { None } else { answer.reason() };
    (answer.status, reason)
}

fn refused(status: u16, reason: &str) -> (u16, Option<String>) {
    (status, Some(reason.to_owned()))
}

#[tokio::test]
async fn a_customers_backend_decides_about_viewers_and_what_is_no_answer_lets_nobody_in() {
    let home = Home::new();
    let server = home.demo_with(PRIVATE).await;
    let (admin, receiver) = (Person::admin(&server).await, Receiver::start().await);
    let elsewhere = Receiver::start().await;
    let token = admin.token_for(server.test().name()).await;
    admin.until_playable(server.test().name(), &token).await;
    let secret = hook(&admin, &receiver, json!(["ON_PLAY"])).await;

    assert_eq!(ask(&server, &token, "allowed").await, (200, None));
    let call = receiver.calls().remove(0);
    let said = call.verified(&secret).await.expect("the library believes it");
    assert_eq!(
        (
            &said["call"],
            &said["name"],
            &said["addr"],
            &said["app"],
            &said["protocol"],
            &said["user_agent"]
        ),
        (
            &json!("play"),
            &json!(server.test().name()),
            &json!("127.0.0.1"),
            &json!("live"),
            &json!("hls"),
            &json!("allowed")
        )
    );
    assert!(!call.body.contains(&token), "a token that we judge is nobody else's");
    let other = format!("whsec_{}", "A".repeat(43) + "=");
    assert!(
        call.verified(&other)
            .await
            .expect_err("another secret")
            .contains("signature")
    );

    // Each of these is another viewer, so each is asked about anew.
    for (n, (says, wanted)) in [
        (Says::Answer(403, ""), refused(403, "BACKEND_DENIED")),
        (Says::Answer(404, ""), refused(403, "BACKEND_DENIED")),
        (Says::Nothing, refused(503, "BACKEND_UNAVAILABLE")),
        (
            Says::Answer(500, "{\"lifetime_s\": 60}"),
            refused(503, "BACKEND_UNAVAILABLE"),
        ),
        (
            Says::Answer(200, "{\"lifetime_s\": 0}"),
            refused(503, "BACKEND_UNAVAILABLE"),
        ),
        (
            Says::Redirect(elsewhere.url.clone()),
            refused(503, "BACKEND_UNAVAILABLE"),
        ),
        (Says::Answer(204, ""), (200, None)),
    ]
    .into_iter()
    .enumerate()
    {
        receiver.says(says.clone());
        assert_eq!(ask(&server, &token, &format!("player {n}")).await, wanted, "{says:?}");
    }
    assert!(elsewhere.calls().is_empty(), "a redirect was followed");

    // A crowd that asks the same is one question.
    let before = receiver.calls().len();
    let mut crowd = JoinSet::new();
    for _ in 0..30 {
        let url = server.door(server.test().name(), "index.m3u8", &token);
        crowd.spawn(async move { curl(&["--user-agent", "crowd", &url], None).await.status });
    }
    while let Some(status) = crowd.join_next().await {
        assert_eq!(status.expect("curl"), 200);
    }
    assert_eq!(receiver.calls().len() - before, 1);

    // A word that ends is asked for again, and a no ends the session.
    receiver.says(Says::Answer(200, "{\"lifetime_s\": 7}"));
    let mut viewer = Viewer::open(&server.socket(server.test().name(), &token)).await;
    viewer.watch(3).await;
    let before = receiver.calls().len();
    receiver.says(Says::Answer(403, ""));
    let (code, reason, _) = viewer.last_word().await;
    assert_eq!((code, reason.as_str()), (4450, "BACKEND_DENIED"));
    assert_eq!(receiver.calls().len() - before, 1);

    // The operator of the customer sees all of it, and no token.
    let log = "{ organisation { webhookDeliveries(first: 100) { nodes { call state status error tookMs content } } } }";
    until("the log", async || {
        let log = admin.ask(log, &json!({})).await.to_string();
        let all = [
            "no answer within 3 s",
            "redirects are not followed",
            "DENIED",
            "DELIVERED",
        ];
        assert!(!log.contains(&token));
        all.iter().all(|what| log.contains(what)).then_some(())
    })
    .await;
    let (log, secret) = (home.log(), secret.strip_prefix("whsec_").expect("a prefix").to_owned());
    assert!(!log.contains(&secret));
}

#[tokio::test]
async fn a_slow_backend_beside_a_quick_one_delays_its_own_viewers_only() {
    let home = Home::new();
    let server = home.demo_with(PRIVATE).await;
    let (admin, outsider) = (Person::admin(&server).await, Person::outsider(&server).await);
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    let (theirs, ingest) = outsider.create_stream(json!({})).await;
    let their_token = outsider.token_for(&theirs).await;
    let _encoder = publish(&ingest);
    outsider.until_playable(&theirs, &their_token).await;
    let token = admin.token_for(server.test().name()).await;
    admin.until_playable(server.test().name(), &token).await;
    slow.says(Says::Nothing);
    hook(&admin, &slow, json!(["ON_PLAY"])).await;
    hook(&outsider, &quick, json!(["ON_PLAY"])).await;
    let mut crowd = JoinSet::new();
    for n in 0..20 {
        let url = server.door(server.test().name(), "index.m3u8", &token);
        crowd.spawn(async move { curl(&["--user-agent", &format!("{n}"), &url], None).await.reason() });
    }
    slow.until("play", 20).await;
    assert_eq!(get(&server.door(&theirs, "index.m3u8", &their_token)).await.status, 200);
    assert_eq!(quick.about("play").len(), 1);
    while let Some(reason) = crowd.join_next().await {
        assert_eq!(reason.expect("curl").as_deref(), Some("BACKEND_UNAVAILABLE"));
    }
}

#[tokio::test]
async fn what_is_no_token_is_for_the_customers_backend_to_judge() {
    let home = Home::new();
    let server = home.demo_with(PRIVATE).await;
    let (admin, receiver) = (Person::admin(&server).await, Receiver::start().await);
    let token = admin.token_for(server.test().name()).await;
    admin.until_playable(server.test().name(), &token).await;
    assert_eq!(
        ask(&server, "opaque-4711", "one").await,
        refused(403, "TOKEN_MALFORMED")
    );
    let input = json!({ "url": receiver.url, "judgesTokens": true, "encoding": "JSON" });
    admin.change("setWebhook", &input, "secret").await;
    assert_eq!(ask(&server, "opaque-4711", "two").await, (200, None));
    assert_eq!(receiver.until("play", 1).await["token"], "opaque-4711");
    receiver.says(Says::Answer(401, ""));
    assert_eq!(ask(&server, "opaque-4712", "two").await, refused(403, "BACKEND_DENIED"));
    // Who has a token of ours is not asked about.
    let before = receiver.calls().len();
    assert_eq!(ask(&server, &token, "three").await, (200, None));
    assert_eq!(receiver.calls().len(), before);
    assert!(!home.log().contains("opaque-471"), "it is nowhere in the log");
    let log = "{ organisation { webhookDeliveries(first: 100) { nodes { call content } } } }";
    until("the log", async || {
        let log = admin.ask(log, &json!({})).await.to_string();
        assert!(!log.contains("opaque-471"), "nor in what is kept of calls");
        log.contains(r#""play""#).then_some(())
    })
    .await;
}

/// An administrator whose backend judges tokens, once the test picture plays.
async fn judging(server: &Server) -> (Person, Receiver) {
    let (admin, receiver) = (Person::admin(server).await, Receiver::start().await);
    admin.until_playable(server.test().name(), server.test().token()).await;
    let input = json!({ "url": receiver.url, "judgesTokens": true, "encoding": "JSON" });
    admin.change("setWebhook", &input, "secret").await;
    (admin, receiver)
}

#[tokio::test]
async fn each_stream_says_whom_it_believes_and_what_it_takes_back_ends_who_watches_by_it() {
    let home = Home::new();
    let server = home.demo_with(PRIVATE).await;
    let (admin, _receiver) = judging(&server).await;
    let name = server.test().name();
    let made = json!({ "name": "studio", "streams": [name], "text": "open-sesame-4711" });
    admin.change("createStaticToken", &made, "text").await;
    let organisation = async |setting: &str, on: bool| {
        // What one judge does not know is for the next: the other one is off.
        let mut input = json!({ "staticTokens": false, "backendTokens": false });
        input[setting] = on.into();
        admin.change("updateSettings", &input, "change { id }").await;
    };
    let stream = async |setting: &str, word: &str| {
        let mut input = json!({ "name": name });
        input[setting] = word.into();
        let changed = admin.change("updateStream", &input, "change { sessionsEnded }").await;
        changed["change"]["sessionsEnded"].as_u64().expect("a number")
    };
    for (setting, token) in [("staticTokens", "open-sesame-4711"), ("backendTokens", "opaque-4711")] {
        organisation(setting, false).await;
        let malformed = refused(403, "TOKEN_MALFORMED");
        assert_eq!(ask(&server, token, "one").await, malformed, "{setting}");
        assert_eq!(stream(setting, "ON").await, 0);
        assert_eq!(ask(&server, token, "two").await, (200, None), "{setting}");
        let mut viewer = Viewer::open(&server.socket(name, token)).await;
        viewer.watch(3).await;
        organisation(setting, true).await;
        viewer.watch(3).await;
        let last = tokio::spawn(async move { viewer.last_word().await });
        // By WebSocket and HLS.
        assert_eq!(stream(setting, "OFF").await, 2, "{setting}");
        let (code, reason, _) = last.await.expect("a last word");
        assert_eq!((code, reason.as_str()), (4410, "TOKEN_MALFORMED"));
        assert_eq!(ask(&server, token, "two").await, malformed, "{setting}");
        assert_eq!(stream(setting, "INHERIT").await, 0);
        assert_eq!(ask(&server, token, "two").await, (200, None), "{setting}");
    }
}

#[tokio::test]
async fn what_nobody_signed_is_cut_off_by_its_text_or_its_id_and_stays_out() {
    let home = Home::new();
    let server = home.demo_with(PRIVATE).await;
    let (admin, _receiver) = judging(&server).await;
    let name = server.test().name();
    for (called, text) in [("studio", "open-sesame-4711"), ("hall", "open-sesame-4712")] {
        let made = json!({ "name": called, "streams": [name], "text": text });
        admin.change("createStaticToken", &made, "text").await;
    }
    let on = json!({ "staticTokens": true });
    admin.change("updateSettings", &on, "change { id }").await;
    let watching = "{ organisation { sessions { nodes { jti } } } }";
    // As the lists say it.
    let its_id = async || {
        let all = admin.ask(watching, &json!({})).await["organisation"]["sessions"]["nodes"].clone();
        let mut ids = all.as_array()?.iter().filter_map(|session| session["jti"].as_str());
        ids.find(|id| id.starts_with("opaque:")).map(str::to_owned)
    };
    for (text, by) in [
        ("open-sesame-4711", Some(json!({ "token": "open-sesame-4711" }))),
        ("open-sesame-4712", Some(json!({ "jti": "static:hall" }))),
        ("ticket-4711", None),
        ("ticket-4712", Some(json!({ "token": "ticket-4712" }))),
    ] {
        assert_eq!(ask(&server, text, "hls").await, (200, None), "{text}");
        let mut viewer = Viewer::open(&server.socket(name, text)).await;
        viewer.watch(3).await;
        let by = match by {
            Some(by) => by,
            None => json!({ "jti": until("its session", async || its_id().await).await }),
        };
        let last = tokio::spawn(async move { viewer.last_word().await });
        let done = admin.revoke(by).await;
        // By WebSocket and HLS.
        assert_eq!(done["change"]["sessionsEnded"], 2, "{text}: {done}");
        let (code, reason, _) = last.await.expect("a last word");
        assert_eq!((code, reason.as_str()), (4416, "TOKEN_REVOKED"), "{text}");
        assert_eq!(ask(&server, text, "hls").await, refused(403, "TOKEN_REVOKED"), "{text}");
    }
}

#[tokio::test]
async fn what_is_taken_back_in_bulk_cuts_off_whom_the_backend_let_in_and_it_judges_anew() {
    let home = Home::new();
    let server = home.demo_with(PRIVATE).await;
    let (admin, receiver) = judging(&server).await;
    let name = server.test().name();
    let mut viewer = Viewer::open(&server.socket(name, "ticket-4711")).await;
    viewer.watch(3).await;
    let last = tokio::spawn(async move { viewer.last_word().await });
    admin.revoke(json!({ "stream": name })).await;
    let (code, reason, _) = last.await.expect("a last word");
    assert_eq!((code, reason.as_str()), (4416, "TOKEN_REVOKED"));
    let asked = receiver.about("play").len();
    assert_eq!(ask(&server, "ticket-4711", "again").await, (200, None));
    assert_eq!(receiver.about("play").len(), asked + 1);
    receiver.says(Says::Answer(403, ""));
    assert_eq!(
        ask(&server, "ticket-4712", "again").await,
        refused(403, "BACKEND_DENIED")
    );
}

#[tokio::test]
async fn whoever_watches_is_asked_about_anew_once_the_webhook_is_changed() {
    let home = Home::new();
    let server = home.demo_with(PRIVATE).await;
    let (admin, one, other) = (
        Person::admin(&server).await,
        Receiver::start().await,
        Receiver::start().await,
    );
    let name = server.test().name();
    let token = admin.token_for(name).await;
    admin.until_playable(name, &token).await;
    let input = json!({ "url": one.url, "calls": ["ON_PLAY"], "encoding": "JSON" });
    let hook = admin.change("setWebhook", &input, "webhook { id }").await["webhook"]["id"].clone();
    let set = async |mut input: Value| {
        input["id"] = hook.clone();
        admin.change("setWebhook", &input, "webhook { id }").await;
    };
    // For an hour, says the one.
    one.says(Says::Answer(200, "{\"lifetime_s\": 3600}"));
    let watches = async || {
        let mut viewer = Viewer::open(&server.socket(name, &token)).await;
        viewer.watch(3).await;
        viewer
    };
    // Who does not read is cut off without a word.
    let reads = |mut viewer: Viewer| tokio::spawn(async move { viewer.last_word().await });
    let told = async |last: tokio::task::JoinHandle<(u16, String, usize)>| {
        let (code, reason, _) = last.await.expect("a last word");
        (code, reason)
    };
    let last = reads(watches().await);
    // Another secret: asked again, and it goes on.
    let asked = one.about("play").len();
    let rotated = json!({ "id": hook });
    admin.change("rotateWebhookSecret", &rotated, "secret").await;
    one.until("play", asked + 1).await;
    // Another address, which says no.
    other.says(Says::Answer(403, ""));
    set(json!({ "url": other.url })).await;
    assert_eq!(told(last).await, (4450, "BACKEND_DENIED".to_owned()));
    assert_eq!(ask(&server, &token, "hls").await, refused(403, "BACKEND_DENIED"));
    // One that does not answer, and lets in all the same; until it does not any more.
    other.says(Says::Answer(500, ""));
    set(json!({ "outage": "OPEN" })).await;
    let last = reads(watches().await);
    assert_eq!(ask(&server, &token, "hls").await, (200, None));
    set(json!({ "outage": "CLOSED" })).await;
    assert_eq!(told(last).await, (4451, "BACKEND_UNAVAILABLE".to_owned()));
    assert_eq!(ask(&server, &token, "hls").await, refused(503, "BACKEND_UNAVAILABLE"));
    // Switched off, nobody is asked.
    set(json!({ "enabled": false })).await;
    let asked = other.about("play").len();
    assert_eq!(ask(&server, &token, "hls").await, (200, None));
    assert_eq!(other.about("play").len(), asked);
}

#[tokio::test]
async fn a_customers_backend_lets_a_broadcaster_in_and_ends_them_half_a_minute_later() {
    let home = Home::new();
    let server = home.demo_with(PRIVATE).await;
    let (admin, receiver) = (Person::admin(&server).await, Receiver::start().await);
    let calls = json!(["ON_PUBLISH", "ON_PUBLISH_UPDATE", "ON_PUBLISH_DONE"]);
    hook(&admin, &receiver, calls).await;
    let (name, url) = (server.encoder().name(), server.encoder().ingest_url());
    receiver.says(Says::Answer(403, ""));
    let said = refusal(url).await;
    assert!(said.contains("BACKEND_DENIED"), "{said}");
    receiver.says(Says::Answer(200, ""));
    let encoder = publish(&format!("{url}&quality=high&name=other"));
    admin.until_live(name).await;
    let asked = receiver.until("publish", 2).await;
    assert_eq!(
        (&asked["name"], &asked["params"]),
        (&json!(name), &json!({ "quality": "high" }))
    );
    assert!(
        !asked.to_string().contains(server.encoder().key()),
        "the key is nobody else's"
    );
    receiver.says(Says::Answer(401, ""));
    let update = until_long(&receiver, "update_publish").await;
    assert_eq!(
        (&update["clientid"], &update["params"]),
        (&asked["clientid"], &asked["params"])
    );
    assert!(
        update["bytes_in"].as_u64() > Some(0) && update["time"].as_u64() >= Some(25),
        "{update}"
    );
    let ended = encoder.end().await;
    assert!(!ended.status.success(), "the broadcaster is ended");
    receiver.says(Says::Answer(200, ""));
    let done = until_long(&receiver, "publish_done").await;
    assert_eq!(
        (&done["clientid"], &done["reason"]),
        (&asked["clientid"], &json!("BACKEND_DENIED"))
    );
}

/// Waits for a call that comes after half a minute.
async fn until_long(receiver: &Receiver, call: &str) -> Value {
    for _ in 0..1200 {
        if let Some(found) = receiver.about(call).pop() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{call} did not come: {:?}", receiver.calls());
}

#[tokio::test]
async fn what_was_not_taken_yet_survives_a_crash() {
    let home = Home::new();
    let server = home.demo_with(PRIVATE).await;
    let (admin, receiver) = (Person::admin(&server).await, Receiver::start().await);
    let secret = hook(&admin, &receiver, json!(["TOKEN_REVOKED"])).await;
    receiver.says(Says::Answer(500, ""));
    for user in ["ann", "bob", "cleo"] {
        admin.revoke(json!({ "user": user })).await;
    }
    server.kill().await;
    receiver.says(Says::Answer(200, ""));
    let before = receiver.calls().len();
    let server = home.demo_with(PRIVATE).await;
    let mut subjects = until("all of them", async || {
        let after = receiver.calls().split_off(before);
        let mut subjects: Vec<_> = after.iter().map(|call| call.json()["subject"].clone()).collect();
        subjects.sort_by_key(Value::to_string);
        subjects.dedup();
        (subjects.len() >= 3).then_some(subjects)
    })
    .await;
    subjects.truncate(4);
    assert_eq!(subjects, ["ann", "bob", "cleo"]);
    let newest = receiver.calls().pop().expect("a call");
    newest
        .verified(&secret)
        .await
        .expect("still signed with the same secret");
    drop(server);
}

#[tokio::test]
async fn an_installation_that_does_not_allow_it_calls_no_private_network() {
    let home = Home::new();
    let server = home.demo().await;
    let (admin, receiver) = (Person::admin(&server).await, Receiver::start().await);
    let set = "mutation($u: String!) { setWebhook(input: {url: $u}) { webhook { id } errors { code field } } }";
    let refused = admin.ask(set, &json!({ "u": receiver.url })).await;
    assert_eq!(
        refused["setWebhook"]["errors"][0],
        json!({ "code": "INVALID", "field": ["input", "url"] })
    );
    // Nor by its name for itself.
    let port = receiver
        .url
        .split(':')
        .nth(2)
        .and_then(|rest| rest.split('/').next())
        .expect("a port");
    let named = admin
        .ask(set, &json!({ "u": format!("https://localhost:{port}/hooks") }))
        .await;
    assert_eq!(
        named["setWebhook"]["errors"][0],
        json!({ "code": "INVALID", "field": ["input", "url"] })
    );
    assert!(receiver.calls().is_empty());
}
