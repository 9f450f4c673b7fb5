//! Tokens looked at: the record by id, and the server's word on a text.

use cynic::{MutationBuilder, QueryBuilder};

use super::{
    actor::Actor,
    client::{Api, settle},
    failure::Failure,
    operations::mutations,
    page::Json,
    people::{UserError, first_error},
    scalar::{DateTime, TokenStatus},
    schema,
    tokens::Advice,
};

/// The record of a token, with what it says.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "PlaybackToken")]
pub(crate) struct Record {
    pub(crate) jti: cynic::Id,
    pub(crate) status: TokenStatus,
    pub(crate) created_at: DateTime,
    pub(crate) created_by: Option<Actor>,
    pub(crate) revoked_at: Option<DateTime>,
    pub(crate) claims: Json,
}

#[derive(cynic::QueryVariables, Debug)]
struct RecordVariables {
    jti: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RecordVariables")]
struct RecordQuery {
    #[arguments(jti: $jti)]
    playback_token: Option<Record>,
}

/// The record with that id.
pub(crate) async fn record(api: Api, jti: String) -> Result<Record, Failure> {
    let jti = cynic::Id::new(jti);
    let answer = api.query(RecordQuery::build(RecordVariables { jti })).await?;
    answer.playback_token.ok_or(Failure::NotFound)
}

#[derive(cynic::InputObject, Debug)]
struct LintTokenInput {
    token: String,
}

#[derive(cynic::QueryVariables, Debug)]
struct LintVariables {
    input: LintTokenInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "LintVariables")]
struct Lint {
    #[arguments(input: $input)]
    lint_token: Option<Looked>,
}

/// What kind of credential a text is.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    Handle,
    Jwt,
    Opaque,
    Static,
}

/// What the server says of a text.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "LintTokenPayload")]
pub(crate) struct Looked {
    pub(crate) kind: Option<CredentialKind>,
    pub(crate) signed: bool,
    pub(crate) kid: Option<String>,
    pub(crate) jti: Option<cynic::Id>,
    pub(crate) claims: Option<Json>,
    pub(crate) record: Option<Record>,
    pub(crate) advice: Vec<Advice>,
    errors: Vec<UserError>,
}

/// Has a text that is shown as a credential looked at; nothing of it is kept.
pub(crate) async fn look(api: Api, token: String) -> Result<Looked, Failure> {
    let input = LintTokenInput { token };
    let answer = api.mutate(Lint::build(LintVariables { input })).await?;
    settle(answer.lint_token, |looked| first_error(&looked.errors))
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct CreateHandleInput {
    pub(crate) token: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct CreateHandlePayload {
    pub(crate) handle: Option<String>,
    errors: Vec<UserError>,
}

mutations! {
    /// Makes a short text that stands for a token; it is seen this once.
    create_handle(CreateHandleInput) -> CreateHandlePayload;
}
