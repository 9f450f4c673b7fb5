//! From an HTTP request to what is asked of the gate: the carriers of a token.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use axum::{
    RequestExt,
    extract::{ConnectInfo, Path, Request},
    http::{HeaderMap, Uri, header, uri::Scheme},
};
use guard::{Credential, Host};
use link::Protocol;

use super::{Node, Visit, cors};
use crate::gate::Asked;

/// How the token came, as far as child URLs must carry it on. A header is never copied into a URL; a path goes on by
/// itself, since child URLs are relative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// In the query: every child URL needs it there.
    Query(String),
    /// Otherwise, or not at all.
    Silent,
}

/// Two tokens that differ: the one that a session may run on, and the bearer beside it, which may be its newer one.
#[derive(Debug)]
pub(super) struct Renewal {
    pub(super) older: Credential,
    pub(super) newer: Credential,
}

impl Renewal {
    /// Two that can be told apart.
    fn of(older: Credential, newer: Credential) -> Option<Self> {
        older.digest()?;
        newer.digest()?;
        Some(Self { older, newer })
    }
}

impl Visit {
    /// Takes a request of a stream's route apart.
    pub(super) async fn of(node: &Node, mut request: Request, protocol: Protocol) -> Self {
        let path: HashMap<String, String> = request
            .extract_parts::<Path<_>>()
            .await
            .map(|Path(path)| path)
            .unwrap_or_default();
        let query: Vec<_> = query_tokens(request.uri()).collect();
        let (headers, from_path) = (request.headers(), path.get("token").cloned());
        let name = path.get("name").cloned().unwrap_or_default();
        // INVARIANT: the front states how each request came.
        let encrypted = request.extensions().get() == Some(&Scheme::HTTPS);
        let by_socket = protocol == Protocol::WebSocket;
        let by_cookie = !by_socket || cors::may_show_cookie(node, name.parse().ok().as_ref(), headers, encrypted);
        let from_cookies = cookies(headers).filter(|_| by_cookie);
        let carried: Vec<_> = query.iter().cloned().chain(from_path).chain(from_cookies).collect();
        let bearers: Vec<_> = bearers(headers).collect();
        let shown = credential(carried.iter().chain(&bearers));
        let renewal = matches!(shown, Credential::Conflicting)
            .then(|| Renewal::of(credential(carried.iter()), credential(bearers.iter())))
            .flatten();
        let peer = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| peer.ip());
        let asked = Asked {
            name,
            credential: shown,
            // INVARIANT: the accept loop states every connection's peer; what has none is from nowhere.
            address: peer.unwrap_or(std::net::Ipv6Addr::UNSPECIFIED.into()),
            protocol,
            user_agent: text(headers, &header::USER_AGENT),
            referrer: referrer(headers),
            encrypted,
            parameters: Vec::new(),
        };
        let carrier = query.into_iter().next().map_or(Carrier::Silent, Carrier::Query);
        Self {
            asked,
            renewal,
            carrier,
            file: path.get("file").cloned(),
            request,
        }
    }
}

/// The one token among what was presented; two that differ are a conflict.
fn credential<'a>(mut tokens: impl Iterator<Item = &'a String>) -> Credential {
    let Some(one) = tokens.next() else {
        return Credential::Missing;
    };
    if tokens.any(|other| other != one) {
        return Credential::Conflicting;
    }
    Credential::from_token(one)
}

fn bearers(headers: &HeaderMap) -> impl Iterator<Item = String> {
    headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    })
}

fn query_tokens(uri: &Uri) -> impl Iterator<Item = String> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .filter(|(key, value)| key == "token" && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .map(|(_, token)| token.to_owned())
}

/// The host of `Origin`, else of `Referer`. What cannot be read, or stands there twice, is as good as `null`.
fn referrer(headers: &HeaderMap) -> Option<Host> {
    let one = |name| {
        let mut values = headers.get_all(name).iter();
        let first = values.next()?;
        let readable = values.next().is_none().then(|| first.to_str().ok()).flatten();
        Some(readable.unwrap_or("null"))
    };
    guard::referrer(one(header::ORIGIN), one(header::REFERER))
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> Option<Arc<str>> {
    // What is there and empty says nothing either.
    let value = headers
        .get(name)?
        .to_str()
        .ok()
        .filter(|value| !value.trim().is_empty())?;
    Some(value.chars().take(512).collect::<String>().into())
}

/// The cookie that may carry a token.
const COOKIE: &str = "portcullis_token";
