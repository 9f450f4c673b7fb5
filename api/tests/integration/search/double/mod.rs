//! A Meilisearch server, as far as its protocol is used: documents, settings, tasks and searches with the JSON of the real
//! one, keys and tenant tokens checked. And what a server can do wrong. Knows nothing of ours: whoever speaks to Meilisearch
//! may be tried against it.

mod engine;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use engine::{Engine, Refusal};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{net::TcpListener, task::JoinHandle};

/// May do everything.
pub(crate) const ADMIN_KEY: &str = "adminKeyOfTheDouble";
/// May search.
pub(crate) const SEARCH_KEY: &str = "searchKeyOfTheDouble";
pub(crate) const SEARCH_KEY_UID: &str = "76cf8b87-fd12-4688-ad34-260d930ca4f4";

/// The server.
pub(crate) struct Double {
    shared: Shared,
    pub(crate) address: SocketAddr,
    serving: JoinHandle<()>,
}

type Shared = Arc<Mutex<Inside>>;

struct Inside {
    engine: Engine,
    mood: Mood,
    /// Every search: whether with a tenant's token, and what was asked.
    searches: Vec<(bool, Value)>,
}

/// How the server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// An internal error to everything.
    Broken,
    /// No answer, for longer than anybody waits.
    Slow,
    /// An answer that is no JSON.
    Babbling,
    /// JSON that fits no question.
    Mistaken,
    /// It ignores filters, and gives what is another organisation's.
    Leaking,
    /// It sends the asker elsewhere.
    Redirecting,
    /// It answers searches, and fails at every task.
    Full,
}

impl Double {
    pub(crate) async fn start() -> Self {
        let shared: Shared = Arc::new(Mutex::new(Inside {
            engine: Engine::default(),
            mood: Mood::Well,
            searches: Vec::new(),
        }));
        let router = Router::new()
            .route("/indexes", post(create_index))
            .route("/indexes/{uid}", get(index).delete(delete_index))
            .route("/indexes/{uid}/settings", patch(settings))
            .route("/indexes/{uid}/documents", post(add_documents))
            .route("/indexes/{uid}/documents/delete-batch", post(delete_documents))
            .route("/swap-indexes", post(swap_indexes))
            .route("/tasks/{uid}", get(task))
            .route("/multi-search", post(multi_search))
            .layer(from_fn_with_state(shared.clone(), moody))
            .with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            shared,
            address,
            serving,
        }
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.inside().mood = mood;
    }

    /// No more connections, none kept.
    pub(crate) fn stop(&self) {
        self.serving.abort();
    }

    /// How many searches came, in all.
    pub(crate) fn searches(&self) -> usize {
        self.inside().searches.len()
    }

    /// Every search so far: whether with a tenant's token, and the body.
    pub(crate) fn asked(&self) -> Vec<(bool, Value)> {
        self.inside().searches.clone()
    }

    /// What an index holds, as one text.
    pub(crate) fn holds(&self, kind: &str) -> String {
        let inside = self.inside();
        inside
            .engine
            .documents(&format!("test_{kind}"))
            .map_or_else(String::new, |documents| {
                documents.map(Value::to_string).collect::<Vec<_>>().join("\n")
            })
    }

    /// The names of its indices.
    pub(crate) fn indices(&self) -> Vec<String> {
        self.inside().engine.names()
    }

    /// Loses a document, as if it had never come.
    pub(crate) fn lose_everything(&self) {
        self.inside().engine = Engine::default();
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.shared.lock().unwrap()
    }
}

/// Lets the server behave as it is told, before anything else.
async fn moody(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let mood = shared.lock().unwrap().mood;
    let search = request.uri().path() == "/multi-search";
    match mood {
        Mood::Well | Mood::Full | Mood::Leaking => next.run(request).await,
        _ if search => {
            shared.lock().unwrap().searches.push((false, Value::Null));
            misbehave(mood).await
        }
        _ => misbehave(mood).await,
    }
}

async fn misbehave(mood: Mood) -> Response {
    match mood {
        Mood::Slow => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            StatusCode::OK.into_response()
        }
        Mood::Babbling => "<html>".into_response(),
        Mood::Mistaken => Json(json!({ "results": [] })).into_response(),
        Mood::Redirecting => {
            let elsewhere = [("location", "http://127.0.0.1:9/multi-search")];
            (StatusCode::TEMPORARY_REDIRECT, elsewhere).into_response()
        }
        _ => Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "internal").into_response(),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.json())).into_response()
    }
}

/// The bearer's secret.
fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let value = headers.get("authorization").and_then(|value| value.to_str().ok());
    value
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(|| Refusal::new(StatusCode::UNAUTHORIZED, "missing_authorization_header", "auth"))
}

/// Whoever changes something has the key for it.
fn admin(headers: &HeaderMap) -> Result<(), Refusal> {
    let known = bearer(headers)? == ADMIN_KEY;
    known.then_some(()).ok_or_else(invalid_key)
}

fn invalid_key() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "invalid_api_key", "auth")
}

/// The rules of a tenant's token; none for who shows a key.
fn searcher(headers: &HeaderMap) -> Result<Option<Value>, Refusal> {
    let secret = bearer(headers)?;
    if secret == ADMIN_KEY || secret == SEARCH_KEY {
        return Ok(None);
    }
    let (signed, signature) = secret.rsplit_once('.').ok_or_else(invalid_key)?;
    let (header, claims) = signed.split_once('.').ok_or_else(invalid_key)?;
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid_key());
    let json = |text: &str| serde_json::from_slice::<Value>(&decoded(text)?).map_err(|_| invalid_key());
    let mut mac = Hmac::<Sha256>::new_from_slice(SEARCH_KEY.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    mac.verify_slice(&decoded(signature)?).map_err(|_| invalid_key())?;
    let claims = json(claims)?;
    let holds = json(header)?["alg"] == "HS256" && claims["apiKeyUid"] == SEARCH_KEY_UID && claims["exp"].is_i64();
    holds
        .then(|| Some(claims["searchRules"].clone()))
        .ok_or_else(invalid_key)
}

type Answer = Result<(StatusCode, Json<Value>), Refusal>;

/// Takes a task, which is done a little later.
fn enqueue(shared: &Shared, headers: &HeaderMap, index: Option<&str>, kind: &'static str, job: engine::Job) -> Answer {
    admin(headers)?;
    let (told, full) = {
        let mut inside = shared.lock().unwrap();
        let full = inside.mood == Mood::Full;
        (inside.engine.enqueue(index, kind, job), full)
    };
    let later = shared.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(2)).await;
        later.lock().unwrap().engine.work(full);
    });
    Ok((StatusCode::ACCEPTED, Json(told)))
}

async fn create_index(State(shared): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Answer {
    let uid = body["uid"].as_str().unwrap().to_owned();
    let job = engine::Job::Create {
        key: body["primaryKey"].clone(),
    };
    enqueue(&shared, &headers, Some(&uid), "indexCreation", job)
}

async fn index(State(shared): State<Shared>, headers: HeaderMap, Path(uid): Path<String>) -> Answer {
    admin(&headers)?;
    let found = shared.lock().unwrap().engine.index(&uid)?;
    Ok((StatusCode::OK, Json(found)))
}

async fn delete_index(State(shared): State<Shared>, headers: HeaderMap, Path(uid): Path<String>) -> Answer {
    enqueue(&shared, &headers, Some(&uid), "indexDeletion", engine::Job::Delete)
}

async fn settings(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(uid): Path<String>,
    Json(body): Json<Value>,
) -> Answer {
    enqueue(
        &shared,
        &headers,
        Some(&uid),
        "settingsUpdate",
        engine::Job::Settings(body),
    )
}

async fn add_documents(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(uid): Path<String>,
    Json(body): Json<Vec<Value>>,
) -> Answer {
    enqueue(
        &shared,
        &headers,
        Some(&uid),
        "documentAdditionOrUpdate",
        engine::Job::Put(body),
    )
}

async fn delete_documents(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(uid): Path<String>,
    Json(body): Json<Vec<String>>,
) -> Answer {
    enqueue(
        &shared,
        &headers,
        Some(&uid),
        "documentDeletion",
        engine::Job::Remove(body),
    )
}

async fn swap_indexes(State(shared): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Answer {
    enqueue(&shared, &headers, None, "indexSwap", engine::Job::Swap(body))
}

async fn task(State(shared): State<Shared>, headers: HeaderMap, Path(uid): Path<u64>) -> Answer {
    admin(&headers)?;
    let found = shared.lock().unwrap().engine.task(uid)?;
    Ok((StatusCode::OK, Json(found)))
}

async fn multi_search(State(shared): State<Shared>, headers: HeaderMap, body: Body) -> Answer {
    let rules = searcher(&headers)?;
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let mut inside = shared.lock().unwrap();
    inside.searches.push((rules.is_some(), body.clone()));
    let leaking = inside.mood == Mood::Leaking;
    let mut results = Vec::new();
    for query in body["queries"].as_array().unwrap() {
        results.push(inside.engine.search(query, rules.as_ref(), leaking)?);
    }
    Ok((StatusCode::OK, Json(json!({ "results": results }))))
}
