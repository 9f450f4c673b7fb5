//! Why somebody was refused: the decision by its id, with its steps.

use cynic::QueryBuilder;

use super::{
    client::Api,
    events::{SessionEvent, SessionEventKind},
    failure::Failure,
    scalar::DateTime,
    schema,
    sessions::{Door, Protocol, Reason},
};

/// A refusal, and what led to it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) at: DateTime,
    pub(crate) stream: String,
    pub(crate) door: Door,
    pub(crate) address: String,
    pub(crate) reason: Option<Reason>,
    pub(crate) steps: Vec<DecisionStep>,
    pub(crate) visitor: Option<Refused>,
}

/// Somebody who was refused, as far as it is known who that is.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "Visitor")]
pub(crate) struct Refused {
    pub(crate) country: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) jti: Option<cynic::Id>,
    pub(crate) user_agent: Option<String>,
    pub(crate) referrer: Option<String>,
}

/// One thing that was looked at.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct DecisionStep {
    pub(crate) check: String,
    pub(crate) looked_at: String,
    pub(crate) outcome: StepOutcome,
    pub(crate) because: String,
}

/// What came out of a step.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepOutcome {
    Passed,
    Failed,
    Assumed,
}

#[derive(cynic::QueryVariables, Debug)]
struct IdVariables {
    id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
struct DecisionQuery {
    #[arguments(id: $id)]
    decision: Option<Decision>,
}

/// The refusal of that id.
pub(crate) async fn one(api: Api, id: cynic::Id) -> Result<Decision, Failure> {
    let answer = api.query(DecisionQuery::build(IdVariables { id })).await?;
    answer.decision.ok_or(Failure::NotFound)
}

#[derive(cynic::InputObject, Debug)]
struct RefusalFilter {
    #[cynic(skip_serializing_if = "Option::is_none")]
    stream: Option<String>,
}

#[derive(cynic::QueryVariables, Debug)]
struct PastVariables {
    filter: RefusalFilter,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "PastVariables")]
struct PastQuery {
    organisation: RefusalsOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "PastVariables")]
struct RefusalsOfOrganisation {
    #[arguments(first: 50, filter: $filter)]
    refusals: Option<RefusalConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct RefusalConnection {
    nodes: Vec<Refusal>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Decision")]
struct Refusal {
    id: Option<cynic::Id>,
    at: DateTime,
    stream: String,
    door: Door,
    protocol: Option<Protocol>,
    address: String,
    reason: Option<Reason>,
    visitor: Option<Refused>,
}

/// The latest refusals as the events that they were, newest first: of one stream, or of the whole organisation.
pub(crate) async fn past(api: Api, stream: Option<String>) -> Result<Vec<SessionEvent>, Failure> {
    let filter = RefusalFilter { stream };
    let answer = api.query(PastQuery::build(PastVariables { filter })).await?;
    let refusals = answer.organisation.refusals.ok_or(Failure::Forbidden)?.nodes;
    Ok(refusals.into_iter().filter_map(event_of).collect())
}

fn event_of(refusal: Refusal) -> Option<SessionEvent> {
    Some(SessionEvent {
        kind: SessionEventKind::Denied,
        at: refusal.at,
        stream: refusal.stream,
        door: refusal.door,
        protocol: refusal.protocol?,
        address: refusal.address,
        reason: refusal.reason,
        decision: refusal.id,
        session: None,
        visitor: refusal.visitor,
    })
}
