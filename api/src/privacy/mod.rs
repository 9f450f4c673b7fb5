//! What is known of viewers, and for how long: each organisation's own word.
//!
//! Addresses are full for so many days, then truncated, or hashed under a key that is destroyed once all of its time are.
//! Rows are kept for so many days, never longer than the package says. A viewer can be erased at once.
//!
//! Nothing that decides reads what is masked or removed here: policy, bans, bindings and bars are tables of their own.

mod cases;
mod erase;
mod keep;
mod late;
mod mask;
mod masked;
mod responses;

use std::{sync::Arc, time::Duration};

use entity::{Table, organisation};
use ids::OrganisationId;
use sea_orm::DbErr;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub(crate) use self::{
    erase::{Erased, erase},
    mask::go_back,
    masked::{Masking, is_masked},
};
use crate::state::State;

/// Has the task look at once, and knows who was erased of late.
#[derive(Debug, Default)]
pub(crate) struct Privacy {
    wanted: Notify,
    pub(crate) late: late::Late,
}

impl Privacy {
    /// Somebody changed for how long something is kept.
    pub(crate) fn wake(&self) {
        self.wanted.notify_one();
    }
}

/// The task. Ends when `stop` is cancelled, between two of its steps.
pub(crate) async fn run(state: Arc<State>, stop: CancellationToken) {
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = state.privacy.wanted.notified() => {}
            _ = look.tick() => {}
        }
        if let Err(error) = sweep(&state, &stop).await {
            tracing::error!(%error, "what is to be forgotten stays");
        }
    }
}

/// Does what is due, in steps that are small and whole: whatever ends it, the next one goes on there.
async fn sweep(state: &State, stop: &CancellationToken) -> Result<(), DbErr> {
    let rows = organisation::Entity::across_tenants("each organisation's own word on how long viewers are known")
        .all(state.store.read())
        .await?;
    for row in rows {
        let id = OrganisationId::from_uuid(row.id);
        // What fails in one organisation, or of one kind, keeps nothing else from being forgotten.
        if let Err(error) = mask_all(state, &row, stop).await {
            tracing::error!(organisation.id = %id, %error, "addresses that are to be masked stay");
        }
        if let Err(error) = keep_all(state, &row, stop).await {
            tracing::error!(organisation.id = %id, %error, "rows whose time is over stay");
        }
        if stop.is_cancelled() {
            tracing::debug!(organisation.id = %id, "forgetting goes on later");
            return Ok(());
        }
    }
    Ok(())
}

async fn mask_all(state: &State, row: &organisation::Model, stop: &CancellationToken) -> Result<(), DbErr> {
    while !stop.is_cancelled() && mask::step(state, row).await? {}
    Ok(())
}

async fn keep_all(state: &State, row: &organisation::Model, stop: &CancellationToken) -> Result<(), DbErr> {
    while !stop.is_cancelled() && keep::step(state, row).await? {}
    Ok(())
}

const LOOK: Duration = Duration::from_mins(5);
