//! What hangs from the entries of a list, read once for the whole list.
//!
//! Every key names its organisation: requests of several share a batch, and none reads another's.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::{
    SchemaBuilder,
    dataloader::{DataLoader, Loader},
};
use entity::{case_item, case_note, case_session, session, stream, stream_group};
use ids::OrganisationId;
use uuid::Uuid;

use super::types::{Accounts, Mails, Names};
use crate::{
    analytics::{
        findings::{Suspect, TOKEN},
        sightings,
        standing::{self, Standing},
    },
    fault::Fault,
    service::{
        cases, groups,
        page::{Page, Wanted},
        reading::{self, Named, TokenIs},
        tags,
    },
    state::State,
};

/// The schema with every loader.
pub(super) fn with_loaders<Q, M, S>(builder: SchemaBuilder<Q, M, S>, state: &Arc<State>) -> SchemaBuilder<Q, M, S> {
    builder
        .data(DataLoader::new(Names(state.clone()), tokio::spawn))
        .data(DataLoader::new(Accounts(state.clone()), tokio::spawn))
        .data(DataLoader::new(Mails(state.clone()), tokio::spawn))
        .data(DataLoader::new(Tags(state.clone()), tokio::spawn))
        .data(DataLoader::new(TagCounts(state.clone()), tokio::spawn))
        .data(DataLoader::new(Streams(state.clone()), tokio::spawn))
        .data(DataLoader::new(Groups(state.clone()), tokio::spawn))
        .data(DataLoader::new(GroupStreams(state.clone()), tokio::spawn))
        .data(DataLoader::new(CaseItems(state.clone()), tokio::spawn))
        .data(DataLoader::new(CaseSums(state.clone()), tokio::spawn))
        .data(DataLoader::new(CaseNotes(state.clone()), tokio::spawn))
        .data(DataLoader::new(CaseSessions(state.clone()), tokio::spawn))
        .data(DataLoader::new(StreamSessions(state.clone()), tokio::spawn))
        .data(DataLoader::new(Standings(state.clone()), tokio::spawn))
        .data(DataLoader::new(Sightings(state.clone()), tokio::spawn))
}

/// An organisation, and something of it.
pub(crate) type Own<T> = (OrganisationId, T);

/// A part of a list that hangs from `parent`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Below<P> {
    pub(crate) parent: P,
    pub(crate) wanted: Wanted,
    /// Of sessions: those that go on, or those that are over.
    pub(crate) live: Option<bool>,
}

/// The tags of a stream.
pub(crate) struct Tags(Arc<State>);

impl Loader<Own<Uuid>> for Tags {
    type Value = Vec<String>;
    type Error = Fault;

    async fn load(&self, keys: &[Own<Uuid>]) -> Result<HashMap<Own<Uuid>, Vec<String>>, Fault> {
        let mut found = HashMap::new();
        for (organisation, streams) in grouped(keys.iter().copied()) {
            let tags = tags::of_streams(self.0.store.read(), organisation, streams).await?;
            found.extend(tags.into_iter().map(|(stream, tags)| ((organisation, stream), tags)));
        }
        Ok(found)
    }
}

/// On how many streams a tag is.
pub(crate) struct TagCounts(Arc<State>);

impl Loader<Own<String>> for TagCounts {
    type Value = i64;
    type Error = Fault;

    async fn load(&self, keys: &[Own<String>]) -> Result<HashMap<Own<String>, i64>, Fault> {
        let mut found = HashMap::new();
        for (organisation, names) in grouped(keys.iter().cloned()) {
            let counts = tags::counts(self.0.store.read(), organisation, names).await?;
            found.extend(counts.into_iter().map(|(name, count)| ((organisation, name), count)));
        }
        Ok(found)
    }
}

/// A group by its id.
pub(crate) struct Groups(Arc<State>);

impl Loader<Own<Uuid>> for Groups {
    type Value = stream_group::Model;
    type Error = Fault;

    async fn load(&self, keys: &[Own<Uuid>]) -> Result<HashMap<Own<Uuid>, stream_group::Model>, Fault> {
        let mut found = HashMap::new();
        for (organisation, ids) in grouped(keys.iter().copied()) {
            let groups = groups::by_ids(&self.0, organisation, ids).await?;
            found.extend(groups.into_iter().map(|group| ((organisation, group.id), group)));
        }
        Ok(found)
    }
}

/// A stream by its id, deleted ones too.
pub(crate) struct Streams(Arc<State>);

impl Loader<Own<Uuid>> for Streams {
    type Value = stream::Model;
    type Error = Fault;

    async fn load(&self, keys: &[Own<Uuid>]) -> Result<HashMap<Own<Uuid>, stream::Model>, Fault> {
        let mut found = HashMap::new();
        for (organisation, ids) in grouped(keys.iter().copied()) {
            let streams = reading::streams_by_ids(self.0.store.read(), organisation, ids).await?;
            found.extend(streams.into_iter().map(|stream| ((organisation, stream.id), stream)));
        }
        Ok(found)
    }
}

/// A page of a group's streams.
pub(crate) struct GroupStreams(Arc<State>);

impl Loader<Own<Below<Uuid>>> for GroupStreams {
    type Value = Page<stream::Model>;
    type Error = Fault;

    async fn load(&self, keys: &[Own<Below<Uuid>>]) -> Result<HashMap<Own<Below<Uuid>>, Page<stream::Model>>, Fault> {
        let mut found = HashMap::new();
        for ((organisation, wanted, live), parents) in alike(keys) {
            for (parent, page) in groups::streams(&self.0, organisation, parents, &wanted).await? {
                let wanted = wanted.clone();
                found.insert((organisation, Below { parent, wanted, live }), page);
            }
        }
        Ok(found)
    }
}

/// A page of a stream's sessions; the stream by its id and name.
pub(crate) struct StreamSessions(Arc<State>);

impl Loader<Own<Below<Named>>> for StreamSessions {
    type Value = Page<session::Model>;
    type Error = Fault;

    async fn load(
        &self,
        keys: &[Own<Below<Named>>],
    ) -> Result<HashMap<Own<Below<Named>>, Page<session::Model>>, Fault> {
        let mut found = HashMap::new();
        for ((organisation, wanted, live), parents) in alike(keys) {
            let mut pages = reading::sessions_of(&self.0, organisation, &parents, live, &wanted).await?;
            for parent in parents {
                let Some(page) = pages.remove(&parent.0) else { continue };
                let wanted = wanted.clone();
                found.insert((organisation, Below { parent, wanted, live }), page);
            }
        }
        Ok(found)
    }
}

/// What is in a misuse case; tokens as they are now, where that is known.
pub(crate) struct CaseItems(Arc<State>);

impl Loader<Own<Uuid>> for CaseItems {
    type Value = Vec<(case_item::Model, Option<TokenIs>)>;
    type Error = Fault;

    async fn load(&self, keys: &[Own<Uuid>]) -> Result<HashMap<Own<Uuid>, Self::Value>, Fault> {
        let connection = self.0.store.read();
        let mut found: HashMap<_, Self::Value> = HashMap::new();
        for (organisation, cases) in grouped(keys.iter().copied()) {
            let rows = cases::items(connection, organisation, &cases).await?;
            let tokens = rows.iter().filter(|row| row.kind == TOKEN);
            let tokens: Vec<_> = tokens.map(|row| row.subject.clone()).collect();
            let mut standing = HashMap::new();
            for some in tokens.chunks(TOKENS) {
                standing.extend(standing::tokens(&self.0, connection, organisation, some, self.0.now()).await?);
            }
            for row in rows {
                let stand = standing.get(&row.subject).filter(|_| row.kind == TOKEN);
                let is = stand.map(|stand| stand.is);
                found.entry((organisation, row.case_id)).or_default().push((row, is));
            }
        }
        Ok(found)
    }
}

/// What is in a misuse case, in numbers.
pub(crate) struct CaseSums(Arc<State>);

impl Loader<Own<Uuid>> for CaseSums {
    type Value = cases::Sums;
    type Error = Fault;

    async fn load(&self, keys: &[Own<Uuid>]) -> Result<HashMap<Own<Uuid>, cases::Sums>, Fault> {
        let mut found = HashMap::new();
        for (organisation, cases) in grouped(keys.iter().copied()) {
            let sums = cases::sums(self.0.store.read(), organisation, &cases).await?;
            found.extend(sums.into_iter().map(|(case, sums)| ((organisation, case), sums)));
        }
        Ok(found)
    }
}

/// The notes in a misuse case.
pub(crate) struct CaseNotes(Arc<State>);

impl Loader<Own<Uuid>> for CaseNotes {
    type Value = Vec<case_note::Model>;
    type Error = Fault;

    async fn load(&self, keys: &[Own<Uuid>]) -> Result<HashMap<Own<Uuid>, Self::Value>, Fault> {
        let mut found: HashMap<_, Self::Value> = HashMap::new();
        for (organisation, cases) in grouped(keys.iter().copied()) {
            for row in cases::notes(self.0.store.read(), organisation, &cases).await? {
                found.entry((organisation, row.case_id)).or_default().push(row);
            }
        }
        Ok(found)
    }
}

/// The sessions of what is in a misuse case, each once.
pub(crate) struct CaseSessions(Arc<State>);

impl Loader<Own<Uuid>> for CaseSessions {
    type Value = Vec<case_session::Model>;
    type Error = Fault;

    async fn load(&self, keys: &[Own<Uuid>]) -> Result<HashMap<Own<Uuid>, Self::Value>, Fault> {
        let mut found: HashMap<_, Self::Value> = HashMap::new();
        for (organisation, cases) in grouped(keys.iter().copied()) {
            for row in cases::sessions(self.0.store.read(), organisation, &cases).await? {
                found.entry((organisation, row.case_id)).or_default().push(row);
            }
        }
        for rows in found.values_mut() {
            rows.dedup_by_key(|row| row.session_id);
        }
        Ok(found)
    }
}

/// How whoever something was found of stands now.
pub(crate) struct Standings(Arc<State>);

impl Loader<Own<Suspect>> for Standings {
    type Value = Standing;
    type Error = Fault;

    async fn load(&self, keys: &[Own<Suspect>]) -> Result<HashMap<Own<Suspect>, Standing>, Fault> {
        let mut found = HashMap::new();
        for (organisation, suspects) in grouped(keys.iter().cloned()) {
            let standing = standing::of(&self.0, self.0.store.read(), organisation, &suspects, self.0.now()).await?;
            found.extend(
                standing
                    .into_iter()
                    .map(|(suspect, stands)| ((organisation, suspect), stands)),
            );
        }
        Ok(found)
    }
}

/// The newest sessions of whom something was found, and how many go on.
pub(crate) struct Sightings(Arc<State>);

impl Loader<Own<Suspect>> for Sightings {
    type Value = (Vec<session::Model>, u32);
    type Error = Fault;

    async fn load(&self, keys: &[Own<Suspect>]) -> Result<HashMap<Own<Suspect>, Self::Value>, Fault> {
        let mut found = HashMap::new();
        for (organisation, suspects) in grouped(keys.iter().cloned()) {
            let running = self.0.live.running(organisation, &suspects);
            let mut newest = sightings::newest(self.0.store.read(), organisation, &suspects).await?;
            for suspect in suspects {
                let sessions = newest.remove(&suspect).unwrap_or_default();
                let running = running.get(&suspect).copied().unwrap_or(0);
                found.insert((organisation, suspect), (sessions, running));
            }
        }
        Ok(found)
    }
}

/// What is asked of each organisation.
fn grouped<T>(keys: impl Iterator<Item = Own<T>>) -> HashMap<OrganisationId, Vec<T>> {
    let mut grouped: HashMap<_, Vec<_>> = HashMap::new();
    for (organisation, key) in keys {
        grouped.entry(organisation).or_default().push(key);
    }
    grouped
}

/// The parents of whom the same page is wanted.
fn alike<P: Clone>(keys: &[Own<Below<P>>]) -> HashMap<(OrganisationId, Wanted, Option<bool>), Vec<P>> {
    let mut alike: HashMap<_, Vec<_>> = HashMap::new();
    for (organisation, below) in keys {
        alike
            .entry((*organisation, below.wanted.clone(), below.live))
            .or_default()
            .push(below.parent.clone());
    }
    alike
}

/// `SQLite` allows 32766 parameters in a statement.
const TOKENS: usize = 10_000;
