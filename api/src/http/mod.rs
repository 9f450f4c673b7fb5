//! The control plane's doors: GraphQL over HTTP and over WebSocket, tokens by REST, the public keys, files that people
//! take away, GraphiQL where it is wanted, and a demo's page of mails.

mod asked;
mod audit;
mod cases;
pub(crate) mod discretion;
mod export;
mod form;
mod graphiql;
mod graphql;
mod jwks;
pub(crate) mod limits;
mod mails;
mod origin;
pub(crate) mod persisted;
mod provider;
mod rate;
mod rest;
mod rules;
pub(crate) mod shape;
mod socket;
mod tables;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::ConnectInfo,
    http::{Request, header, uri::Scheme},
    routing::get,
};
use tokio_util::sync::CancellationToken;

pub use rate::Rates;

pub(crate) use self::rate::Rate;
use crate::{
    graphql::Api,
    people::{Presented, bearer, cookie},
    state::State,
};

/// What helps whoever writes a client, and tells strangers more than they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tools {
    /// Whether clients may ask for the schema.
    pub introspection: bool,
    /// Whether GraphiQL is there.
    pub graphiql: bool,
}

/// Marks an operation that came over a socket, which cannot set a cookie.
pub(crate) struct OverSocket;

/// What every door needs.
#[derive(Clone)]
pub(crate) struct Doors {
    pub(crate) state: Arc<State>,
    pub(crate) api: Api,
    /// Cancelled when the process is about to go.
    pub(crate) leaving: CancellationToken,
}

/// The routes.
pub(crate) fn router(doors: Doors) -> Router {
    let (graphiql, demo) = (doors.state.tools.graphiql, doors.state.demo);
    let routes = Router::new()
        .route("/graphql", get(socket::upgrade_or_page).post(graphql::post))
        .route("/audit.csv", get(audit::csv))
        .route("/rules.csv", get(rules::csv))
        .route("/rules.json", get(rules::json))
        .merge(tables::routes())
        .merge(cases::routes())
        .route("/.well-known/jwks.json", get(jwks::keys))
        .route("/sign-in/provider/{id}", get(provider::begin))
        .route("/sign-in/callback", get(provider::finish));
    let routes = routes.merge(rest::routes());
    let routes = if graphiql {
        routes.route("/graphiql/start.js", get(graphiql::start))
    } else {
        routes
    };
    let routes = if demo {
        routes.route("/mails", get(mails::page))
    } else {
        routes
    };
    routes.with_state(doors)
}

/// What a request shows of whoever sent it.
fn presented<B>(state: &State, request: &Request<B>) -> Presented {
    let extensions = request.extensions();
    let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
    Presented {
        address: extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(unknown, |ConnectInfo(address)| *address)
            .ip()
            .to_canonical(),
        https: extensions.get() == Some(&Scheme::HTTPS),
        cookie: cookie(request.headers()),
        bearer: bearer(request.headers()),
        organisation: request
            .headers()
            .get("x-organisation")
            .map(|hash| String::from_utf8_lossy(hash.as_bytes()).into_owned()),
        user_agent: request
            .headers()
            .get(header::USER_AGENT)
            .map(|agent| String::from_utf8_lossy(agent.as_bytes()).chars().take(AGENT).collect()),
        request: state.mint(),
        vouched_for: false,
    }
}

/// Characters of a user agent that are kept.
const AGENT: usize = 256;
