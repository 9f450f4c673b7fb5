//! Signing in with an identity provider: `/sign-in/provider/ID?return=/…` begins, `/sign-in/callback` finishes. A browser
//! goes through both; whatever goes wrong is told by the dashboard, at `/sign-in?problem=CODE`.

use axum::{
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{Doors, presented};
use crate::people::{
    named,
    provider::{self, Answer, COOKIE, Problem},
};

/// Where to go afterwards.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(rename = "return")]
    back: Option<String>,
}

/// What a provider sends back.
#[derive(Deserialize)]
pub(super) struct Sent {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Sends the browser to the provider.
pub(super) async fn begin(
    State(doors): State<Doors>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    request: Request,
) -> Response {
    let presented = presented(&doors.state, &request);
    match provider::begin(&doors.state, &presented, &id, wanted.back.as_deref()).await {
        Ok(begun) => to(begun.url.as_str(), &[begun.cookie]),
        Err(problem) => sorry(problem, &[]),
    }
}

/// Takes the browser back.
pub(super) async fn finish(State(doors): State<Doors>, Query(sent): Query<Sent>, request: Request) -> Response {
    let presented = presented(&doors.state, &request);
    let sealed = named(request.headers(), COOKIE);
    let answer = Answer {
        state: sent.state,
        code: sent.code,
        error: sent.error,
        issuer: sent.iss,
    };
    let forget = provider::no_cookie(presented.https);
    let state = doors.state.clone();
    // A browser that goes away does not stop it halfway.
    let done = tokio::spawn(async move {
        let done = provider::finish(&state, &presented, sealed.as_deref(), answer).await;
        done.map(|finished| (finished.secret.header(presented.https), finished.back))
    });
    match done.await.unwrap_or(Err(Problem::Internal)) {
        Ok((cookie, back)) => to(&back, &[cookie, forget]),
        Err(problem) => sorry(problem, &[forget]),
    }
}

fn sorry(problem: Problem, cookies: &[String]) -> Response {
    to(&format!("/sign-in?problem={}", problem.as_str()), cookies)
}

/// To another address, with these cookies; the code in this one is told to nobody.
fn to(address: &str, cookies: &[String]) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let Ok(address) = HeaderValue::from_str(address) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    headers.insert(header::LOCATION, address);
    for cookie in cookies {
        if let Ok(cookie) = HeaderValue::from_str(cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
    (StatusCode::SEE_OTHER, headers).into_response()
}
