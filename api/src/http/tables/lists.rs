//! `GET /responses.csv`, `/cases.csv`, `/alerts.csv`, `/alert-deliveries.csv`, `/refusals.csv`: lists of the organisation's,
//! the newest first. They need no package, for what is in them stays when one is taken.

use authz::Action;
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::get,
};

use super::{
    Asked, asked, file,
    rows::{self, Deliveries, List},
};
use crate::{
    graphql::types::{
        Alert, AlertDelivery, AlertFilter, CaseState, Decision, MisuseCase, MisuseResponse, RefusalFilter,
        ResponseState,
    },
    http::Doors,
    service::{alerts, decisions},
};

/// The routes.
pub(super) fn routes() -> Router<Doors> {
    Router::new()
        .route("/responses.csv", get(responses))
        .route("/cases.csv", get(cases))
        .route("/alerts.csv", get(alerts))
        .route("/alert-deliveries.csv", get(deliveries))
        .route("/refusals.csv", get(refusals))
}

/// What is done about misuse.
async fn responses(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            mut parameters,
            head,
        } = asked;
        let standing: Option<ResponseState> = parameters.one("state")?;
        let part = parameters.part("responses")?;
        let which = rows::Responses(standing.map(Into::into));
        let rows = |place| List::new(doors.state.clone(), taker.acting.id, which, place);
        file(doors, (&taker, head), part, &MisuseResponse::HEADING, rows).await
    };
    asked(doors, request, (Action::ResponseRead, None), answer).await
}

/// Misuse cases; what is in one is in its report.
async fn cases(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            mut parameters,
            head,
        } = asked;
        let standing: Option<CaseState> = parameters.one("state")?;
        let part = parameters.part("cases")?;
        let which = rows::Cases(standing.map(CaseState::column));
        let rows = |place| List::new(doors.state.clone(), taker.acting.id, which, place);
        file(doors, (&taker, head), part, &MisuseCase::HEADING, rows).await
    };
    asked(doors, request, (Action::CaseRead, None), answer).await
}

/// Alerts, those that are over too.
async fn alerts(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            mut parameters,
            head,
        } = asked;
        let filter: AlertFilter = parameters.fields(&ALERT_FILTER)?;
        let part = parameters.part("alerts")?;
        let which: alerts::Which = filter.into();
        let rows = |place| List::new(doors.state.clone(), taker.acting.id, which, place);
        file(doors, (&taker, head), part, &Alert::HEADING, rows).await
    };
    asked(doors, request, (Action::AlertRead, None), answer).await
}

/// What receivers of alerts were sent.
async fn deliveries(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            parameters,
            head,
        } = asked;
        let part = parameters.part("alert-deliveries")?;
        let rows = |place| List::new(doors.state.clone(), taker.acting.id, Deliveries, place);
        file(doors, (&taker, head), part, &AlertDelivery::HEADING, rows).await
    };
    asked(doors, request, (Action::AlertReceiverRead, None), answer).await
}

/// Who was refused of late, and why.
async fn refusals(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            mut parameters,
            head,
        } = asked;
        let filter: RefusalFilter = parameters.fields(&REFUSAL_FILTER)?;
        let part = parameters.part("refusals")?;
        let which: decisions::Refusals = filter.into();
        which.check()?;
        let rows = |place| List::new(doors.state.clone(), taker.acting.id, which, place);
        file(doors, (&taker, head), part, &Decision::HEADING, rows).await
    };
    asked(doors, request, (Action::Explain, None), answer).await
}

/// The fields of `AlertFilter`.
const ALERT_FILTER: [&str; 2] = ["state", "rule"];
/// The fields of `RefusalFilter`.
const REFUSAL_FILTER: [&str; 6] = ["stream", "door", "reason", "user", "jti", "ip"];
