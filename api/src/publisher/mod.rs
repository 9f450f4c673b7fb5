//! One task owns the link to the nodes: it answers joins with the policy as it stands, and delivers what the outbox
//! holds: the changes of one organisation in their order, those of others beside them.
//!
//! A change is in the outbox from the transaction that recorded it until it was handed to the nodes, so a crash between
//! the two loses nothing: the outbox drains at the next start. A change may arrive twice.

pub(crate) mod about;
mod desk;
pub(crate) mod policy;
mod round;

use std::{sync::Arc, time::Duration};

pub(crate) use desk::{Desk, NodeProgress, Progress};
use entity::{Table, change, outbox};
use guard::{Timestamp, Update};
use ids::{ChangeId, OrganisationId};
use link::Control;
use round::Round;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, QueryFilter, QueryOrder,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::{fault::Fault, seal::Seal, state::State};

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

/// What a row of the outbox holds.
fn content(seal: &Seal, row: &outbox::Model) -> Result<Vec<Update>, DbErr> {
    read(seal, ChangeId::from_uuid(row.change_id), &row.updates)
        .map_err(|error| DbErr::Custom(format!("an outbox row cannot be read: {error}")))
}

fn place(id: ChangeId) -> String {
    format!("outbox.updates:{id}")
}

/// The task. Ends when `stop` is cancelled, after what was committed by then is delivered.
pub(crate) async fn run(state: Arc<State>, mut control: Control, stop: CancellationToken) {
    let mut joins = true;
    let mut round = Round::new(state.clone());
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            join = control.next_join(), if joins => match join {
                Some(join) => {
                    let policy = settled_policy(&mut round, &mut control).await;
                    control.admit(join, policy);
                    state.desk.connected(control.nodes().collect());
                }
                None => joins = false,
            },
            Some(arrived) = round.arrive() => {
                // What waited for it goes on its way. Where the database refuses, a while has to pass.
                let done = match arrived {
                    Ok(()) => round.send(&mut control).await,
                    failed => failed,
                };
                log(done);
            },
            () = state.desk.wanted() => log(round.send(&mut control).await),
            // A request that was dropped in its commit did not say so.
            _ = tick.tick() => log(round.send(&mut control).await),
        }
    }
    log(round.drain(&mut control).await);
}

/// The policy at a moment at which the outbox is empty: nothing older than it can reach the node afterwards.
async fn settled_policy(round: &mut Round, control: &mut Control) -> Vec<Update> {
    loop {
        let attempt = async {
            round.drain(control).await?;
            let state = &round.state;
            let moment = state.store.moment().await?;
            let waiting = undelivered().one(&moment).await?.is_some();
            let policy = if waiting {
                None
            } else {
                Some(whole_policy(state, &moment).await)
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

/// All that a node must know. Says how long that took to read.
async fn whole_policy(state: &State, moment: &DatabaseTransaction) -> Result<Vec<Update>, DbErr> {
    let begun = state.now();
    let policy = policy::read(state, moment, policy::Extent::Whole).await?;
    tracing::info!(
        updates = policy.len(),
        rules = policy.iter().filter_map(Update::rule).count(),
        took_us = state.now().since(begun).as_micros(),
        "the policy for a node was read"
    );
    Ok(policy)
}

/// Whether what waits longest in the outbox can be read: all else of its organisation waits behind it.
pub(crate) async fn readable(state: &State) -> Result<(), DbErr> {
    let first = undelivered().one(state.store.read()).await?;
    first.map(|row| content(&state.seal, &row)).transpose().map(drop)
}

fn log(done: Result<(), DbErr>) {
    if let Err(error) = done {
        tracing::error!(%error, "changes wait in the outbox: the database refused");
    }
}

fn undelivered() -> sea_orm::Select<outbox::Entity> {
    outbox::Entity::across_tenants("changes of everybody reach the nodes, in their order")
        .filter(outbox::Column::DeliveredAt.is_null())
        .order_by_asc(outbox::Column::Id)
}

/// How long nodes have to acknowledge a change; a little less than what a mutation waits.
const PATIENCE: Duration = Duration::from_millis(950);
const TICK: Duration = Duration::from_millis(500);
