//! Alerts: what an organisation wants to be told of opens once, is told as one number, and is told again when it is over.

use std::{net::Ipv4Addr, time::Duration};

use guard::{Door, Reason};
use ids::{DecisionId, SessionId};
use link::{Kind as Event, Protocol, SessionEnd, SessionFacts};
use serde_json::{Value, json};
use testkit::Kind;

use crate::harness::{Client, World};

const SAVE: &str = "mutation($i: SaveAlertRuleInput!) { saveAlertRule(input: $i) {
    alertRule { id name enabled threshold windowS receivers mutedUntil } errors { code field message } } }";
const ALERTS: &str = "query($f: AlertFilter) { organisation { alerts(first: 100, filter: $f) { totalCount nodes {
    id rule name state severity metric summary value peak bar usual streams ending notifications acknowledgedAt resolvedAt
} } } }";
pub(crate) const RECEIVER: &str = "mutation($i: SaveAlertReceiverInput!) { saveAlertReceiver(input: $i) {
    alertReceiver { id name emails syslog { host port tls certificate } } errors { code field message } } }";

async fn save(client: &Client, input: Value) -> Value {
    client.data(SAVE, json!({ "i": input })).await["saveAlertRule"].clone()
}

/// A rule of that form; its id.
async fn rule(client: &Client, input: Value) -> String {
    let saved = save(client, input).await;
    assert_eq!(saved["errors"], json!([]), "{saved}");
    saved["alertRule"]["id"].as_str().unwrap().to_owned()
}

async fn alerts(client: &Client, filter: Value) -> Vec<Value> {
    let data = client.data(ALERTS, json!({ "f": filter })).await;
    data["organisation"]["alerts"]["nodes"].as_array().unwrap().clone()
}

/// Waits until the newest alert is as wanted.
pub(crate) async fn until(client: &Client, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..3000 {
        if let Some(newest) = alerts(client, json!({})).await.first() {
            last = newest.clone();
            if wanted(newest) {
                return last;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the newest alert stays {last}");
}

/// So many requests are refused, each from an address of its own.
fn refuse(world: &World, times: u32, reason: Reason) {
    let viewing = world.viewing(world.stream(), 1);
    for n in 0..times {
        let kind = Event::Denied {
            organisation: Some(viewing.organisation),
            stream: viewing.name.clone(),
            door: Door::Playback,
            protocol: Protocol::Hls,
            address: Ipv4Addr::from_bits(0xcb00_7100 + n % 200).into(),
            reason,
            decision: DecisionId::mint(n.into(), [n.to_le_bytes()[0]; 10]),
            trace: vec![],
            visitor: link::Visitor::default(),
        };
        world.node.tell(world.clock.now(), kind);
    }
}

/// A broadcaster of a stream of that alias.
fn broadcaster(world: &World, alias: &str, n: u64) -> SessionFacts {
    let facts = world.viewing(world.stream(), n);
    let hash = facts.name.organisation().unwrap();
    SessionFacts {
        session: SessionId::mint(n, [n.to_le_bytes()[0], 3, 0, 0, 0, 0, 0, 0, 0, 9]),
        name: format!("{hash}-{alias}").parse().unwrap(),
        door: Door::Ingest,
        protocol: Protocol::Rtmp,
        ..facts
    }
}

pub(crate) fn ends(world: &World, facts: &SessionFacts, reason: Option<Reason>) {
    let end = SessionEnd {
        session: facts.session,
        organisation: facts.organisation,
        stream: facts.stream,
        bytes: 0,
        requests: 1,
        reason,
    };
    world.node.tell(world.clock.now(), Event::Ended(end));
}

/// Lets the moment pass for which an alert gathers.
pub(crate) async fn told(world: &World, admin: &Client, notifications: u64) -> Value {
    world.pass(Duration::from_secs(5));
    until(admin, |alert| alert["notifications"] == notifications).await
}

pub(crate) async fn receiver(admin: &Client, input: Value) -> String {
    let saved = admin.data(RECEIVER, json!({ "i": input })).await["saveAlertReceiver"].clone();
    assert_eq!(saved["errors"], json!([]), "{saved}");
    saved["alertReceiver"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_alert_opens_is_reminded_and_is_resolved_and_its_mails_say_so_once_each() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::on(kind).await;
        let admin = world.as_role("nanoAdmin").await;
        receiver(&admin, json!({ "name": "People", "emails": ["ops@example.com"] })).await;
        let refusals = json!({ "name": "Refusals", "metric": "DENIALS", "threshold": 20, "resolveAt": 10, "windowS": 60,
            "holdS": 5, "remindS": 60, "severity": "CRITICAL" });
        let rule = rule(&admin, refusals).await;
        refuse(&world, 19, Reason::TokenExpired);
        world.refused(&admin, 9000).await;
        let open = until(&admin, |alert| alert["state"] == "OPEN").await;
        assert_eq!(
            (
                &open["rule"],
                &open["severity"],
                &open["metric"],
                &open["bar"],
                &open["notifications"]
            ),
            (
                &json!(rule),
                &json!("CRITICAL"),
                &json!("DENIALS"),
                &json!(20.0),
                &json!(0)
            )
        );
        // What comes meanwhile is the same alert.
        refuse(&world, 30, Reason::TokenExpired);
        world.pass(Duration::from_secs(2));
        until(&admin, |alert| alert["value"] == 50.0).await;
        told(&world, &admin, 1).await;
        let letter = world.letter("ops@example.com").await;
        assert!(letter.contains("Critical: Refusals (Northwind Live)"), "{letter}");
        assert!(
            letter.contains("50 refusals within 60 seconds; told from 20 on"),
            "{letter}"
        );
        assert_eq!(alerts(&admin, json!({ "state": "OPEN" })).await.len(), 1);

        // It goes on.
        world.pass(Duration::from_secs(61));
        refuse(&world, 15, Reason::TokenExpired);
        until(&admin, |alert| alert["notifications"] == 2).await;
        // Below the threshold, and not over: the bar for that is lower.
        world.pass(Duration::from_secs(10));
        until(&admin, |alert| alert["value"] == 15.0).await;
        assert_eq!(alerts(&admin, json!({ "state": "OPEN" })).await.len(), 1);
        world.pass(Duration::from_mins(1));
        until(&admin, |alert| alert["value"] == 0.0).await;
        world.pass(Duration::from_secs(6));
        let over = until(&admin, |alert| {
            alert["state"] == "RESOLVED" && alert["notifications"] == 4
        })
        .await;
        assert_eq!((&over["ending"], &over["peak"]), (&json!("CLEARED"), &json!(50.0)));
        let subjects = ["Critical: Refusals", "Still: Refusals", "Resolved: Refusals"];
        for _ in 0..1000 {
            if world.letters("ops@example.com").len() == 4 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let letters = world.letters("ops@example.com");
        let many = subjects.map(|subject| letters.iter().filter(|letter| letter.contains(subject)).count());
        assert_eq!(many, [1, 2, 1]);
        assert_eq!(alerts(&admin, json!({})).await.len(), 1);
        assert_eq!(alerts(&admin, json!({ "state": "OPEN" })).await.len(), 0);
        assert_eq!(alerts(&admin, json!({ "rule": rule })).await.len(), 1);
        assert_eq!(alerts(&admin, json!({ "rule": "x" })).await.len(), 0);

        // Nobody else has any of it.
        let outsider = world.outsider().await;
        assert_eq!(alerts(&outsider, json!({})).await, [] as [Value; 0]);
        let change = json!({ "i": { "id": rule, "threshold": 1 } });
        assert_eq!(outsider.ask(SAVE, change).await.code().as_deref(), Some("NOT_FOUND"));
    }
}

#[tokio::test]
async fn an_alert_whose_second_bar_is_nothing_is_over_once_there_is_nothing() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let none = json!({ "name": "Refusals", "metric": "DENIALS", "threshold": 3, "resolveAt": 0, "windowS": 60,
        "holdS": 5 });
    rule(&admin, none).await;
    refuse(&world, 3, Reason::TokenExpired);
    until(&admin, |alert| alert["state"] == "OPEN").await;
    world.pass(Duration::from_secs(70));
    until(&admin, |alert| alert["value"] == 0.0).await;
    world.pass(Duration::from_secs(6));
    until(&admin, |alert| alert["state"] == "RESOLVED").await;
}

#[tokio::test]
async fn fifty_streams_that_go_offline_are_one_alert_which_ends_when_they_come_back() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    receiver(&admin, json!({ "name": "People", "emails": ["ops@example.com"] })).await;
    let offline = json!({ "name": "Offline", "metric": "STREAMS_OFFLINE", "threshold": 1, "windowS": 3600, "holdS": 5,
        "remindS": null });
    rule(&admin, offline).await;
    let all: Vec<_> = (0..52)
        .map(|n| broadcaster(&world, &format!("camera-{n:02}"), 500 + n))
        .collect();
    for facts in &all {
        world.node.tell(world.clock.now(), Event::Started(facts.clone()));
    }
    // Two were stopped here: that is no news.
    for (n, facts) in all.iter().enumerate() {
        let reason = (n >= 50).then_some(Reason::StreamStopped);
        ends(&world, facts, reason);
    }
    let open = until(&admin, |alert| alert["value"] == 50.0).await;
    told(&world, &admin, 1).await;
    let letter = world.letter("ops@example.com").await;
    assert!(letter.contains("50 streams went offline"), "{letter}");
    let named = open["streams"].as_array().unwrap();
    assert_eq!((named.len(), alerts(&admin, json!({})).await.len()), (20, 1));
    assert!(named[0].as_str().unwrap().ends_with("-camera-00"));

    for (n, facts) in all.iter().take(50).enumerate() {
        let again = SessionFacts {
            session: SessionId::mint(9000 + n as u64, [n.to_le_bytes()[0]; 10]),
            ..facts.clone()
        };
        world.node.tell(world.clock.now(), Event::Started(again));
    }
    until(&admin, |alert| alert["value"] == 0.0).await;
    world.pass(Duration::from_secs(6));
    let over = until(&admin, |alert| alert["state"] == "RESOLVED").await;
    assert_eq!((&over["ending"], &over["peak"]), (&json!("CLEARED"), &json!(50.0)));
    // Which streams it was about is not forgotten.
    assert_eq!(over["streams"].as_array().unwrap().len(), 20);
}

async fn storm_of_findings_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    receiver(&admin, json!({ "name": "People", "emails": ["ops@example.com"] })).await;
    let hook = "mutation { setWebhook(input: {url: \"http://127.0.0.1:9/hooks\", calls: [ALERT], encoding: JSON}) {
        errors { code } } }";
    admin.data(hook, json!({})).await;
    rule(
        &admin,
        json!({ "name": "Thieves", "metric": "FINDINGS", "indicator": "DENIALS", "threshold": 1, "windowS": 600,
            "minScore": 50 }),
    )
    .await;
    // Each of 105 addresses is refused so often that it is a finding, and of 100 of them what was forged.
    for _ in 0..12 {
        let viewing = world.viewing(world.stream(), 1);
        for n in 0..105 {
            let kind = Event::Denied {
                organisation: Some(viewing.organisation),
                stream: viewing.name.clone(),
                door: Door::Playback,
                protocol: Protocol::Hls,
                address: [198, 51, 100, n].into(),
                reason: if n < 100 {
                    Reason::TokenSignature
                } else {
                    Reason::TokenExpired
                },
                decision: DecisionId::mint(n.into(), [n; 10]),
                trace: vec![],
                visitor: link::Visitor::default(),
            };
            world.node.tell(world.clock.now(), kind);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    until(&admin, |alert| alert["value"] == 100.0).await;
    told(&world, &admin, 1).await;
    let letter = world.letter("ops@example.com").await;
    assert!(
        letter.contains("misuse found of 100 tokens, viewers and addresses"),
        "{letter}"
    );
    assert!(letter.contains("address 198.51.100."), "{letter}");
    assert!(letter.contains("minutes, Turned away again and again"), "{letter}");
    assert!(letter.contains(": Turned away again and again (+"), "{letter}");
    assert_eq!(world.letters("ops@example.com").len(), 1);
    let log = "{ organisation { webhookDeliveries { nodes { call content } } } }";
    let log = admin.data(log, json!({})).await["organisation"]["webhookDeliveries"]["nodes"].clone();
    assert_eq!((log.as_array().unwrap().len(), &log[0]["call"]), (1, &json!("alert")));
    let content = &log[0]["content"];
    assert_eq!(
        (&content["event"], &content["value"]),
        (&json!("opened"), &json!(100.0))
    );
    assert!(!content.to_string().contains("198.51.100"), "{content}");
    // Ten are named in the mail, and all that count are counted.
    assert_eq!(
        (&content["addresses"], &content["viewers"], &content["tokens"]),
        (&json!(100), &json!(0), &json!([]))
    );
}

#[tokio::test]
async fn a_storm_of_findings_is_one_notification_with_a_number_that_keeps_nobodys_address() {
    storm_of_findings_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_storm_of_findings_is_one_notification_on_postgresql() {
    storm_of_findings_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_restart_neither_forgets_an_alert_nor_tells_it_twice() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    receiver(&admin, json!({ "name": "People", "emails": ["ops@example.com"] })).await;
    let input = json!({ "name": "Refusals", "metric": "DENIALS", "threshold": 20, "windowS": 600, "holdS": 5, "remindS": null });
    rule(&admin, input).await;
    refuse(&world, 25, Reason::TokenExpired);
    let open = until(&admin, |alert| alert["state"] == "OPEN").await;
    // It ends before it was told: by then it gathers still.
    assert_eq!(open["notifications"], 0);
    let world = world.restarted().await;
    let admin = world.as_role("nanoAdmin").await;
    let told_once = told(&world, &admin, 1).await;
    assert_eq!(told_once["id"], open["id"]);
    world.letter("ops@example.com").await;

    let world = world.restarted().await;
    let admin = world.as_role("nanoAdmin").await;
    // More of the same: what was refused before counts on.
    refuse(&world, 1, Reason::TokenExpired);
    let on = until(&admin, |alert| alert["value"] == 26.0).await;
    assert_eq!((&on["id"], &on["notifications"]), (&open["id"], &json!(1)));
    world.pass(Duration::from_secs(700));
    until(&admin, |alert| alert["value"] == 0.0).await;
    world.pass(Duration::from_secs(6));
    until(&admin, |alert| {
        alert["state"] == "RESOLVED" && alert["notifications"] == 2
    })
    .await;
    assert_eq!(alerts(&admin, json!({})).await.len(), 1);
    for _ in 0..1000 {
        if world.letters("ops@example.com").len() > 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        world.letters("ops@example.com").len(),
        2,
        "that it began, and that it is over"
    );
}

#[tokio::test]
async fn what_is_usual_is_compared_with_and_the_first_hour_alarms_nobody() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let spike = json!({ "name": "Spike", "metric": "DENIALS", "comparison": "TIMES_USUAL", "threshold": 3, "least": 20,
        "windowS": 300, "holdS": 5 });
    rule(&admin, spike).await;
    refuse(&world, 500, Reason::TokenExpired);
    world.refused(&admin, 7001).await;
    world.pass(Duration::from_secs(1));
    // The engine looks again and again, and finds nothing unusual in what is the first of all.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(alerts(&admin, json!({})).await.len(), 0);
    // Two hours of ten a minute.
    for minute in 0..120 {
        world.pass(Duration::from_mins(1));
        refuse(&world, 10, Reason::TokenExpired);
        world.refused(&admin, 8000 + minute).await;
    }
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(alerts(&admin, json!({})).await.len(), 0, "as usual");
    refuse(&world, 150, Reason::TokenExpired);
    let open = until(&admin, |alert| alert["state"] == "OPEN").await;
    assert_eq!(open["usual"], 55.0);
    assert!(
        open["summary"]
            .as_str()
            .unwrap()
            .contains("usual is 55, told from 165 on"),
        "{open}"
    );
}

#[tokio::test]
async fn a_spike_of_traffic_is_told_from_three_times_the_usual_on_and_is_over_below_twice() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    receiver(&admin, json!({ "name": "People", "emails": ["ops@example.com"] })).await;
    // As the dashboard has it ready-made.
    let spike = json!({ "name": "Spike of traffic", "metric": "BYTES_OUT", "comparison": "TIMES_USUAL", "threshold": 3,
        "least": 100e6, "resolveAt": 2, "windowS": 300, "forS": 0, "holdS": 60, "remindS": 14_400 });
    rule(&admin, spike).await;
    let (viewer, mut megabytes) = (world.viewing(world.stream(), 77), 0);
    world.node.tell(world.clock.now(), Event::Started(viewer.clone()));
    let mut gets = |more: u64| {
        megabytes += more;
        world.node.beats(world.clock.now(), &viewer, megabytes * 1_000_000);
    };
    // Two hours of 12 MB a minute.
    for minute in 0..120 {
        world.pass(Duration::from_mins(1));
        gets(12);
        world.refused(&admin, 8000 + minute).await;
    }
    gets(119);
    world.refused(&admin, 9000).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(alerts(&admin, json!({})).await.len(), 0, "179 MB of 180");
    gets(1);
    let open = until(&admin, |alert| alert["state"] == "OPEN").await;
    let told_of = ["value", "usual", "bar"].map(|name| open[name].clone());
    assert_eq!(told_of, [180e6, 60e6, 180e6].map(Value::from));
    told(&world, &admin, 1).await;
    let letter = world.letter("ops@example.com").await;
    assert!(letter.contains("180 MB sent to viewers within 5 minutes"), "{letter}");
    // Less than three times, and still more than twice.
    world.pass(Duration::from_mins(2));
    until(&admin, |alert| alert["state"] == "OPEN" && alert["value"] == 156e6).await;
    world.pass(Duration::from_mins(3));
    until(&admin, |alert| alert["value"] == 0.0).await;
    world.pass(Duration::from_secs(61));
    let over = until(&admin, |alert| alert["state"] == "RESOLVED").await;
    assert_eq!((&over["ending"], &over["peak"]), (&json!("CLEARED"), &json!(180e6)));
}

#[tokio::test]
async fn a_rule_is_edited_muted_acknowledged_and_deleted_and_what_is_open_of_it_follows() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let user = world.as_role("nanoUser").await;
    receiver(&admin, json!({ "name": "People", "emails": ["ops@example.com"] })).await;
    let input = json!({ "name": "Refusals", "metric": "DENIALS", "threshold": 20, "windowS": 600, "remindS": 60 });
    let id = rule(&user, input).await;
    refuse(&world, 25, Reason::TokenExpired);
    let open = until(&admin, |alert| alert["state"] == "OPEN").await;
    // Muted before it was told: nobody is.
    let until_when = "2027-01-15T08:10:00Z";
    rule(&user, json!({ "id": id, "mutedUntil": until_when })).await;
    world.pass(Duration::from_secs(5));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(alerts(&admin, json!({})).await[0]["notifications"], 0);
    rule(&user, json!({ "id": id, "mutedUntil": null, "threshold": 21 })).await;
    world.pass(Duration::from_mins(10));
    refuse(&world, 30, Reason::TokenExpired);
    until(&admin, |alert| alert["notifications"] == 1).await;

    let take = "mutation($i: ID!) { acknowledgeAlert(input: {id: $i}) { alert { acknowledgedAt } errors { code } } }";
    let taken = user.data(take, json!({ "i": open["id"] })).await["acknowledgeAlert"].clone();
    assert!(taken["alert"]["acknowledgedAt"].is_string(), "{taken}");
    world.pass(Duration::from_mins(2));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(
        alerts(&admin, json!({})).await[0]["notifications"],
        1,
        "who took it on is not reminded"
    );

    let delete = "mutation($i: ID!) { deleteAlertRule(input: {id: $i}) { id errors { code } } }";
    user.data(delete, json!({ "i": id })).await;
    let over = until(&admin, |alert| {
        alert["state"] == "RESOLVED" && alert["notifications"] == 2
    })
    .await;
    assert_eq!(
        (&over["ending"], &over["name"]),
        (&json!("DELETED"), &json!("Refusals"))
    );
    let again = user.data(take, json!({ "i": open["id"] })).await["acknowledgeAlert"].clone();
    assert_eq!(again["errors"][0]["code"], "RESOLVED");
}

#[tokio::test]
async fn what_a_rule_or_receiver_may_not_be_is_told_with_the_field() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let good = json!({ "name": "n", "metric": "DENIALS", "threshold": 20 });
    for (field, wrong) in [
        ("name", json!({ "name": " " })),
        ("threshold", json!({ "threshold": 0 })),
        ("threshold", json!({ "threshold": -1 })),
        ("threshold", json!({ "metric": "FAILURE_RATIO", "threshold": 101 })),
        ("threshold", json!({ "metric": "BUFFERING", "threshold": 101 })),
        (
            "threshold",
            json!({ "metric": "BUFFERING", "comparison": "AT_MOST", "threshold": 100 }),
        ),
        ("protocol", json!({ "metric": "VIEWERS", "protocol": "HLS" })),
        ("country", json!({ "metric": "VIEWERS", "country": "DE" })),
        ("country", json!({ "metric": "SESSIONS", "country": "XX" })),
        ("resolveAt", json!({ "resolveAt": 21 })),
        ("windowS", json!({ "windowS": 9 })),
        ("windowS", json!({ "windowS": 86_401 })),
        ("forS", json!({ "forS": -1 })),
        ("holdS", json!({ "holdS": 0 })),
        ("remindS", json!({ "remindS": 1 })),
        (
            "comparison",
            json!({ "metric": "INGESTS", "comparison": "TIMES_USUAL", "least": 1 }),
        ),
        ("least", json!({ "comparison": "TIMES_USUAL", "threshold": 3 })),
        ("stream", json!({ "stream": "22222-none" })),
        ("tag", json!({ "tag": "none" })),
        (
            "stream",
            json!({ "metric": "WEBHOOK_FAILURES", "stream": world.stream() }),
        ),
        ("tag", json!({ "metric": "WEBHOOK_FAILURES", "tag": "none" })),
        ("reason", json!({ "metric": "SESSIONS", "reason": "TOKEN_EXPIRED" })),
        ("indicator", json!({ "metric": "FINDINGS", "indicator": "NOTHING" })),
        ("minScore", json!({ "metric": "FINDINGS", "minScore": 101 })),
        ("receivers", json!({ "receivers": ["arc_00000000000000000000000000"] })),
    ] {
        let mut input = good.clone();
        input
            .as_object_mut()
            .unwrap()
            .extend(wrong.as_object().unwrap().clone());
        let saved = save(&admin, input).await;
        assert_eq!(saved["errors"][0]["field"], json!(["input", field]), "{wrong}: {saved}");
    }
    for (field, wrong) in [
        ("emails", json!({ "name": "n" })),
        ("emails", json!({ "name": "n", "emails": [] })),
        ("emails", json!({ "name": "n", "emails": ["a@b.c\r\nbcc: x@y.z"] })),
        ("name", json!({ "emails": ["a@b.c"] })),
        (
            "syslog",
            json!({ "name": "n", "emails": ["a@b.c"], "syslog": { "host": "h", "port": 1 } }),
        ),
    ] {
        let saved = admin.data(RECEIVER, json!({ "i": wrong })).await["saveAlertReceiver"].clone();
        assert_eq!(saved["errors"][0]["field"], json!(["input", field]), "{wrong}: {saved}");
    }
    for (field, wrong) in [
        ("port", json!({ "host": "h", "port": 0 })),
        ("port", json!({ "host": "h", "port": -1 })),
        ("port", json!({ "host": "h", "port": 65_536 })),
        ("host", json!({ "host": "", "port": 514 })),
        ("host", json!({ "host": "a b", "port": 514 })),
        ("host", json!({ "host": "x.example:514", "port": 514 })),
        ("host", json!({ "host": "0x7f.1", "port": 514 })),
        ("host", json!({ "host": "2130706433", "port": 514 })),
        (
            "certificate",
            json!({ "host": "h", "port": 514, "tls": false, "certificate": "x" }),
        ),
        ("certificate", json!({ "host": "h", "port": 514, "certificate": "x" })),
    ] {
        let input = json!({ "name": "n", "syslog": wrong });
        let saved = admin.data(RECEIVER, json!({ "i": input })).await["saveAlertReceiver"].clone();
        let error = &saved["errors"][0];
        assert_eq!(error["code"], "INVALID", "{wrong}: {saved}");
        assert_eq!(error["field"], json!(["input", "syslog", field]), "{wrong}: {saved}");
        assert!(
            !error["message"].as_str().unwrap().contains('`'),
            "words for people: {saved}"
        );
    }
}

#[tokio::test]
async fn what_is_changed_alone_is_judged_with_what_another_set_meanwhile() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let id = rule(&admin, json!({ "name": "n", "metric": "DENIALS", "threshold": 100 })).await;
    let change = async |change: Value| {
        let mut input = change;
        input["id"] = json!(id);
        save(&admin, input).await
    };
    assert_eq!(change(json!({ "resolveAt": 60 })).await["errors"], json!([]));
    // Who does not know of the bar of the other keeps it.
    let kept = change(json!({ "threshold": 120 })).await;
    assert_eq!(kept["errors"], json!([]));
    let below = change(json!({ "threshold": 50 })).await;
    assert_eq!(below["errors"][0]["code"], "INVALID");
    assert_eq!(below["errors"][0]["field"], json!(["input", "resolveAt"]));
    assert_eq!(change(json!({ "metric": "VIEWERS" })).await["errors"], json!([]));
    let reason = change(json!({ "reason": "TOKEN_EXPIRED" })).await;
    assert_eq!(reason["errors"][0]["field"], json!(["input", "reason"]));
    let rules = "{ organisation { alertRules { metric threshold resolveAt } } }";
    let rules = admin.data(rules, json!({})).await["organisation"]["alertRules"].clone();
    let as_it_is = json!([{ "metric": "VIEWERS", "threshold": 120.0, "resolveAt": 60.0 }]);
    assert_eq!(rules, as_it_is);
}
