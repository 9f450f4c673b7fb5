//! Tokens taken back, one or many; whom that hits is asked before.

use cynic::QueryBuilder;

use super::{
    client::Api, failure::Failure, operations::mutations, people::UserError, scalar::DateTime, schema, tokens::Change,
};

/// What is to be taken back.
#[derive(cynic::InputObject, Clone, Debug, PartialEq, Eq)]
pub(crate) enum RevokeTokensInput {
    Jti(cynic::Id),
    User(String),
    Tag(String),
    Stream(String),
    SigningKey(cynic::Id),
    IssuedBefore(DateTime),
}

#[derive(cynic::QueryVariables, Debug)]
struct PreviewVariables {
    input: RevokeTokensInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "PreviewVariables")]
struct PreviewQuery {
    #[arguments(input: $input)]
    revocation_preview: Option<Preview>,
}

/// Whom a revocation would hit.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "RevocationPreview")]
pub(crate) struct Preview {
    pub(crate) tokens: i32,
    pub(crate) sessions: i32,
    pub(crate) streams: Vec<String>,
    pub(crate) users: Vec<String>,
}

/// Whom it would hit; nothing is revoked.
pub(crate) async fn preview(api: Api, input: RevokeTokensInput) -> Result<Preview, Failure> {
    let query = PreviewQuery::build(PreviewVariables { input });
    api.query(query).await?.revocation_preview.ok_or(Failure::Server)
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RevokeTokensPayload {
    pub(crate) change: Option<Change>,
    errors: Vec<UserError>,
}

mutations! {
    /// Takes tokens back; it has taken effect when this answers, on every node that the change names as done.
    revoke_tokens(RevokeTokensInput) -> RevokeTokensPayload;
}
