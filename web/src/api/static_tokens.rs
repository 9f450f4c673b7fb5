//! Static tokens: texts in a list that let in until they expire.

use cynic::QueryBuilder;

use super::{
    actor::Actor,
    client::Api,
    failure::Failure,
    operations::mutations,
    people::UserError,
    scalar::DateTime,
    schema,
    tokens::{Change, Door},
};

/// What stands in the list; never the text.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct StaticToken {
    pub(crate) id: cynic::Id,
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) door: Door,
    pub(crate) streams: Vec<String>,
    pub(crate) organisation_wide: bool,
    pub(crate) created_at: DateTime,
    pub(crate) created_by: Option<Actor>,
    pub(crate) expires_at: DateTime,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct StaticQuery {
    organisation: StaticOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation")]
struct StaticOfOrganisation {
    static_tokens: Option<Vec<StaticToken>>,
    settings: StaticSettings,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "OrganisationSettings")]
struct StaticSettings {
    static_tokens: bool,
}

/// The list, and whether it lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) tokens: Vec<StaticToken>,
    pub(crate) let_in: bool,
}

/// All of them, the newest first.
pub(crate) async fn all(api: Api) -> Result<Listed, Failure> {
    let organisation = api.query(StaticQuery::build(())).await?.organisation;
    Ok(Listed {
        tokens: organisation.static_tokens.ok_or(Failure::Forbidden)?,
        let_in: organisation.settings.static_tokens,
    })
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct CreateStaticTokenInput {
    pub(crate) name: String,
    pub(crate) door: Door,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) streams: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) organisation: Option<bool>,
    pub(crate) ttl_seconds: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct CreateStaticTokenPayload {
    pub(crate) text: Option<String>,
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RemoveStaticTokenInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RemoveStaticTokenPayload {
    pub(crate) change: Option<Change>,
    errors: Vec<UserError>,
}

mutations! {
    /// Puts one into the list; its text is in the answer, and nowhere else.
    create_static_token(CreateStaticTokenInput) -> CreateStaticTokenPayload;
    /// Takes one out of the list; sessions on it end.
    remove_static_token(RemoveStaticTokenInput) -> RemoveStaticTokenPayload;
}
