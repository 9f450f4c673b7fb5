//! Objects that requests name, made where there are none.

use std::sync::atomic::{AtomicU8, Ordering};

use guard::Reason;
use serde_json::json;

use crate::{
    analytics::denied,
    harness::{Client, World},
};

/// A webhook that nobody answers: what is not reached is not waited for.
const WEBHOOK: &str = "(input: {url: \"http://127.0.0.1:9/hooks\", calls: [TOKEN_REVOKED]})";

/// A key of the organisation's own, in place of those that it had.
pub(crate) async fn new_signing_key(admin: &Client, name: &str) -> String {
    let all = admin
        .data("{ organisation { signingKeys { id ours } } }", json!({}))
        .await;
    for key in all["organisation"]["signingKeys"].as_array().unwrap() {
        if key["ours"] == false {
            let remove = "mutation($i: ID!) { removeSigningKey(input: {id: $i}) { errors { code } } }";
            admin.data(remove, json!({ "i": key["id"] })).await;
        }
    }
    let add = format!(
        "mutation {{ addSigningKey(input: {{hs256Secret: \"another secret of the sweep, {name}\"}}) {{ signingKey {{ id }} }} }}"
    );
    let added = admin.data(&add, json!({})).await;
    added["addSigningKey"]["signingKey"]["id"].as_str().unwrap().to_owned()
}

/// The organisation's webhook, made where there is none.
pub(crate) async fn webhook(admin: &Client) -> String {
    let known = "{ organisation { webhooks { id } } }";
    let known = admin.data(known, json!({})).await["organisation"]["webhooks"][0]["id"].clone();
    if let Some(id) = known.as_str() {
        return id.to_owned();
    }
    let make = format!("mutation {{ setWebhook{WEBHOOK} {{ webhook {{ id }} }} }}");
    let made = admin.data(&make, json!({})).await["setWebhook"]["webhook"]["id"].clone();
    made.as_str().unwrap().to_owned()
}

/// An alert rule that may go, made where there is none.
pub(crate) async fn alert_rule(admin: &Client) -> String {
    let known = "{ organisation { alertRules { id name } } }";
    let known = admin.data(known, json!({})).await["organisation"]["alertRules"].clone();
    if let Some(rule) = known.as_array().unwrap().iter().find(|rule| rule["name"] == "swept") {
        return rule["id"].as_str().unwrap().to_owned();
    }
    let make =
        "mutation { saveAlertRule(input: {name: \"swept\", metric: INGESTS, threshold: 1000}) { alertRule { id } } }";
    let made = admin.data(make, json!({})).await["saveAlertRule"]["alertRule"]["id"].clone();
    made.as_str().unwrap().to_owned()
}

/// A receiver of alerts, made where there is none.
pub(crate) async fn alert_receiver(admin: &Client) -> String {
    let known = "{ organisation { alertReceivers { id } } }";
    let known = admin.data(known, json!({})).await["organisation"]["alertReceivers"][0]["id"].clone();
    if let Some(id) = known.as_str() {
        return id.to_owned();
    }
    let make = "mutation { saveAlertReceiver(input: {name: \"swept\", emails: [\"swept@example.com\"]}) { alertReceiver { id } } }";
    let made = admin.data(make, json!({})).await["saveAlertReceiver"]["alertReceiver"]["id"].clone();
    made.as_str().unwrap().to_owned()
}

/// An open misuse case that may go, with a token, an address and a note in it, made where there is none.
pub(crate) async fn misuse_case(admin: &Client) -> String {
    let known = "{ organisation { cases(state: OPEN) { nodes { id title } } } }";
    let known = admin.data(known, json!({})).await["organisation"]["cases"]["nodes"].clone();
    if let Some(case) = known.as_array().unwrap().iter().find(|case| case["title"] == "swept") {
        return case["id"].as_str().unwrap().to_owned();
    }
    let make = "mutation { createCase(input: {title: \"swept\"}) { case { id } } }";
    let made = admin.data(make, json!({})).await["createCase"]["case"]["id"].clone();
    made.as_str().unwrap().to_owned()
}

/// The newest alert, once there is one.
pub(crate) async fn open_alert(admin: &Client) -> String {
    let alerts = "{ organisation { alerts { nodes { id } } } }";
    loop {
        let known = admin.data(alerts, json!({})).await["organisation"]["alerts"]["nodes"][0]["id"].clone();
        if let Some(id) = known.as_str() {
            return id.to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// A sign of misuse of an address about which nothing is done yet: somebody there forges tokens.
pub(crate) async fn finding(world: &World, admin: &Client) -> String {
    static NEXT: AtomicU8 = AtomicU8::new(100);
    let address = [192, 0, 2, NEXT.fetch_add(1, Ordering::Relaxed)];
    for _ in 0..10 {
        denied(world, world.clock.now(), address.into(), Reason::TokenSignature);
    }
    let address = std::net::IpAddr::from(address).to_string();
    let found = "query($a: String) { organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\", to: \"2029-01-01T00:00:00Z\"}) {
        findings(first: 100, after: $a) { nodes { id ip } pageInfo { endCursor hasNextPage } } } } }";
    let mut after = json!(null);
    loop {
        if after.is_null() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        let data = admin.data(found, json!({ "a": after })).await;
        let page = &data["organisation"]["analytics"]["findings"];
        if let Some(one) = page["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["ip"] == *address)
        {
            return one["id"].as_str().unwrap().to_owned();
        }
        after = if page["pageInfo"]["hasNextPage"] == true {
            page["pageInfo"]["endCursor"].clone()
        } else {
            json!(null)
        };
    }
}

/// A response that waits for somebody.
pub(crate) async fn response(world: &World, admin: &Client) -> String {
    let suggest = "mutation($f: ID!) { suggestResponse(input: {finding: $f}) { response { id } } }";
    let made = admin.data(suggest, json!({ "f": finding(world, admin).await })).await;
    made["suggestResponse"]["response"]["id"].as_str().unwrap().to_owned()
}
