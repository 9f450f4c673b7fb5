//! `GET /cases/ID/report.html`: a misuse case as one page that prints well, to be sent to whoever hosts the thief. Itself an
//! entry of the audit log.
//!
//! It is read by strangers, so it says no more than what was found: notes and names of viewers are in it only where that is
//! asked for. Everything in it is text: what viewers and players call themselves runs nothing and fetches nothing.

mod page;

use authz::Action;
use axum::{
    Router,
    extract::{Path, Request, State},
    http::{Method, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};

use super::{
    Doors,
    export::{self, refused},
    tables::Parameters,
};
use crate::{
    fault::Fault,
    service::cases::{
        self,
        report::{self, Parts},
    },
};

/// The routes.
pub(super) fn routes() -> Router<Doors> {
    Router::new().route("/cases/{id}/report.html", get(report))
}

/// `?notes=true&viewers=true&organisation=`.
async fn report(State(doors): State<Doors>, Path(id): Path<String>, request: Request) -> Response {
    let parameters = Parameters::of(request.uri());
    let organisation = parameters.as_ref().ok().and_then(Parameters::organisation);
    let shown = export::shown(&doors, &request, organisation);
    let caller = match export::caller(&doors, shown).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let head = request.method() == Method::HEAD;
    let answer = async {
        let acting = caller.may(&doors.state, Action::CaseRead)?;
        let mut parameters = parameters?;
        let parts = Parts {
            notes: parameters.one("notes")?.unwrap_or(false),
            viewers: parameters.one("viewers")?.unwrap_or(false),
        };
        parameters.end()?;
        if head {
            cases::by_id(doors.state.store.read(), acting.id, &id).await?;
            return Ok(String::new());
        }
        Ok::<_, Fault>(page::of(&report::make(&doors.state, acting, &id, parts).await?))
    };
    answer.await.map_or_else(refused, sent)
}

fn sent(page: String) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, page::policy()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, Html(page)).into_response()
}
