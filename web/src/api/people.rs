//! Who is asking: signing in and out, role, memberships.

use cynic::{MutationBuilder, QueryBuilder};

use super::{
    account::Ceremony,
    client::{Api, settle},
    failure::{Failure, sentence},
    page::Json,
    scalar::Role,
    schema,
};

/// What a caller caused, as data.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserError {
    pub(crate) message: String,
    pub(crate) field: Option<Vec<String>>,
}

/// What the server has between back-ticks, between quotation marks.
fn quoted(sentence: &str) -> String {
    let mut parts = sentence.split('`').enumerate();
    let first = parts.next().map(|(_, part)| part.to_owned()).unwrap_or_default();
    parts.fold(first, |said, (n, part)| {
        said + if n % 2 == 1 { "“" } else { "”" } + part
    })
}

/// The first of them, as a sentence.
pub(crate) fn first_error(errors: &[UserError]) -> Option<Failure> {
    let error = errors.first()?;
    let why = quoted(&sentence(&error.message));
    // The path begins with what the argument is called.
    let path = error
        .field
        .iter()
        .flatten()
        .skip(1)
        .cloned()
        .collect::<Vec<_>>()
        .join(".");
    Some(if path.is_empty() {
        Failure::Refused(why)
    } else {
        Failure::Field { path, why }
    })
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct ViewerQuery {
    viewer: Viewer,
}

/// Who is signed in.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Viewer {
    pub(crate) id: cynic::Id,
    pub(crate) operator: bool,
    pub(crate) email: Option<String>,
    pub(crate) name: String,
    /// The organisation that requests act in; `None` where there is none, or none that is open to this sign-in.
    pub(crate) organisation: Option<OrganisationName>,
    pub(crate) role: Option<Role>,
    pub(crate) permissions: Vec<Permission>,
    pub(crate) memberships: Vec<Membership>,
}

/// What the role allows here, as far as the dashboard asks.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(non_exhaustive)]
pub(crate) enum Permission {
    ApiKeyRotate,
    ApiTokenManage,
    AnalyticsRead,
    AlertAcknowledge,
    AlertReceiverRead,
    AlertReceiverTest,
    AlertReceiverUpdate,
    AlertRuleWrite,
    AuditRead,
    CaseRead,
    CaseWrite,
    ChangeRead,
    Explain,
    MemberRead,
    MemberInvite,
    MemberChangeRole,
    MemberRemove,
    MemberInvalidate,
    OrganisationUpdate,
    PackageRequest,
    ProviderRead,
    ProviderUpdate,
    ResponseWrite,
    RuleRead,
    RuleWrite,
    RuleWriteWide,
    SessionEnd,
    SessionRead,
    SessionReadPersonal,
    SigningKeyRead,
    SigningKeyRemove,
    SigningKeyRotate,
    StaticTokenWrite,
    TokenLint,
    TokenRead,
    TokenCreate,
    TokenRevoke,
    TokenRevokeBulk,
    ViewerBan,
    ViewerErase,
    StreamCreate,
    StreamUpdate,
    StreamOpen,
    StreamStop,
    StreamStart,
    StreamLock,
    StreamUnlock,
    StreamDelete,
    TestSourceStart,
    IngestKeyRead,
    IngestKeyRotate,
    WebhookRead,
    WebhookUpdate,
    WebhookTest,
    #[cynic(fallback)]
    Other,
}

/// One organisation that the person belongs to, and as what.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) id: cynic::Id,
    pub(crate) organisation: OrganisationName,
    pub(crate) role: Role,
    /// Why this sign-in cannot act there.
    pub(crate) closed: Option<Closed>,
}

/// Why a sign-in cannot act in an organisation.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    OrganisationSuspended,
    SecondFactorRequired,
    SignInAgain,
}

/// An organisation, as people and addresses call it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrganisationName {
    pub(crate) name: String,
    pub(crate) hash: String,
}

/// Who is signed in, and where.
pub(crate) async fn viewer(api: Api) -> Result<Viewer, Failure> {
    Ok(api.query(ViewerQuery::build(())).await?.viewer)
}

/// What comes with the password, where it alone does not do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Proof {
    /// Of the authenticator app, or a recovery code.
    Code(String),
    Passkey(PasskeyProof),
}

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub(crate) struct PasskeyProof {
    pub(crate) state: String,
    pub(crate) credential: Json,
}

#[derive(cynic::InputObject, Debug)]
struct SignInInput {
    email: String,
    password: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    passkey: Option<PasskeyProof>,
}

#[derive(cynic::QueryVariables, Debug)]
struct SignInVariables {
    input: SignInInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "SignInVariables")]
struct SignIn {
    #[arguments(input: $input)]
    sign_in: Option<SignInPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
struct SignInPayload {
    challenge: Option<SignInChallenge>,
    errors: Vec<UserError>,
}

/// The password was right, and more is wanted: which ways there are.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct SignInChallenge {
    pub(crate) totp: bool,
    pub(crate) recovery_code: bool,
    /// What the browser needs to ask for a passkey.
    pub(crate) passkey: Option<Ceremony>,
}

/// Signed in, the cookie having come with the answer; or a second factor is wanted.
pub(crate) async fn sign_in(
    api: Api,
    email: String,
    password: String,
    proof: Option<Proof>,
) -> Result<Option<SignInChallenge>, Failure> {
    let (code, passkey) = match proof {
        Some(Proof::Code(code)) => (Some(code), None),
        Some(Proof::Passkey(passkey)) => (None, Some(passkey)),
        None => (None, None),
    };
    let input = SignInInput {
        email,
        password,
        code,
        passkey,
    };
    let answer = api.mutate(SignIn::build(SignInVariables { input })).await?;
    settle(answer.sign_in, |payload| first_error(&payload.errors)).map(|payload| payload.challenge)
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation")]
struct SignOut {
    sign_out: Option<SignOutPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
struct SignOutPayload {
    errors: Vec<UserError>,
}

/// Ends this browser's session on the server.
pub(crate) async fn sign_out(api: Api) -> Result<(), Failure> {
    let answer = api.mutate(SignOut::build(())).await?;
    settle(answer.sign_out, |payload| first_error(&payload.errors)).map(drop)
}
