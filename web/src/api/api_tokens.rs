//! What software signs in with: API tokens, and the organisation's API key.

use cynic::QueryBuilder;

use super::{
    actor::Actor,
    client::Api,
    failure::Failure,
    operations::{bare_mutations, mutations},
    page::Page,
    people::UserError,
    scalar::{DateTime, Role},
    schema,
    streams::PageInfo,
};

/// The record of a token; the secret itself is shown once and kept nowhere.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct ApiToken {
    pub(crate) id: cynic::Id,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) prefix: String,
    pub(crate) kind: ViewerKind,
    pub(crate) created_by: Option<Actor>,
    pub(crate) created_at: DateTime,
    pub(crate) expires_at: Option<DateTime>,
    pub(crate) last_used_at: Option<DateTime>,
    pub(crate) last_used_address: Option<String>,
    pub(crate) status: ApiTokenStatus,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViewerKind {
    ApiKey,
    ApiToken,
    User,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiTokenStatus {
    Active,
    Revoked,
    Expired,
}

/// Which tokens are wanted.
#[derive(cynic::InputObject, Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiTokenFilter {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<ApiTokenStatus>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) mine: Option<bool>,
}

#[derive(cynic::QueryVariables, Debug)]
struct TokenVariables {
    after: Option<String>,
    filter: ApiTokenFilter,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "TokenVariables")]
struct TokensQuery {
    organisation: TokensOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "TokenVariables")]
struct TokensOfOrganisation {
    #[arguments(first: 50, after: $after, filter: $filter)]
    api_tokens: Option<ApiTokenConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct ApiTokenConnection {
    nodes: Vec<ApiToken>,
    page_info: PageInfo,
    total_count: i32,
}

/// Tokens, the newest first: everybody's for administrators, else one's own.
pub(crate) async fn page(api: Api, filter: ApiTokenFilter, after: Option<String>) -> Result<Page<ApiToken>, Failure> {
    let query = TokensQuery::build(TokenVariables { after, filter });
    let found = api.query(query).await?.organisation.api_tokens;
    let found = found.ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

/// The organisation's API key, wherever it stands among the tokens that act.
pub(crate) async fn api_key(api: Api) -> Result<Option<ApiToken>, Failure> {
    let filter = ApiTokenFilter {
        status: Some(ApiTokenStatus::Active),
        mine: None,
    };
    let mut after = None;
    loop {
        let found = page(api, filter.clone(), after).await?;
        let key = found.nodes.into_iter().find(|one| one.kind == ViewerKind::ApiKey);
        after = found.next;
        if key.is_some() || after.is_none() {
            return Ok(key);
        }
    }
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct CreateApiTokenInput {
    pub(crate) name: String,
    pub(crate) role: Role,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) ttl_seconds: Option<i32>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct CreateApiTokenPayload {
    errors: Vec<UserError>,
    pub(crate) secret: Option<String>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RevokeApiTokenInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RevokeApiTokenPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RotateApiKeyPayload {
    errors: Vec<UserError>,
    pub(crate) secret: Option<String>,
}

mutations! {
    /// A new token, with its secret.
    create_api_token(CreateApiTokenInput) -> CreateApiTokenPayload;
    /// Ends a token.
    revoke_api_token(RevokeApiTokenInput) -> RevokeApiTokenPayload;
}

bare_mutations! {
    /// A new API key; the old one ends.
    rotate_api_key -> RotateApiKeyPayload;
}
