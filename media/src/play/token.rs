//! `POST …/session/token`: the sessions that run on a token, on that stream and from that address, take a newer one.
//!
//! Shown like any token is the one that they run on; the newer one is the body `{"token": …}`, or the bearer beside it.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use guard::Credential;
use link::Protocol;
use serde::Deserialize;
use serde_json::json;

use super::{Handled, Node, Visit, refuse};

pub(super) async fn serve(node: Node, request: Request) -> Result<Response, Infallible> {
    Ok(respond(&node, request).await.unwrap_or_else(|refusal| refusal))
}

async fn respond(node: &Node, request: Request) -> Handled {
    let mut visit = Visit::of(request, Protocol::Hls).await;
    let beside = visit.renewal.take().map(|renewal| {
        visit.asked.credential = renewal.older;
        renewal.newer
    });
    let posted = visit.request.method() == Method::POST;
    let sessions = node.gate.running(&visit.asked);
    if sessions.is_empty() || !posted {
        // Told why it may not pass, or that it came in vain.
        node.gate
            .glance(&visit.asked, None)
            .await
            .map_err(|denial| refuse::response(&denial))?;
    }
    if !posted {
        let allow = [(header::ALLOW, HeaderValue::from_static("POST"))];
        return Err((StatusCode::METHOD_NOT_ALLOWED, allow, "POST a newer token here").into_response());
    }
    if sessions.is_empty() {
        return Err((StatusCode::NOT_FOUND, "no session runs on this token from here").into_response());
    }
    let newer = match beside {
        Some(newer) => newer,
        None => said(visit.request).await?,
    };
    let mut ends = None;
    for session in &sessions {
        ends = node
            .gate
            .renew(session, newer.clone())
            .await
            .map_err(|denial| refuse::response(&denial))?;
        node.visits.also(session, &newer);
    }
    let now = node.gate.clock().now();
    let ends_in_s = ends.map(|end| end.at.since(now).as_secs());
    Ok(Json(json!({ "sessions": sessions.len(), "endsInS": ends_in_s })).into_response())
}

#[derive(Deserialize)]
struct Said {
    token: String,
}

/// The token in the body. What is no JSON by its own account is not looked at: pages elsewhere may send that.
async fn said(request: Request) -> Result<Credential, Response> {
    if !is_json(request.headers()) {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, EXPECTED).into_response());
    }
    let read = axum::body::to_bytes(Body::new(request.into_body()), LONGEST);
    let bytes = tokio::time::timeout(PATIENCE, read).await.ok().and_then(Result::ok);
    let said = bytes.and_then(|bytes| serde_json::from_slice::<Said>(&bytes).ok());
    let Said { token } = said.ok_or_else(|| (StatusCode::BAD_REQUEST, EXPECTED).into_response())?;
    Ok(Credential::from_token(&token))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

const EXPECTED: &str = "a JSON object with the newer token as `token`, as application/json";
/// A token and a few signs.
const LONGEST: usize = 16 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);
