//! Viewers who are banned, as tokens name them.

use cynic::QueryBuilder;

use super::{
    actor::Actor, client::Api, failure::Failure, operations::mutations, page::Page, people::UserError,
    scalar::DateTime, schema, streams::PageInfo, tokens::Change,
};

/// Somebody whom no token lets in.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct BannedUser {
    pub(crate) user: String,
    pub(crate) note: Option<String>,
    pub(crate) banned_at: DateTime,
    pub(crate) banned_by: Option<Actor>,
}

#[derive(cynic::QueryVariables, Debug)]
struct BansVariables {
    after: Option<String>,
    text: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "BansVariables")]
struct BansQuery {
    organisation: BansOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "BansVariables")]
struct BansOfOrganisation {
    #[arguments(first: 50, after: $after, text: $text)]
    banned_users: Option<BannedUserConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct BannedUserConnection {
    nodes: Vec<BannedUser>,
    page_info: PageInfo,
    total_count: i32,
}

/// Who is banned, the last banned first.
pub(crate) async fn page(api: Api, text: Option<String>, after: Option<String>) -> Result<Page<BannedUser>, Failure> {
    let query = BansQuery::build(BansVariables { after, text });
    let found = api.query(query).await?.organisation.banned_users;
    let found = found.ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct BanUserInput {
    pub(crate) user: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct BanUserPayload {
    pub(crate) change: Option<Change>,
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct UnbanUserInput {
    pub(crate) user: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct UnbanUserPayload {
    errors: Vec<UserError>,
}

mutations! {
    /// Refuses every token that names the viewer, and ends their sessions.
    ban_user(BanUserInput) -> BanUserPayload;
    /// Takes a ban back.
    unban_user(UnbanUserInput) -> UnbanUserPayload;
}
