//! What the double keeps, and how it searches: words, the last one by its beginning, all of them wanted; one mistake in five
//! letters forgiven; quotes for phrases, a hyphen for words that must not be there; no word at all finds everything.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value, json};

#[derive(Default)]
pub(super) struct Engine {
    indices: BTreeMap<String, Index>,
    tasks: Vec<Task>,
}

#[derive(Clone, Default)]
struct Index {
    key: Value,
    settings: Value,
    documents: BTreeMap<String, Value>,
}

struct Task {
    index: Option<String>,
    kind: &'static str,
    job: Job,
    /// None while it is waiting.
    outcome: Option<Result<Value, Refusal>>,
}

/// What a task does.
#[derive(Clone)]
pub(super) enum Job {
    Create { key: Value },
    Delete,
    Settings(Value),
    Put(Vec<Value>),
    Remove(Vec<String>),
    Swap(Value),
}

/// Why something is not done, as the real one says it.
#[derive(Clone)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    code: &'static str,
    kind: &'static str,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, kind: &'static str) -> Self {
        Self { status, code, kind }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "message": format!("The double says {}.", self.code),
            "code": self.code,
            "type": self.kind,
            "link": format!("https://docs.meilisearch.com/errors#{}", self.code),
        })
    }
}

fn no_index() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "index_not_found", "invalid_request")
}

impl Engine {
    pub(super) fn enqueue(&mut self, index: Option<&str>, kind: &'static str, job: Job) -> Value {
        self.tasks.push(Task {
            index: index.map(str::to_owned),
            kind,
            job,
            outcome: None,
        });
        json!({ "taskUid": self.tasks.len() - 1, "indexUid": index, "status": "enqueued", "type": kind, "enqueuedAt": AT })
    }

    /// Does what waits, in order.
    pub(super) fn work(&mut self, full: bool) {
        for n in 0..self.tasks.len() {
            if self.tasks[n].outcome.is_none() {
                let (index, job) = (self.tasks[n].index.clone(), self.tasks[n].job.clone());
                let outcome = if full {
                    Err(Refusal::new(StatusCode::OK, "no_space_left_on_device", "system"))
                } else {
                    self.act(index.as_deref(), job)
                };
                self.tasks[n].outcome = Some(outcome);
            }
        }
    }

    /// Gives back the task's details.
    fn act(&mut self, index: Option<&str>, job: Job) -> Result<Value, Refusal> {
        let name = index.unwrap_or_default().to_owned();
        match job {
            Job::Create { key } => {
                if self.indices.contains_key(&name) {
                    return Err(Refusal::new(
                        StatusCode::CONFLICT,
                        "index_already_exists",
                        "invalid_request",
                    ));
                }
                let details = json!({ "primaryKey": key });
                self.indices.insert(
                    name,
                    Index {
                        key,
                        ..Index::default()
                    },
                );
                Ok(details)
            }
            Job::Delete => {
                let gone = self.indices.remove(&name).ok_or_else(no_index)?;
                Ok(json!({ "deletedDocuments": gone.documents.len() }))
            }
            Job::Settings(settings) => {
                self.indices.entry(name).or_default().settings = settings.clone();
                Ok(settings)
            }
            Job::Put(documents) => {
                let index = self.indices.entry(name).or_default();
                let received = documents.len();
                for document in documents {
                    let id = document["id"].as_str().unwrap_or_default().to_owned();
                    let fits = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
                    if !fits {
                        return Err(Refusal::new(
                            StatusCode::BAD_REQUEST,
                            "invalid_document_id",
                            "invalid_request",
                        ));
                    }
                    index.documents.insert(id, document);
                }
                Ok(json!({ "receivedDocuments": received, "indexedDocuments": received }))
            }
            Job::Remove(ids) => {
                let index = self.indices.get_mut(&name).ok_or_else(no_index)?;
                let before = index.documents.len();
                index.documents.retain(|id, _| !ids.contains(id));
                let deleted = before - index.documents.len();
                Ok(json!({ "providedIds": ids.len(), "deletedDocuments": deleted, "originalFilter": null }))
            }
            Job::Swap(swaps) => {
                for swap in swaps.as_array().unwrap() {
                    let name = |n: usize| swap["indexes"][n].as_str().unwrap().to_owned();
                    let (one, other) = (name(0), name(1));
                    let first = self.indices.get(&one).cloned().ok_or_else(no_index)?;
                    let second = self.indices.insert(other, first).ok_or_else(no_index)?;
                    self.indices.insert(one, second);
                }
                Ok(json!({ "swaps": swaps }))
            }
        }
    }

    pub(super) fn task(&self, uid: u64) -> Result<Value, Refusal> {
        let task = usize::try_from(uid).ok().and_then(|uid| self.tasks.get(uid));
        let task = task.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "task_not_found", "invalid_request"))?;
        let mut told = json!({
            "uid": uid, "batchUid": null, "indexUid": task.index, "status": "enqueued", "type": task.kind, "canceledBy": null,
            "details": null, "error": null, "duration": null, "enqueuedAt": AT, "startedAt": null, "finishedAt": null,
        });
        if let Some(outcome) = &task.outcome {
            told["batchUid"] = uid.into();
            told["duration"] = "PT0.002000S".into();
            (told["startedAt"], told["finishedAt"]) = (AT.into(), AT.into());
            match outcome {
                Ok(details) => (told["status"], told["details"]) = ("succeeded".into(), details.clone()),
                Err(refusal) => (told["status"], told["error"]) = ("failed".into(), refusal.json()),
            }
        }
        Ok(told)
    }

    pub(super) fn index(&self, uid: &str) -> Result<Value, Refusal> {
        let index = self.indices.get(uid).ok_or_else(no_index)?;
        Ok(json!({ "uid": uid, "createdAt": AT, "updatedAt": AT, "primaryKey": index.key }))
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.indices.keys().cloned().collect()
    }

    pub(super) fn documents(&self, uid: &str) -> Option<impl Iterator<Item = &Value>> {
        Some(self.indices.get(uid)?.documents.values())
    }

    pub(super) fn search(&self, query: &Value, rules: Option<&Value>, leaking: bool) -> Result<Value, Refusal> {
        let uid = query["indexUid"].as_str().unwrap();
        let index = self.indices.get(uid).ok_or_else(no_index)?;
        let mut filters = vec![&query["filter"]];
        if let Some(rules) = rules {
            let rule = rules.get(uid);
            let rule = rule.ok_or_else(|| Refusal::new(StatusCode::FORBIDDEN, "invalid_api_key", "auth"))?;
            filters.push(&rule["filter"]);
        }
        let mut wanted = Vec::new();
        for filter in filters.into_iter().filter_map(Value::as_str) {
            let refused = || Refusal::new(StatusCode::BAD_REQUEST, "invalid_search_filter", "invalid_request");
            let (attribute, value) = filter.split_once(" = ").ok_or_else(refused)?;
            let filterable = index.settings["filterableAttributes"]
                .as_array()
                .is_some_and(|all| all.contains(&attribute.into()));
            let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            wanted.push((attribute, value.filter(|_| filterable).ok_or_else(refused)?));
        }
        let text = query["q"].as_str().unwrap_or_default();
        let limit = usize::try_from(query["limit"].as_u64().unwrap_or(20)).unwrap();
        let hits: Vec<_> = index
            .documents
            .values()
            .filter(|document| leaking || wanted.iter().all(|(attribute, value)| document[*attribute] == *value))
            .filter(|document| index.fits(document, text))
            .collect();
        let total = hits.len();
        let hits: Vec<_> = hits.into_iter().take(limit).collect();
        Ok(
            json!({ "indexUid": uid, "hits": hits, "query": text, "processingTimeMs": 0, "limit": limit, "offset": 0,
            "estimatedTotalHits": total }),
        )
    }
}

impl Index {
    fn fits(&self, document: &Value, text: &str) -> bool {
        let searchable: Vec<_> = self.settings["searchableAttributes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut known = Vec::new();
        for attribute in searchable {
            let value = &document[attribute];
            let exact = self.settings["typoTolerance"]["disableOnAttributes"]
                .as_array()
                .is_some_and(|all| all.contains(&attribute.into()));
            let texts = value
                .as_str()
                .into_iter()
                .chain(value.as_array().into_iter().flatten().filter_map(Value::as_str));
            known.extend(texts.flat_map(words).map(|word| (word, exact)));
        }
        let has = |wanted: &str, prefix: bool| {
            known.iter().any(|(word, exact)| {
                word == wanted
                    || (prefix && word.starts_with(wanted))
                    || (!exact && wanted.len() >= 5 && alike(word, wanted))
            })
        };
        let unwanted = text.split_whitespace().filter_map(|word| word.strip_prefix('-'));
        if unwanted.flat_map(words).any(|word| has(&word, false)) {
            return false;
        }
        let positive: Vec<_> = text
            .split_whitespace()
            .filter(|word| !word.starts_with('-'))
            .flat_map(words)
            .collect();
        let last = positive.len().saturating_sub(1);
        let open = !text.ends_with('"');
        positive
            .iter()
            .enumerate()
            .all(|(n, word)| has(word, open && n == last))
    }
}

fn words(text: &str) -> Vec<String> {
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Whether one letter is another one, missing, or one too many.
fn alike(one: &str, other: &str) -> bool {
    let (one, other): (Vec<_>, Vec<_>) = (one.chars().collect(), other.chars().collect());
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let rest = |letters: &[char], skip: usize| letters.get(same + skip..).map(<[char]>::to_vec);
    rest(&one, 1) == rest(&other, 1) || rest(&one, 1) == rest(&other, 0) || rest(&one, 0) == rest(&other, 1)
}

const AT: &str = "2027-01-15T08:00:00.000000Z";
