//! Meilisearch as the store of searches: an index for each kind, the organisation as a forced filter.
//!
//! It is a copy, fed from the tables after each commit; it decides nothing. Whenever it does not answer, is slow, or says
//! what cannot be, the database answers instead, and it is left alone for a while: whoever searches sees no error.

mod circuit;
mod document;
mod feed;
mod http;
mod rebuild;
mod settings;

use std::sync::atomic::{AtomicBool, Ordering};

use circuit::Circuit;
use document::ORGANISATION;
pub(crate) use feed::{forget, run};
use http::Http;
use ids::OrganisationId;
use link::Entropy;
use meilisearch_sdk::{
    client::Client,
    search::{MatchingStrategies, SearchQuery, SearchResults, Selectors},
    tasks::Task,
};
pub use rebuild::{ReindexError, Reindexed, reindex};
use sea_orm::DbErr;
use serde_json::{Map, Value, json};
pub use settings::{Key, Meilisearch, MeilisearchError, SearchKey};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Found, Kind, MOST, Place, text::Text};
use crate::{count, state::State};

/// Meilisearch, and how it is doing.
#[derive(Debug)]
pub(crate) struct Outside {
    settings: Meilisearch,
    http: reqwest::Client,
    circuit: Circuit,
    /// Whether its indices hold everything.
    ready: AtomicBool,
    /// This process, among those that may feed it.
    holder: Uuid,
}

/// Why it was of no use.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// It did not answer in time.
    #[error("no answer in time")]
    Slow,
    /// It does not answer, refuses, or cannot be understood.
    #[error(transparent)]
    Asked(#[from] meilisearch_sdk::errors::Error),
    /// It answers what was not asked.
    #[error("the answer does not fit the question: {0}")]
    Nonsense(&'static str),
    /// It could not do what it had accepted.
    #[error("a task failed: {0}")]
    Task(String),
    /// The database, from which it is fed.
    #[error("the database refused")]
    Database(#[from] DbErr),
    /// Another process feeds it.
    #[error("another process feeds it")]
    Held,
}

impl Outside {
    pub(crate) fn new(settings: Meilisearch, entropy: &Entropy) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: Http::client()?,
            circuit: Circuit::new(settings.pause),
            ready: AtomicBool::new(false),
            holder: Uuid::from_bytes(entropy.bytes()),
            settings,
        })
    }

    /// What of these kinds has the text, in the organisation; none where the database is to be asked.
    pub(super) async fn find(
        &self,
        state: &State,
        organisation: OrganisationId,
        kinds: &[Kind],
        text: &Text,
    ) -> Option<Vec<Found>> {
        if !self.ready.load(Ordering::Acquire) || !understands(text) || !self.circuit.lets(state.now()) {
            return None;
        }
        let asking = self.ask(state, organisation, kinds, text);
        let answer = tokio::time::timeout(self.settings.timeout, asking).await;
        match answer.unwrap_or(Err(Trouble::Slow)) {
            Ok(found) => {
                self.circuit.answered();
                count::search("meilisearch");
                Some(found)
            }
            Err(trouble) => {
                self.circuit.failed(state.now());
                count::search_failed();
                let pause_s = self.settings.pause.as_secs();
                tracing::warn!(error = %trouble, pause_s, "Meilisearch is of no use: the database answers");
                None
            }
        }
    }

    async fn ask(
        &self,
        state: &State,
        organisation: OrganisationId,
        kinds: &[Kind],
        text: &Text,
    ) -> Result<Vec<Found>, Trouble> {
        let client = self.searcher(state, organisation)?;
        let filter = filter(organisation);
        let indices: Vec<_> = kinds.iter().map(|kind| client.index(self.index(*kind))).collect();
        let mut questions = client.multi_search();
        for index in &indices {
            let mut question = SearchQuery::new(index);
            question
                .with_index_uid()
                .with_query(text.as_str())
                .with_filter(&filter)
                .with_matching_strategy(MatchingStrategies::ALL)
                .with_attributes_to_retrieve(Selectors::All)
                .with_limit(usize::try_from(MOST).unwrap_or(usize::MAX));
            questions.with_search_query(question);
        }
        let answers = questions.execute::<Map<String, Value>>().await?.results;
        if answers.len() != kinds.len() {
            return Err(Trouble::Nonsense("as many answers as questions"));
        }
        let mut found = Vec::new();
        for (kind, answer) in kinds.iter().zip(answers) {
            found.extend(self.read(*kind, organisation, text, answer)?);
        }
        Ok(found)
    }

    /// An answer, if it is one to the question.
    fn read(
        &self,
        kind: Kind,
        organisation: OrganisationId,
        text: &Text,
        answer: SearchResults<Map<String, Value>>,
    ) -> Result<Vec<Found>, Trouble> {
        if answer.index_uid.is_some_and(|index| index != self.index(kind)) {
            return Err(Trouble::Nonsense("another index"));
        }
        let organisation = organisation.to_string();
        let mut found = Vec::new();
        for hit in answer.hits.into_iter().map(|hit| hit.result) {
            let text_of = |field: &str| hit.get(field).and_then(Value::as_str).unwrap_or_default();
            if text_of(ORGANISATION) != organisation {
                return Err(Trouble::Nonsense("another organisation"));
            }
            let id = kind.parse(text_of("id")).ok_or(Trouble::Nonsense("no id"))?;
            let place = text.place(document::texts(kind, &hit));
            // A sign is passed over there, and stands for itself here.
            if let Some(place) = place.or((!text.has_signs()).then_some(Place::Similar)) {
                found.push(Found { kind, id, place });
            }
        }
        Ok(found)
    }

    /// What searches one organisation, and no other where there is a key for that.
    fn searcher(&self, state: &State, organisation: OrganisationId) -> Result<Client<Http>, Trouble> {
        let Some(key) = &self.settings.search_key else {
            return Ok(self.client());
        };
        let rule = json!({ "filter": filter(organisation) });
        let rules: Map<_, _> = Kind::ALL
            .into_iter()
            .map(|kind| (self.index(kind), rule.clone()))
            .collect();
        let until = OffsetDateTime::from_unix_timestamp(state.now().s().saturating_add(TOKEN_S)).ok();
        let token = self.client_with(Some(key.key.expose())).generate_tenant_token(
            key.uid.to_string(),
            rules.into(),
            None,
            until,
        )?;
        Ok(self.client_with(Some(&token)))
    }

    /// What changes indices.
    fn client(&self) -> Client<Http> {
        self.client_with(self.settings.key.as_ref().map(Key::expose))
    }

    fn client_with(&self, secret: Option<&str>) -> Client<Http> {
        let http = Http::new(self.http.clone(), secret.and_then(settings::bearer));
        Client::new_with_client(self.settings.url.as_str(), secret, http)
    }

    /// The index of a kind.
    fn index(&self, kind: Kind) -> String {
        format!("{}_{}", self.settings.prefix, kind.as_str())
    }

    /// Where it is, to tell it from another one.
    fn place(&self) -> String {
        format!("{} {}", self.settings.url, self.settings.prefix)
    }
}

/// Whether Meilisearch takes the text for what it is: words. Quotes and a leading hyphen are commands to it, and a text
/// without a letter is none at all, which would find everything.
fn understands(text: &Text) -> bool {
    let text = text.as_str();
    let command = text.contains('"') || text.split_whitespace().any(|word| word.starts_with('-'));
    !command && text.chars().any(char::is_alphanumeric)
}

/// The filter that every search has. An id is letters, digits and an underscore: nothing in it ends the quotes.
fn filter(organisation: OrganisationId) -> String {
    format!("{ORGANISATION} = \"{organisation}\"")
}

/// Fails where a task did.
fn succeeded(task: Task) -> Result<bool, Trouble> {
    match task {
        Task::Succeeded { .. } => Ok(true),
        Task::Failed { content } => Err(Trouble::Task(content.error.to_string())),
        Task::Enqueued { .. } | Task::Processing { .. } => Ok(false),
    }
}

/// How long a token for one search is good.
const TOKEN_S: i64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_meilisearch_would_take_for_a_command_is_not_given_to_it() {
        for (text, gives) in [
            ("morning news", true),
            ("7KQ2M-morning", true),
            ("\"morning\"", false),
            ("news -morning", false),
            ("%", false),
            ("100%", true),
            ("*", false),
        ] {
            let parsed = Text::parse(text).unwrap().unwrap();
            assert_eq!(understands(&parsed), gives, "{text}");
        }
    }
}
