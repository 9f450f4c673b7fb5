//! One task owns the link to the nodes: it answers joins with the policy as it stands, and delivers what the outbox
//! holds, in order.
//!
//! A change is in the outbox from the transaction that recorded it until it was handed to the nodes, so a crash between
//! the two loses nothing: the outbox drains at the next start. A change may arrive twice.

mod desk;
pub(crate) mod policy;

use std::{sync::Arc, time::Duration};

pub(crate) use desk::{Desk, NodeProgress, Progress};
use entity::{Table, change, outbox};
use guard::{Timestamp, Update};
use ids::{ChangeId, OrganisationId};
use link::{Change, Control, Delivery};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::{count, fault::Fault, seal::Seal, state::State};

/// Records a change beside what it changes: nodes are told once the transaction is committed.
pub(crate) async fn record(
    seal: &Seal,
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    (id, action): (ChangeId, &'static str),
    at: Timestamp,
    updates: &[Update],
) -> Result<(), Fault> {
    change::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(organisation.uuid()),
        action: Set(Some(action.to_owned())),
        created_at: Set(at.us()),
        delivered_at: Set(None),
        sessions_ended: Set(0),
        bytes_after: Set(0),
        done_after_us: Set(None),
        nodes: Set(json!([])),
    }
    .insert(connection)
    .await?;
    outbox::ActiveModel {
        id: NotSet,
        organisation_id: Set(organisation.uuid()),
        change_id: Set(id.uuid()),
        updates: Set(written(seal, id, updates).map_err(|error| Fault::bug(&error))?),
        created_at: Set(at.us()),
        delivered_at: Set(None),
    }
    .insert(connection)
    .await?;
    Ok(())
}

/// Updates as a row holds them: sealed, where one of them holds a secret.
fn written(seal: &Seal, id: ChangeId, updates: &[Update]) -> serde_json::Result<Value> {
    if !updates.iter().any(Update::holds_secret) {
        return serde_json::to_value(updates);
    }
    let text = Zeroizing::new(serde_json::to_vec(updates)?);
    Ok(json!({ "sealed": hex::encode(seal.close(&place(id), &text)) }))
}

fn read(seal: &Seal, id: ChangeId, row: &Value) -> Result<Vec<Update>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(sealed) = row.get("sealed").and_then(Value::as_str) else {
        return Ok(serde_json::from_value(row.clone())?);
    };
    let text = seal.open(&place(id), &hex::decode(sealed)?)?;
    Ok(serde_json::from_slice(&text)?)
}

fn place(id: ChangeId) -> String {
    format!("outbox.updates:{id}")
}

/// The task. Ends when `stop` is cancelled, after what was committed by then is delivered.
pub(crate) async fn run(state: Arc<State>, mut control: Control, stop: CancellationToken) {
    let mut joins = true;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            join = control.next_join(), if joins => match join {
                Some(join) => {
                    let policy = settled_policy(&state, &mut control).await;
                    control.admit(join, policy);
                    state.desk.connected(control.nodes().collect());
                }
                None => joins = false,
            },
            () = state.desk.wanted() => drain_or_log(&state, &mut control).await,
            // A request that was dropped in its commit did not say so.
            _ = tick.tick() => drain_or_log(&state, &mut control).await,
        }
    }
    drain_or_log(&state, &mut control).await;
}

/// The policy at a moment at which the outbox is empty: nothing older than it can reach the node afterwards.
async fn settled_policy(state: &State, control: &mut Control) -> Vec<Update> {
    loop {
        let attempt = async {
            drain(state, control).await?;
            let moment = state.store.moment().await?;
            let waiting = undelivered().one(&moment).await?.is_some();
            let policy = if waiting {
                None
            } else {
                Some(policy::read(state, &moment, policy::Extent::Whole).await)
            };
            moment.rollback().await?;
            policy.transpose()
        };
        match attempt.await {
            Ok(Some(policy)) => return policy,
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, "the policy for a node cannot be read; trying again");
                tokio::time::sleep(TICK).await;
            }
        }
    }
}

async fn drain_or_log(state: &State, control: &mut Control) {
    if let Err(error) = drain(state, control).await {
        tracing::error!(%error, "changes wait in the outbox: the database refused");
    }
}

async fn drain(state: &State, control: &mut Control) -> Result<(), DbErr> {
    loop {
        let rows = undelivered().limit(BATCH).all(state.store.read()).await?;
        count::outbox_waiting(rows.len());
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            deliver(state, control, row).await?;
        }
    }
}

async fn deliver(state: &State, control: &mut Control, row: outbox::Model) -> Result<(), DbErr> {
    let id = ChangeId::from_uuid(row.change_id);
    let at = Timestamp::from_us(row.created_at);
    let updates = read(&state.seal, id, &row.updates)
        .map_err(|error| DbErr::Custom(format!("an outbox row cannot be read: {error}")))?;
    let delivery = control.deliver(Change { id, at, updates }, PATIENCE).await;
    let progress = Progress::new(&delivery, at, state.now());
    state.desk.connected(control.nodes().collect());
    let organisation = OrganisationId::from_uuid(row.organisation_id);
    mark(state, row, &delivery, &progress).await?;
    // Whoever reads the change after its answer finds what the answer said.
    state.desk.delivered(organisation, &progress);
    Ok(())
}

async fn mark(state: &State, row: outbox::Model, delivery: &Delivery, progress: &Progress) -> Result<(), DbErr> {
    let now = state.now_us();
    let write = state.store.write().await?;
    change::ActiveModel {
        id: Set(row.change_id),
        delivered_at: Set(Some(now)),
        sessions_ended: Set(i32::try_from(progress.sessions_ended()).unwrap_or(i32::MAX)),
        bytes_after: Set(i64::try_from(progress.bytes_after()).unwrap_or(i64::MAX)),
        done_after_us: Set(delivery.missing.is_empty().then_some(now - row.created_at)),
        nodes: Set(serde_json::to_value(&progress.nodes).unwrap_or_default()),
        ..Default::default()
    }
    .update(&*write)
    .await?;
    outbox::ActiveModel {
        id: Set(row.id),
        delivered_at: Set(Some(now)),
        ..Default::default()
    }
    .update(&*write)
    .await?;
    write.commit().await
}

fn undelivered() -> sea_orm::Select<outbox::Entity> {
    outbox::Entity::across_tenants("changes reach the nodes in the order of all")
        .filter(outbox::Column::DeliveredAt.is_null())
        .order_by_asc(outbox::Column::Id)
}

/// How long nodes have to acknowledge a change; a little less than what a mutation waits.
const PATIENCE: Duration = Duration::from_millis(950);
const TICK: Duration = Duration::from_millis(500);
const BATCH: u64 = 100;
