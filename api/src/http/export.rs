//! Files that people take away, streamed: who may, and how they are answered.

use std::convert::Infallible;

use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;

use super::{Doors, graphql, origin, presented};
use crate::{
    csv,
    fault::Fault,
    people::{Caller, Presented, identify},
};

/// What a request shows of whoever sent it; nothing where another site made it. The organisation may stand in the address,
/// for a link cannot carry a header.
pub(super) fn shown(doors: &Doors, request: &Request, organisation: Option<String>) -> Option<Presented> {
    let mut presented = presented(&doors.state, request);
    if presented.cookie.is_some() && origin::is_foreign(request.headers(), &doors.state.addresses.http) {
        return None;
    }
    if let Some(hash) = organisation {
        // Two that differ name none.
        let other = presented.organisation.replace(hash.clone());
        if other.is_some_and(|other| other != hash) {
            presented.organisation = Some(String::new());
        }
    }
    Some(presented)
}

/// Who asks, as for an operation of GraphQL.
pub(super) async fn caller(doors: &Doors, presented: Option<Presented>) -> Result<Caller, Response> {
    let Some(presented) = presented else {
        return Err(graphql::refuse(
            StatusCode::FORBIDDEN,
            "another site may not act for whoever is signed in",
        ));
    };
    let caller = identify(&doors.state, &presented).await.map_err(refused)?;
    match doors.state.rate.count(&caller).and_then(|left| left.refusal()) {
        Some(refusal) => Err(refused(refusal)),
        None => Ok(caller),
    }
}

/// A refusal, in GraphQL's form.
pub(super) fn refused(fault: Fault) -> Response {
    let status = match fault {
        Fault::Unauthenticated | Fault::SignInAgain => StatusCode::UNAUTHORIZED,
        Fault::NotFound => StatusCode::NOT_FOUND,
        Fault::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Fault::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Fault::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Fault::Invalid(_) | Fault::Caller(_) => StatusCode::BAD_REQUEST,
        _ => StatusCode::FORBIDDEN,
    };
    graphql::refuse_with(status, graphql::failed(fault))
}

/// A file to be saved under that name.
pub(super) fn file(name: &str, kind: &'static str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, body).into_response()
}

/// Rows that are read while they are sent, some at a time: however many there are, so many are in memory.
pub(super) trait Rows: Send + 'static {
    /// The next lines; none behind the last.
    fn more(&mut self) -> impl Future<Output = Result<Option<String>, Fault>> + Send;
}

/// Rows as a file of CSV. One that cannot go on says so in its last line: what was sent cannot be taken back.
pub(super) fn lines(name: &str, heading: &[&str], rows: impl Rows) -> Response {
    let begin = (Some(rows), Some(csv::line(heading)));
    let body = stream::unfold(begin, async |(rows, heading)| {
        let mut rows = rows?;
        if let Some(heading) = heading {
            return Some((Ok::<_, Infallible>(heading), (Some(rows), None)));
        }
        match rows.more().await {
            Ok(None) => None,
            Ok(Some(lines)) => Some((Ok(lines), (Some(rows), None))),
            Err(_) => Some((Ok(csv::line([BROKE_OFF])), (None, None))),
        }
    });
    file(name, CSV, Body::from_stream(body))
}

/// What CSV is.
pub(super) const CSV: &str = "text/csv; charset=utf-8; header=present";
/// The last line of one that cannot go on: what was sent cannot be taken back.
pub(super) const BROKE_OFF: &str = "the export broke off here: try again";
