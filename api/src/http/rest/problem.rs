//! What is answered instead: problem details (RFC 9457), with the codes that GraphQL has.

use async_graphql::ServerError;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::json_of;
use crate::{fault::Fault, http::graphql};

/// Why a request came to nothing.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    /// `code`, `detail` and what else there is to say.
    members: Map<String, Value>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &str, detail: &str) -> Self {
        let members = [("code", json!(code)), ("detail", json!(detail))];
        Self {
            status,
            members: members
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect(),
        }
    }

    /// An error of an operation; what it says beside code and message comes along.
    pub(super) fn of_error(error: ServerError) -> Self {
        let extensions = error.extensions.and_then(|known| serde_json::to_value(known).ok());
        let Some(Value::Object(mut members)) = extensions else {
            return Self::new(StatusCode::BAD_REQUEST, "INVALID", &error.message);
        };
        let code = members.get("code").and_then(Value::as_str).unwrap_or_default();
        let status = match code {
            "UNAUTHENTICATED" => StatusCode::UNAUTHORIZED,
            "FORBIDDEN" | "PACKAGE_REQUIRED" => StatusCode::FORBIDDEN,
            "NOT_FOUND" => StatusCode::NOT_FOUND,
            "CONFLICT" => StatusCode::CONFLICT,
            "RATE_LIMITED" => StatusCode::TOO_MANY_REQUESTS,
            "UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
            "INTERNAL" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        members.insert("detail".to_owned(), json!(error.message));
        Self { status, members }
    }

    /// What a caller can mend: each mistake with the name of its field.
    pub(super) fn of_input(errors: &[Value]) -> Self {
        let mistakes: Vec<_> = errors.iter().map(mistake).collect();
        let detail = errors
            .first()
            .and_then(|first| first["message"].as_str())
            .unwrap_or_default();
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID", detail);
        problem.members.insert("errors".to_owned(), json!(mistakes));
        problem
    }

    pub(super) fn into_response(self) -> Response {
        let mut members = self.members;
        members.insert("type".to_owned(), json!("about:blank"));
        members.insert("title".to_owned(), json!(self.status.canonical_reason()));
        members.insert("status".to_owned(), json!(self.status.as_u16()));
        let mut response = json_of(self.status, KIND, &Value::Object(members));
        if self.status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Caller(error) => {
                let error = json!({ "code": error.code, "message": error.message, "field": error.field });
                Self::of_input(&[error])
            }
            other => match graphql::failed(other).errors.into_iter().next() {
                Some(error) => Self::of_error(error),
                None => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", ""),
            },
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        Self::into_response(self)
    }
}

/// The field as the body names it: GraphQL's path begins with the argument.
fn mistake(error: &Value) -> Value {
    let field = error["field"].as_array().map(|path| {
        let names = path.iter().filter_map(Value::as_str).skip(1);
        names.collect::<Vec<_>>().join(".")
    });
    json!({ "code": error["code"], "message": error["message"], "field": field })
}

/// What problem details are.
pub(super) const KIND: &str = "application/problem+json";
