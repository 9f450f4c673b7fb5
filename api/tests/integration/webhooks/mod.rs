//! Customers' addresses: asked who may come in, told what happened, and never believed to have said what they did not.

mod asked;
mod receiver;
mod settings;
mod told;

use guard::{Door, Verdict};
use ids::SessionId;
use link::{Answer, Inquiry, Protocol, Question};
use serde_json::{Value, json};

use crate::harness::{Client, World};

const SET: &str = "mutation($i: SetWebhookInput!) { setWebhook(input: $i) {
    webhook { id url enabled calls judgesTokens encoding outage suppressed } secret change { id }
    errors { code message field } } }";
const LOG: &str = "query($f: WebhookDeliveryFilter) { organisation { webhookDeliveries(first: 100, filter: $f) {
    totalCount nodes { id webhook call stream state status tookMs error attempts createdAt triedAt nextAt content } } } }";

/// Sets a webhook; the payload.
async fn set(client: &Client, input: Value) -> Value {
    client.data(SET, json!({ "i": input })).await["setWebhook"].clone()
}

/// A webhook that is asked or told that, and its secret.
async fn hook(client: &Client, input: Value) -> (Value, String) {
    let made = set(client, input).await;
    assert_eq!(made["errors"], json!([]));
    let secret = made["secret"].as_str().unwrap().to_owned();
    (made["webhook"]["id"].clone(), secret)
}

/// The log, the newest first.
async fn log(client: &Client, filter: Value) -> Vec<Value> {
    let data = client.data(LOG, json!({ "f": filter })).await;
    data["organisation"]["webhookDeliveries"]["nodes"]
        .as_array()
        .unwrap()
        .clone()
}

/// Waits until the log has an entry that `wanted` takes.
async fn logged(client: &Client, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..3000 {
        if let Some(entry) = log(client, json!({})).await.into_iter().find(&wanted) {
            return entry;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it is not in the log: {:?}", log(client, json!({})).await);
}

/// A viewer of the stream of that name.
fn viewer(world: &World, name: &str) -> Inquiry {
    let viewing = world.viewing(name, 1);
    Inquiry {
        organisation: viewing.organisation,
        stream: viewing.name,
        door: Door::Playback,
        protocol: Protocol::WebSocket,
        address: [203, 0, 113, 9].into(),
        client: SessionId::mint(1, [9; 10]),
        running: false,
        credential: None,
        user_agent: Some("player/1".into()),
        referrer: Some("app.example.com".into()),
        parameters: vec![],
    }
}

/// A broadcaster of that stream, with parameters of their own.
fn broadcaster(world: &World, name: &str) -> Inquiry {
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Inquiry {
        door: Door::Ingest,
        protocol: Protocol::Rtmp,
        parameters: [("quality", "high"), ("name", "22222-other"), ("call", "play")]
            .map(pair)
            .to_vec(),
        ..viewer(world, name)
    }
}

/// What a node is answered.
async fn answer(world: &World, inquiry: Inquiry) -> Option<Verdict> {
    match world.node.questions.ask(Question::Backend(Box::new(inquiry))).await {
        Some(Answer::Backend(verdict)) => Some(verdict),
        None => None,
        other => panic!("{other:?}"),
    }
}
