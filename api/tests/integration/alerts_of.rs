//! Alerts of one protocol, of one country, of misuse on one stream, of how well it plays, and of streams that are ended
//! here; the same after a restart.

use std::time::Duration;

use guard::{Door, Place, Reason};
use ids::{DecisionId, SessionId};
use link::{Kind as Event, Protocol, Quality, SessionFacts, Visitor};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    alerts::{ends, receiver},
    analytics::viewing,
    harness::{Client, World},
    privacy::{database, eventually},
};

/// Makes a rule of that name, at least so much of that within an hour.
pub(crate) async fn rule(client: &Client, name: &str, metric: &str, threshold: f64, more: Value) {
    let save = "mutation($i: SaveAlertRuleInput!) { saveAlertRule(input: $i) {
        alertRule { protocol country least } errors { code field message } } }";
    let mut input = json!({ "name": name, "metric": metric, "threshold": threshold, "windowS": 3_600 });
    let fields = input.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    let saved = client.data(save, json!({ "i": input })).await["saveAlertRule"].clone();
    assert_eq!(saved["errors"], json!([]), "{saved}");
    for field in ["protocol", "country"] {
        assert_eq!(saved["alertRule"][field], more[field], "{saved}");
    }
}

/// What is open, by the name of its rule, and what it says.
async fn open(client: &Client) -> Vec<(String, String)> {
    let query = "{ organisation { alerts(first: 50, filter: {state: OPEN}) { nodes { name summary } } } }";
    let found = client.data(query, json!({})).await["organisation"]["alerts"]["nodes"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut all: Vec<_> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["name"]), text(&one["summary"])))
        .collect();
    all.sort();
    all
}

fn from(world: &World, n: u64, protocol: Protocol, country: &str) -> SessionFacts {
    SessionFacts {
        protocol,
        ..viewing(world, n, "tok_q", "192.0.2.7", country, 64_500)
    }
}

/// A request for the stream of that name, from there, is refused; the country may be unknown.
pub(crate) fn refused(world: &World, n: u64, name: &str, last: u8, country: &str) {
    let kind = Event::Denied {
        organisation: Some(world.viewing(world.stream(), 1).organisation),
        stream: name.parse().unwrap(),
        door: Door::Playback,
        protocol: Protocol::Hls,
        address: [198, 51, 100, last].into(),
        reason: Reason::TokenSignature,
        decision: DecisionId::mint(n, [last; 10]),
        trace: vec![],
        visitor: Visitor {
            place: Place {
                country: country.parse().ok(),
                asn: None,
            },
            ..Visitor::default()
        },
    };
    world.node.tell(world.clock.now(), kind);
}

/// The names of rules of which an alert is open.
async fn names(client: &Client) -> Vec<String> {
    open(client).await.into_iter().map(|(name, _)| name).collect()
}

/// Makes a stream of that title with those tags; its name.
async fn stream(admin: &Client, title: &str, tags: &[&str]) -> String {
    let make = "mutation($i: CreateStreamInput!) { createStream(input: $i) { stream { name } errors { code } } }";
    let made = admin.data(make, json!({ "i": { "title": title, "tags": tags } })).await["createStream"].clone();
    made["stream"]["name"].as_str().unwrap().to_owned()
}

/// A player set out; `seen`: it saw a picture, which moved and stood still for so many seconds.
fn plays(world: &World, facts: &SessionFacts, seen: bool, played_s: u32, stalled_s: u32) {
    let quality = Quality {
        attempt: true,
        start_ms: seen.then_some(1_000),
        played_ms: played_s * 1_000,
        stalled_ms: stalled_s * 1_000,
        ..Quality::default()
    };
    let told = Event::Quality {
        session: facts.session,
        organisation: facts.organisation,
        quality,
    };
    world.node.tell(world.clock.now(), told);
}

async fn told_apart_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    rule(&admin, "hls", "SESSIONS", 2.0, json!({ "protocol": "HLS" })).await;
    rule(&admin, "too few hls", "SESSIONS", 3.0, json!({ "protocol": "HLS" })).await;
    rule(&admin, "from France", "SESSIONS", 1.0, json!({ "country": "FR" })).await;
    rule(&admin, "from Spain", "SESSIONS", 1.0, json!({ "country": "ES" })).await;
    rule(&admin, "all", "SESSIONS", 4.0, json!({})).await;
    let least = |more: Value| {
        let mut all = json!({ "least": 2 });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    rule(&admin, "no picture", "START_FAILURES", 25.0, least(json!({}))).await;
    rule(
        &admin,
        "no picture in Germany",
        "START_FAILURES",
        50.0,
        least(json!({ "country": "DE" })),
    )
    .await;
    rule(
        &admin,
        "no picture in France",
        "START_FAILURES",
        1.0,
        least(json!({ "country": "FR" })),
    )
    .await;
    rule(
        &admin,
        "stands still by hls",
        "BUFFERING",
        20.0,
        least(json!({ "protocol": "HLS" })),
    )
    .await;
    rule(
        &admin,
        "stands still by websocket",
        "BUFFERING",
        1.0,
        least(json!({ "protocol": "WEBSOCKET" })),
    )
    .await;
    // Unless said, ten minutes of playback are too little.
    rule(&admin, "of little", "BUFFERING", 1.0, json!({})).await;

    let players = [
        (from(&world, 1, Protocol::Hls, "DE"), true, 80, 20),
        (from(&world, 2, Protocol::Hls, "DE"), false, 0, 0),
        (from(&world, 3, Protocol::WebSocket, "FR"), true, 100, 0),
        (from(&world, 4, Protocol::WebSocket, "FR"), true, 100, 0),
    ];
    for (facts, seen, played_s, stalled_s) in &players {
        world.node.tell(world.clock.now(), Event::Started(facts.clone()));
        plays(&world, facts, *seen, *played_s, *stalled_s);
    }
    let wanted = [
        "all",
        "from France",
        "hls",
        "no picture",
        "no picture in Germany",
        "stands still by hls",
    ];
    eventually("each is told of its own", async || names(&admin).await == wanted).await;
    // Each is looked at once a second.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(names(&admin).await, wanted);
    let said = open(&admin).await;
    let of = |name: &str| said.iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!(of("hls"), "2 sessions began within 60 minutes, hls; told from 2 on");
    assert_eq!(
        of("no picture in Germany"),
        "50 % of players saw no picture within 60 minutes, DE; told from 50 % on"
    );
    assert_eq!(
        of("stands still by hls"),
        "20 % of the time the picture stood still within 60 minutes, hls; told from 20 % on"
    );

    // Rules that are made later, or are there after a restart, know what is written down.
    rule(
        &admin,
        "later by websocket",
        "SESSIONS",
        2.0,
        json!({ "protocol": "WEBSOCKET" }),
    )
    .await;
    rule(
        &admin,
        "later in Germany",
        "BUFFERING",
        20.0,
        least(json!({ "country": "DE" })),
    )
    .await;
    rule(
        &admin,
        "later in France",
        "START_FAILURES",
        1.0,
        least(json!({ "country": "FR" })),
    )
    .await;
    eventually("they know", async || {
        let names = names(&admin).await;
        ["later by websocket", "later in Germany"]
            .iter()
            .all(|one| names.iter().any(|name| name == one))
    })
    .await;
    assert!(!names(&admin).await.iter().any(|name| name == "later in France"));
}

#[tokio::test]
async fn a_rule_of_a_protocol_a_country_or_of_playback_hears_of_its_own_alone() {
    told_apart_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_rule_of_a_protocol_a_country_or_of_playback_hears_of_its_own_alone_on_postgresql() {
    told_apart_on(Kind::Postgres).await;
}

async fn refused_from_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let of = |country: &str| json!({ "country": country });
    rule(&admin, "refused in Germany", "DENIALS", 3.0, of("DE")).await;
    rule(&admin, "too few in Germany", "DENIALS", 4.0, of("DE")).await;
    rule(&admin, "refused in France", "DENIALS", 1.0, of("FR")).await;
    let least = |country: &str| json!({ "country": country, "least": 4 });
    rule(&admin, "fails in Germany", "FAILURE_RATIO", 75.0, least("DE")).await;
    rule(&admin, "fails in France", "FAILURE_RATIO", 1.0, least("FR")).await;
    rule(&admin, "all", "DENIALS", 5.0, json!({})).await;
    for (n, country) in (1..).zip(["DE", "DE", "DE", "", "ES"]) {
        refused(&world, n, world.stream(), 1, country);
    }
    for (n, country) in (1..).zip(["DE", "FR", "FR", "FR", "FR"]) {
        let facts = from(&world, n, Protocol::Hls, country);
        world.node.tell(world.clock.now(), Event::Started(facts));
    }
    let wanted = ["all", "fails in Germany", "refused in Germany"];
    eventually("each is told of its own", async || names(&admin).await == wanted).await;
    // Each is looked at once a second.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(names(&admin).await, wanted);
    let said = open(&admin).await;
    assert_eq!(said[2].1, "3 refusals within 60 minutes, DE; told from 3 on");

    // What is written down says it as well.
    rule(&admin, "later too few", "DENIALS", 4.0, of("DE")).await;
    rule(&admin, "later in Spain", "DENIALS", 1.0, of("ES")).await;
    rule(&admin, "later fails", "FAILURE_RATIO", 75.0, least("DE")).await;
    let wanted = [
        "all",
        "fails in Germany",
        "later fails",
        "later in Spain",
        "refused in Germany",
    ];
    eventually("they know", async || names(&admin).await == wanted).await;
}

#[tokio::test]
async fn refusals_are_counted_by_the_country_that_they_came_from() {
    refused_from_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn refusals_are_counted_by_the_country_that_they_came_from_on_postgresql() {
    refused_from_on(Kind::Postgres).await;
}

async fn found_on_streams_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    receiver(&admin, json!({ "name": "People", "emails": ["ops@example.com"] })).await;
    let first = world.stream();
    let second = stream(&admin, "Second", &["cameras"]).await;
    let third = stream(&admin, "Third", &["gates"]).await;
    let on = |stream: &str| json!({ "stream": stream, "indicator": "DENIALS" });
    rule(&admin, "all", "FINDINGS", 3.0, json!({ "indicator": "DENIALS" })).await;
    rule(&admin, "first", "FINDINGS", 2.0, on(first)).await;
    rule(&admin, "too few on the first", "FINDINGS", 3.0, on(first)).await;
    rule(&admin, "second", "FINDINGS", 1.0, on(&second)).await;
    rule(&admin, "too few on the second", "FINDINGS", 2.0, on(&second)).await;
    rule(&admin, "third", "FINDINGS", 1.0, on(&third)).await;
    rule(&admin, "cameras", "FINDINGS", 1.0, json!({ "tag": "cameras" })).await;
    rule(&admin, "gates", "FINDINGS", 1.0, json!({ "tag": "gates" })).await;

    // One address tries the first stream, one the first and the second, and one a name that no stream has.
    let nobodys = format!("{}-nobodys", &first[..5]);
    for (last, tried) in [
        (1, [first; 2]),
        (2, [first, second.as_str()]),
        (3, [nobodys.as_str(); 2]),
    ] {
        for (n, name) in (0..12).zip(tried.iter().cycle()) {
            refused(&world, n, name, last, "");
        }
    }
    let wanted = ["all", "cameras", "first", "second"];
    eventually("each is told of its own", async || names(&admin).await == wanted).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(names(&admin).await, wanted);
    let said = open(&admin).await;
    let summary = &said[3].1;
    assert!(summary.ends_with(&format!("of {second}; told from 1 on")), "{summary}");

    // Who is told of one stream is told of nobody who was found on another alone.
    world.pass(Duration::from_secs(5));
    let of_the_second = || {
        let letters = world.letters("ops@example.com");
        letters.into_iter().find(|letter| letter.contains("Warning: second ("))
    };
    eventually("it is told", async || of_the_second().is_some()).await;
    let letter = of_the_second().unwrap();
    assert!(letter.contains("address 198.51.100.2: "), "{letter}");
    assert!(
        !letter.contains("address 198.51.100.1: ") && !letter.contains("address 198.51.100.3: "),
        "{letter}"
    );

    // What is written down says it as well.
    rule(&admin, "later too few", "FINDINGS", 3.0, on(first)).await;
    rule(&admin, "later on the third", "FINDINGS", 1.0, on(&third)).await;
    rule(&admin, "later on the first", "FINDINGS", 2.0, on(first)).await;
    let wanted = ["all", "cameras", "first", "later on the first", "second"];
    eventually("they know", async || names(&admin).await == wanted).await;
}

#[tokio::test]
async fn a_rule_on_misuse_hears_of_its_stream_alone() {
    found_on_streams_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_rule_on_misuse_hears_of_its_stream_alone_on_postgresql() {
    found_on_streams_on(Kind::Postgres).await;
}

/// A broadcaster of the stream of that name came, and went away.
fn goes_away(world: &World, n: u64, name: &str) {
    let facts = SessionFacts {
        session: SessionId::mint(n, [n.to_le_bytes()[0]; 10]),
        name: name.parse().unwrap(),
        door: Door::Ingest,
        protocol: Protocol::Rtmp,
        ..world.viewing(world.stream(), n)
    };
    world.node.tell(world.clock.now(), Event::Started(facts.clone()));
    ends(world, &facts, None);
}

async fn ended_here_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    rule(&admin, "offline", "STREAMS_OFFLINE", 1.0, json!({ "holdS": 60 })).await;
    let mut all = vec![world.stream().to_owned()];
    for title in ["Second", "Third", "Fourth"] {
        all.push(stream(&admin, title, &[]).await);
    }
    for (n, name) in (1..).zip(&all) {
        goes_away(&world, n, name);
    }
    // Whoever knows of this knows of them.
    world.refused(&admin, 9_000).await;
    let says = async |name: &str, begin: &str| {
        // What changes is written every other second.
        world.pass(Duration::from_secs(3));
        eventually(begin, async || {
            let open = open(&admin).await;
            open.iter()
                .any(|(known, said)| known == name && said.starts_with(begin))
        })
        .await;
    };
    eventually("it opens", async || names(&admin).await == ["offline"]).await;
    says("offline", "4 streams went offline").await;
    let ends = async |operation: &str, name: &str| {
        let end = format!("mutation($n: String!) {{ {operation}(input: {{name: $n}}) {{ errors {{ code }} }} }}");
        let ended = admin.data(&end, json!({ "n": name })).await[operation].clone();
        assert_eq!(ended["errors"], json!([]), "{operation}");
    };
    ends("stopStream", &all[0]).await;
    says("offline", "3 streams went offline").await;
    ends("lockStream", &all[1]).await;
    says("offline", "2 streams went offline").await;
    ends("deleteStream", &all[2]).await;
    says("offline", "1 stream went offline").await;
    // What is written down says it as well: it opens with that number.
    rule(&admin, "later", "STREAMS_OFFLINE", 1.0, json!({ "holdS": 60 })).await;
    says("later", "1 stream went offline").await;
    ends("stopStream", &all[3]).await;
    for name in ["offline", "later"] {
        says(name, "0 streams went offline").await;
    }
    world.pass(Duration::from_secs(61));
    eventually("they are over", async || names(&admin).await.is_empty()).await;
}

#[tokio::test]
async fn a_stream_that_went_away_and_is_stopped_locked_or_deleted_then_is_missed_no_more() {
    ended_here_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_stream_that_went_away_and_is_stopped_locked_or_deleted_then_is_missed_no_more_on_postgresql() {
    ended_here_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_rule_that_may_not_be_any_more_can_still_be_switched_off_and_not_on_again_or_made_another() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let always = json!({ "comparison": "AT_MOST" });
    rule(&admin, "always", "FAILURE_RATIO", 50.0, always).await;
    let stored = "UPDATE alert_rule SET definition = json_set(definition, '$.threshold', 100.0)";
    database(&world).await.execute_unprepared(stored).await.unwrap();
    let rules = "{ organisation { alertRules { id enabled threshold } } }";
    let of = async || admin.data(rules, json!({})).await["organisation"]["alertRules"][0].clone();
    let before = of().await;
    assert_eq!(before["threshold"], 100.0);
    let save = "mutation($i: SaveAlertRuleInput!) { saveAlertRule(input: $i) { errors { field } } }";
    let change = async |change: Value| admin.data(save, json!({ "i": change })).await["saveAlertRule"].clone();
    let longer = change(json!({ "id": before["id"], "windowS": 7_200 })).await;
    assert_eq!(longer["errors"][0]["field"], json!(["input", "threshold"]));
    let off = change(json!({ "id": before["id"], "enabled": false })).await;
    assert_eq!(off["errors"], json!([]));
    assert_eq!(of().await["enabled"], false);
    let on = change(json!({ "id": before["id"], "enabled": true })).await;
    assert_eq!(on["errors"][0]["field"], json!(["input", "threshold"]));
    assert_eq!(of().await["enabled"], false);
    let mended = json!({ "id": before["id"], "enabled": true, "threshold": 50 });
    assert_eq!(change(mended).await["errors"], json!([]));
    assert_eq!(of().await["enabled"], true);
}
