//! What somebody came from is kept out in their stead: more addresses, a network, a page.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Kind;

use super::{all, changed, code, in_state, rules};
use crate::{
    cases::thief,
    harness::World,
    organisations::operator,
    privacy::{database, days, eventually, set, texts},
};

async fn wider_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    let (finding, _) = thief(&world, &admin).await;
    let wish = |kind: &str, value: &str| json!({ "finding": finding["id"], "lengthSeconds": 600, "block": { "kind": kind, "value": value } });
    for (kind, value) in [
        ("COUNTRY", "DE"),
        ("USER_AGENT", "curl/*"),
        ("IP", "0.0.0.0/0"),
        ("IP", "128.0.0.0/1"),
        ("ASN", "*"),
        ("REFERRER", "*"),
        ("IP", "here"),
    ] {
        let refused = changed(&user, "suggestResponse", wish(kind, value)).await;
        let said = (code(&refused), &refused["errors"][0]["field"]);
        assert_eq!(said, ("INVALID", &json!(["input", "block"])), "{kind} {value}");
    }
    let mut suggested = Vec::new();
    for (kind, value, how, looked_for, ip) in [
        ("IP", "203.0.113.7/24", "BLOCK_SUBNET", "203.0.113.0/24", Value::Null),
        ("ASN", "AS64500", "BLOCK_NETWORK", "64500", Value::Null),
        (
            "REFERRER",
            "https://App.Example.com/x",
            "BLOCK_REFERRER",
            "app.example.com",
            Value::Null,
        ),
        (
            "IP",
            "203.0.113.9",
            "BLOCK_ADDRESS",
            "203.0.113.9",
            json!("203.0.113.9"),
        ),
        (
            "IP",
            "2001:db8:7::9",
            "BLOCK_ADDRESS",
            "2001:db8:7::/64",
            json!("2001:db8:7::"),
        ),
    ] {
        let made = changed(&user, "suggestResponse", wish(kind, value)).await["response"].clone();
        assert_eq!(
            (&made["kind"], &made["value"], &made["ip"], &made["code"]),
            (&json!(how), &json!(looked_for), &ip, &json!("DENIALS"))
        );
        let again = changed(&user, "suggestResponse", wish(kind, value)).await;
        assert_eq!(code(&again), "ALREADY", "{value}");
        suggested.push(made["id"].clone());
    }
    assert_eq!(rules(&admin).await.len(), 0, "nothing is done yet");

    for id in &suggested {
        let own = changed(&user, "approveResponse", json!({ "id": id })).await;
        assert_eq!(code(&own), "SAME_PERSON");
        let applied = changed(&admin, "approveResponse", json!({ "id": id })).await["response"].clone();
        let there = rules(&admin).await;
        let rule = there.iter().find(|rule| rule["id"] == applied["rule"]).unwrap();
        assert_eq!(
            (&rule["value"], &rule["action"], &rule["door"], &rule["expiresAt"]),
            (&applied["value"], &json!("DENY"), &json!("PLAYBACK"), &applied["until"])
        );
    }
    let kinds: Vec<_> = rules(&admin).await.iter().map(|rule| rule["kind"].clone()).collect();
    let many = |kind: &str| kinds.iter().filter(|one| **one == kind).count();
    assert_eq!((many("IP"), many("ASN"), many("REFERRER")), (3, 1, 1));

    // Each is taken back, and over, like that of an address.
    let undone = changed(&user, "undoResponse", json!({ "id": suggested[1] })).await;
    assert_eq!(undone["response"]["state"], "UNDONE");
    assert!(!rules(&admin).await.iter().any(|rule| rule["kind"] == "ASN"));
    world.pass(Duration::from_mins(11));
    eventually("their time is over", async || rules(&admin).await.is_empty()).await;
    assert_eq!(in_state(&admin, "OVER").await, 4);

    // The audit log says which network and which page, and no address.
    let place = database(&world).await;
    let entries =
        "SELECT CAST(detail AS text), CAST(personal AS text) FROM audit_entry WHERE action = 'response.write'";
    let entries: Vec<_> = texts(&place, entries)
        .await
        .iter()
        .map(|entry| entry.concat())
        .collect();
    for (said, known) in [
        ("network 64500", true),
        ("referrer app.example.com", true),
        ("203.0.113.", false),
        ("2001:db8:7", false),
    ] {
        assert_eq!(entries.iter().any(|entry| entry.contains(said)), known, "{said}");
    }
    // Addresses are forgotten by when they were seen, several like one.
    set(&admin, json!({ "addressDays": 5 }), Value::Null).await;
    world.pass(days(6));
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({ "addressDays": 5 }), Value::Null).await;
    eventually("they are gone", async || {
        let left = all(&admin).await;
        let mut kinds: Vec<_> = left
            .iter()
            .map(|one| one["kind"].as_str().unwrap().to_owned())
            .collect();
        kinds.sort();
        kinds == ["BLOCK_NETWORK", "BLOCK_REFERRER"]
    })
    .await;
}

#[tokio::test]
async fn more_addresses_a_network_and_a_page_are_kept_out_for_a_while_by_two_persons() {
    wider_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn more_addresses_a_network_and_a_page_are_kept_out_for_a_while_by_two_persons_on_postgresql() {
    wider_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_network_needs_the_package_of_rules_to_be_approved() {
    let world = World::new().await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    let (finding, _) = thief(&world, &admin).await;
    let wish = json!({ "finding": finding["id"], "block": { "kind": "ASN", "value": "64500" } });
    let id = changed(&user, "suggestResponse", wish).await["response"]["id"].clone();
    let take = "mutation($o: String!) { setPackage(input: { organisation: $o, package: GUARDIAN, enabled: false }) {
        errors { code } } }";
    let hash = world.stream().split('-').next().unwrap();
    operator(&world).await.data(take, json!({ "o": hash })).await;
    let approve = "mutation($i: ID!) { approveResponse(input: {id: $i}) { errors { code } } }";
    assert_eq!(admin.code(approve, json!({ "i": id })).await, "PACKAGE_REQUIRED");
}
