//! Who watched when, and who steals: folded from what nodes tell, and read for views.
//!
//! ```text
//! link ──▶ live::fold ──▶ Analytics::take ─┬─ Minutes: what was watched and refused, by the minute
//!                                          ├─ Players: how well it played, by the minute
//!                                          └─ Detectors: findings, to rows and to subscriptions
//! ```
//! Nothing that passes or cuts a viewer waits for it.

pub(crate) mod blocking;
mod by_status;
pub(crate) mod concurrency;
pub(crate) mod findings;
mod minutes;
pub(crate) mod pages;
pub(crate) mod quality;
pub(crate) mod series;
pub(crate) mod sightings;
pub(crate) mod source;
pub(crate) mod standing;
mod turns;
pub(crate) mod usage;
mod watch;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entity::{Table, stream};
use ids::{OrganisationId, StreamName};
use link::{Event, Kind};
use misuse::{Finding, Thresholds};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

pub(crate) use self::turns::Turn;
use self::{minutes::Minutes, quality::Players, turns::Turns, watch::Detectors};
use crate::{
    count,
    fault::Fault,
    service::responses::automatic,
    state::State,
    store::{Lost, Parts, once_there},
};

/// What is gathered of events.
#[derive(Debug)]
pub(crate) struct Analytics {
    inner: Mutex<Inner>,
    news: broadcast::Sender<Arc<Found>>,
    turns: Turns,
}

#[derive(Debug, Default)]
struct Inner {
    detectors: Detectors,
    minutes: Minutes,
    players: Players,
    /// Names that streams have, of those that were asked for.
    names: HashSet<StreamName>,
}

/// Something was found in an organisation.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) organisation: OrganisationId,
    pub(crate) finding: Finding,
}

/// What a batch of events gave: rows to be written, and findings to be told.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    found: Vec<Found>,
    minutes: minutes::Rows,
    quality: quality::Rows,
}

impl Analytics {
    pub(crate) fn new() -> Self {
        Self {
            inner: Mutex::default(),
            news: broadcast::Sender::new(NEWS),
            turns: Turns::new(),
        }
    }

    /// The organisation's next turn to look at what was watched, for an answer that is waited for: refused where none comes
    /// in time.
    pub(crate) async fn turn(&self, organisation: OrganisationId) -> Result<Turn, Fault> {
        self.turns.soon(organisation).await
    }

    /// The same for a part of a file, which has begun and waits for as long as it takes.
    pub(crate) async fn turn_of_file(&self, organisation: OrganisationId) -> Result<Turn, Fault> {
        self.turns.next(organisation).await
    }

    /// Takes in a batch of events.
    pub(crate) async fn take(&self, state: &State, batch: &[Event], stop: &CancellationToken) -> Gathered {
        self.learn(state, batch, stop).await;
        self.know_names(state, batch, stop).await;
        let mut inner = self.inner();
        let Inner {
            detectors,
            minutes,
            players,
            names,
        } = &mut *inner;
        let mut found = Vec::new();
        for event in batch {
            minutes.take(event, names);
            players.take(event);
            detectors.take(event, names, &mut found);
        }
        Gathered {
            found,
            minutes: minutes.rows(),
            quality: players.rows(),
        }
    }

    /// Tells subscriptions.
    pub(crate) fn tell(&self, gathered: Gathered) {
        for found in gathered.found {
            count::finding(found.finding.indicator.as_str());
            // Nobody may be listening.
            let _ = self.news.send(Arc::new(found));
        }
    }

    /// What is found from now on. Who falls behind misses the oldest.
    pub(crate) fn news(&self) -> broadcast::Receiver<Arc<Found>> {
        self.news.subscribe()
    }

    /// From now on these thresholds hold in an organisation.
    pub(crate) fn set(&self, organisation: OrganisationId, thresholds: Thresholds) {
        self.inner().detectors.set(organisation, thresholds);
    }

    /// Reads the thresholds of organisations that were not heard of before.
    async fn learn(&self, state: &State, batch: &[Event], stop: &CancellationToken) {
        let new: HashSet<OrganisationId> = {
            let inner = self.inner();
            let all = batch.iter().filter_map(watch::organisation);
            all.filter(|organisation| !inner.detectors.know(*organisation))
                .collect()
        };
        if new.is_empty() {
            return;
        }
        let read = || findings::thresholds(state.store.read(), new.iter().copied());
        match once_there(stop, read).await {
            Ok(known) => {
                let mut inner = self.inner();
                for (organisation, thresholds) in known {
                    inner.detectors.set(organisation, thresholds);
                }
            }
            Err(error) => tracing::error!(%error, "misuse is judged by the platform's own thresholds"),
        }
    }

    /// Looks which of the names that were asked for in vain are streams': anybody may ask for any.
    async fn know_names(&self, state: &State, batch: &[Event], stop: &CancellationToken) {
        let unknown: HashSet<String> = {
            let inner = self.inner();
            let asked = batch.iter().filter_map(|event| match &event.kind {
                Kind::Denied { stream, .. } => Some(stream),
                _ => None,
            });
            asked
                .filter(|name| !inner.names.contains(*name))
                .map(ToString::to_string)
                .collect()
        };
        if unknown.is_empty() {
            return;
        }
        let streams = stream::Entity::across_tenants("which names that were asked for are streams'")
            .filter(stream::Column::Name.is_in(unknown));
        let rows = once_there(stop, || streams.clone().all(state.store.read()))
            .await
            .inspect_err(|error| tracing::error!(%error, "refusals are counted without the stream's name"));
        let mut inner = self.inner();
        if inner.names.len() > NAMES {
            inner.names.clear();
        }
        let found = rows.unwrap_or_default().into_iter();
        inner.names.extend(found.filter_map(|row| row.name.parse().ok()));
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gathered {
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty() && self.minutes.is_empty() && self.quality.is_empty()
    }

    /// What was found.
    pub(crate) fn found(&self) -> &[Found] {
        &self.found
    }

    /// Writes it where it could not be written together; what is lost.
    pub(crate) async fn insert_apart(&self, state: &State, stop: &CancellationToken) -> Vec<Lost> {
        let summed = || async {
            let write = state.store.write().await?;
            self.insert_sums(&*write).await?;
            write.commit().await
        };
        let summed = once_there(stop, summed).await;
        let mut lost: Vec<_> = summed.err().map(|error| (1, error)).into_iter().collect();
        let mut parts = Parts::of(&self.found);
        while let Some(part) = parts.next() {
            let attempt = || async {
                let write = state.store.write().await?;
                findings::insert(state, &*write, part).await?;
                automatic::note(state, &*write, part).await?;
                write.commit().await
            };
            parts.tried(part, once_there(stop, attempt).await);
        }
        lost.extend(parts.refused());
        lost
    }

    /// Writes it.
    pub(crate) async fn insert(&self, state: &State, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        self.insert_sums(connection).await?;
        findings::insert(state, connection, &self.found).await?;
        automatic::note(state, connection, &self.found).await
    }

    async fn insert_sums(&self, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        self.minutes.insert(connection).await?;
        self.quality.insert(connection).await
    }
}

/// Reads the last hour's sessions, so that what is usual is known after a restart.
pub(crate) async fn recover(state: &State) -> Result<(), DbErr> {
    let events = watch::recent(state).await?;
    let organisations: HashSet<_> = events.iter().map(|(organisation, _)| *organisation).collect();
    let thresholds = findings::thresholds(state.store.read(), organisations).await?;
    let mut inner = state.analytics.inner();
    for (organisation, thresholds) in thresholds {
        inner.detectors.set(organisation, thresholds);
    }
    for (organisation, misuse::Event { at, what }) in events {
        // What was found then was written then.
        inner.detectors.tell(organisation, at, what, &mut Vec::new());
    }
    Ok(())
}

const NEWS: usize = 1024;
/// Names that are remembered.
const NAMES: usize = 100_000;
