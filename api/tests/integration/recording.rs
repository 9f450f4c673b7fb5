//! What nodes tell is recorded, whatever else was told with it: nobody's is lost for somebody else's.

use std::time::Duration;

use guard::{Step, StepOutcome};
use ids::DecisionId;
use link::Kind;
use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use serde_json::{Value, json};
use testkit::Kind as Store;

use crate::harness::{Client, World};

const DECISION: &str = "query($id: ID!) { decision(id: $id) { id } }";

/// A refusal with what was looked at, and its id.
fn refuse(world: &World, n: u64, looked_at: &str) -> String {
    let viewing = world.viewing(world.stream(), 1);
    let decision = DecisionId::mint(n, [7; 10]);
    let step = Step {
        check: "key".into(),
        looked_at: looked_at.to_owned(),
        outcome: StepOutcome::Failed,
        because: "TOKEN_KEY".to_owned(),
    };
    let told = Kind::Denied {
        organisation: Some(viewing.organisation),
        stream: viewing.name,
        door: viewing.door,
        protocol: viewing.protocol,
        address: viewing.address,
        reason: guard::Reason::TokenKey,
        decision,
        trace: vec![step],
        visitor: link::Visitor::default(),
    };
    world.node.tell(world.clock.now(), told);
    decision.to_string()
}

async fn is_known(client: &Client, id: &str) -> bool {
    client.ask(DECISION, json!({ "id": id })).await.code().is_none()
}

async fn until_known(client: &Client, id: &str) {
    for _ in 0..2_000 {
        if is_known(client, id).await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{id} was not recorded");
}

/// SQLite refuses none of it.
#[tokio::test]
async fn what_a_database_refuses_is_lost_alone_on_postgresql() {
    let world = World::on(Store::Postgres).await;
    let admin = world.as_role("nanoAdmin").await;
    let session = world.viewing(world.stream(), 9);
    // All in one batch: PostgreSQL keeps no NUL.
    world.node.tell(world.clock.now(), Kind::Started(session.clone()));
    let before = refuse(&world, 1, "kid a");
    refuse(&world, 2, "kid \0");
    let behind = refuse(&world, 3, "kid b");
    for id in [before, behind] {
        until_known(&admin, &id).await;
    }
    let query = "query { organisation { sessions(first: 100) { nodes { id } } } }";
    let sessions = admin.data(query, json!({})).await;
    assert!(
        sessions.to_string().contains(&session.session.to_string()),
        "{sessions}"
    );
}

/// While addresses that are told of refusals come and go.
async fn a_webhook_that_is_removed_takes_nothing_along_on(kind: Store) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let add = "mutation { setWebhook(input: {url: \"http://127.0.0.1:9/hooks\", calls: [VIEWER_DENIED]}) {
        webhook { id } errors { code message } } }";
    let remove = "mutation($i: ID!) { removeWebhook(input: {id: $i}) { errors { code } } }";
    let mut refused = Vec::new();
    for round in 0..30_u64 {
        let made: Value = admin.data(add, json!({})).await["setWebhook"].clone();
        let id = made["webhook"]["id"].clone();
        assert!(id.is_string(), "{made}");
        for n in 0..3 {
            refused.push(refuse(&world, 10_000 + round * 100 + n, "kid"));
        }
        let removed = admin.ask(remove, json!({ "i": id })).await;
        assert_eq!(removed.code(), None, "{removed:?}");
    }
    for id in &refused {
        until_known(&admin, id).await;
    }
}

#[tokio::test]
async fn a_webhook_that_is_removed_takes_nothing_along() {
    a_webhook_that_is_removed_takes_nothing_along_on(Store::Sqlite).await;
}

#[tokio::test]
async fn a_webhook_that_is_removed_takes_nothing_along_on_postgresql() {
    a_webhook_that_is_removed_takes_nothing_along_on(Store::Postgres).await;
}

/// Whoever records holds the address, and then needs its organisation, which a removal holds: neither waits for the other.
#[tokio::test]
async fn an_address_is_removed_beside_what_is_recorded_of_it_on_postgresql() {
    let world = World::on(Store::Postgres).await;
    let admin = world.as_role("nanoAdmin").await;
    let add = "mutation { setWebhook(input: {url: \"http://127.0.0.1:9/hooks\", calls: [VIEWER_DENIED]}) {
        webhook { id } errors { code message } } }";
    let remove = "mutation($i: ID!) { removeWebhook(input: {id: $i}) { errors { code } } }";
    let id = admin.data(add, json!({})).await["setWebhook"]["webhook"]["id"].clone();
    let database = Database::connect(world.database.url()).await.unwrap();
    let recording = database.begin().await.unwrap();
    recording
        .execute_unprepared("SELECT 1 FROM webhook FOR KEY SHARE")
        .await
        .unwrap();
    let removal = admin.ask(remove, json!({ "i": id }));
    let recorded = async {
        // As long as a removal takes that waits for nobody.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let row =
            "INSERT INTO webhook_delivery (id, organisation_id, webhook_id, call, state, attempts, created_at, forget)
            SELECT gen_random_uuid(), organisation_id, id, 'viewer_denied', 'failed', 1, 0, false FROM webhook";
        recording.execute_unprepared(row).await.unwrap();
        recording.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(removal, recorded);
    assert_eq!(answer.code(), None, "{answer:?}");
}
