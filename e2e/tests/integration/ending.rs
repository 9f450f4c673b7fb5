//! A session that an operator ends is over at every door, and who was in it is kept out from there for a while, on every
//! node, whatever crashes.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{process::Command, time::timeout};

use crate::stage::{Answer, Heard, Home, Person, Server, Viewer, curl, publish, refusal, until};

/// Where the others of the same token come from.
const ELSEWHERE: &str = "127.0.0.2";

async fn sessions(person: &Person, filter: Value) -> Vec<Value> {
    let query = "query($filter: SessionFilter) { organisation { sessions(first: 100, filter: $filter) {
        nodes { id protocol address door reason } } } }";
    let data = person.ask(query, &json!({ "filter": filter })).await;
    data["organisation"]["sessions"]["nodes"]
        .as_array()
        .expect("sessions")
        .clone()
}

/// The id of the one live session of that protocol on a stream, once it is told.
async fn session(person: &Person, stream: &str, protocol: &str, tag: Option<&str>) -> String {
    until(&format!("a {protocol} session on {stream}"), async || {
        let found = sessions(person, json!({ "stream": stream, "live": true, "tag": tag })).await;
        let found = found.into_iter().find(|session| session["protocol"] == protocol)?;
        found["id"].as_str().map(str::to_owned)
    })
    .await
}

const END: &str = "mutation($id: ID!) { endSession(input: {id: $id}) { barredUntil token { jti }
    change { id sessionsEnded bytesAfter doneAfterMs nodes { acknowledged } } errors { code } } }";

async fn end(person: &Person, id: &str) -> Value {
    person.ask(END, &json!({ "id": id })).await["endSession"].clone()
}

async fn from(address: &str, url: &str) -> Answer {
    curl(&["--interface", address, "--user-agent", "player/1", url], None).await
}

async fn playlist(server: &Server, name: &str, token: &str, address: &str) -> Option<String> {
    from(address, &server.door(name, "index.m3u8", token)).await.reason()
}

fn is_ended(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.reason().as_deref()),
        (403, Some("SESSION_ENDED"))
    );
}

#[tokio::test]
async fn a_viewer_whose_session_is_ended_is_out_at_every_door_from_there_and_a_crash_lets_nobody_back_in() {
    let home = Home::new();
    let server = home.demo().await;
    let (admin, user) = (
        Person::admin(&server).await,
        Person::sign_in(&server, "user@northwind.example").await,
    );
    let reader = Person::sign_in(&server, "readonly@northwind.example").await;
    let name = server.test().name();
    let token = admin.token(json!({ "streams": [name], "tag": "thief" })).await;
    let spared = admin.token_for(name).await;

    let mut viewer = Viewer::open(&server.socket(name, &token)).await;
    viewer.watch(5).await;
    // Who does not read is cut off without a word.
    let last = tokio::spawn(async move { viewer.last_word().await });
    let mut other = Viewer::open(&server.socket(name, &spared)).await;
    other.watch(1).await;
    let hls = server.door(name, "index.m3u8", &token);
    let text = from("127.0.0.1", &hls).await.text();
    let segment = text
        .lines()
        .find(|line| line.starts_with("segment/"))
        .expect("a segment");
    let segment = format!("{}/live/{name}/{segment}", server.http());
    assert_eq!(from("127.0.0.1", &segment).await.status, 200);
    let progressive = server.door(name, "stream.mp4", &token);
    let file = home.path("progressive.mp4");
    let mut download = Command::new("curl");
    download
        .args(["--silent", "--no-buffer", "--output"])
        .arg(&file)
        .arg(&progressive);
    let download = download.stdin(Stdio::null()).kill_on_drop(true).spawn().expect("curl");
    until("media", async || {
        let file = std::fs::metadata(&file).ok()?;
        (file.len() > 10_000).then_some(())
    })
    .await;
    assert_eq!(playlist(&server, name, &token, ELSEWHERE).await, None);

    // Who may, and what is nobody's.
    let id = session(&user, name, "WEBSOCKET", Some("thief")).await;
    let answer = reader.answer(END, &json!({ "id": id })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    for (person, id) in [
        (&Person::outsider(&server).await, id.as_str()),
        (&user, "ses_00000000000000000000000000"),
        (&user, "x"),
    ] {
        let answer = person.answer(END, &json!({ "id": id })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND", "{answer}");
    }

    let ended = end(&user, &id).await;
    let change = &ended["change"];
    // By WebSocket, progressive and HLS: the token is one, and so is the address.
    assert_eq!(
        (&change["sessionsEnded"], &change["bytesAfter"]),
        (&json!(3), &json!(0.0))
    );
    assert_eq!(change["nodes"], json!([{ "acknowledged": true }]));
    assert!(
        ended["barredUntil"].is_string() && ended["token"]["jti"].is_string(),
        "{ended}"
    );
    let (code, reason, _) = last.await.expect("a last word");
    assert_eq!((code, reason.as_str()), (4460, "SESSION_ENDED"));
    let status = timeout(Duration::from_secs(20), download.wait_with_output()).await;
    let status = status.expect("the answer breaks off").expect("an outcome").status;
    assert!(matches!(status.code(), Some(18 | 56)), "{status}");
    for url in [&hls, &segment, &progressive] {
        is_ended(&from("127.0.0.1", url).await);
    }
    let mut again = Viewer::open(&server.socket(name, &token)).await;
    assert_eq!(again.hear().await, Heard::Closed(4460, "SESSION_ENDED".to_owned()));
    // Nobody else: not the others of that address, not the others of that token.
    other.watch(30).await;
    assert_eq!(playlist(&server, name, &spared, "127.0.0.1").await, None);
    assert_eq!(playlist(&server, name, &token, ELSEWHERE).await, None);

    let progress = "subscription($id: ID!) { changeProgress(id: $id) { done sessionsEnded } }";
    let mut progress = admin.subscribe(progress, json!({ "id": change["id"] })).await;
    let done = progress.next(|data| data["changeProgress"]["done"] == true).await;
    assert_eq!(done["changeProgress"]["sessionsEnded"], 3);
    let log =
        "query($o: String!) { organisation { auditLog(filter: { object: $o }) { nodes { action role detail } } } }";
    let log = admin.ask(log, &json!({ "o": id })).await;
    let entry = &log["organisation"]["auditLog"]["nodes"][0];
    assert_eq!(
        (&entry["action"], &entry["role"]),
        (&json!("session.end"), &json!("nanoUser"))
    );
    assert_eq!(entry["detail"]["stream"], *name);
    until("the end is told", async || {
        let over = sessions(&admin, json!({ "stream": name, "live": false, "tag": "thief" })).await;
        let over = over
            .iter()
            .filter(|session| session["reason"] == "SESSION_ENDED")
            .count();
        (over == 3).then_some(())
    })
    .await;
    // What is over is not ended once more.
    assert_eq!(end(&user, &id).await["errors"], json!([{ "code": "ENDED" }]));
    server.kill().await;

    let server = home.demo().await;
    let name = server.test().name();
    assert_eq!(
        playlist(&server, name, &token, "127.0.0.1").await.as_deref(),
        Some("SESSION_ENDED")
    );
    assert_eq!(playlist(&server, name, &token, ELSEWHERE).await, None);
    assert_eq!(playlist(&server, name, &spared, "127.0.0.1").await, None);
}

#[tokio::test]
async fn a_crash_right_after_the_answer_lets_nobody_back_in() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    let token = admin.token(json!({ "streams": [name], "tag": "thief" })).await;
    let mut viewer = Viewer::open(&server.socket(name, &token)).await;
    viewer.watch(1).await;
    let id = session(&admin, name, "WEBSOCKET", Some("thief")).await;
    let ended = end(&admin, &id).await;
    server.kill().await;
    assert!(ended["barredUntil"].is_string(), "{ended}");

    let server = home.demo().await;
    let name = server.test().name();
    for door in ["index.m3u8", "stream.mp4", "ws"] {
        is_ended(&from("127.0.0.1", &server.door(name, door, &token)).await);
    }
    let mut again = Viewer::open(&server.socket(name, &token)).await;
    assert_eq!(again.hear().await, Heard::Closed(4460, "SESSION_ENDED".to_owned()));
    assert_eq!(playlist(&server, name, &token, ELSEWHERE).await, None);
}

#[tokio::test]
async fn a_broadcaster_whose_session_is_ended_is_kept_out_and_only_an_administrator_ends_it() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let user = Person::sign_in(&server, "user@northwind.example").await;
    let (name, url) = (server.encoder().name(), server.encoder().ingest_url());
    let encoder = publish(url);
    admin.until_live(name).await;
    let id = session(&admin, name, "RTMP", None).await;
    let answer = user.answer(END, &json!({ "id": id })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let ended = end(&admin, &id).await;
    assert_eq!(ended["change"]["sessionsEnded"], 1, "{ended}");
    assert_eq!(ended["token"], json!(null));
    assert!(!encoder.end().await.status.success());
    assert!(refusal(url).await.contains("SESSION_ENDED: "));
    // A stream of the same organisation, from the same address.
    let (beside, beside_url) = admin.create_stream(json!({ "alias": "beside" })).await;
    let _beside = publish(&beside_url);
    admin.until_live(&beside).await;
    server.kill().await;

    let server = home.demo().await;
    assert!(refusal(server.encoder().ingest_url()).await.contains("SESSION_ENDED: "));
}

#[tokio::test]
async fn a_viewer_without_a_token_is_kept_out_by_stream_and_address() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    let open = json!({ "name": name, "securePlayback": "OPEN" });
    admin.change("updateStream", &open, "stream { name }").await;
    let url = format!("{}/live/{name}/ws", server.http()).replacen("http", "ws", 1);
    let mut viewer = Viewer::open(&url).await;
    viewer.watch(1).await;
    let last = tokio::spawn(async move { viewer.last_word().await });
    let id = session(&admin, name, "WEBSOCKET", None).await;
    let mut beside = Viewer::open(&url).await;
    beside.watch(1).await;
    assert_eq!(end(&admin, &id).await["change"]["sessionsEnded"], 1);
    assert_eq!(last.await.expect("a last word").0, 4460);
    // Nothing says that they are the one who was meant.
    beside.watch(30).await;
    let playlist = format!("{}/live/{name}/index.m3u8", server.http());
    is_ended(&from("127.0.0.1", &playlist).await);
    assert_eq!(from(ELSEWHERE, &playlist).await.status, 200);
}
