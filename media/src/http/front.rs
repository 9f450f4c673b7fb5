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
use guard::Denial;
use http::{HeaderValue, Request, StatusCode, header, uri::Scheme};
use ids::DecisionId;
use link::{Clock, Entropy};
use tower::ServiceExt;

use super::{Line, Redirect};
use crate::{
    count, play,
    proxies::{self, Networks},
};

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

/// Lets in connections from listed networks only, and refuses all others with a reason.
#[derive(Debug)]
pub struct OriginOnly {
    /// From where one may connect.
    pub networks: Networks,
    /// For the ids of refusals.
    pub clock: Clock,
    /// For the ids of refusals.
    pub entropy: Entropy,
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
        let turned_away = self.only.as_ref().and_then(|only| only.turn_away(arrived.peer));
        let mut response = if let Some(denial) = turned_away {
            play::turn_away(&mut request, &denial)
        } else if let Some(redirect) = self.redirect.as_ref().filter(|_| !encrypted && !is_challenge(&request)) {
            redirect.answer(&request)
        } else {
            let extensions = request.extensions_mut();
            extensions.insert(ConnectInfo(SocketAddr::new(client.address, 0)));
            extensions.insert(if encrypted { Scheme::HTTPS } else { Scheme::HTTP });
            extensions.insert(arrived.line.clone());
            let answered = router.oneshot(request).await;
            answered.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
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

impl OriginOnly {
    fn turn_away(&self, peer: SocketAddr) -> Option<Denial> {
        let reason = guard::turn_away(!self.networks.contain(peer.ip()))?;
        let unix_ms = u64::try_from(self.clock.now().ms()).unwrap_or(0);
        let decision = DecisionId::mint(unix_ms, self.entropy.bytes());
        count::turned_away(reason);
        tracing::info!(denial.reason = reason.as_str(), decision.id = %decision, "refused");
        Some(Denial {
            decision: Some(decision),
            ..reason.into()
        })
    }
}

/// Whether it is the question of an ACME server, which asks in the clear. RFC 8555 8.3.
fn is_challenge(request: &Request<Body>) -> bool {
    request.uri().path().starts_with("/.well-known/acme-challenge/")
}
