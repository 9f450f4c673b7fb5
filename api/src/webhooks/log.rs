//! The log of questions, written in batches beside the answers: nobody at a door waits for it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use entity::webhook_delivery;
use sea_orm::{DbErr, EntityTrait};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{count, state::State};

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
            count::webhook_unlogged();
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
        write(&state).await;
        // What comes in meanwhile is one transaction, not many.
        tokio::time::sleep(PAUSE).await;
    }
    write(&state).await;
}

async fn write(state: &State) {
    let rows = std::mem::take(&mut *state.hooks.log.rows());
    if rows.is_empty() {
        return;
    }
    let many = rows.len();
    let attempt = async {
        let write = state.store.write().await?;
        for chunk in rows.chunks(ROWS) {
            insert(&*write, chunk.to_vec()).await?;
        }
        write.commit().await
    };
    if let Err(error) = attempt.await {
        tracing::error!(%error, rows = many, "calls were not logged");
    }
}

/// Adds rows of the log.
pub(super) async fn insert(
    connection: &impl sea_orm::ConnectionTrait,
    rows: Vec<webhook_delivery::ActiveModel>,
) -> Result<(), DbErr> {
    webhook_delivery::Entity::insert_many(rows)
        .exec_without_returning(connection)
        .await
        .map(drop)
}

const MOST: usize = 10_000;
const PAUSE: Duration = Duration::from_millis(50);
/// Rows a statement: SQLite takes 32 766 values.
pub(super) const ROWS: usize = 500;
