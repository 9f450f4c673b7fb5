//! `[search]`: where searches are asked, beside the database.

use std::{fs, time::Duration};

use anyhow::{Context, ensure};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    meilisearch_url: String,
    api_key: String,
    api_key_file: String,
    search_key: String,
    search_key_file: String,
    search_key_uid: String,
    index_prefix: String,
    timeout_ms: u64,
    pause_s: u64,
}

impl Store {
    /// In the types of its meaning; none where the database is enough.
    pub(super) fn parse(self) -> anyhow::Result<Option<api::Meilisearch>> {
        ensure!(
            (50..=5000).contains(&self.timeout_ms),
            "search.timeout_ms: must be 50 to 5000 milliseconds"
        );
        ensure!(
            (1..=600).contains(&self.pause_s),
            "search.pause_s: must be 1 to 600 seconds"
        );
        if self.meilisearch_url.is_empty() {
            return Ok(None);
        }
        let place = api::Meilisearch::new(&self.meilisearch_url, &self.index_prefix).map_err(|error| {
            let key = match error {
                api::MeilisearchError::Prefix => "search.index_prefix",
                _ => "search.meilisearch_url",
            };
            anyhow::Error::new(error).context(key)
        })?;
        let mut place = place.patient(
            Duration::from_millis(self.timeout_ms),
            Duration::from_secs(self.pause_s),
        );
        if let Some(key) = key("search.api_key", &self.api_key, &self.api_key_file)? {
            place = place.with_key(key);
        }
        let search_key = key("search.search_key", &self.search_key, &self.search_key_file)?;
        ensure!(
            search_key.is_some() != self.search_key_uid.is_empty(),
            "search.search_key_uid: a key that searches needs its uid, and a uid its key"
        );
        if let Some(key) = search_key {
            place =
                place.with_search_key(api::SearchKey::new(&self.search_key_uid, key).context("search.search_key_uid")?);
        }
        Ok(Some(place))
    }
}

/// The key that a text or a file says.
fn key(name: &'static str, text: &str, file: &str) -> anyhow::Result<Option<api::Key>> {
    let text = if file.is_empty() {
        text.to_owned()
    } else {
        fs::read_to_string(file)
            .with_context(|| format!("{name}_file: cannot read `{file}`"))?
            .trim()
            .to_owned()
    };
    if text.is_empty() {
        return Ok(None);
    }
    api::Key::new(text).map(Some).context(name)
}
