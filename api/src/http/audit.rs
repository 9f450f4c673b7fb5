//! `GET /audit.csv`: the audit log as a file, streamed, the newest entries first; for administrators. Itself an entry.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Query, Request, State},
    http::Method,
    response::Response,
};
use chrono::{DateTime, SecondsFormat, Utc};
use entity::audit_entry;
use guard::Timestamp;
use ids::{AuditId, OrganisationId};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Doors,
    export::{self, Rows, Taker, refused},
};
use crate::{
    csv,
    fault::Fault,
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
pub(super) async fn csv(doors: State<Doors>, request: Request) -> Response {
    answer(doors, request).await.unwrap_or_else(|refusal| refusal)
}

async fn answer(State(doors): State<Doors>, request: Request) -> Result<Response, Response> {
    let parameters = Query::<Parameters>::try_from_uri(request.uri()).map(|Query(parameters)| parameters);
    let organisation = parameters.as_ref().ok().and_then(|given| given.organisation.clone());
    let caller = export::caller(&doors, export::shown(&doors, &request, organisation)).await?;
    let acting = caller.may(&doors.state, audit_log::READ).map_err(refused)?;
    let parameters = parameters.map_err(|_| {
        refused(Fault::Invalid(
            "a parameter is unknown, or no moment as in 2027-01-31T00:00:00Z",
        ))
    })?;
    let moment = |at: DateTime<Utc>| Timestamp::from_us(at.timestamp_micros());
    let which = Which {
        action: parameters.action,
        actor: parameters.actor,
        object: parameters.object,
        from: parameters.from.map(moment),
        to: parameters.to.map(moment),
    };
    audit_log::check(acting.id, &which).map_err(refused)?;
    let name = format!("audit-{}.csv", acting.hash);
    if request.method() == Method::HEAD {
        return Ok(export::described(&name, export::CSV));
    }
    audit_log::export(&doors.state, acting, &which).await.map_err(refused)?;
    let begin = Log {
        state: doors.state.clone(),
        organisation: acting.id,
        which,
        after: None,
    };
    let taker = Taker::new(&doors, &caller, acting, None);
    Ok(export::lines(&name, &HEADING, begin, taker))
}

/// How far an export is.
struct Log {
    state: Arc<state::State>,
    organisation: OrganisationId,
    which: Which,
    /// The last entry that was sent.
    after: Option<Uuid>,
}

impl Rows for Log {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        let rows = audit_log::batch(&self.state, self.organisation, &self.which, self.after).await?;
        let actors: Vec<_> = rows.iter().filter_map(audit_log::actor).collect();
        let (people, software) = reading::names(&self.state, &actors).await?;
        let names: HashMap<_, _> = people.into_iter().chain(software).collect();
        self.after = rows.last().map(|row| row.id);
        let lines = rows.iter().map(|row| entry(row, &names)).collect();
        Ok(self.after.map(|_| lines))
    }
}

fn entry(row: &audit_entry::Model, names: &HashMap<Uuid, String>) -> String {
    let at = DateTime::from_timestamp_micros(row.created_at).unwrap_or_default();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let actor = audit_log::actor(row).and_then(|id| names.get(&id));
    csv::line([
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
    ])
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
