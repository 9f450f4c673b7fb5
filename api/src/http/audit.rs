//! `GET /audit.csv`: the audit log as a file, streamed, the newest entries first; for administrators. Itself an entry.
//!
//! Every cell is quoted (RFC 4180), and none is a formula to a spreadsheet.

use std::{collections::HashMap, convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    extract::{Query, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, SecondsFormat, Utc};
use entity::audit_entry;
use futures_util::stream;
use guard::Timestamp;
use ids::{AuditId, OrganisationId};
use serde::Deserialize;
use uuid::Uuid;

use super::{Doors, graphql, origin, presented};
use crate::{
    fault::Fault,
    people::identify,
    service::{
        audit_log::{self, Which},
        reading,
    },
    state,
};

/// What of the log is wanted. The organisation is here too, for a link cannot carry a header.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    organisation: Option<String>,
    action: Option<String>,
    actor: Option<String>,
    object: Option<String>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

/// `GET /audit.csv?action=&actor=&object=&from=&to=&organisation=`.
pub(super) async fn csv(State(doors): State<Doors>, request: Request) -> Response {
    let mut presented = presented(&doors.state, &request);
    if presented.cookie.is_some() && origin::is_foreign(request.headers(), &doors.state.addresses.http) {
        return graphql::refuse(
            StatusCode::FORBIDDEN,
            "another site may not act for whoever is signed in",
        );
    }
    let parameters = Query::<Parameters>::try_from_uri(request.uri()).map(|Query(parameters)| parameters);
    if let Ok(Parameters {
        organisation: Some(hash),
        ..
    }) = &parameters
    {
        // Two that differ name none.
        let other = presented.organisation.replace(hash.clone());
        if other.is_some_and(|other| other != *hash) {
            presented.organisation = Some(String::new());
        }
    }
    let caller = match identify(&doors.state, &presented).await {
        Ok(caller) => caller,
        Err(fault) => return refused(fault),
    };
    if let Some(refusal) = doors.state.rate.count(&caller).and_then(|left| left.refusal()) {
        return refused(refusal);
    }
    let acting = match caller.may(&doors.state, audit_log::READ) {
        Ok(acting) => acting,
        Err(fault) => return refused(fault),
    };
    let Ok(parameters) = parameters else {
        return refused(Fault::Invalid(
            "a parameter is unknown, or no moment as in 2027-01-31T00:00:00Z",
        ));
    };
    let moment = |at: DateTime<Utc>| Timestamp::from_us(at.timestamp_micros());
    let which = Which {
        action: parameters.action,
        actor: parameters.actor,
        object: parameters.object,
        from: parameters.from.map(moment),
        to: parameters.to.map(moment),
    };
    if let Err(fault) = audit_log::export(&doors.state, acting, &which).await {
        return refused(fault);
    }
    let name = format!("attachment; filename=\"audit-{}.csv\"", acting.hash);
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present".to_owned(),
        ),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    let begin = Step {
        state: doors.state.clone(),
        organisation: acting.id,
        which,
        after: After::Heading,
    };
    (headers, Body::from_stream(stream::unfold(begin, Step::next))).into_response()
}

/// How far an export is.
struct Step {
    state: Arc<state::State>,
    organisation: OrganisationId,
    which: Which,
    after: After,
}

enum After {
    Heading,
    Entry(Option<Uuid>),
    End,
}

impl Step {
    /// The next lines. An export that cannot go on says so in its last line: what was sent cannot be taken back.
    async fn next(mut self) -> Option<(Result<String, Infallible>, Self)> {
        let lines = match self.after {
            After::Heading => {
                self.after = After::Entry(None);
                line(HEADING.into_iter().map(str::to_owned))
            }
            After::End => return None,
            After::Entry(after) => match self.lines(after).await {
                Ok((_, None)) => return None,
                Ok((lines, last)) => {
                    self.after = After::Entry(last);
                    lines
                }
                Err(_) => {
                    self.after = After::End;
                    line(["the export broke off here: try again".to_owned()].into_iter())
                }
            },
        };
        Some((Ok(lines), self))
    }

    async fn lines(&self, after: Option<Uuid>) -> Result<(String, Option<Uuid>), Fault> {
        let rows = audit_log::batch(&self.state, self.organisation, &self.which, after).await?;
        let actors: Vec<_> = rows.iter().filter_map(audit_log::actor).collect();
        let (people, software) = reading::names(&self.state, &actors).await?;
        let names: HashMap<_, _> = people.into_iter().chain(software).collect();
        let last = rows.last().map(|row| row.id);
        Ok((rows.iter().map(|row| entry(row, &names)).collect(), last))
    }
}

fn entry(row: &audit_entry::Model, names: &HashMap<Uuid, String>) -> String {
    let at = DateTime::from_timestamp_micros(row.created_at).unwrap_or_default();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let actor = audit_log::actor(row).and_then(|id| names.get(&id));
    line(
        [
            AuditId::from_uuid(row.id).to_string(),
            row.sequence.map(|number| number.to_string()).unwrap_or_default(),
            at.to_rfc3339_opts(SecondsFormat::Micros, true),
            row.actor_kind.clone(),
            text(actor.map(String::as_str)),
            text(row.role.as_deref()),
            row.action.clone(),
            audit_log::object(row).to_owned(),
            row.detail.to_string(),
            text(audit_log::personal(row, "address")),
            text(audit_log::personal(row, "email")),
            text(row.request_id.as_deref()),
            row.hash.as_deref().map(hex::encode).unwrap_or_default(),
        ]
        .into_iter(),
    )
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<_> = cells.map(|text| cell(&text)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A quoted cell. What a spreadsheet would take for a formula gets an apostrophe, which says that it is text.
fn cell(text: &str) -> String {
    let formula = text
        .trim_start_matches([' ', '\u{a0}', '\u{feff}'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '%', '＝', '＋', '－', '＠']);
    let mark = if formula { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

fn refused(fault: Fault) -> Response {
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

const HEADING: [&str; 13] = [
    "id",
    "sequence",
    "at",
    "actor_kind",
    "actor",
    "role",
    "action",
    "object",
    "detail",
    "address",
    "email",
    "request_id",
    "hash",
];

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula_and_none_ends_early() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "  =1",
            "＝1",
            "\n=1",
            "\u{feff}=1",
        ] {
            assert_eq!(cell(text), format!("\"'{text}\""));
        }
        assert_eq!(cell("a\",\"=b\r\n"), "\"a\"\",\"\"=b\r\n\"");
        assert_eq!(cell("plain, text"), "\"plain, text\"");
    }
}
