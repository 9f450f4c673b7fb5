//! Feeds Meilisearch: what triggers wrote down beside a change leaves the feed once Meilisearch has it.
//!
//! A row of the feed names an object; what is sent is the object as it is when it is read, or its removal. So it may be
//! sent twice, and after a crash is. One process feeds at a time: two could overtake each other.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use entity::{Table, search_feed, search_index};
use guard::Timestamp;
use meilisearch_sdk::task_info::TaskInfo;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, QueryFilter,
    QueryOrder, QuerySelect, sea_query::Expr,
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Outside, Trouble,
    document::{Which, documents},
    succeeded,
};
use crate::{count, search::Kind, state::State};

/// The task. Ends with `stop`, at once: what was not sent by then is after the next start.
pub(crate) async fn run(state: Arc<State>, stop: CancellationToken) {
    let Some(outside) = &state.search else { return };
    let mut failures = 0;
    loop {
        let turn = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            turn = turn(&state, outside) => turn,
        };
        let pause = match turn {
            Ok(()) | Err(Trouble::Held) => {
                failures = 0;
                TICK
            }
            Err(trouble) => {
                failures += 1;
                let pause = (TICK * (1 << failures.min(7))).min(LONGEST);
                count::search_feed_failed();
                let pause_s = pause.as_secs();
                tracing::warn!(error = %trouble, pause_s, "Meilisearch is not fed: what changed waits in the database");
                pause
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    if let Err(error) = let_go(&state, outside).await {
        tracing::warn!(%error, "who feeds Meilisearch cannot be written");
    }
}

/// Builds the indices where they are not, then sends what changed.
async fn turn(state: &State, outside: &Outside) -> Result<(), Trouble> {
    let known = known(state, outside).await?;
    let mut turn = None;
    if known.built_at.is_none() {
        outside.ready.store(false, Ordering::Release);
        let turn = turn.insert(Turn::take(state, outside).await?);
        let built = super::rebuild::all(state, outside, turn).await?;
        tracing::info!(documents = built.documents(), "Meilisearch holds everything");
    }
    outside.ready.store(true, Ordering::Release);
    loop {
        let rows = waiting(state).await?;
        if rows.is_empty() {
            if turn.is_some() {
                let_go(state, outside).await?;
            }
            return Ok(());
        }
        let turn = match &mut turn {
            Some(turn) => turn,
            none => none.insert(Turn::take(state, outside).await?),
        };
        send(state, outside, turn, &rows).await?;
        done(state, &rows).await?;
    }
}

async fn waiting(state: &State) -> Result<Vec<search_feed::Model>, DbErr> {
    search_feed::Entity::across_tenants("the index outside the database is fed in the order of all")
        .order_by_asc(search_feed::Column::Id)
        .limit(BATCH)
        .all(state.store.read())
        .await
}

/// Sends each object as it is now, and removes what is not there any more.
async fn send(
    state: &State,
    outside: &Outside,
    turn: &mut Turn<'_>,
    rows: &[search_feed::Model],
) -> Result<(), Trouble> {
    let mut changed: HashMap<Kind, HashSet<Uuid>> = HashMap::new();
    for row in rows {
        changed
            .entry(Kind::of_column(&row.kind)?)
            .or_default()
            .insert(row.object_id);
    }
    let client = outside.client();
    for (kind, ids) in changed {
        let documents = documents(state.store.read(), kind, Which::These(&ids)).await?;
        let there: HashSet<Uuid> = documents.iter().map(|(id, _)| *id).collect();
        let gone: Vec<String> = ids.difference(&there).map(|id| kind.id(*id)).collect();
        let documents: Vec<Value> = documents.into_iter().map(|(_, document)| document).collect();
        let index = client.index(outside.index(kind));
        if !documents.is_empty() {
            turn.wait(&index.add_or_replace(&documents, Some("id")).await?).await?;
        }
        if !gone.is_empty() {
            turn.wait(&index.delete_documents(&gone).await?).await?;
        }
    }
    Ok(())
}

async fn done(state: &State, rows: &[search_feed::Model]) -> Result<(), DbErr> {
    let write = state.store.write().await?;
    search_feed::Entity::remove_across_tenants("what the index outside the database has by now")
        .filter(search_feed::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(&*write)
        .await?;
    write.commit().await
}

/// The one row; with it changes are written down.
pub(super) async fn known(state: &State, outside: &Outside) -> Result<search_index::Model, DbErr> {
    let place = outside.place();
    if let Some(row) = row(state.store.read()).await?
        && row.place == place
    {
        return Ok(row);
    }
    let write = state.store.write().await?;
    if write.get_database_backend() == DbBackend::Postgres {
        // Waits for those whose triggers saw no row: what they write is there when everything is read.
        write
            .execute_unprepared("LOCK TABLE search_index IN ACCESS EXCLUSIVE MODE")
            .await?;
    }
    let known = match row(&*write).await? {
        Some(row) if row.place == place => row,
        Some(row) => {
            let moved = search_index::ActiveModel {
                id: Set(row.id),
                place: Set(place),
                built_at: Set(None),
                ..Default::default()
            };
            moved.update(&*write).await?
        }
        None => {
            let first = search_index::ActiveModel {
                id: Set(ONE),
                place: Set(place),
                built_at: Set(None),
                holder: Set(outside.holder),
                held_until: Set(0),
            };
            first.insert(&*write).await?
        }
    };
    write.commit().await?;
    Ok(known)
}

/// Nothing is fed any more: changes are written down for nobody. What was there is built anew when it is wanted again.
pub(crate) async fn forget(state: &State) -> Result<(), DbErr> {
    if row(state.store.read()).await?.is_none() {
        return Ok(());
    }
    let write = state.store.write().await?;
    search_index::Entity::remove_across_tenants("there is no index outside the database any more")
        .exec(&*write)
        .await?;
    search_feed::Entity::remove_across_tenants("there is no index outside the database any more")
        .exec(&*write)
        .await?;
    write.commit().await
}

async fn row(connection: &impl ConnectionTrait) -> Result<Option<search_index::Model>, DbErr> {
    search_index::Entity::across_tenants("the index outside the database is all organisations'")
        .one(connection)
        .await
}

/// The right to feed, for a while.
pub(super) struct Turn<'a> {
    state: &'a State,
    outside: &'a Outside,
    until: Timestamp,
}

impl<'a> Turn<'a> {
    /// Takes it, where nobody else has it.
    pub(super) async fn take(state: &'a State, outside: &'a Outside) -> Result<Self, Trouble> {
        let mut turn = Self {
            state,
            outside,
            until: state.now(),
        };
        turn.keep().await?;
        Ok(turn)
    }

    /// Makes it last, where it would soon be over.
    pub(super) async fn keep(&mut self) -> Result<(), Trouble> {
        let now = self.state.now();
        if now.plus(TURN / 2) < self.until {
            return Ok(());
        }
        let until = now.plus(TURN);
        let free = Condition::any()
            .add(search_index::Column::Holder.eq(self.outside.holder))
            .add(search_index::Column::HeldUntil.lte(now.us()));
        let write = self.state.store.write().await?;
        let taken = search_index::Entity::change_across_tenants("who feeds the index outside the database")
            .col_expr(search_index::Column::Holder, Expr::value(self.outside.holder))
            .col_expr(search_index::Column::HeldUntil, Expr::value(until.us()))
            .filter(free)
            .exec(&*write)
            .await?;
        write.commit().await?;
        if taken.rows_affected == 0 {
            return Err(Trouble::Held);
        }
        self.until = until;
        Ok(())
    }

    /// Waits until Meilisearch has done a task.
    pub(super) async fn wait(&mut self, task: &TaskInfo) -> Result<(), Trouble> {
        let client = self.outside.client();
        let waiting = async {
            let mut pause = Duration::from_millis(5);
            while !succeeded(client.get_task(task).await?)? {
                self.keep().await?;
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(500));
            }
            Ok(())
        };
        tokio::time::timeout(TASK, waiting).await.unwrap_or(Err(Trouble::Slow))
    }
}

/// Lets another process feed at once.
pub(super) async fn let_go(state: &State, outside: &Outside) -> Result<(), DbErr> {
    let write = state.store.write().await?;
    search_index::Entity::change_across_tenants("who feeds the index outside the database")
        .col_expr(search_index::Column::HeldUntil, Expr::value(0_i64))
        .filter(search_index::Column::Holder.eq(outside.holder))
        .exec(&*write)
        .await?;
    write.commit().await
}

pub(super) const ONE: i32 = 1;
const BATCH: u64 = 500;
const TICK: Duration = Duration::from_millis(500);
/// The longest pause after a failure.
const LONGEST: Duration = Duration::from_mins(1);
/// How long one process feeds before another may.
const TURN: Duration = Duration::from_secs(30);
/// How long one task may take; then everything is sent again.
const TASK: Duration = Duration::from_mins(5);
