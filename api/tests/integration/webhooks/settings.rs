//! Setting webhooks: who may, what is refused, and that a secret is shown once.

use std::{fmt::Write, time::Duration};

use guard::policy::{Asks, Judges};
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};
use testkit::Kind;

use super::{hook, log, receiver::Receiver, set};
use crate::{
    harness::{Client, World},
    organisations,
};

const ALL: &str =
    "{ organisation { webhooks { id url enabled calls judgesTokens encoding outage previousSecretUntil createdAt } } }";
const ROTATE: &str =
    "mutation($i: ID!) { rotateWebhookSecret(input: {id: $i}) { webhook { previousSecretUntil } secret } }";
const TEST: &str = "mutation($i: ID!) { testWebhook(input: {id: $i}) { delivery { state status tookMs error } } }";

async fn test(client: &Client, id: &Value) -> Value {
    client.data(TEST, json!({ "i": id })).await["testWebhook"]["delivery"].clone()
}

#[tokio::test]
async fn a_webhooks_secret_is_shown_once_and_kept_where_nobody_reads_it() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let (id, secret) = hook(&admin, json!({ "url": receiver.url, "calls": ["ON_PLAY"] })).await;
    let shown = admin.ask(ALL, json!({})).await.text;
    assert!(shown.contains("ON_PLAY"), "{shown}");
    let changed = set(&admin, json!({ "id": id, "enabled": false })).await;
    assert_eq!(changed["secret"], Value::Null);
    test(&admin, &id).await;
    let log = admin
        .ask("{ organisation { auditLog { nodes { object detail } } } }", json!({}))
        .await
        .text;
    let key = secret.strip_prefix("whsec_").unwrap();
    for text in [shown, log, changed.to_string(), everything(&world).await] {
        assert!(!text.contains(key), "{text}");
    }
    // What stands behind the question mark is its owner's.
    let log = admin
        .ask("{ organisation { auditLog { nodes { detail } } } }", json!({}))
        .await;
    assert!(
        log.text.contains("/hooks") && !log.text.contains("of=mine"),
        "{}",
        log.text
    );
}

/// Every text of the tables.
async fn everything(world: &World) -> String {
    let database = Database::connect(world.database.url()).await.unwrap();
    let mut all = String::new();
    for table in ["webhook", "webhook_delivery", "audit_entry", "outbox", "change"] {
        let statement = Statement::from_string(database.get_database_backend(), format!("SELECT * FROM {table}"));
        for row in database.query_all_raw(statement).await.unwrap() {
            write!(all, "{row:?}").unwrap();
            for column in row.column_names() {
                all += &row.try_get::<String>("", &column).unwrap_or_default();
                all += &String::from_utf8_lossy(&row.try_get::<Vec<u8>>("", &column).unwrap_or_default());
            }
        }
    }
    all
}

#[tokio::test]
async fn a_new_secret_signs_at_once_and_the_old_one_for_a_day_more() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let (id, old) = hook(&admin, json!({ "url": receiver.url })).await;
    assert_eq!(test(&admin, &id).await["state"], "DELIVERED");
    let rotated = admin.data(ROTATE, json!({ "i": id })).await["rotateWebhookSecret"].clone();
    let new = rotated["secret"].as_str().unwrap();
    assert_ne!(new, old);
    test(&admin, &id).await;
    world.pass(Duration::from_hours(24));
    let admin = world.as_role("nanoAdmin").await;
    test(&admin, &id).await;
    let signed: Vec<_> = receiver
        .seen()
        .iter()
        .map(|seen| [seen.signatures_by(&old), seen.signatures_by(new)])
        .collect();
    assert_eq!(signed, [[1, 0], [1, 1], [0, 1]]);
    // Nothing is signed twice under one id.
    let ids: std::collections::BTreeSet<_> = receiver
        .seen()
        .iter()
        .map(|seen| seen.header("webhook-id").to_owned())
        .collect();
    assert_eq!(ids.len(), 3);
}

async fn nodes_hold_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let known = || {
        let policy = world.node.policy.lock().unwrap().clone();
        let organisation = &policy.tenant_of(&world.stream().parse().unwrap()).unwrap().organisation;
        let edition = 0;
        (
            Asks {
                edition,
                ..organisation.asks
            },
            organisation.judges,
        )
    };
    assert_eq!(known(), (Asks::default(), Judges::default()));
    let calls = json!(["ON_PLAY", "ON_PUBLISH_UPDATE", "ON_PLAY", "VIEWER_DENIED"]);
    let made = set(
        &admin,
        json!({ "url": receiver.url, "calls": calls, "judgesTokens": true }),
    )
    .await;
    let hook = &made["webhook"];
    assert_eq!(hook["calls"], json!(["ON_PUBLISH_UPDATE", "ON_PLAY", "VIEWER_DENIED"]));
    assert_eq!(
        (&hook["encoding"], &hook["outage"], &hook["enabled"]),
        (&json!("FORM"), &json!("CLOSED"), &json!(true))
    );
    let (asks, judges) = known();
    assert!(asks.play && asks.publish && asks.tokens && judges.backend && !judges.static_tokens);
    // Where a stream does not say, that webhook may be left out; it is there all the same.
    let without = json!({ "i": { "backendTokens": false } });
    let settings = "mutation($i: UpdateSettingsInput!) { updateSettings(input: $i) { organisation { settings { backendTokens } } } }";
    let said = admin.data(settings, without).await["updateSettings"]["organisation"]["settings"].clone();
    assert_eq!(said, json!({ "backendTokens": false }));
    let (asks, judges) = known();
    assert!(asks.tokens && !judges.backend);
    admin.data(settings, json!({ "i": { "backendTokens": true } })).await;
    // Switched off, it is not asked; what is left out stays.
    set(&admin, json!({ "id": hook["id"], "enabled": false })).await;
    assert_eq!(known(), (Asks::default(), Judges::default()));
    let changed = set(
        &admin,
        json!({ "id": hook["id"], "enabled": true, "calls": ["ON_PUBLISH"] }),
    )
    .await;
    assert_eq!(
        (changed["webhook"]["judgesTokens"].clone(), known().0.play),
        (json!(true), false)
    );
    let (asks, judges) = known();
    assert!(!asks.play && asks.publish && judges.backend);
    let remove = "mutation($i: ID!) { removeWebhook(input: {id: $i}) { id errors { code } } }";
    admin.data(remove, json!({ "i": hook["id"] })).await;
    assert_eq!(known(), (Asks::default(), Judges::default()));
    assert_eq!(admin.data(ALL, json!({})).await["organisation"]["webhooks"], json!([]));
    // Whatever was asked something was made, changed or removed four times.
    let edition = || {
        let policy = world.node.policy.lock().unwrap().clone();
        policy
            .tenant_of(&world.stream().parse().unwrap())
            .unwrap()
            .organisation
            .asks
            .edition
    };
    assert_eq!(edition(), 4);
    let (told, _) = super::hook(&admin, json!({ "url": receiver.url, "calls": ["TOKEN_REVOKED"] })).await;
    set(&admin, json!({ "id": told, "outage": "OPEN" })).await;
    assert_eq!(edition(), 4, "who is only told has said nothing");
    set(&admin, json!({ "id": told, "calls": ["ON_PLAY"] })).await;
    set(&admin, json!({ "id": told, "outage": "CLOSED" })).await;
    admin.data(ROTATE, json!({ "i": told })).await;
    assert_eq!(edition(), 7);
    set(&admin, json!({ "id": told, "outage": "CLOSED" })).await;
    assert_eq!(edition(), 7, "nothing was changed");
    admin.data(remove, json!({ "i": told })).await;
    // The other organisation's was never touched.
    let world = world.restarted().await;
    let policy = world.node.policy.lock().unwrap().clone();
    let organisation = &policy.tenant_of(&world.stream().parse().unwrap()).unwrap().organisation;
    assert_eq!(
        (organisation.asks, organisation.judges),
        (
            Asks {
                edition: 8,
                ..Asks::default()
            },
            Judges::default()
        )
    );
}

#[tokio::test]
async fn nodes_know_what_is_asked_as_soon_as_it_is_set() {
    nodes_hold_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn nodes_know_what_is_asked_as_soon_as_it_is_set_on_postgresql() {
    nodes_hold_on(Kind::Postgres).await;
}

#[tokio::test]
async fn two_webhooks_are_never_asked_the_same() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let (first, _) = hook(
        &admin,
        json!({ "url": receiver.url, "calls": ["ON_PLAY"], "judgesTokens": true }),
    )
    .await;
    let error = |payload: Value| {
        (
            payload["errors"][0]["code"].clone(),
            payload["errors"][0]["field"][1].clone(),
        )
    };
    let second = set(
        &admin,
        json!({ "url": receiver.url, "calls": ["VIEWER_DENIED", "ON_PLAY"] }),
    )
    .await;
    assert_eq!(error(second), (json!("TAKEN"), json!("calls")));
    let second = set(&admin, json!({ "url": receiver.url, "judgesTokens": true })).await;
    assert_eq!(error(second), (json!("TAKEN"), json!("judgesTokens")));
    // What is only told, many can be told.
    for _ in 0..9 {
        hook(&admin, json!({ "url": receiver.url, "calls": ["VIEWER_DENIED"] })).await;
    }
    let eleventh = set(&admin, json!({ "url": receiver.url })).await;
    assert_eq!(eleventh["errors"][0]["code"], "LIMIT_REACHED");
    // One that keeps what it has is in nobody's way.
    let same = set(&admin, json!({ "id": first, "calls": ["ON_PLAY", "ON_PUBLISH"] })).await;
    assert_eq!(same["errors"], json!([]));
}

#[tokio::test]
async fn an_address_of_a_private_network_is_neither_taken_nor_called() {
    let world = World::tuned(Kind::Sqlite, |settings| settings.danger_allow_private_networks = false).await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let port = receiver.url.split(':').nth(2).unwrap().split('/').next().unwrap();
    for url in [
        receiver.url.as_str(),
        &format!("https://127.0.0.1:{port}/"),
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0x7f000001/",
        "https://localhost/",
        "https://a.localhost./",
        "https://example.com:0/",
        "http://example.com/",
        "https://user:password@example.com/",
        "https://example.com/#fragment",
        "ftp://example.com/",
        "nonsense",
        "",
    ] {
        let refused = set(&admin, json!({ "url": url })).await;
        assert_eq!(refused["errors"][0]["code"], "INVALID", "{url}");
        assert_eq!(refused["errors"][0]["field"], json!(["input", "url"]));
    }
    assert_eq!(set(&admin, json!({})).await["errors"][0]["code"], "REQUIRED");
    // One that leads there all the same is not called either.
    let (id, _) = hook(&admin, json!({ "url": format!("https://hooks.example:{port}/") })).await;
    let database = Database::connect(world.database.url()).await.unwrap();
    let leads_here = format!("UPDATE webhook SET url = 'https://localhost:{port}/'");
    database.execute_unprepared(&leads_here).await.unwrap();
    let tested = test(&admin, &id).await;
    assert_eq!((&tested["state"], &tested["status"]), (&json!("FAILED"), &Value::Null));
    assert!(
        tested["error"].as_str().unwrap().contains("not one that may be called"),
        "{tested}"
    );
    assert!(receiver.seen().is_empty());
}

#[tokio::test]
async fn without_the_package_webhooks_stand_and_do_not_act() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let (id, _) = hook(&admin, json!({ "url": receiver.url, "calls": ["TOKEN_REVOKED"] })).await;
    let operator = organisations::operator(&world).await;
    let package = |enabled: bool| {
        let hash = &world.demo.users[0].organisation;
        format!(
            "mutation {{ setPackage(input: {{organisation: \"{hash}\", package: WEBHOOKS, enabled: {enabled}}}) {{ errors {{ code }} }} }}"
        )
    };
    operator.data(&package(false), json!({})).await;
    for (query, input) in [
        (super::SET, json!({ "i": { "id": id, "enabled": true } })),
        (ROTATE, json!({ "i": id })),
        (TEST, json!({ "i": id })),
        (
            "mutation($i: ID!) { redeliverWebhook(input: {id: $i}) { errors { code } } }",
            json!({ "i": "x" }),
        ),
    ] {
        assert_eq!(admin.code(query, input).await, "PACKAGE_REQUIRED", "{query}");
    }
    assert_eq!(
        admin.data(ALL, json!({})).await["organisation"]["webhooks"][0]["enabled"],
        true
    );
    admin.revoke(json!({ "user": "ann" })).await;
    operator.data(&package(true), json!({})).await;
    admin.revoke(json!({ "user": "bob" })).await;
    let seen = receiver.until(1).await;
    assert_eq!(seen[0].form()["subject"], "bob", "what happened without it is not told");
    assert_eq!(log(&admin, json!({})).await.len(), 1);
}
