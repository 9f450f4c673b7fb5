//! Whom alerts on findings of misuse name and count: those who have the score, within the rule's window.

use std::time::Duration;

use entity::{Tenanted, finding};
use ids::FindingId;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    alerts::{receiver, told, until},
    alerts_of::{refused, rule},
    harness::{Client, World},
    privacy::eventually,
};

/// Writes down what was found by now: of what, of which, by which indicator, and with how many points.
async fn found(world: &World, all: &[(&str, &str, &str, i32)]) {
    let now = world.clock.now().us();
    let organisation = world.viewing(world.stream(), 1).organisation.uuid();
    let rows = (1_u8..)
        .zip(all)
        .map(|(n, &(kind, subject, indicator, points))| finding::ActiveModel {
            id: Set(FindingId::mint(n.into(), [n; 10]).uuid()),
            organisation_id: Set(organisation),
            kind: Set(kind.to_owned()),
            subject: Set(subject.to_owned()),
            indicator: Set(indicator.to_owned()),
            points: Set(points),
            evidence: Set("seen".to_owned()),
            first_at: Set(now - i64::from(n)),
            last_at: Set(now),
        });
    let tables = world.tables().await;
    finding::Entity::insert_many(rows)
        .exec_without_returning(&tables)
        .await
        .unwrap();
}

/// Has a webhook told of alerts; nobody answers there.
async fn hook(admin: &Client) {
    let hook = "mutation { setWebhook(input: {url: \"http://127.0.0.1:9/hooks\", calls: [ALERT], encoding: JSON}) {
        errors { code } } }";
    let set = admin.data(hook, json!({})).await["setWebhook"].clone();
    assert_eq!(set["errors"], json!([]));
}

/// What the webhook is told at that event.
async fn call(admin: &Client, event: &str) -> Value {
    let log = "{ organisation { webhookDeliveries(first: 50) { nodes { content } } } }";
    let log = admin.data(log, json!({})).await["organisation"]["webhookDeliveries"]["nodes"].clone();
    let mut calls = log.as_array().unwrap().iter().map(|row| row["content"].clone());
    calls.find(|content| content["event"] == event).unwrap()
}

#[tokio::test]
async fn who_has_less_than_the_score_of_a_rule_is_not_named_and_nobody_is_named_twice() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::on(kind).await;
        let admin = world.as_role("nanoAdmin").await;
        receiver(&admin, json!({ "name": "People", "emails": ["ops@example.com"] })).await;
        hook(&admin).await;
        let names: Vec<_> = (0..12).map(|n| format!("tok_{n:02}")).collect();
        let mut all = vec![
            // The same indicator counts once, however often it was found.
            ("token", "tok_00", "SESSIONS", 30),
            ("token", "tok_little", "SESSIONS", 45),
            ("token", "tok_little", "SESSIONS", 45),
            ("user", "anna", "SESSIONS", 5),
            ("address", "198.51.100.1", "DENIALS", 50),
        ];
        for (n, name) in (0..).zip(&names) {
            all.push(("token", name.as_str(), "SESSIONS", 60 - n));
            all.push(("token", name.as_str(), "COUNTRIES", 10));
        }
        found(&world, &all).await;
        rule(&admin, "Thieves", "FINDINGS", 1.0, json!({ "minScore": 50 })).await;
        until(&admin, |alert| alert["value"] == 13.0).await;
        told(&world, &admin, 1).await;

        let call = call(&admin, "opened").await;
        assert_eq!(call["value"], 13.0);
        assert_eq!(call["tokens"], json!(&names[..10]), "the worst first");
        let counted = ["token_count", "addresses", "viewers"].map(|name| call[name].clone());
        assert_eq!(counted, [12, 1, 0].map(Value::from));
        let letter = world.letter("ops@example.com").await;
        assert!(letter.contains("token tok_00: "), "{letter}");
        assert!(!letter.contains("tok_little") && !letter.contains("anna"), "{letter}");
    }
}

#[tokio::test]
async fn a_reminder_counts_within_the_window_of_its_rule_and_not_since_the_alert_began() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    hook(&admin).await;
    let before = ["198.51.100.1", "198.51.100.2", "198.51.100.3"];
    found(&world, &before.map(|address| ("address", address, "DENIALS", 50))).await;
    let reminded = json!({ "windowS": 120, "holdS": 86_400, "remindS": 600 });
    rule(&admin, "Thieves", "FINDINGS", 1.0, reminded).await;
    until(&admin, |alert| alert["value"] == 3.0).await;
    told(&world, &admin, 1).await;
    assert_eq!(call(&admin, "opened").await["addresses"], 3);

    // It goes on, and of those before nothing is seen any more.
    world.pass(Duration::from_mins(9));
    until(&admin, |alert| alert["value"] == 0.0).await;
    for n in 0..12 {
        refused(&world, n, world.stream(), 9, "");
    }
    let (tables, organisation) = (world.tables().await, world.viewing(world.stream(), 1).organisation);
    eventually("it is written down", async || {
        let another = finding::Entity::in_tenant(organisation).filter(finding::Column::Subject.eq("198.51.100.9"));
        another.count(&tables).await.unwrap() > 0
    })
    .await;
    // What changes is written every other second.
    world.pass(Duration::from_secs(3));
    until(&admin, |alert| alert["value"] == 1.0).await;
    world.pass(Duration::from_mins(1));
    until(&admin, |alert| alert["notifications"] == 2).await;
    let call = call(&admin, "reminded").await;
    assert_eq!((&call["value"], &call["addresses"]), (&json!(1.0), &json!(1)));
}
