//! `GET /rules.csv` and `GET /rules.json`: Guardian rules as a file, streamed, the oldest first. Itself an entry of the
//! audit log. What it says is what `importGuardianRules` reads.

use std::sync::Arc;

use axum::{
    extract::{Query, Request, State},
    http::Method,
    response::Response,
};
use guard::rules::{Action, Kind};
use ids::OrganisationId;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    Doors,
    export::{self, BROKE_OFF, Frame, Rows, Taker, refused},
};
use crate::{
    csv,
    fault::Fault,
    service::{
        rule_export::{self, Texts},
        rule_file::{FIELDS, Format},
        rules::Which,
    },
    state,
};

/// Which rules are wanted, and whose.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    organisation: Option<String>,
    /// In the value or the note.
    text: Option<String>,
    kind: Option<Kind>,
    action: Option<Action>,
}

/// `GET /rules.csv?text=&kind=&action=&organisation=`.
pub(super) async fn csv(doors: State<Doors>, request: Request) -> Response {
    answer(doors, request, Format::Csv)
        .await
        .unwrap_or_else(|refusal| refusal)
}

/// `GET /rules.json`, with the same parameters.
pub(super) async fn json(doors: State<Doors>, request: Request) -> Response {
    answer(doors, request, Format::Json)
        .await
        .unwrap_or_else(|refusal| refusal)
}

async fn answer(State(doors): State<Doors>, request: Request, format: Format) -> Result<Response, Response> {
    let parameters = Query::<Parameters>::try_from_uri(request.uri()).map(|Query(parameters)| parameters);
    let organisation = parameters.as_ref().ok().and_then(|given| given.organisation.clone());
    let caller = export::caller(&doors, export::shown(&doors, &request, organisation)).await?;
    let acting = caller.may(&doors.state, rule_export::READ).map_err(refused)?;
    let parameters = parameters.map_err(|_| {
        refused(Fault::Invalid(
            "a parameter is unknown, or no kind or action of rules as in REFERRER or DENY",
        ))
    })?;
    let which = Which {
        text: parameters.text,
        kind: parameters.kind,
        action: parameters.action,
        ..Which::default()
    };
    rule_export::check(&doors.state, acting.id, &which).map_err(refused)?;
    let kind = match format {
        Format::Csv => export::CSV,
        Format::Json => "application/json",
    };
    let name = format!("guardian-rules-{}.{}", acting.hash, format.as_str());
    if request.method() == Method::HEAD {
        return Ok(export::described(&name, kind));
    }
    rule_export::export(&doors.state, acting, &which, format)
        .await
        .map_err(refused)?;
    let frame = match format {
        Format::Csv => Frame::csv(&FIELDS),
        // It is no list without its end.
        Format::Json => Frame {
            begin: "[".to_owned(),
            end: "\n]\n".to_owned(),
            broken: format!("\n{BROKE_OFF}\n"),
        },
    };
    let rules = Rules {
        state: doors.state.clone(),
        organisation: acting.id,
        which,
        format,
        behind: None,
        begun: false,
    };
    let taker = Taker::new(&doors, &caller, acting, None);
    Ok(export::sent(&name, kind, frame, rules, taker))
}

/// How far an export is.
struct Rules {
    state: Arc<state::State>,
    organisation: OrganisationId,
    which: Which,
    format: Format,
    /// The last rule that was looked at.
    behind: Option<Uuid>,
    /// Whether a rule was written.
    begun: bool,
}

impl Rows for Rules {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        let (rules, last) = rule_export::batch(&self.state, self.organisation, &self.which, self.behind).await?;
        self.behind = last;
        Ok(last.map(|_| self.written(&rules)))
    }
}

impl Rules {
    fn written(&mut self, rules: &[Texts]) -> String {
        let mut text = String::new();
        for rule in rules {
            match self.format {
                Format::Csv => text.push_str(&csv::line(rule.iter().map(|one| one.as_deref().unwrap_or_default()))),
                Format::Json => {
                    text.push_str(if self.begun { ",\n  " } else { "\n  " });
                    text.push_str(&object(rule).to_string());
                }
            }
            self.begun = true;
        }
        text
    }
}

/// The fields that a rule has.
fn object(rule: &Texts) -> Value {
    let fields = FIELDS.into_iter().zip(rule);
    let there = fields.filter_map(|(name, text)| Some((name.to_owned(), Value::from(text.clone()?))));
    Value::Object(there.collect::<Map<_, _>>())
}
