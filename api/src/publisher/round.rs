//! What is on its way to the nodes: of each organisation one change at a time, so that one that takes long keeps nobody
//! else's waiting, and what is delivered is marked in its order.

use std::{collections::HashSet, sync::Arc};

use entity::{Tenanted, change, outbox};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use guard::{Timestamp, Update};
use ids::{ChangeId, OrganisationId};
use link::{Change, Control, Delivery, Sent};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbErr, FromQueryResult, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{PATIENCE, Progress, content, undelivered};
use crate::{count, state::State};

/// The changes that are on their way.
pub(super) struct Round {
    pub(super) state: Arc<State>,
    under_way: FuturesUnordered<BoxFuture<'static, (Uuid, Result<(), DbErr>)>>,
    /// Whose they are.
    busy: HashSet<Uuid>,
}

/// A row of the outbox without its content, which may be large.
#[derive(Clone, Copy, Debug, FromQueryResult)]
struct Head {
    id: i64,
    organisation_id: Uuid,
    change_id: Uuid,
    created_at: i64,
}

impl Round {
    pub(super) fn new(state: Arc<State>) -> Self {
        Self {
            state,
            under_way: FuturesUnordered::new(),
            busy: HashSet::new(),
        }
    }

    /// Sends the first change of each organisation that has none under way; says what cannot be sent, after all others
    /// were.
    pub(super) async fn send(&mut self, control: &mut Control) -> Result<(), DbErr> {
        let mut passed = self.busy.clone();
        let mut trouble = Ok(());
        loop {
            let heads = waiting(&self.state, &passed).await?;
            count::outbox_waiting(heads.len().saturating_add(self.busy.len()));
            if heads.is_empty() {
                return trouble;
            }
            for head in heads {
                if !passed.insert(head.organisation_id) {
                    continue;
                }
                match read(&self.state, head).await {
                    Ok(change) => self.begin(head, control.send(&change)),
                    Err(error) => trouble = Err(error),
                }
                self.state.desk.connected(control.nodes().collect());
            }
        }
    }

    /// Waits for the next one to arrive, and whether that could be noted; `None` where none is under way.
    pub(super) async fn arrive(&mut self) -> Option<Result<(), DbErr>> {
        let (organisation, noted) = self.under_way.next().await?;
        self.busy.remove(&organisation);
        Some(noted)
    }

    /// Sends all that waits, and waits for it.
    pub(super) async fn drain(&mut self, control: &mut Control) -> Result<(), DbErr> {
        self.send(control).await?;
        while let Some(arrived) = self.arrive().await {
            arrived?;
            self.send(control).await?;
        }
        Ok(())
    }

    fn begin(&mut self, head: Head, sent: Sent) {
        let state = self.state.clone();
        self.busy.insert(head.organisation_id);
        let arrives = async move { (head.organisation_id, deliver(&state, head, sent).await) };
        self.under_way.push(arrives.boxed());
    }
}

async fn waiting(state: &State, passed: &HashSet<Uuid>) -> Result<Vec<Head>, DbErr> {
    let mut select = undelivered();
    if !passed.is_empty() {
        select = select.filter(outbox::Column::OrganisationId.is_not_in(passed.iter().copied()));
    }
    select
        .select_only()
        .columns([
            outbox::Column::Id,
            outbox::Column::OrganisationId,
            outbox::Column::ChangeId,
            outbox::Column::CreatedAt,
        ])
        .limit(BATCH)
        .into_model()
        .all(state.store.read())
        .await
}

/// What it says: as whoever made it left it at the desk, or else as it is written.
async fn read(state: &State, head: Head) -> Result<Change, DbErr> {
    let id = ChangeId::from_uuid(head.change_id);
    let updates = match state.desk.left(id) {
        Some(updates) => updates,
        None => written(state, head).await?,
    };
    Ok(Change {
        id,
        at: Timestamp::from_us(head.created_at),
        updates,
    })
}

async fn written(state: &State, head: Head) -> Result<Vec<Update>, DbErr> {
    let row = outbox::Entity::in_tenant(OrganisationId::from_uuid(head.organisation_id))
        .filter(outbox::Column::Id.eq(head.id))
        .one(state.store.read())
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("a row of the outbox".to_owned()))?;
    content(&state.seal, &row)
}

async fn deliver(state: &State, head: Head, sent: Sent) -> Result<(), DbErr> {
    let delivery = sent.acknowledged(PATIENCE).await;
    let progress = Progress::new(&delivery, Timestamp::from_us(head.created_at), state.now());
    mark(state, head, &delivery, &progress).await?;
    // Whoever reads the change after its answer finds what the answer said.
    let organisation = OrganisationId::from_uuid(head.organisation_id);
    state.desk.delivered(organisation, &progress);
    Ok(())
}

async fn mark(state: &State, head: Head, delivery: &Delivery, progress: &Progress) -> Result<(), DbErr> {
    let now = state.now_us();
    let write = state.store.write().await?;
    change::ActiveModel {
        id: Set(head.change_id),
        delivered_at: Set(Some(now)),
        sessions_ended: Set(i32::try_from(progress.sessions_ended()).unwrap_or(i32::MAX)),
        bytes_after: Set(i64::try_from(progress.bytes_after()).unwrap_or(i64::MAX)),
        done_after_us: Set(delivery.missing.is_empty().then_some(now - head.created_at)),
        nodes: Set(serde_json::to_value(&progress.nodes).unwrap_or_default()),
        ..Default::default()
    }
    .update_without_returning(&*write)
    .await?;
    outbox::ActiveModel {
        id: Set(head.id),
        delivered_at: Set(Some(now)),
        ..Default::default()
    }
    .update_without_returning(&*write)
    .await?;
    write.commit().await
}

/// Heads that are read at once.
const BATCH: u64 = 100;
