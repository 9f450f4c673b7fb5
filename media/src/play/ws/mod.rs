//! fMP4 over WebSocket: an info message, an init segment, then fragments as they come.
//!
//! Browsers see nothing of a refused upgrade, so every upgrade is accepted, and a refusal is a message and a close code.
//! Messages are framed once for all viewers and written to the upgraded stream itself.

pub(crate) mod frame;
mod hear;
pub(crate) mod refuse;
mod renewals;
mod session;

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use guard::Credential;
use hyper_util::rt::TokioIo;
use link::Protocol;
use sha1::{Digest, Sha1};

use super::{Handled, Node, Visit, refuse as http};
use crate::http::Line;

pub(super) async fn serve(node: Node, request: Request) -> Result<Response, Infallible> {
    Ok(respond(node, request).await.unwrap_or_else(|refusal| refusal))
}

async fn respond(node: Node, request: Request) -> Handled {
    let mut visit = Visit::of(&node, request, Protocol::WebSocket).await;
    let Some(accept) = accept_key(visit.request.headers()) else {
        // Not a WebSocket: told why it may not pass, or that it came by the wrong way.
        node.gate
            .glance(&visit.asked, None)
            .await
            .map_err(|denial| http::response(&denial))?;
        let upgrade = [(header::UPGRADE, HeaderValue::from_static("websocket"))];
        let problem = http::problem(StatusCode::UPGRADE_REQUIRED, "this address speaks WebSocket");
        return Ok((upgrade, problem).into_response());
    };
    let line = visit.request.extensions().get::<Line>().cloned().unwrap_or_default();
    let upgrade = hyper::upgrade::on(&mut visit.request);
    let asked = visit.asked;
    let tasks = node.tasks.clone();
    tasks.spawn(async move {
        match upgrade.await {
            Ok(upgraded) => session::run(&node, &line, asked, TokioIo::new(upgraded)).await,
            Err(error) => tracing::debug!(%error, "an upgrade broke off"),
        }
    });
    Ok(switch(accept))
}

/// Accepts the socket that is asked for, if one is, only to close it with a reason.
pub(super) fn turn_away(request: &mut Request, reason: guard::Reason) -> Option<Response> {
    let accept = accept_key(request.headers())?;
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            session::refuse(TokioIo::new(upgraded), reason).await;
        }
    });
    Some(switch(accept))
}

fn switch(accept: HeaderValue) -> Response {
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

/// What proves that we understood the handshake; `None` for what is not one. RFC 6455 4.2.
fn accept_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let has = |name, wanted: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok())?;
        value
            .split(',')
            .any(|part| part.trim().eq_ignore_ascii_case(wanted))
            .then_some(())
    };
    has(header::CONNECTION, "upgrade")?;
    has(header::UPGRADE, "websocket")?;
    has(header::SEC_WEBSOCKET_VERSION, "13")?;
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?.as_bytes();
    let digest = Sha1::new().chain_update(key).chain_update(MAGIC).finalize();
    HeaderValue::from_str(&STANDARD.encode(digest)).ok()
}

/// Whether the token may still come in the first message.
fn may_follow(credential: &Credential) -> bool {
    matches!(credential, Credential::Missing)
}

const MAGIC: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// How long a socket without a token may take to send it.
const FIRST_MESSAGE: Duration = Duration::from_secs(5);
