//! `POST …/session/quality`: how well a player of HLS plays. Those on a socket say it there.

use std::convert::Infallible;

use axum::{
    extract::Request,
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use link::Protocol;

use super::{Handled, Node, Visit, body, refuse};
use crate::session::Report;

pub(super) async fn serve(node: Node, request: Request) -> Result<Response, Infallible> {
    Ok(respond(&node, request).await.unwrap_or_else(|refusal| refusal))
}

async fn respond(node: &Node, request: Request) -> Handled {
    let mut visit = Visit::of(node, request, Protocol::Hls).await;
    if let Some(renewal) = visit.renewal.take() {
        visit.asked.credential = renewal.older;
    }
    let session = node
        .visits
        .of(&visit.asked, node.gate.clock().now())
        .filter(|session| session.reason().is_none());
    let posted = visit.request.method() == Method::POST;
    let Some(session) = session.filter(|_| posted) else {
        // Told why it may not pass, or that it came in vain.
        node.gate
            .glance(&visit.asked, None)
            .await
            .map_err(|denial| refuse::response(&denial))?;
        return Err(if posted {
            refuse::problem(StatusCode::NOT_FOUND, "no session runs with that from here")
        } else {
            body::only_post("POST how well it plays here")
        });
    };
    let report: Report = body::said(visit.request, EXPECTED).await?;
    session.player.hear(&report);
    Ok(StatusCode::NO_CONTENT.into_response())
}

const EXPECTED: &str = "a JSON object that says how well it plays, as application/json";
