//! A denial, and what else cannot be, as HTTP says it: status, headers, and a problem document (RFC 9457).

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use guard::{Denial, Reason};
use serde_json::{Value, json};

/// Carries the reason's name.
pub(crate) const REASON: HeaderName = HeaderName::from_static("x-deny-reason");
/// Carries the refusal's id.
pub(crate) const DECISION: HeaderName = HeaderName::from_static("x-decision-id");

/// The answer to a refused request.
pub(crate) fn response(denial: &Denial) -> Response {
    let status = StatusCode::from_u16(denial.reason.http_status()).unwrap_or(StatusCode::FORBIDDEN);
    let decision = denial.decision.map(|decision| decision.to_string());
    let problem = json!({
        "type": "about:blank",
        "title": denial.reason.as_str(),
        "status": status.as_u16(),
        "detail": denial.sentence(),
        "reason": denial.reason.as_str(),
        "decisionId": decision,
    });
    let mut response = document(status, &problem);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(REASON, HeaderValue::from_static(denial.reason.as_str()));
    if let Some(decision) = decision.and_then(|decision| HeaderValue::from_str(&decision).ok()) {
        headers.insert(DECISION, decision);
    }
    match denial.reason {
        // Bearer, never Basic: a browser must not ask the viewer for a password.
        Reason::TokenMissing => {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"portcullis\""),
            );
        }
        Reason::NotReady | Reason::BackendUnavailable => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        _ => {}
    }
    if let Some(seconds) = denial.retry_after_s {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// The answer to what may be asked and cannot be done so.
pub(crate) fn problem(status: StatusCode, detail: &str) -> Response {
    let problem = json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail,
    });
    document(status, &problem)
}

fn document(status: StatusCode, problem: &Value) -> Response {
    let kind = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    )];
    (status, kind, Json(problem)).into_response()
}
