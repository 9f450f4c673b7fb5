//! Identity providers: the organisation's own, and the one that an address signs in with.

use cynic::QueryBuilder;

use super::{
    client::Api,
    failure::Failure,
    operations::{bare_mutations, mutations},
    people::UserError,
    scalar::Role,
    schema,
};

#[derive(cynic::QueryVariables, Debug)]
struct MethodVariables {
    email: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "MethodVariables")]
struct MethodsQuery {
    #[arguments(email: $email)]
    sign_in_methods: SignInMethods,
}

#[derive(cynic::QueryFragment, Debug)]
struct SignInMethods {
    provider: Option<SignInProvider>,
}

/// Where people of that domain sign in.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignInProvider {
    pub(crate) name: String,
    pub(crate) url: String,
}

/// The identity provider for the address's domain, if one is.
pub(crate) async fn provider(api: Api, email: String) -> Result<Option<SignInProvider>, Failure> {
    let found = api.query(MethodsQuery::build(MethodVariables { email })).await?;
    Ok(found.sign_in_methods.provider)
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct ProviderQuery {
    organisation: ProviderOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation")]
struct ProviderOfOrganisation {
    identity_provider: Option<IdentityProvider>,
}

/// Where the organisation's people sign in instead of here; never its secret.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct IdentityProvider {
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) domains: Vec<String>,
    pub(crate) group_claim: Option<String>,
    pub(crate) role_map: Vec<RoleMapping>,
    pub(crate) default_role: Option<Role>,
    pub(crate) redirect_url: String,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct RoleMapping {
    pub(crate) group: String,
    pub(crate) role: Role,
}

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub(crate) struct RoleMappingInput {
    pub(crate) group: String,
    pub(crate) role: Role,
}

/// The provider, where there is one.
pub(crate) async fn identity_provider(api: Api) -> Result<Option<IdentityProvider>, Failure> {
    Ok(api
        .query(ProviderQuery::build(()))
        .await?
        .organisation
        .identity_provider)
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct SetIdentityProviderInput {
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) client_secret: Option<String>,
    pub(crate) domains: Vec<String>,
    pub(crate) group_claim: Option<String>,
    pub(crate) role_map: Option<Vec<RoleMappingInput>>,
    pub(crate) default_role: Option<Role>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct SetIdentityProviderPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RemoveIdentityProviderPayload {
    errors: Vec<UserError>,
}

mutations! {
    /// Sets the provider; without a secret the one that is kept stays.
    set_identity_provider(SetIdentityProviderInput) -> SetIdentityProviderPayload;
}

bare_mutations! {
    /// Takes the provider away.
    remove_identity_provider -> RemoveIdentityProviderPayload;
}
