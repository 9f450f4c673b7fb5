//! Sends what is due: each address has a lane of its own, a few calls beside each other.
//!
//! Whoever takes a call moves its next attempt into the future first, in a transaction: two processes on one database do
//! not send it both, and one that dies leaves it to be tried again. A lane ends after a while, so that there is room for
//! others however many addresses do not answer.

use std::{collections::HashSet, sync::Arc, time::Duration};

use entity::{Table, Tenanted, webhook, webhook_delivery};
use futures_util::future::join_all;
use guard::Timestamp;
use ids::{OrganisationId, WebhookDeliveryId};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType},
};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Content, Exchange, call, notices};
use crate::{count, state::State};

/// The task. Ends with `stop`; what is being sent has a moment to end.
pub(crate) async fn run(state: Arc<State>, stop: CancellationToken) {
    let mut lanes = JoinSet::new();
    let mut busy = HashSet::new();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut pruned = Instant::now();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(done) = lanes.join_next() => match done {
                Ok(address) => _ = busy.remove(&address),
                Err(error) => {
                    // Which one it was is not known: none is kept out for that.
                    tracing::error!(%error, "calling an address failed");
                    busy.clear();
                }
            },
            () = state.hooks.wanted.notified() => {}
            _ = tick.tick() => {}
        }
        match due_addresses(&state).await {
            Ok(addresses) => {
                for address in addresses {
                    if lanes.len() < LANES && busy.insert(address) {
                        let state = state.clone();
                        lanes.spawn(async move {
                            lane(&state, address).await;
                            address
                        });
                    }
                }
            }
            Err(error) => tracing::error!(%error, "calls to customers wait: the database refused"),
        }
        if pruned.elapsed() >= PRUNE {
            pruned = Instant::now();
            if let Err(error) = prune(&state).await {
                tracing::error!(%error, "the log of calls is not pruned: the database refused");
            }
        }
    }
    // What is not over by then is tried again after the next start.
    let ending = async { while lanes.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(ENDING, ending).await;
}

/// The addresses for which something is due.
async fn due_addresses(state: &State) -> Result<Vec<Uuid>, DbErr> {
    due(state.now())
        .select_only()
        .column(webhook_delivery::Column::WebhookId)
        .distinct()
        .into_tuple()
        .all(state.store.read())
        .await
}

/// Sends what is due for one address, the oldest first, for a while.
async fn lane(state: &State, address: Uuid) {
    for _ in 0..BATCHES {
        match batch(state, address).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::error!(%error, "calls to an address wait: the database refused");
                return;
            }
        }
    }
    // There may be more: its next lane begins at once.
    state.hooks.wake();
}

/// Sends a few calls beside each other; whether there were any.
async fn batch(state: &State, address: Uuid) -> Result<bool, DbErr> {
    let Some((hook, rows)) = take(state, address).await? else {
        return Ok(false);
    };
    let calls = rows.iter().map(|row| {
        let content = Content::new(row.content.clone().unwrap_or_default());
        let (id, hook) = (WebhookDeliveryId::from_uuid(row.id), &hook);
        async move { call(state, hook, id, &content).await }
    });
    let exchanges = join_all(calls).await;
    let write = state.store.write().await?;
    if held(&*write, address).await?.is_none() {
        return Ok(false);
    }
    for (row, exchange) in rows.iter().zip(exchanges) {
        match came_to(state, row, &exchange).update_without_returning(&*write).await {
            // It was removed meanwhile.
            Ok(_) | Err(DbErr::RecordNotUpdated) => {}
            Err(error) => return Err(error),
        }
    }
    // Those that name somebody who was erased meanwhile.
    webhook_delivery::Entity::change_in_tenant(OrganisationId::from_uuid(hook.organisation_id))
        .filter(webhook_delivery::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .filter(webhook_delivery::Column::Forget.eq(true))
        .filter(webhook_delivery::Column::NextAt.is_null())
        .col_expr(webhook_delivery::Column::Content, Expr::cust("NULL"))
        .exec(&*write)
        .await?;
    write.commit().await?;
    Ok(true)
}

/// An address for which calls are due, held until the transaction is over: its removal takes its calls along, in an order
/// of its own, and comes before their change or behind it.
async fn held(connection: &impl ConnectionTrait, address: Uuid) -> Result<Option<webhook::Model>, DbErr> {
    webhook::Entity::across_tenants("an address for which calls are due")
        .filter(webhook::Column::Id.eq(address))
        .lock(LockType::KeyShare)
        .one(connection)
        .await
}

/// A few calls that are due, taken; none where the address is not called any more, which ends what waits for it.
async fn take(state: &State, address: Uuid) -> Result<Option<(webhook::Model, Vec<webhook_delivery::Model>)>, DbErr> {
    let now = state.now();
    let write = state.store.write().await?;
    let Some(hook) = held(&*write, address).await? else {
        return Ok(None);
    };
    let organisation = OrganisationId::from_uuid(hook.organisation_id);
    if !hook.enabled || !notices::acts(&*write, organisation).await? {
        webhook_delivery::Entity::change_in_tenant(organisation)
            .filter(webhook_delivery::Column::WebhookId.eq(address))
            .filter(webhook_delivery::Column::State.eq("waiting"))
            .col_expr(webhook_delivery::Column::State, Expr::value("failed"))
            .col_expr(webhook_delivery::Column::NextAt, Expr::value(None::<i64>))
            .col_expr(
                webhook_delivery::Column::Trouble,
                Expr::value("the webhook is switched off"),
            )
            .exec(&*write)
            .await?;
        write.commit().await?;
        return Ok(None);
    }
    let mut rows = due(now)
        .filter(webhook_delivery::Column::WebhookId.eq(address))
        .order_by_asc(webhook_delivery::Column::NextAt)
        .order_by_asc(webhook_delivery::Column::Id)
        .limit(AT_ONCE)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(&*write)
        .await?;
    for row in &mut rows {
        row.attempts = row.attempts.saturating_add(1);
        row.next_at = Some(now.plus(pause(row.attempts)).us());
        let taken = webhook_delivery::ActiveModel {
            id: Set(row.id),
            attempts: Set(row.attempts),
            next_at: Set(row.next_at),
            tried_at: Set(Some(now.us())),
            ..Default::default()
        };
        taken.update_without_returning(&*write).await?;
    }
    write.commit().await?;
    Ok((!rows.is_empty()).then_some((hook, rows)))
}

/// What a call's row says afterwards.
fn came_to(state: &State, row: &webhook_delivery::Model, exchange: &Exchange) -> webhook_delivery::ActiveModel {
    let mut after = webhook_delivery::ActiveModel {
        id: Set(row.id),
        status: Set(exchange.status.map(i32::from)),
        took_ms: Set(Some(exchange.took_ms())),
        trouble: Set(exchange.trouble()),
        tried_at: Set(Some(state.now_us())),
        ..Default::default()
    };
    let ended = if exchange.is_taken() {
        Some("delivered")
    } else if row.attempts >= ATTEMPTS {
        Some("failed")
    } else {
        None
    };
    if let Some(ended) = ended {
        after.state = Set(ended.to_owned());
        after.next_at = Set(None);
    }
    let outcome = ended.unwrap_or("waiting");
    if outcome != "delivered" {
        let organisation = OrganisationId::from_uuid(row.organisation_id);
        state.alerts.hook_failed(organisation, state.now());
    }
    count::webhook(&row.call, outcome);
    after
}

/// Removes what is old, and what is too much of one address.
async fn prune(state: &State) -> Result<(), DbErr> {
    use webhook_delivery::Column;
    // Found without the only writer that SQLite has.
    let full: Vec<Uuid> = webhook_delivery::Entity::across_tenants("addresses whose log is too long")
        .select_only()
        .column(Column::WebhookId)
        .group_by(Column::WebhookId)
        .having(Column::Id.count().gt(ROWS))
        .into_tuple()
        .all(state.store.read())
        .await?;
    let since = state.now().minus(KEPT).us();
    let write = state.store.write().await?;
    webhook_delivery::Entity::remove_across_tenants("calls that were logged long ago")
        .filter(Column::CreatedAt.lt(since))
        .exec(&*write)
        .await?;
    for address in full {
        if held(&*write, address).await?.is_none() {
            continue;
        }
        let oldest: Option<Uuid> = webhook_delivery::Entity::across_tenants("where the log of an address is too long")
            .select_only()
            .column(Column::Id)
            .filter(Column::WebhookId.eq(address))
            .order_by_desc(Column::Id)
            .offset(ROWS)
            .limit(1)
            .into_tuple()
            .one(&*write)
            .await?;
        if let Some(oldest) = oldest {
            webhook_delivery::Entity::remove_across_tenants("where the log of an address is too long")
                .filter(Column::WebhookId.eq(address))
                .filter(Column::Id.lte(oldest))
                .filter(Column::State.ne("waiting"))
                .exec(&*write)
                .await?;
        }
    }
    write.commit().await
}

fn due(now: Timestamp) -> Select<webhook_delivery::Entity> {
    webhook_delivery::Entity::across_tenants("calls are sent to all addresses")
        .filter(webhook_delivery::Column::State.eq("waiting"))
        .filter(webhook_delivery::Column::NextAt.lte(now.us()))
}

/// How long after the attempt of that number comes the next.
fn pause(attempts: i32) -> Duration {
    let number = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    Duration::from_secs(PAUSES_S[number.min(PAUSES_S.len() - 1)])
}

const TICK: Duration = Duration::from_secs(1);
const ENDING: Duration = Duration::from_secs(1);
const PRUNE: Duration = Duration::from_mins(1);
/// Addresses that are called beside each other.
const LANES: usize = 512;
/// Calls to one address beside each other, and how many times in one lane.
const AT_ONCE: u64 = 4;
const BATCHES: usize = 8;
/// From one attempt to the next: about a day and a half in all.
const PAUSES_S: [u64; 9] = [5, 30, 120, 600, 1800, 7200, 14_400, 36_000, 72_000];
const ATTEMPTS: i32 = 10;
/// How long calls are logged, and how many of one address.
const KEPT: Duration = Duration::from_hours(7 * 24);
const ROWS: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_from_seconds_to_most_of_a_day() {
        assert_eq!(pause(1), Duration::from_secs(5));
        assert_eq!(pause(2), Duration::from_secs(30));
        assert_eq!(pause(9), Duration::from_hours(20));
        assert_eq!(pause(i32::MAX), Duration::from_hours(20));
        assert!((1..9).all(|attempts| pause(attempts) < pause(attempts + 1)));
    }
}
