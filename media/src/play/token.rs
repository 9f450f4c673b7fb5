//! `POST …/session/token`: the sessions that run on a token, on that stream and from that address, take a newer one.
//!
//! Shown like any token is the one that they run on; the newer one is the body `{"token": …}`, or the bearer beside it.

use std::convert::Infallible;

use axum::{
    Json,
    extract::Request,
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use guard::Credential;
use link::Protocol;
use serde::Deserialize;
use serde_json::json;

use super::{Handled, Node, Visit, body, refuse};

pub(super) async fn serve(node: Node, request: Request) -> Result<Response, Infallible> {
    Ok(respond(&node, request).await.unwrap_or_else(|refusal| refusal))
}

async fn respond(node: &Node, request: Request) -> Handled {
    let mut visit = Visit::of(node, request, Protocol::Hls).await;
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
        return Err(body::only_post("POST a newer token here"));
    }
    if sessions.is_empty() {
        let told = "no session runs on this token from here";
        return Err(refuse::problem(StatusCode::NOT_FOUND, told));
    }
    let newer = match beside {
        Some(newer) => newer,
        None => Credential::from_token(&body::said::<Said>(visit.request, EXPECTED).await?.token),
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

/// What is posted.
#[derive(Deserialize)]
struct Said {
    token: String,
}

const EXPECTED: &str = "a JSON object with the newer token as `token`, as application/json";
