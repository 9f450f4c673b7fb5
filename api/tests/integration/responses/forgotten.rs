//! What responses forget: viewers who are erased, and addresses whose days are over.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Kind;

use super::{all, changed, found, in_state, settings, together};
use crate::{
    analytics::viewing,
    cases::thief,
    harness::{Client, World},
    privacy::{database, days, eventually, set, texts, where_it_stands},
};

/// Two tokens of one viewer, each in two places: it is the viewer who is in four.
fn hers(world: &World, first: u32) {
    let places = ["198.51.100.1", "203.0.113.1", "192.0.2.1", "2001:db8::1"];
    let session = |(n, place): (u32, &str)| {
        let jti = if n < 2 { "one of hers" } else { "another of hers" };
        let mut facts = viewing(world, u64::from(first + n), jti, place, "DE", 64_500 + n);
        if let Some(grant) = &mut facts.grant {
            grant.user = Some("user of hers".into());
        }
        facts
    };
    together(world, &(0..).zip(places).map(session).collect::<Vec<_>>());
}

async fn of_her(client: &Client) -> Vec<Value> {
    let mut all = all(client).await;
    all.retain(|one| one["user"] == "user of hers");
    all
}

async fn erased_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    settings(&admin, json!({ "suggest": ["ADDRESSES"] })).await;
    hers(&world, 1);
    eventually("it is suggested", async || of_her(&admin).await.len() == 1).await;
    // One is refused, another applied by two persons.
    let suggested = of_her(&admin).await[0]["id"].clone();
    let refused = changed(&admin, "refuseResponse", json!({ "id": suggested })).await;
    assert_eq!(refused["response"]["state"], "REFUSED");
    let finding = found(&admin, "user", "user of hers").await.unwrap();
    let wish = json!({ "finding": finding["id"], "lengthSeconds": 600, "note": "It is user of hers" });
    let suggested = changed(&user, "suggestResponse", wish).await["response"]["id"].clone();
    let applied = changed(&admin, "approveResponse", json!({ "id": suggested })).await;
    assert_eq!(applied["response"]["state"], "APPLIED");

    world.pass(Duration::from_millis(1));
    let erase = "mutation { eraseViewer(input: {user: \"user of hers\"}) { errors { code } } }";
    admin.data(erase, json!({})).await;
    let left = of_her(&admin).await;
    assert_eq!(left.len(), 1, "what is in force goes on: {left:?}");
    assert_eq!(
        (&left[0]["state"], &left[0]["note"]),
        (&json!("APPLIED"), &json!("It is (erased)"))
    );
    let named = || format!("{:?}", world.node.policy.lock().unwrap()).contains("user of hers");
    assert!(named());
    world.pass(Duration::from_mins(11));
    eventually("her name goes with its end", async || of_her(&admin).await.is_empty()).await;
    eventually("from the nodes too", async || !named()).await;
    assert_eq!(where_it_stands(&world, "user of hers").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_viewer_who_is_erased_is_erased_from_responses_and_kept_out_until_their_end() {
    erased_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_viewer_who_is_erased_is_erased_from_responses_and_kept_out_until_their_end_on_postgresql() {
    erased_on(Kind::Postgres).await;
}

/// What a task does that looks every few minutes, at once.
async fn masked(world: &World) -> Client {
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({ "addressDays": 5 }), Value::Null).await;
    admin
}

async fn addresses_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    let (finding, _) = thief(&world, &admin).await;
    let place = database(&world).await;
    let kept = async || {
        texts(&place, "SELECT subject FROM response ORDER BY subject")
            .await
            .concat()
    };

    // The audit log names none, whatever was done.
    let wish = json!({ "finding": finding["id"], "lengthSeconds": 2_592_000, "note": "of 198.51.100.200" });
    let first = changed(&user, "suggestResponse", wish.clone()).await["response"]["id"].clone();
    changed(&admin, "refuseResponse", json!({ "id": first })).await;
    let second = changed(&user, "suggestResponse", wish.clone()).await["response"]["id"].clone();
    changed(&admin, "approveResponse", json!({ "id": second })).await;
    changed(&user, "undoResponse", json!({ "id": second })).await;
    let entries = "SELECT object, CAST(detail AS text), CAST(personal AS text) FROM audit_entry \
                   WHERE action = 'response.write'";
    let entries = texts(&place, entries).await;
    assert_eq!(entries.len(), 5);
    for entry in entries {
        assert!(!entry.concat().contains("198.51.100.200"), "{entry:?}");
        assert!([&first, &second].iter().any(|id| **id == entry[0]), "{entry:?}");
    }

    // By when it was seen, not by when somebody suggested something.
    set(&admin, json!({ "addressDays": 5 }), Value::Null).await;
    world.pass(days(4));
    let user = world.as_role("nanoUser").await;
    let third = changed(&user, "suggestResponse", wish).await["response"]["id"].clone();
    let admin = masked(&world).await;
    changed(&admin, "approveResponse", json!({ "id": third })).await;
    let rule = all(&admin).await[0]["rule"].clone();
    assert_eq!(kept().await.len(), 3);
    world.pass(days(2));
    let admin = masked(&world).await;
    eventually("what is over goes", async || kept().await.len() == 1).await;
    assert_eq!(
        in_state(&admin, "APPLIED").await,
        1,
        "what is in force goes with its end"
    );
    // Which is when somebody deletes its rule, too.
    let delete = "mutation($i: ID!) { deleteGuardianRule(input: {id: $i}) { errors { code } } }";
    admin.data(delete, json!({ "i": rule })).await;
    assert_eq!(kept().await, Vec::<String>::new());
    // The audit log tells of the rule, and not of the address that nobody wrote down; of one that somebody wrote it does.
    let write =
        "mutation { createGuardianRule(input: {kind: IP, value: \"198.51.100.201\", action: DENY}) { rule { id } } }";
    let written = admin.data(write, json!({})).await["createGuardianRule"]["rule"]["id"].clone();
    admin.data(delete, json!({ "i": written })).await;
    let entries = texts(
        &place,
        "SELECT object, CAST(detail AS text) FROM audit_entry WHERE action LIKE 'rule.%'",
    )
    .await;
    let said_of = |id: &Value| {
        let mut all = entries.iter().filter(|entry| *id == entry[0]);
        all.find(|entry| entry[1].contains("before")).unwrap()[1].clone()
    };
    assert!(said_of(&rule).contains("Response to DENIALS"), "{}", said_of(&rule));
    assert!(said_of(&written).contains("198.51.100.201"), "{}", said_of(&written));
    for entry in &entries {
        assert!(!entry[1].contains("198.51.100.200"), "{entry:?}");
    }
}

#[tokio::test]
async fn a_response_about_an_address_is_forgotten_by_when_that_was_seen_and_with_its_rule() {
    addresses_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_response_about_an_address_is_forgotten_by_when_that_was_seen_and_with_its_rule_on_postgresql() {
    addresses_on(Kind::Postgres).await;
}
