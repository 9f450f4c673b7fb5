//! Persisted queries: a client sends the hash of a text in place of the text, once the text was sent with it (the protocol
//! of Apollo's automatic persisted queries).
//!
//! What is kept under a hash was proven to have it, so it is the same text for everybody: the store is one for all
//! organisations, and nobody can put another text under somebody's hash. Who asks is judged as for any text. Only what is a
//! valid request is kept, and what was kept longest gives way.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{
    Request, ServerError, ServerResult, ValidationResult, Value,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest, NextValidation},
};
use sha2::{Digest, Sha256};

use super::{asked::PERSISTED, form::NOT_KEPT};

/// The texts that are kept, and what answers by them.
#[derive(Clone, Default)]
pub(crate) struct Persisted(Arc<Mutex<Texts>>);

impl Persisted {
    /// Puts the text into a request that has its hash only, where it is kept. What is wrong with the hash is said by whoever
    /// executes it.
    pub(super) fn fill(&self, request: &mut Request) {
        let named = request.extensions.get(PERSISTED).filter(|_| request.query.is_empty());
        let text = named.and_then(hash).and_then(|hash| lock(&self.0).text(&hash));
        if let Some(text) = text {
            request.query = text.to_string();
        }
    }
}

impl ExtensionFactory for Persisted {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Exchange {
            texts: self.0.clone(),
            told: Mutex::default(),
        })
    }
}

type Hash = [u8; 32];

/// One request.
struct Exchange {
    texts: Arc<Mutex<Texts>>,
    /// A text that came with its hash.
    told: Mutex<Option<(Hash, Arc<str>)>>,
}

#[async_graphql::async_trait::async_trait]
impl Extension for Exchange {
    async fn prepare_request(
        &self,
        context: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        if let Some(named) = request.extensions.remove(PERSISTED) {
            let hash = hash(&named).ok_or_else(malformed)?;
            if request.query.is_empty() {
                request.query = lock(&self.texts).text(&hash).ok_or_else(not_kept)?.to_string();
            } else if Hash::from(Sha256::digest(request.query.as_bytes())) == hash {
                *lock(&self.told) = Some((hash, request.query.as_str().into()));
            } else {
                return Err(ServerError::new("the hash is not the query's", None));
            }
        }
        next.run(context, request).await
    }

    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let valid = next.run(context).await?;
        if let Some((hash, text)) = lock(&self.told).take() {
            lock(&self.texts).keep(hash, text);
        }
        Ok(valid)
    }
}

/// Texts by their hash, bounded in number and in bytes.
#[derive(Default)]
struct Texts {
    by_hash: HashMap<Hash, Arc<str>>,
    /// The oldest first.
    order: VecDeque<Hash>,
    bytes: usize,
}

impl Texts {
    fn text(&self, hash: &Hash) -> Option<Arc<str>> {
        self.by_hash.get(hash).cloned()
    }

    fn keep(&mut self, hash: Hash, text: Arc<str>) {
        if text.len() > LONGEST || self.by_hash.contains_key(&hash) {
            return;
        }
        self.bytes = self.bytes.saturating_add(text.len());
        self.by_hash.insert(hash, text);
        self.order.push_back(hash);
        while self.order.len() > ENTRIES || self.bytes > BYTES {
            let Some(oldest) = self.order.pop_front() else { break };
            let gone = self.by_hash.remove(&oldest);
            self.bytes = self.bytes.saturating_sub(gone.map_or(0, |text| text.len()));
        }
    }
}

/// The hash in `{version: 1, sha256Hash: "…"}`.
fn hash(named: &Value) -> Option<Hash> {
    let Value::Object(named) = named else { return None };
    let version = match named.get("version")? {
        Value::Number(version) => version.as_i64()?,
        _ => return None,
    };
    match named.get("sha256Hash")? {
        Value::String(hash) if version == 1 => hex::decode(hash).ok()?.try_into().ok(),
        _ => None,
    }
}

fn malformed() -> ServerError {
    ServerError::new(
        "`persistedQuery` is `version: 1` and a `sha256Hash` of 64 hexadecimal digits",
        None,
    )
}

/// What asks a client to send the text once; the message and the code are the protocol's.
fn not_kept() -> ServerError {
    let mut error = ServerError::new("PersistedQueryNotFound", None);
    error.extensions.get_or_insert_default().set("code", NOT_KEPT);
    error
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const ENTRIES: usize = 1000;
const BYTES: usize = 4 * 1024 * 1024;
/// A longer text is executed and not kept.
const LONGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_in_number_and_in_bytes() {
        let mut texts = Texts::default();
        let hash = |n: usize| Hash::from(Sha256::digest(n.to_be_bytes()));
        for n in 0..ENTRIES + 5 {
            texts.keep(hash(n), "{ viewer { id } }".into());
        }
        assert_eq!((texts.by_hash.len(), texts.order.len()), (ENTRIES, ENTRIES));
        assert!(texts.text(&hash(4)).is_none() && texts.text(&hash(5)).is_some());
        let long: Arc<str> = "x".repeat(LONGEST).into();
        for n in 0..200 {
            texts.keep(hash(10_000 + n), long.clone());
        }
        assert!(texts.bytes <= BYTES && texts.by_hash.len() <= ENTRIES);
        let sum: usize = texts.by_hash.values().map(|text| text.len()).sum();
        assert_eq!(sum, texts.bytes);
        texts.keep(hash(1), "x".repeat(LONGEST + 1).into());
        assert!(texts.text(&hash(1)).is_none());
    }
}
