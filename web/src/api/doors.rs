//! The ways in besides the password: invitations and resets.

use cynic::QueryBuilder;

use super::{
    client::Api,
    failure::Failure,
    operations::mutations,
    people::UserError,
    scalar::{DateTime, Role},
    schema,
};

#[derive(cynic::QueryVariables, Debug)]
struct OfferVariables {
    secret: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "OfferVariables")]
struct OfferQuery {
    #[arguments(secret: $secret)]
    invitation: Option<InvitationOffer>,
}

/// What an invitation offers to whoever holds its link.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct InvitationOffer {
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) organisation: String,
    pub(crate) has_account: bool,
    pub(crate) expires_at: DateTime,
}

/// The offer behind a link.
pub(crate) async fn offer(api: Api, secret: String) -> Result<InvitationOffer, Failure> {
    let found = api.query(OfferQuery::build(OfferVariables { secret })).await?;
    found.invitation.ok_or(Failure::NotFound)
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct AcceptInvitationInput {
    pub(crate) secret: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct AcceptInvitationPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RequestPasswordResetInput {
    pub(crate) email: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RequestPasswordResetPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct ResetPasswordInput {
    pub(crate) secret: String,
    pub(crate) password: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ResetPasswordPayload {
    errors: Vec<UserError>,
}

mutations! {
    /// Takes an invitation up: with a name and a password for a new account, without for who is signed in.
    accept_invitation(AcceptInvitationInput) -> AcceptInvitationPayload;
    /// Has a reset link sent, if there is such an account.
    request_password_reset(RequestPasswordResetInput) -> RequestPasswordResetPayload;
    /// A new password by a reset link.
    reset_password(ResetPasswordInput) -> ResetPasswordPayload;
}
