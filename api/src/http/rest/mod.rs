//! Tokens for tools without GraphQL: made, looked up, verified and revoked by REST, under `/api/v1/tokens`.
//!
//! Each route is one fixed operation of the GraphQL schema: what a body may say, who may, what is recorded and what is
//! answered is decided there and nowhere else. Here an answer gets REST's form, and a refusal that of RFC 9457.

mod openapi;
mod problem;

use std::time::Duration;

use async_graphql::{Request as Operation, Response as Outcome, Variables};
use authz::Action;
use axum::{
    Router,
    body::to_bytes,
    extract::{self, Path, Request, rejection::PathRejection},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use futures_util::FutureExt;
use serde_json::{Map, Value, json};

use self::problem::Problem;
use super::{Doors, graphql, limits::presentable, origin, presented};
use crate::{
    fault::Fault,
    people::{Caller, identify},
};

/// A route's operation of the schema.
struct Route {
    /// Its document, with one field at its root.
    document: &'static str,
    /// The one field.
    field: &'static str,
    /// What the role must allow before anything of the request is read; the operation judges all the same.
    action: Action,
    /// What it answers when it is done.
    done: StatusCode,
}

/// The routes.
pub(super) fn routes() -> Router<Doors> {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi::document).fallback(method))
        .route("/api/v1/tokens", post(create).fallback(method))
        .route("/api/v1/tokens/verify", post(verify).fallback(method))
        .route("/api/v1/tokens/revoke", post(revoke).fallback(method))
        .route("/api/v1/tokens/{jti}", get(look_up).fallback(method))
        // No page of the dashboard is here, or below this.
        .route("/api", any(nothing))
        .route("/api/", any(nothing))
        .route("/api/{*address}", any(nothing))
}

/// `POST /api/v1/tokens`: a token for a viewer, or with `"door": "INGEST"` for a broadcaster.
async fn create(extract::State(doors): extract::State<Doors>, request: Request) -> Response {
    answer(doors, request, CREATE.action, |mut body| {
        let door = body.remove("door").unwrap_or_else(|| json!("PLAYBACK"));
        let route = match door.as_str() {
            Some("PLAYBACK") => &CREATE,
            Some("INGEST") => &CREATE_PUBLISH,
            _ => return Err(Fault::field("door", "INVALID", "`door` is PLAYBACK or INGEST").into()),
        };
        Ok((route, json!({ "input": body })))
    })
    .await
}

/// `POST /api/v1/tokens/verify`: whether a key of the organisation signed it, what it says, and what became of it.
async fn verify(extract::State(doors): extract::State<Doors>, request: Request) -> Response {
    answer(doors, request, VERIFY.action, |body| {
        Ok((&VERIFY, json!({ "input": body })))
    })
    .await
}

/// `POST /api/v1/tokens/revoke`: takes tokens back, one or many.
async fn revoke(extract::State(doors): extract::State<Doors>, request: Request) -> Response {
    answer(doors, request, REVOKE.action, |body| {
        Ok((&REVOKE, json!({ "input": body })))
    })
    .await
}

/// `GET /api/v1/tokens/{jti}`: the record of a token; never the token.
async fn look_up(
    extract::State(doors): extract::State<Doors>,
    jti: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    // What is no text is no id that there is.
    let jti = jti.map(|Path(jti)| jti).unwrap_or_default();
    answer(doors, request, LOOK_UP.action, |_| {
        Ok((&LOOK_UP, json!({ "jti": jti })))
    })
    .await
}

/// Another method than the route has.
async fn method() -> Response {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "INVALID",
        "this address is not asked by that method",
    )
    .into_response()
}

async fn nothing() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "NOT_FOUND", "nothing is at this address").into_response()
}

/// Finds out who asks, reads the body, and has the operation done that `chosen` makes of it.
async fn answer(
    doors: Doors,
    request: Request,
    action: Action,
    chosen: impl FnOnce(Map<String, Value>) -> Result<(&'static Route, Value), Problem>,
) -> Response {
    let state = &doors.state;
    let presented = presented(state, &request);
    if presented.cookie.is_some() && origin::is_foreign(request.headers(), &state.addresses.http) {
        let why = "another site may not act for whoever is signed in";
        return Problem::new(StatusCode::FORBIDDEN, "FORBIDDEN", why).into_response();
    }
    let caller = match identify(state, &presented).await {
        Ok(caller) => caller,
        Err(fault) => return Problem::from(fault).into_response(),
    };
    let left = state.rate.count(&caller);
    let done = match left.and_then(|left| left.refusal()) {
        Some(refusal) => Err(Problem::from(refusal)),
        None => operate(&doors, request, caller, action, chosen).await,
    };
    let mut response = done.unwrap_or_else(Problem::into_response);
    graphql::tell(&mut response, &presented, left);
    response
}

async fn operate(
    doors: &Doors,
    request: Request,
    caller: Caller,
    action: Action,
    chosen: impl FnOnce(Map<String, Value>) -> Result<(&'static Route, Value), Problem>,
) -> Result<Response, Problem> {
    caller.may(&doors.state, action)?;
    let body = if request.method() == Method::POST {
        read(request).await?
    } else {
        Map::new()
    };
    let (route, variables) = chosen(body)?;
    let operation = Operation::new(route.document)
        .variables(Variables::from_json(variables))
        .data(caller);
    // A client that goes away does not stop a change halfway.
    let api = doors.api.clone();
    let done = tokio::spawn(async move { api.execute(operation).boxed().await });
    let outcome = done.await.unwrap_or_else(|error| graphql::failed(Fault::bug(&error)));
    settled(route, presentable(outcome))
}

/// The JSON object of a body.
async fn read(request: Request) -> Result<Map<String, Value>, Problem> {
    if !graphql::is_json(request.headers()) {
        let why = "the content type must be application/json";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "INVALID", why));
    }
    // Who sends a body drop by drop does not hold a connection.
    let read = tokio::time::timeout(PATIENCE, to_bytes(request.into_body(), BODY)).await;
    let read =
        read.map_err(|_| Problem::new(StatusCode::REQUEST_TIMEOUT, "INVALID", "the body did not come in time"))?;
    let bytes = read.map_err(|_| {
        let why = "the request is larger than 64 KB";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "INVALID", why)
    })?;
    serde_json::from_slice(&bytes)
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "INVALID", "the body is not one JSON object"))
}

/// The answer to an operation: what its one field holds, or the problem.
fn settled(route: &Route, outcome: Outcome) -> Result<Response, Problem> {
    if let Some(error) = outcome.errors.into_iter().next() {
        return Err(Problem::of_error(error));
    }
    let mut data = outcome.data.into_json().map_err(|error| Fault::bug(&error))?;
    let Value::Object(mut held) = data[route.field].take() else {
        return Err(Fault::Internal.into());
    };
    match held.remove("errors") {
        Some(Value::Array(errors)) if !errors.is_empty() => Err(Problem::of_input(&errors)),
        _ => Ok(json_of(route.done, JSON, &Value::Object(held))),
    }
}

fn json_of(status: StatusCode, kind: &'static str, value: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")];
    (status, headers, value.to_string()).into_response()
}

const JSON: &str = "application/json";
const BODY: usize = 64 * 1024;
/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

const CREATE: Route = Route {
    document: "mutation CreateToken($input: CreatePlaybackTokenInput!) { createPlaybackToken(input: $input) {
        token handle
        record { jti door status user tag streams organisationWide createdAt expiresAt revocable claims }
        advice { code severity message }
        errors { code message field } } }",
    field: "createPlaybackToken",
    action: Action::TokenCreate,
    done: StatusCode::CREATED,
};

const CREATE_PUBLISH: Route = Route {
    document: "mutation CreateToken($input: CreatePublishTokenInput!) { createPublishToken(input: $input) {
        token handle
        record { jti door status user tag streams organisationWide createdAt expiresAt revocable claims }
        advice { code severity message }
        errors { code message field } } }",
    field: "createPublishToken",
    action: Action::TokenCreate,
    done: StatusCode::CREATED,
};

const LOOK_UP: Route = Route {
    document: "query Token($jti: ID!) { playbackToken(jti: $jti) {
        jti door status user tag streams organisationWide createdAt expiresAt revokedAt revocable notRevocableBecause
        createdBy { id name kind } claims } }",
    field: "playbackToken",
    action: Action::TokenRead,
    done: StatusCode::OK,
};

const VERIFY: Route = Route {
    document: "mutation VerifyToken($input: LintTokenInput!) { lintToken(input: $input) {
        kind signed kid jti claims
        record { jti door status user tag streams organisationWide createdAt expiresAt revokedAt revocable notRevocableBecause }
        advice { code severity message }
        errors { code message field } } }",
    field: "lintToken",
    action: Action::TokenLint,
    done: StatusCode::OK,
};

const REVOKE: Route = Route {
    document: "mutation RevokeTokens($input: RevokeTokensInput!) { revokeTokens(input: $input) {
        revoked
        change { id at doneAfterMs sessionsEnded bytesAfter nodes { node acknowledged sessionsEnded tookMs } }
        errors { code message field } } }",
    field: "revokeTokens",
    action: Action::TokenRevoke,
    done: StatusCode::OK,
};
