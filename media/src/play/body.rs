//! What players post: a small JSON object.

use std::time::Duration;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;

use super::refuse;

/// The object in the body; else `expected` is what is told. What is no JSON by its own account is not looked at: pages
/// elsewhere may send that.
pub(super) async fn said<T: DeserializeOwned>(request: Request, expected: &'static str) -> Result<T, Response> {
    if !is_json(request.headers()) {
        return Err(refuse::problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, expected));
    }
    let read = axum::body::to_bytes(Body::new(request.into_body()), LONGEST);
    let bytes = tokio::time::timeout(PATIENCE, read).await.ok().and_then(Result::ok);
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| refuse::problem(StatusCode::BAD_REQUEST, expected))
}

/// Tells that something is to be posted.
pub(super) fn only_post(told: &str) -> Response {
    let problem = refuse::problem(StatusCode::METHOD_NOT_ALLOWED, told);
    ([(header::ALLOW, "POST")], problem).into_response()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// A token and a few signs.
const LONGEST: usize = 16 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);
