//! GraphQL over HTTP: JSON in, JSON out, one operation at a time.
//!
//! By POST only. A GET would put secrets of queries into logs, and any page may make a browser send one.

use std::time::Duration;

use async_graphql::{Response as Outcome, ServerError};
use authz::Action;
use axum::{
    body::to_bytes,
    extract::{self, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use futures_util::FutureExt;

use super::{Doors, asked::Asked, form::Form, limits::presentable, origin, presented, rate::Left};
use crate::{
    fault::Fault,
    people::{Presented, identify},
    state::State,
};

/// `POST /graphql`.
pub(super) async fn post(extract::State(doors): extract::State<Doors>, request: Request) -> Response {
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
    let Some(form) = Form::wanted(headers) else {
        return refuse(
            StatusCode::NOT_ACCEPTABLE,
            "answers are application/graphql-response+json or application/json",
        );
    };
    let room = match Room::of(&doors.state, &presented, headers).await {
        Ok(room) => room,
        Err(fault) => return form.answer(failed(fault)),
    };
    // Who sends a body drop by drop does not hold a connection.
    let Ok(read) = tokio::time::timeout(room.patience, to_bytes(request.into_body(), room.bytes)).await else {
        return refuse(StatusCode::REQUEST_TIMEOUT, "the body did not come in time");
    };
    let Ok(body) = read else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, room.too_large);
    };
    let asked = serde_json::from_slice::<Asked>(&body).ok();
    let Some(operation) = asked.and_then(Asked::operation) else {
        return refuse_as(
            StatusCode::BAD_REQUEST,
            form,
            refusal("the body is not one GraphQL request as JSON"),
        );
    };
    let caller = match identify(&doors.state, &presented).await {
        Ok(caller) => caller,
        Err(fault) => return form.answer(failed(fault)),
    };
    let left = doors.state.rate.count(&caller);
    if let Some(refusal) = left.and_then(|left| left.refusal()) {
        let mut response = refuse_as(StatusCode::TOO_MANY_REQUESTS, form, failed(refusal));
        tell(&mut response, &presented, left);
        return response;
    }
    // A client that goes away does not stop a mutation halfway.
    let api = doors.api.clone();
    let done = tokio::spawn(async move { api.execute(operation.data(caller)).boxed().await });
    let outcome = done.await.unwrap_or_else(|error| failed(Fault::bug(&error)));
    let mut response = form.answer(presentable(outcome));
    tell(&mut response, &presented, left);
    response
}

/// How much a body may be, and how long it may take to come.
struct Room {
    bytes: usize,
    patience: Duration,
    too_large: &'static str,
}

impl Room {
    /// There is more for whoever may bring a file of rules, and says beforehand how large it is.
    async fn of(state: &State, presented: &Presented, headers: &HeaderMap) -> Result<Self, Fault> {
        let length = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok());
        let small = length
            .and_then(|length| length.parse().ok())
            .is_none_or(|length: usize| length <= BODY);
        if small || identify(state, presented).await?.may(state, Action::RuleWrite).is_err() {
            return Ok(Self {
                bytes: BODY,
                patience: PATIENCE,
                too_large: "the request is larger than 256 KB",
            });
        }
        Ok(Self {
            bytes: FILE,
            patience: FILE_PATIENCE,
            too_large: "the request is larger than 4 MB",
        })
    }
}

/// What a client is told beside the answer: how the audit log names the request, and how much it may still ask.
pub(super) fn tell(response: &mut Response, presented: &Presented, left: Option<Left>) {
    if let Ok(request) = HeaderValue::from_str(&presented.request.to_string()) {
        response.headers_mut().insert(REQUEST_ID, request);
    }
    if let Some(left) = left {
        left.tell(response.headers_mut());
    }
}

/// The outcome of an operation that was not even begun.
pub(super) fn failed(fault: Fault) -> Outcome {
    let mut error = async_graphql::Error::from(fault).into_server_error(async_graphql::Pos::default());
    error.locations.clear();
    Outcome::from_errors(vec![error])
}

/// A refusal of another door, in GraphQL's form.
pub(super) fn refuse_with(status: StatusCode, outcome: Outcome) -> Response {
    refuse_as(status, Form::Plain, outcome)
}

/// A refusal before GraphQL is spoken, in its form.
pub(super) fn refuse(status: StatusCode, why: &'static str) -> Response {
    let mut outcome = refusal(why);
    if status == StatusCode::FORBIDDEN {
        for error in &mut outcome.errors {
            error.extensions.get_or_insert_default().set("code", "FORBIDDEN");
        }
    }
    refuse_with(status, outcome)
}

fn refuse_as(status: StatusCode, form: Form, outcome: Outcome) -> Response {
    let mut response = form.answer(presentable(outcome));
    *response.status_mut() = status;
    response
}

fn refusal(why: &'static str) -> Outcome {
    Outcome::from_errors(vec![ServerError::new(why, None)])
}

/// Whether a body says that it is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next().map(str::trim))
        .is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

/// How the audit log names a request.
const REQUEST_ID: &str = "x-request-id";
const BODY: usize = 256 * 1024;
/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(10);
const FILE: usize = 4 * 1024 * 1024;
const FILE_PATIENCE: Duration = Duration::from_mins(1);
