//! A person's own account: name, password, second factor, and where it is signed in.

use cynic::QueryBuilder;

use super::{
    client::Api, failure::Failure, operations::mutations, page::Json, people::UserError, scalar::DateTime, schema,
};

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
    /// None where an identity provider vouched for the sign-in: it changes nothing of the account.
    pub(crate) second_factor: Option<SecondFactor>,
}

/// What stands beside the password.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct SecondFactor {
    pub(crate) totp: bool,
    pub(crate) recovery_codes_left: i32,
    pub(crate) passkeys: Vec<Passkey>,
    /// The only site whose pages can use passkeys.
    pub(crate) passkey_origin: Option<String>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct Passkey {
    pub(crate) id: cynic::Id,
    pub(crate) name: String,
    pub(crate) created_at: DateTime,
    pub(crate) last_used_at: Option<DateTime>,
}

/// What the browser goes on with.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct Ceremony {
    pub(crate) options: Json,
    pub(crate) state: String,
}

/// One's own second factor and sign-ins.
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

#[derive(cynic::InputObject, Debug)]
pub(crate) struct ChangeNameInput {
    pub(crate) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ChangeNamePayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct ChangePasswordInput {
    pub(crate) current: String,
    pub(crate) new: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ChangePasswordPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct BeginTotpInput {
    pub(crate) password: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct BeginTotpPayload {
    errors: Vec<UserError>,
    pub(crate) secret: Option<String>,
    pub(crate) uri: Option<String>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct ConfirmTotpInput {
    pub(crate) code: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ConfirmTotpPayload {
    errors: Vec<UserError>,
    pub(crate) recovery_codes: Option<Vec<String>>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RemoveTotpInput {
    pub(crate) password: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RemoveTotpPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RenewRecoveryCodesInput {
    pub(crate) password: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RenewRecoveryCodesPayload {
    errors: Vec<UserError>,
    pub(crate) recovery_codes: Option<Vec<String>>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct BeginPasskeyInput {
    pub(crate) password: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct BeginPasskeyPayload {
    errors: Vec<UserError>,
    pub(crate) ceremony: Option<Ceremony>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct AddPasskeyInput {
    pub(crate) state: String,
    pub(crate) credential: Json,
    pub(crate) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct AddPasskeyPayload {
    errors: Vec<UserError>,
    pub(crate) recovery_codes: Option<Vec<String>>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RenamePasskeyInput {
    pub(crate) id: cynic::Id,
    pub(crate) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RenamePasskeyPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RemovePasskeyInput {
    pub(crate) id: cynic::Id,
    pub(crate) password: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RemovePasskeyPayload {
    errors: Vec<UserError>,
}

mutations! {
    /// What others see.
    change_name(ChangeNameInput) -> ChangeNamePayload;
    /// A new password; the other sign-ins end.
    change_password(ChangePasswordInput) -> ChangePasswordPayload;
    /// A new secret for an authenticator.
    begin_totp(BeginTotpInput) -> BeginTotpPayload;
    /// Turns codes on, by a first one.
    confirm_totp(ConfirmTotpInput) -> ConfirmTotpPayload;
    /// Turns codes off.
    remove_totp(RemoveTotpInput) -> RemoveTotpPayload;
    /// New recovery codes; the old ones end.
    renew_recovery_codes(RenewRecoveryCodesInput) -> RenewRecoveryCodesPayload;
    /// What the browser needs to make a passkey.
    begin_passkey(BeginPasskeyInput) -> BeginPasskeyPayload;
    /// Keeps a passkey that the browser has made.
    add_passkey(AddPasskeyInput) -> AddPasskeyPayload;
    /// Calls a passkey otherwise.
    rename_passkey(RenamePasskeyInput) -> RenamePasskeyPayload;
    /// Forgets a passkey.
    remove_passkey(RemovePasskeyInput) -> RemovePasskeyPayload;
    /// Ends a sign-in: an own one everywhere, another's in this organisation.
    end_sign_in(EndSignInInput) -> EndSignInPayload;
}
