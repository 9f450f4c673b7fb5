//! The playback doors under `/live/NAME/`, and the same under `/t/TOKEN/live/NAME/` for players that drop queries.
//!
//! The one table of routes is [`ROUTES`]; every entry goes through the gate, which a sweep over the table proves.

mod asked;
mod body;
mod cors;
mod hls;
mod progressive;
mod quality;
pub(crate) mod refuse;
mod token;
pub(crate) mod ws;

use std::sync::Arc;

use asked::{Carrier, Renewal};
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header},
    middleware,
    response::Response,
    routing::{MethodRouter, any, get},
};
use guard::{Door, Reason};
pub(crate) use hls::Visits;
use link::Protocol;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::node::Shared;

/// Every route of a stream, below the stream's own path, with its handler.
const ROUTES: &[Route] = &[
    ("/ws", Protocol::WebSocket, |node| {
        get(move |request| ws::serve(node.clone(), request))
    }),
    ("/stream.mp4", Protocol::Progressive, |node| {
        get(move |request| progressive::serve(node.clone(), request))
    }),
    ("/index.m3u8", Protocol::Hls, |node| {
        get(move |request| hls::playlist(node.clone(), request))
    }),
    ("/init/{file}", Protocol::Hls, |node| {
        get(move |request| hls::init(node.clone(), request))
    }),
    ("/segment/{file}", Protocol::Hls, |node| {
        get(move |request| hls::segment(node.clone(), request))
    }),
    ("/session/token", Protocol::Hls, |node| {
        any(move |request| token::serve(node.clone(), request))
    }),
    ("/session/quality", Protocol::Hls, |node| {
        any(move |request| quality::serve(node.clone(), request))
    }),
];

/// The paths of every route of a stream, as the sweep asks for them.
pub fn paths() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().map(|(path, ..)| *path)
}

pub(crate) fn router(node: &Shared) -> Router {
    let mut router = Router::new();
    for (path, _, handler) in ROUTES {
        for prefix in PREFIXES {
            router = router.route(&format!("{prefix}{path}"), handler(node.clone()));
        }
    }
    let set = SetResponseHeaderLayer::if_not_present;
    router
        .layer(set(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-store"),
        ))
        .layer(set(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")))
        .layer(cors::layer())
        .layer(middleware::from_fn_with_state(node.clone(), cors::narrow))
}

/// What answers those who may not connect at all: refuses everything, and tells of what was asked of a stream.
pub(crate) fn away(node: &Shared) -> Router {
    let mut router = Router::new();
    for (path, protocol, _) in ROUTES {
        for prefix in PREFIXES {
            let (node, protocol) = (node.clone(), *protocol);
            let refuse = move |request| turn_away(node.clone(), Some(protocol), request);
            router = router.route(&format!("{prefix}{path}"), any(refuse));
        }
    }
    let node = node.clone();
    router.fallback(move |request| turn_away(node.clone(), None, request))
}

/// Refuses a request in the way that it can be heard: a socket is closed with the reason's code, all else is answered.
/// Any page may read the refusal.
async fn turn_away(node: Node, protocol: Option<Protocol>, mut request: Request) -> Response {
    let reason = Reason::OriginOnly;
    let denial = if let Some(protocol) = protocol {
        let visit = Visit::of(&node, request, protocol).await;
        request = visit.request;
        node.gate.refuse(Door::Playback, &visit.asked, reason)
    } else {
        node.gate.turn_away(reason)
    };
    let mut response = ws::turn_away(&mut request, reason).unwrap_or_else(|| refuse::response(&denial));
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("x-deny-reason, x-decision-id"),
    );
    response
}

/// A request of a stream's route, taken apart.
struct Visit {
    asked: crate::gate::Asked,
    /// What was shown, where it is two tokens.
    renewal: Option<Renewal>,
    carrier: Carrier,
    file: Option<String>,
    request: Request,
}

type Handled = Result<Response, Response>;

/// What every handler is given: the node that serves it.
type Node = Arc<crate::node::Inner>;

/// A path below the stream's own, its protocol, and what makes its handler.
type Route = (&'static str, Protocol, fn(Shared) -> MethodRouter);

const PREFIXES: [&str; 2] = ["/live/{name}", "/t/{token}/live/{name}"];
