//! The log of questions, written in batches beside the answers: nobody at a door waits for it.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use entity::{Table, webhook, webhook_delivery};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::Uuid,
    sea_query::LockType,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    count,
    state::State,
    store::{Lost, Parts, once_there},
};

/// What is not written yet.
#[derive(Debug, Default)]
pub(super) struct Log {
    rows: Mutex<Vec<webhook_delivery::ActiveModel>>,
    wanted: Notify,
}

impl Log {
    /// Has a row written soon; what is too much is left out, and counted.
    pub(super) fn note(&self, row: webhook_delivery::ActiveModel) {
        let mut rows = self.rows();
        if rows.len() >= MOST {
            count::webhook_unlogged(1);
            return;
        }
        rows.push(row);
        drop(rows);
        self.wanted.notify_one();
    }

    fn rows(&self) -> MutexGuard<'_, Vec<webhook_delivery::ActiveModel>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task. Ends when `stop` is cancelled, after what was noted by then is written.
pub(crate) async fn run(state: Arc<State>, stop: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = state.hooks.log.wanted.notified() => {}
        }
        write(&state, &stop).await;
        // What comes in meanwhile is one transaction, not many.
        tokio::time::sleep(PAUSE).await;
    }
    write(&state, &stop).await;
}

async fn write(state: &State, stop: &CancellationToken) {
    let rows = std::mem::take(&mut *state.hooks.log.rows());
    if rows.is_empty() {
        return;
    }
    for (many, error) in insert_apart(state, &rows, stop).await {
        count::webhook_unlogged(many);
        tracing::error!(%error, rows = many, "calls were not logged");
    }
}

/// Adds rows of the log, in transactions of their own, once the database is there; what is lost.
pub(super) async fn insert_apart(
    state: &State,
    rows: &[webhook_delivery::ActiveModel],
    stop: &CancellationToken,
) -> Vec<Lost> {
    let mut parts = Parts::of(rows);
    while let Some(part) = parts.next() {
        let attempt = || async {
            let write = state.store.write().await?;
            insert(&*write, part).await?;
            write.commit().await
        };
        parts.tried(part, once_there(stop, attempt).await);
    }
    parts.refused()
}

/// Adds rows of the log. What an address was told that was removed meanwhile is forgotten with it; those that are there are
/// held until the transaction is over, for their removal would take the rows of all others along.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    rows: &[webhook_delivery::ActiveModel],
) -> Result<(), DbErr> {
    for chunk in rows.chunks(ROWS) {
        let told: BTreeSet<Uuid> = chunk.iter().map(|row| *row.webhook_id.as_ref()).collect();
        let there: HashSet<Uuid> = webhook::Entity::across_tenants("which addresses are still there, by their ids")
            .select_only()
            .column(webhook::Column::Id)
            .filter(webhook::Column::Id.is_in(told))
            .order_by_asc(webhook::Column::Id)
            .lock(LockType::KeyShare)
            .into_tuple()
            .all(connection)
            .await?
            .into_iter()
            .collect();
        let rows: Vec<_> = chunk
            .iter()
            .filter(|row| there.contains(row.webhook_id.as_ref()))
            .cloned()
            .collect();
        if !rows.is_empty() {
            webhook_delivery::Entity::insert_many(rows)
                .exec_without_returning(connection)
                .await?;
        }
    }
    Ok(())
}

const MOST: usize = 10_000;
const PAUSE: Duration = Duration::from_millis(50);
/// Rows a statement: SQLite takes 32 766 values.
const ROWS: usize = 500;
