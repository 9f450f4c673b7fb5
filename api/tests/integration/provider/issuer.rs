//! An identity provider in a few lines, whose answers are whatever a test wants.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

/// The provider.
#[derive(Clone)]
pub(super) struct Issuer {
    pub(super) url: String,
    will: Arc<Mutex<Will>>,
}

/// What it does at the next request.
pub(super) struct Will {
    /// The header of the ID token.
    pub(super) header: Value,
    /// Its claims.
    pub(super) claims: Value,
    /// With which of its keys it signs.
    pub(super) signs_with: u8,
    /// Which key it publishes.
    pub(super) publishes: u8,
    /// What its own page adds to the metadata.
    pub(super) metadata: Value,
    /// What it tells of a person apart from the ID token.
    pub(super) told: Value,
    /// What the verifier must hash to.
    pub(super) challenge: String,
    /// What the token endpoint was sent last.
    pub(super) sent: BTreeMap<String, String>,
    pub(super) authorization: String,
}

impl Issuer {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let issuer = Self {
            url: format!("http://{address}"),
            will: Arc::new(Mutex::new(Will {
                header: json!({ "alg": "EdDSA", "kid": "one" }),
                claims: json!({}),
                signs_with: 1,
                publishes: 1,
                metadata: json!({}),
                told: Value::Null,
                challenge: String::new(),
                sent: BTreeMap::new(),
                authorization: String::new(),
            })),
        };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .route("/me", get(me))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        issuer
    }

    pub(super) fn will(&self) -> MutexGuard<'_, Will> {
        self.will.lock().unwrap()
    }
}

async fn metadata(State(issuer): State<Issuer>) -> Json<Value> {
    let url = &issuer.url;
    let mut page = json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/auth"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/me"),
        "jwks_uri": format!("{url}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
    });
    for (name, value) in issuer.will().metadata.as_object().unwrap() {
        page[name] = value.clone();
    }
    Json(page)
}

async fn jwks(State(issuer): State<Issuer>) -> Json<Value> {
    let key = key(issuer.will().publishes);
    let x = URL_SAFE_NO_PAD.encode(key.public_key());
    Json(json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "one", "use": "sig", "alg": "EdDSA", "x": x }] }))
}

async fn token(
    State(issuer): State<Issuer>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let mut will = issuer.will();
    headers["authorization"]
        .to_str()
        .unwrap()
        .clone_into(&mut will.authorization);
    let verifier = form.get("code_verifier").cloned().unwrap_or_default();
    will.sent = form;
    if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != will.challenge {
        let refusal = Json(json!({ "error": "invalid_grant" }));
        return (StatusCode::BAD_REQUEST, refusal).into_response();
    }
    let token = signed(&will);
    Json(json!({ "access_token": "a", "token_type": "Bearer", "id_token": token })).into_response()
}

async fn me(State(issuer): State<Issuer>) -> Response {
    match issuer.will().told.clone() {
        Value::Null => StatusCode::NOT_FOUND.into_response(),
        told => Json(told).into_response(),
    }
}

fn signed(will: &Will) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&will.header), part(&will.claims));
    let signature = match will.header["alg"].as_str() {
        Some("none") => Vec::new(),
        Some("HS256") => {
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, super::SECRET.as_bytes());
            aws_lc_rs::hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
        }
        _ => key(will.signs_with).sign(text.as_bytes()).as_ref().to_vec(),
    };
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}
