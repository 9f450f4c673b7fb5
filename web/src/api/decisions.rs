//! Why somebody was refused: the decision by its id, with its steps.

use cynic::QueryBuilder;

use super::{
    client::Api,
    failure::Failure,
    scalar::DateTime,
    schema,
    sessions::{Door, Reason},
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
