//! `/.well-known/jwks.json`: the public part of every key of ours (RFC 7517, RFC 8037). It names no organisation.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::Doors;
use crate::keys;

pub(super) async fn keys(State(doors): State<Doors>) -> Response {
    let keys = match keys::published(doors.state.store.read()).await {
        Ok(keys) => keys,
        Err(error) => {
            tracing::error!(%error, "the public keys cannot be read");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let keys: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "x": URL_SAFE_NO_PAD.encode(&key.public_key),
                "kid": key.kid,
                "alg": key.algorithm,
                "use": "sig",
            })
        })
        .collect();
    let headers = [
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, Json(json!({ "keys": keys }))).into_response()
}
