//! GraphQL over HTTP: JSON in, JSON out, one operation at a time.

use std::time::Duration;

use async_graphql::{Request as Operation, Response as Outcome, ServerError};
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;

use super::{Doors, limits::presentable, origin, presented, rate::Left};
use crate::{
    fault::Fault,
    people::{Presented, identify},
};

/// `POST /graphql`.
pub(super) async fn post(State(doors): State<Doors>, request: Request) -> Response {
    let presented = presented(&doors.state, &request);
    let headers = request.headers();
    if !is_json(headers) {
        return refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the content type must be application/json",
        );
    }
    if presented.cookie.is_some() && origin::is_foreign(headers, &doors.state.addresses.http) {
        return refuse(
            StatusCode::FORBIDDEN,
            "another site may not act for whoever is signed in",
        );
    }
    let media_type = wanted_type(headers);
    // Who sends a body drop by drop does not hold a connection.
    let Ok(read) = tokio::time::timeout(PATIENCE, to_bytes(request.into_body(), BODY)).await else {
        return refuse(StatusCode::REQUEST_TIMEOUT, "the body did not come in time");
    };
    let Ok(body) = read else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the request is larger than 256 KB");
    };
    let Ok(operation) = serde_json::from_slice::<Operation>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "the body is not one GraphQL request as JSON");
    };
    let caller = match identify(&doors.state, &presented).await {
        Ok(caller) => caller,
        Err(fault) => return answer(failed(fault), media_type),
    };
    let left = doors.state.rate.count(&caller);
    if let Some(refusal) = left.and_then(|left| left.refusal()) {
        let mut response = answer(failed(refusal), media_type);
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        tell(&mut response, &presented, left);
        return response;
    }
    // A client that goes away does not stop a mutation halfway.
    let api = doors.api.clone();
    let done = tokio::spawn(async move { api.execute(operation.data(caller)).boxed().await });
    let outcome = done.await.unwrap_or_else(|error| failed(Fault::bug(&error)));
    let mut response = answer(outcome, media_type);
    tell(&mut response, &presented, left);
    response
}

/// What a client is told beside the answer: how the audit log names the request, and how much it may still ask.
fn tell(response: &mut Response, presented: &Presented, left: Option<Left>) {
    if let Ok(request) = HeaderValue::from_str(&presented.request.to_string()) {
        response.headers_mut().insert(REQUEST_ID, request);
    }
    if let Some(left) = left {
        left.tell(response.headers_mut());
    }
}

/// The outcome of an operation that was not even begun.
pub(super) fn failed(fault: Fault) -> Outcome {
    let error = async_graphql::Error::from(fault);
    Outcome::from_errors(vec![error.into_server_error(async_graphql::Pos::default())])
}

fn answer(outcome: Outcome, media_type: &'static str) -> Response {
    let mut outcome = presentable(outcome);
    let headers = std::mem::take(&mut outcome.http_headers);
    // What was not even executed is the client's mistake, where it understands statuses.
    let misunderstood =
        outcome.data == async_graphql::Value::Null && outcome.errors.iter().all(|error| error.path.is_empty());
    let status = if media_type == MODERN && misunderstood && !outcome.errors.is_empty() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let body = serde_json::to_vec(&outcome).unwrap_or_default();
    let mut response = (status, Body::from(body)).into_response();
    response.headers_mut().extend(headers);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A refusal of another door, in GraphQL's form.
pub(super) fn refuse_with(status: StatusCode, outcome: Outcome) -> Response {
    let mut response = answer(outcome, PLAIN);
    *response.status_mut() = status;
    response
}

/// A refusal before GraphQL is spoken, in its form.
pub(super) fn refuse(status: StatusCode, why: &'static str) -> Response {
    refuse_with(
        status,
        presentable(Outcome::from_errors(vec![ServerError::new(why, None)])),
    )
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next().map(str::trim))
        .is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

fn wanted_type(headers: &HeaderMap) -> &'static str {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if accept.contains("application/graphql-response+json") {
        MODERN
    } else {
        PLAIN
    }
}

/// How the audit log names a request.
const REQUEST_ID: &str = "x-request-id";
const BODY: usize = 256 * 1024;
/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(10);
const PLAIN: &str = "application/json";
const MODERN: &str = "application/graphql-response+json";
