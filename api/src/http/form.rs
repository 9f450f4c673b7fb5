//! The form of an answer: its media type, and with it what its status says (GraphQL over HTTP).
//!
//! Older clients take every status but 200 for a broken transport, so `application/json` has it even for a request that
//! was not understood. Who asks for `application/graphql-response+json` is told by the status.

use async_graphql::{Response as Outcome, ServerError, Value};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// A form of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/json`.
    Plain,
    /// `application/graphql-response+json`.
    Modern,
}

impl Form {
    /// What the header `accept` likes best; the plain one where it has no opinion, none where it wants something else.
    pub(super) fn wanted(headers: &HeaderMap) -> Option<Self> {
        let mut any = false;
        let mut best: Option<(Self, f32)> = None;
        let ranges = headers.get_all(header::ACCEPT).iter();
        for range in ranges
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
        {
            any = true;
            let mut words = range.split(';').map(str::trim);
            let form = match words.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                MODERN => Self::Modern,
                "application/json" | "application/*" | "*/*" => Self::Plain,
                _ => continue,
            };
            let weight = words
                .find_map(|word| word.strip_prefix("q=")?.parse().ok())
                .unwrap_or(1.0);
            let better = best.is_none_or(|(known, most)| weight > most || (weight >= most && known == Self::Plain));
            if weight > 0.0 && better {
                best = Some((form, weight));
            }
        }
        if any {
            best.map(|(form, _)| form)
        } else {
            Some(Self::Plain)
        }
    }

    /// The answer; what was not even begun has no `data`.
    pub(super) fn answer(self, mut outcome: Outcome) -> Response {
        let headers = std::mem::take(&mut outcome.http_headers);
        let status = self.status(&outcome);
        let body = serde_json::to_vec(&Written::of(&outcome)).unwrap_or_default();
        let mut response = (status, Body::from(body)).into_response();
        response.headers_mut().extend(headers);
        let kind = match self {
            Self::Plain => "application/json; charset=utf-8",
            Self::Modern => "application/graphql-response+json; charset=utf-8",
        };
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    fn status(self, outcome: &Outcome) -> StatusCode {
        if self == Self::Plain || is_begun(outcome) {
            return StatusCode::OK;
        }
        match outcome.errors.first().and_then(code) {
            // The protocol's way to ask for the text: not a mistake.
            Some(NOT_KEPT) => StatusCode::OK,
            Some("RATE_LIMITED") => StatusCode::TOO_MANY_REQUESTS,
            Some("UNAVAILABLE") => StatusCode::SERVICE_UNAVAILABLE,
            Some("INTERNAL") => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// Whether anything of an operation was executed: only then an answer has data, be it `null`.
pub(super) fn is_begun(outcome: &Outcome) -> bool {
    outcome.errors.is_empty()
        || outcome.data != Value::Null
        || outcome.errors.iter().any(|error| !error.path.is_empty())
}

/// The code of an error.
pub(super) fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// An outcome as it is written.
#[derive(Serialize)]
pub(super) struct Written<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl<'a> Written<'a> {
    pub(super) fn of(outcome: &'a Outcome) -> Self {
        Self {
            errors: &outcome.errors,
            data: is_begun(outcome).then_some(&outcome.data),
        }
    }
}

/// The code for a hash whose text is not kept.
pub(super) const NOT_KEPT: &str = "PERSISTED_QUERY_NOT_FOUND";
const MODERN: &str = "application/graphql-response+json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_form_that_is_liked_best() {
        let wanted = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            Form::wanted(&headers)
        };
        for (accept, form) in [
            ("*/*", Some(Form::Plain)),
            ("application/json", Some(Form::Plain)),
            (MODERN, Some(Form::Modern)),
            (
                "application/graphql-response+json, application/json",
                Some(Form::Modern),
            ),
            (
                "application/json, application/graphql-response+json",
                Some(Form::Modern),
            ),
            (
                "application/json, application/graphql-response+json;q=0.5",
                Some(Form::Plain),
            ),
            ("application/graphql-response+json;q=0, */*", Some(Form::Plain)),
            ("Application/JSON; charset=utf-8", Some(Form::Plain)),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some(Form::Plain)),
            ("text/html", None),
        ] {
            assert_eq!(wanted(accept), form, "{accept}");
        }
        assert_eq!(Form::wanted(&HeaderMap::new()), Some(Form::Plain));
    }
}
