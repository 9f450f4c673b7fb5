//! The people of an organisation, and the invitations to join it.

use cynic::QueryBuilder;

use super::{
    account::SignIn,
    actor::Actor,
    client::Api,
    failure::Failure,
    operations::mutations,
    page::Page,
    people::UserError,
    scalar::{DateTime, Role},
    schema,
    streams::PageInfo,
};

/// A person in the organisation.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) id: cynic::Id,
    pub(crate) user: cynic::Id,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) joined_at: DateTime,
    pub(crate) last_seen_at: Option<DateTime>,
    pub(crate) second_factor: bool,
    /// Those that act in this organisation.
    pub(crate) sign_ins: Option<Vec<SignIn>>,
}

#[derive(cynic::QueryVariables, Debug)]
struct MemberVariables {
    after: Option<String>,
    text: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "MemberVariables")]
struct MembersQuery {
    organisation: MembersOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "MemberVariables")]
struct MembersOfOrganisation {
    #[arguments(first: 50, after: $after, text: $text)]
    members: Option<MemberConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct MemberConnection {
    nodes: Vec<Member>,
    page_info: PageInfo,
    total_count: i32,
}

/// Members whose name or address has `text` in it.
pub(crate) async fn members(api: Api, text: String, after: Option<String>) -> Result<Page<Member>, Failure> {
    let text = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let query = MembersQuery::build(MemberVariables { after, text });
    let found = api.query(query).await?.organisation.members.ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

/// An invitation, and how its mail fares.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct Invitation {
    pub(crate) id: cynic::Id,
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) created_at: DateTime,
    pub(crate) expires_at: DateTime,
    pub(crate) status: InvitationStatus,
    pub(crate) invited_by: Option<Actor>,
    pub(crate) mail: Option<MailDelivery>,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvitationStatus {
    Pending,
    Accepted,
    Withdrawn,
    Expired,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct MailDelivery {
    pub(crate) status: MailStatus,
    pub(crate) attempts: i32,
    pub(crate) next_attempt_at: Option<DateTime>,
    pub(crate) sent_at: Option<DateTime>,
    pub(crate) trouble: Option<String>,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailStatus {
    Queued,
    Sent,
    GivenUp,
}

#[derive(cynic::QueryVariables, Debug)]
struct InvitationVariables {
    after: Option<String>,
    pending: bool,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "InvitationVariables")]
struct InvitationsQuery {
    organisation: InvitationsOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "InvitationVariables")]
struct InvitationsOfOrganisation {
    #[arguments(first: 50, after: $after, pendingOnly: $pending)]
    invitations: Option<InvitationConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct InvitationConnection {
    nodes: Vec<Invitation>,
    page_info: PageInfo,
    total_count: i32,
}

/// Invitations, the newest first.
pub(crate) async fn invitations(api: Api, pending: bool, after: Option<String>) -> Result<Page<Invitation>, Failure> {
    let query = InvitationsQuery::build(InvitationVariables { after, pending });
    let found = api.query(query).await?.organisation.invitations;
    let found = found.ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct InviteMemberInput {
    pub(crate) email: String,
    pub(crate) role: Role,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct InviteMemberPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct ResendInvitationInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ResendInvitationPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct WithdrawInvitationInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct WithdrawInvitationPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct ChangeRoleInput {
    pub(crate) member: cynic::Id,
    pub(crate) role: Role,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ChangeRolePayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RemoveMemberInput {
    pub(crate) member: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RemoveMemberPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct InvalidateMemberAccessInput {
    pub(crate) member: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct InvalidateMemberAccessPayload {
    errors: Vec<UserError>,
}

mutations! {
    /// Asks somebody in, by mail.
    invite_member(InviteMemberInput) -> InviteMemberPayload;
    /// Sends a new link; the old one ends.
    resend_invitation(ResendInvitationInput) -> ResendInvitationPayload;
    /// Takes an invitation back.
    withdraw_invitation(WithdrawInvitationInput) -> WithdrawInvitationPayload;
    /// Gives a member another role, from the next request on.
    change_role(ChangeRoleInput) -> ChangeRolePayload;
    /// Takes a member out of the organisation.
    remove_member(RemoveMemberInput) -> RemoveMemberPayload;
    /// Ends what a member has open here, and revokes what they have made for software.
    invalidate_member_access(InvalidateMemberAccessInput) -> InvalidateMemberAccessPayload;
}
