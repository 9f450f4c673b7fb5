//! Builds the indices anew from the tables, beside those that answer meanwhile, and puts them in their place at once.
//!
//! Nothing is fed while it goes on: what changes waits in the feed and is sent to the new indices afterwards, whether or
//! not it was read here.

use std::{fmt, time::Duration};

use entity::search_index;
use link::{Clock, Entropy};
use meilisearch_sdk::{
    client::{Client, SwapIndexes},
    errors::{Error, ErrorCode},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use serde_json::Value;

use super::{
    Http, Outside, Trouble,
    document::{Which, documents, settings},
    feed::{self, ONE, Turn, known},
};
use crate::{
    running::{Settings, StartError, state},
    search::Kind,
    state::State,
};

/// How many documents each index has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reindexed(Vec<(&'static str, u64)>);

/// Why the indices were not built.
#[derive(Debug, thiserror::Error)]
pub enum ReindexError {
    /// The database or the master key cannot be used.
    #[error("the installation cannot be used")]
    Installation(#[from] StartError),
    /// There is no Meilisearch: the database needs no index.
    #[error("search.meilisearch_url: no Meilisearch is configured")]
    NotConfigured,
    /// Meilisearch, or the database, did not do its part.
    #[error("the indices were not built: {0}")]
    Failed(String),
}

/// Builds every index anew; works beside a running control plane, which waits meanwhile.
pub async fn reindex(settings: &Settings, clock: Clock, entropy: Entropy) -> Result<Reindexed, ReindexError> {
    if settings.search.is_none() {
        return Err(ReindexError::NotConfigured);
    }
    let state = state(settings, clock, entropy).await?;
    let built = match &state.search {
        Some(outside) => in_turn(&state, outside).await,
        None => Ok(Reindexed::default()),
    };
    let _ = state.store.close().await;
    built.map_err(|trouble| ReindexError::Failed(trouble.to_string()))
}

async fn in_turn(state: &State, outside: &Outside) -> Result<Reindexed, Trouble> {
    // Whoever does not answer, or does not let us in, is told of at once, not after a wait for who feeds them.
    is_there(&outside.client(), &outside.index(Kind::Stream)).await?;
    known(state, outside).await?;
    let mut attempts = 0;
    let mut turn = loop {
        match Turn::take(state, outside).await {
            // Whoever feeds has it for a while after the last change.
            Err(Trouble::Held) if attempts < ATTEMPTS => {
                attempts += 1;
                tokio::time::sleep(PAUSE).await;
            }
            taken => break taken?,
        }
    };
    let built = all(state, outside, &mut turn).await;
    feed::let_go(state, outside).await?;
    built
}

/// Builds every index anew.
pub(super) async fn all(state: &State, outside: &Outside, turn: &mut Turn<'_>) -> Result<Reindexed, Trouble> {
    let mut built = Reindexed::default();
    for kind in Kind::ALL {
        built.0.push((kind.as_str(), one(state, outside, turn, kind).await?));
    }
    let write = state.store.write().await?;
    let now = search_index::ActiveModel {
        id: Set(ONE),
        built_at: Set(Some(state.now_us())),
        ..Default::default()
    };
    now.update(&*write).await?;
    write.commit().await?;
    Ok(built)
}

/// Builds the index of a kind under another name, and swaps it with the one that answers.
async fn one(state: &State, outside: &Outside, turn: &mut Turn<'_>, kind: Kind) -> Result<u64, Trouble> {
    let client = outside.client();
    let name = outside.index(kind);
    let next = format!("{name}_next");
    absent(turn, &client, &next).await?;
    turn.wait(&client.create_index(&next, Some("id")).await?).await?;
    let index = client.index(&next);
    turn.wait(&index.set_settings(&settings(kind)).await?).await?;
    let (mut after, mut count) = (None, 0);
    loop {
        let page = documents(state.store.read(), kind, Which::After(after, BATCH)).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        let page: Vec<Value> = page.into_iter().map(|(_, document)| document).collect();
        turn.wait(&index.add_or_replace(&page, Some("id")).await?).await?;
        count += u64::try_from(page.len()).unwrap_or_default();
    }
    if !is_there(&client, &name).await? {
        turn.wait(&client.create_index(&name, Some("id")).await?).await?;
    }
    let swap = SwapIndexes {
        indexes: (name, next.clone()),
        rename: None,
    };
    turn.wait(&client.swap_indexes([&swap]).await?).await?;
    absent(turn, &client, &next).await?;
    Ok(count)
}

/// Removes an index, if it is there.
async fn absent(turn: &mut Turn<'_>, client: &Client<Http>, name: &str) -> Result<(), Trouble> {
    if is_there(client, name).await? {
        turn.wait(&client.delete_index(name).await?).await?;
    }
    Ok(())
}

/// Whether Meilisearch has an index of that name.
async fn is_there(client: &Client<Http>, name: &str) -> Result<bool, Trouble> {
    match client.get_raw_index(name).await {
        Ok(_) => Ok(true),
        Err(Error::Meilisearch(error)) if error.error_code == ErrorCode::IndexNotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl Reindexed {
    /// How many there are in all.
    pub fn documents(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Reindexed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (kind, count)) in self.0.iter().enumerate() {
            let between = if n == 0 { "" } else { "\n" };
            write!(f, "{between}{kind:8}{count:>10}")?;
        }
        Ok(())
    }
}

/// Documents that are sent together.
const BATCH: u64 = 1000;
const PAUSE: Duration = Duration::from_millis(500);
const ATTEMPTS: u32 = 120;
