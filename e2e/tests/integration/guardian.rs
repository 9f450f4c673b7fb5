//! Guardian's rules cut whom they are about, at every door and in the same moment, and nobody else.

use serde_json::{Value, json};
use tokio::process::Command;

use crate::stage::{Answer, Home, Person, Server, Viewer, curl, publish, refusal, until};

/// Where somebody comes from, on which page they are, and what their player calls itself.
#[derive(Clone, Copy)]
struct Visitor {
    address: &'static str,
    page: &'static str,
    agent: &'static str,
}

const THIEF: Visitor = Visitor {
    address: "127.0.0.7",
    page: "https://evil.example",
    agent: "Thief/1.0",
};
const GUEST: Visitor = Visitor {
    address: "127.0.0.20",
    page: "https://evil-evil.example",
    agent: "NoThief/1.0",
};

impl Visitor {
    /// Watches by WebSocket.
    async fn watches(self, server: &Server, name: &str, token: &str) -> Viewer {
        let headers = [("origin", self.page), ("user-agent", self.agent)];
        Viewer::open_as(&server.socket(name, token), self.address, &headers).await
    }

    /// Asks for one thing.
    async fn gets(self, url: &str) -> Answer {
        let page = format!("origin: {}", self.page);
        let asks = [
            "--interface",
            self.address,
            "--user-agent",
            self.agent,
            "--header",
            &page,
            url,
        ];
        curl(&asks, None).await
    }
}

fn deny(kind: &str, value: &str) -> Value {
    json!({ "kind": kind, "value": value, "action": "DENY" })
}

#[tokio::test]
async fn an_exception_saves_one_until_it_is_taken_away() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    let token = admin.token_for(name).await;
    let neighbour = Visitor {
        address: "127.0.0.8",
        ..GUEST
    };
    let mut thief = THIEF.watches(&server, name, &token).await;
    let mut saved = neighbour.watches(&server, name, &token).await;
    thief.watch(5).await;
    saved.watch(5).await;
    let exception = json!({ "kind": "IP", "value": neighbour.address, "action": "ALLOW", "stream": name });
    let exception = admin.rule(exception).await;
    assert_eq!(exception["change"]["sessionsEnded"], 0);
    let wide = admin.rule(deny("IP", "127.0.0.0/28")).await;
    assert_eq!(wide["change"]["sessionsEnded"], 1, "{wide}");
    assert_eq!(thief.last_word().await.0, 4430);
    saved.watch(30).await;
    neighbour.watches(&server, name, &token).await.watch(1).await;

    let taken = admin.unrule(&exception["rule"]["id"]).await;
    assert!(taken["sessionsEnded"].as_u64() >= Some(1), "{taken}");
    assert_eq!(saved.last_word().await.0, 4430);
}

#[tokio::test]
async fn a_rule_is_there_until_it_expires_and_whom_it_lets_in_too() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    let token = admin.token_for(name).await;
    let file = server.door(name, "index.m3u8", &token);
    let soon = async || {
        let at = Command::new("date")
            .args(["--utc", "--date", "4 seconds", "+%FT%TZ"])
            .output()
            .await;
        String::from_utf8(at.expect("date").stdout)
            .expect("text")
            .trim()
            .to_owned()
    };
    let mut short = deny("IP", THIEF.address);
    short["expiresAt"] = soon().await.into();
    admin.rule(short).await;
    assert_eq!(THIEF.gets(&file).await.reason().as_deref(), Some("GUARDIAN_IP"));
    until("the rule is over", async || {
        (THIEF.gets(&file).await.status == 200).then_some(())
    })
    .await;

    admin.rule(deny("IP", "127.0.0.0/28")).await;
    let exception = json!({ "kind": "IP", "value": THIEF.address, "action": "ALLOW", "expiresAt": soon().await });
    admin.rule(exception).await;
    let mut excepted = THIEF.watches(&server, name, &token).await;
    excepted.watch(1).await;
    // Nobody does anything: the exception ends.
    assert_eq!(excepted.last_word().await.0, 4430);
}

#[tokio::test]
async fn a_rule_at_the_ingest_door_cuts_the_encoder_and_no_viewer() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.encoder().name();
    let url = server.encoder().ingest_url();
    let token = admin.token_for(name).await;
    let encoder = publish(url);
    admin.until_playable(name, &token).await;
    let mut rule = deny("IP", "127.0.0.1");
    rule["door"] = "INGEST".into();
    let made = admin.rule(rule).await;
    assert_eq!(made["change"]["sessionsEnded"], 1, "{made}");
    assert!(!encoder.end().await.status.success(), "ffmpeg notices");
    assert!(refusal(url).await.contains("GUARDIAN_IP"));
    let test = server.test().name();
    let open = admin.token_for(test).await;
    Viewer::open(&server.socket(test, &open)).await.watch(5).await;
    admin.unrule(&made["rule"]["id"]).await;
    let _encoder = publish(url);
    admin.until_playable(name, &token).await;
}

#[tokio::test]
async fn a_monitored_rule_counts_whom_it_would_have_cut_and_cuts_nobody() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    let token = admin.token_for(name).await;
    let mut viewer = THIEF.watches(&server, name, &token).await;
    viewer.watch(5).await;
    let mut watching = deny("REFERRER", "*.example");
    watching["mode"] = "MONITOR".into();
    let made = admin.rule(watching).await;
    assert_eq!(made["change"]["sessionsEnded"], 0, "{made}");
    let met = async |id: &Value, times: u64| {
        let query = "{ organisation { guardianRules { nodes { id matches lastMatchAt } } } }";
        until(&format!("{times} matches"), async || {
            let rules = admin.ask(query, &json!({})).await["organisation"]["guardianRules"]["nodes"].clone();
            let rule = rules.as_array()?.iter().find(|rule| rule["id"] == *id)?.clone();
            (rule["matches"] == times && rule["lastMatchAt"].is_string()).then_some(())
        })
        .await;
    };
    met(&made["rule"]["id"], 1).await;
    let mut other = GUEST.watches(&server, name, &token).await;
    other.watch(5).await;
    met(&made["rule"]["id"], 2).await;
    viewer.watch(30).await;

    // One that decides counts too: whom it ends, whom it refuses, whom it lets in.
    let denies = admin.rule(deny("IP", THIEF.address)).await;
    assert_eq!(viewer.last_word().await.0, 4430);
    THIEF.gets(&server.door(name, "index.m3u8", &token)).await;
    met(&denies["rule"]["id"], 2).await;
    let allows = admin
        .rule(json!({ "kind": "IP", "value": GUEST.address, "action": "ALLOW" }))
        .await;
    GUEST.gets(&server.door(name, "index.m3u8", &token)).await;
    met(&allows["rule"]["id"], 2).await;
    other.watch(30).await;
}

#[tokio::test]
async fn a_rule_that_was_answered_holds_after_a_crash() {
    let home = Home::new();
    let first = home.demo().await;
    let admin = Person::admin(&first).await;
    let name = first.test().name().to_owned();
    let token = admin.token_for(&name).await;
    let made = admin.rule(deny("IP", "127.0.0.0/28")).await;
    first.kill().await;
    let second = home.demo().await;
    let refused = THIEF.gets(&second.door(&name, "index.m3u8", &token)).await;
    assert_eq!(refused.reason().as_deref(), Some("GUARDIAN_IP"));
    GUEST.watches(&second, &name, &token).await.watch(1).await;
    let admin = Person::admin(&second).await;
    admin.unrule(&made["rule"]["id"]).await;
    second.kill().await;
    let third = home.demo().await;
    THIEF.watches(&third, &name, &token).await.watch(1).await;
}

#[tokio::test]
async fn ten_thousand_rules_are_in_force_by_one_change_which_cuts_whom_they_are_about() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    let token = admin.token_for(name).await;
    let mut thief = THIEF.watches(&server, name, &token).await;
    let mut guest = GUEST.watches(&server, name, &token).await;
    thief.watch(5).await;
    guest.watch(5).await;
    let mut rules = vec![deny("IP", "127.0.0.0/28")];
    rules.extend((0..9_999).map(|n| match n % 3 {
        0 => deny("IP", &format!("10.{}.{}.0/24", n >> 8, n & 255)),
        1 => deny("REFERRER", &format!("*.site-{n}.example")),
        // As many patterns as there may be, and names.
        _ if n < 3_000 => deny("USER_AGENT", &format!("Leech {n}/*")),
        _ => deny("USER_AGENT", &format!("Leech {n}/1")),
    }));
    let json = Value::from(rules).to_string();
    let begun = tokio::time::Instant::now();
    let made = admin.import(json!({ "json": json })).await;
    let took = begun.elapsed();
    assert_eq!(
        (&made["made"], &made["unchanged"]),
        (&json!(10_000), &json!(0)),
        "{made}"
    );
    eprintln!(
        "10000 rules: answered after {took:?}, in force after {} ms",
        made["change"]["doneAfterMs"]
    );
    assert_eq!(thief.last_word().await.0, 4430);
    guest.watch(30).await;
    let again = admin.import(json!({ "json": json })).await;
    assert_eq!(
        (&again["made"], &again["unchanged"]),
        (&json!(0), &json!(10_000)),
        "{again}"
    );

    // What a browser saves is what is read.
    let file = curl(
        &["--header", &admin.cookie, &format!("{}/rules.csv", server.http())],
        None,
    )
    .await;
    assert_eq!(file.status, 200, "{}", file.text());
    assert_eq!(file.text().lines().count(), 10_001);
    let same = admin.import(json!({ "csv": file.text() })).await;
    assert_eq!(
        (&same["made"], &same["unchanged"]),
        (&json!(0), &json!(10_000)),
        "{same}"
    );
}
