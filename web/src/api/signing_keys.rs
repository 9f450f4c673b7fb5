//! Signing keys: ours, and those of the organisation's own; never what they sign with.

use cynic::QueryBuilder;

use super::{
    client::Api, failure::Failure, operations::mutations, page::Json, people::UserError, scalar::DateTime, schema,
    tokens::Change,
};

/// A key that verifies tokens, or a set of them that is kept elsewhere.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct SigningKey {
    pub(crate) id: cynic::Id,
    pub(crate) kid: String,
    pub(crate) algorithm: String,
    pub(crate) ours: bool,
    pub(crate) signs: bool,
    pub(crate) created_at: DateTime,
    pub(crate) ends_at: Option<DateTime>,
    pub(crate) tokens: i32,
    pub(crate) sessions: i32,
    pub(crate) dialect: Option<ClaimDialect>,
    pub(crate) claim_map: Option<Json>,
    pub(crate) jwks_url: Option<String>,
    pub(crate) keys: Vec<FetchedKey>,
    pub(crate) fetched_at: Option<DateTime>,
    pub(crate) fetch_error: Option<String>,
}

/// A key of a set.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct FetchedKey {
    pub(crate) kid: String,
    pub(crate) algorithm: String,
}

/// How tokens name their claims.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClaimDialect {
    Ours,
    AntMedia,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct KeysQuery {
    organisation: KeysOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation")]
struct KeysOfOrganisation {
    signing_keys: Option<Vec<SigningKey>>,
}

/// All of them, the newest first.
pub(crate) async fn all(api: Api) -> Result<Vec<SigningKey>, Failure> {
    let found = api.query(KeysQuery::build(())).await?.organisation.signing_keys;
    found.ok_or(Failure::Forbidden)
}

#[derive(cynic::InputObject, Debug, Default)]
pub(crate) struct AddSigningKeyInput {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) public_key_pem: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none", rename = "hs256Secret")]
    pub(crate) hs256_secret: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) jwks_url: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) kid: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) dialect: Option<ClaimDialect>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) claim_map: Option<Json>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct AddSigningKeyPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RotateSigningKeyInput {
    pub(crate) end_old: bool,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RotateSigningKeyPayload {
    errors: Vec<UserError>,
    pub(crate) change: Option<Change>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RemoveSigningKeyInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RemoveSigningKeyPayload {
    errors: Vec<UserError>,
    pub(crate) change: Option<Change>,
}

mutations! {
    /// Adds a key of the organisation's own.
    add_signing_key(AddSigningKeyInput) -> AddSigningKeyPayload;
    /// Signs with a new key from now on.
    rotate_signing_key(RotateSigningKeyInput) -> RotateSigningKeyPayload;
    /// Removes a key; what it signed ends.
    remove_signing_key(RemoveSigningKeyInput) -> RemoveSigningKeyPayload;
}
