//! What is looked at before a request reaches what answers it: where the connection is from, whose the request is, and
//! whether it came by HTTPS.
//!
//! INVARIANT: whoever reads a request behind this finds the client in `ConnectInfo<SocketAddr>` and the scheme in
//! [`Scheme`], and nothing in its headers that claims otherwise.

use std::net::SocketAddr;

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Request, StatusCode, header, uri::Scheme};
use tower::ServiceExt;

use super::{Line, Redirect};
use crate::proxies::{self, Networks};

/// What stands before a door. The default: nothing.
#[derive(Debug, Default)]
pub struct Front {
    /// The proxies that are believed.
    pub trusted: Networks,
    /// Whether they begin each connection with the head of the PROXY protocol.
    pub proxy_protocol: bool,
    /// Who may connect at all, where not everybody may.
    pub only: Option<OriginOnly>,
    /// Where those are sent who come in the clear.
    pub redirect: Option<Redirect>,
    /// What is said to those who come by HTTPS, in `strict-transport-security`.
    pub hsts: Option<HeaderValue>,
}

/// Lets in connections from listed networks only.
#[derive(Debug)]
pub struct OriginOnly {
    /// From where one may connect.
    pub networks: Networks,
    /// What refuses all others, with a reason: [`Node::away`](crate::Node::away).
    pub away: Router,
}

/// How a connection came.
#[derive(Clone, Debug)]
pub(super) struct Arrived {
    pub(super) peer: SocketAddr,
    pub(super) encrypted: bool,
    pub(super) line: Line,
}

impl Front {
    pub(super) async fn answer(&self, mut request: Request<Body>, arrived: &Arrived, router: Router) -> Response {
        let client = proxies::client(arrived.peer.ip(), &self.trusted, request.headers_mut());
        let encrypted = client.secure.unwrap_or(arrived.encrypted);
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(SocketAddr::new(client.address, 0)));
        extensions.insert(if encrypted { Scheme::HTTPS } else { Scheme::HTTP });
        extensions.insert(arrived.line.clone());
        let strange = self
            .only
            .as_ref()
            .filter(|only| !only.networks.contain(arrived.peer.ip()));
        let redirect = self.redirect.as_ref().filter(|_| !encrypted && !is_challenge(&request));
        let mut response = match (strange, redirect) {
            (Some(only), _) => answered(only.away.clone(), request).await,
            (None, Some(redirect)) => redirect.answer(&request),
            (None, None) => answered(router, request).await,
        };
        if let Some(hsts) = self.hsts.as_ref().filter(|_| encrypted) {
            // RFC 6797 7.2: never in the clear.
            response
                .headers_mut()
                .insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        response
    }
}

async fn answered(router: Router, request: Request<Body>) -> Response {
    let answered = router.oneshot(request).await;
    answered.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Whether it is the question of an ACME server, which asks in the clear. RFC 8555 8.3.
fn is_challenge(request: &Request<Body>) -> bool {
    request.uri().path().starts_with("/.well-known/acme-challenge/")
}
