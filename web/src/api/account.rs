//! A person's own account: where it is signed in.

use cynic::QueryBuilder;

use super::{client::Api, failure::Failure, operations::mutations, people::UserError, scalar::DateTime, schema};

/// A browser that is signed in.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct SignIn {
    pub(crate) id: cynic::Id,
    /// Whether it is the one that asks.
    pub(crate) current: bool,
    pub(crate) address: String,
    pub(crate) user_agent: Option<String>,
    pub(crate) created_at: DateTime,
    pub(crate) last_used_at: DateTime,
    pub(crate) second_factor: bool,
    pub(crate) how: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct SecurityQuery {
    viewer: Security,
}

/// How one's account is kept.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Viewer")]
pub(crate) struct Security {
    pub(crate) sign_ins: Vec<SignIn>,
}

/// One's own sign-ins.
pub(crate) async fn security(api: Api) -> Result<Security, Failure> {
    Ok(api.query(SecurityQuery::build(())).await?.viewer)
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct EndSignInInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct EndSignInPayload {
    errors: Vec<UserError>,
}

mutations! {
    /// Ends a sign-in: an own one everywhere, another's in this organisation.
    end_sign_in(EndSignInInput) -> EndSignInPayload;
}
