//! The installation, for its operators: organisations, their packages, and what they ask for.

use cynic::QueryBuilder;

use super::{
    client::Api,
    failure::Failure,
    members::{InvitationStatus, MailDelivery},
    operations::mutations,
    organisation::{LimitName, Package, PackageStatus},
    page::Page,
    people::{OrganisationName, UserError},
    scalar::DateTime,
    schema,
    streams::PageInfo,
};

/// An organisation, as operators see it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct PlatformOrganisation {
    pub(crate) hash: String,
    pub(crate) name: String,
    pub(crate) standing: OrganisationStanding,
    pub(crate) created_at: DateTime,
    pub(crate) members: i32,
    pub(crate) streams: i32,
    pub(crate) viewers: i32,
    pub(crate) packages: Vec<PackageStatus>,
    pub(crate) first_invitation: Option<FirstInvitation>,
}

/// The invitation of an organisation's first administrator, while nobody accepted it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Invitation")]
pub(crate) struct FirstInvitation {
    pub(crate) email: String,
    pub(crate) status: InvitationStatus,
    pub(crate) mail: Option<MailDelivery>,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrganisationStanding {
    Active,
    Suspended,
}

/// What an organisation has asked for.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct PackageRequest {
    pub(crate) id: cynic::Id,
    pub(crate) organisation: OrganisationName,
    pub(crate) package: Package,
    pub(crate) note: Option<String>,
    pub(crate) requested_at: DateTime,
}

#[derive(cynic::QueryVariables, Debug)]
struct PlatformVariables {
    after: Option<String>,
    text: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "PlatformVariables")]
struct OrganisationsQuery {
    platform: Option<Organisations>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Platform", variables = "PlatformVariables")]
struct Organisations {
    #[arguments(first: 50, after: $after, text: $text)]
    organisations: PlatformOrganisationConnection,
}

#[derive(cynic::QueryFragment, Debug)]
struct PlatformOrganisationConnection {
    nodes: Vec<PlatformOrganisation>,
    page_info: PageInfo,
    total_count: i32,
}

/// Organisations whose name or hash has `text` in it.
pub(crate) async fn organisations(
    api: Api,
    text: String,
    after: Option<String>,
) -> Result<Page<PlatformOrganisation>, Failure> {
    let text = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let query = OrganisationsQuery::build(PlatformVariables { after, text });
    let found = api
        .query(query)
        .await?
        .platform
        .ok_or(Failure::Forbidden)?
        .organisations;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct RequestsQuery {
    platform: Option<Requests>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Platform")]
struct Requests {
    package_requests: Vec<PackageRequest>,
}

/// What is asked for and not enabled.
pub(crate) async fn requests(api: Api) -> Result<Vec<PackageRequest>, Failure> {
    let platform = api.query(RequestsQuery::build(())).await?.platform;
    Ok(platform.ok_or(Failure::Forbidden)?.package_requests)
}

/// How much an organisation may use; `None` is without a limit.
#[derive(cynic::InputObject, Clone, Debug, Default, PartialEq)]
pub(crate) struct PackageLimitsInput {
    pub(crate) streams: Option<i32>,
    pub(crate) viewers: Option<i32>,
    pub(crate) bandwidth_mbit_s: Option<i32>,
    pub(crate) rules: Option<i32>,
    pub(crate) retention_days: Option<i32>,
}

impl PackageLimitsInput {
    /// Sets one of them.
    pub(crate) const fn set(&mut self, name: LimitName, limit: Option<i32>) {
        match name {
            LimitName::Streams => self.streams = limit,
            LimitName::Viewers => self.viewers = limit,
            LimitName::BandwidthMbitS => self.bandwidth_mbit_s = limit,
            LimitName::Rules => self.rules = limit,
            LimitName::RetentionDays => self.retention_days = limit,
        }
    }
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct CreateOrganisationInput {
    pub(crate) name: String,
    pub(crate) admin_email: String,
    pub(crate) packages: Option<Vec<Package>>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct CreateOrganisationPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct SetPackageInput {
    pub(crate) organisation: String,
    pub(crate) package: Package,
    pub(crate) enabled: bool,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) limits: Option<PackageLimitsInput>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct SetPackagePayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct DeclinePackageRequestInput {
    pub(crate) organisation: String,
    pub(crate) package: Package,
    pub(crate) reason: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct DeclinePackageRequestPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct ResendFirstInvitationInput {
    pub(crate) organisation: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ResendFirstInvitationPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct SuspendOrganisationInput {
    pub(crate) organisation: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct SuspendOrganisationPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct ResumeOrganisationInput {
    pub(crate) organisation: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ResumeOrganisationPayload {
    errors: Vec<UserError>,
}

mutations! {
    /// A new organisation, and the invitation of its first nanoAdmin.
    create_organisation(CreateOrganisationInput) -> CreateOrganisationPayload;
    /// Enables or takes away a package; without limits they stay.
    set_package(SetPackageInput) -> SetPackagePayload;
    /// Tells an organisation that it does not get a package, and why.
    decline_package_request(DeclinePackageRequestInput) -> DeclinePackageRequestPayload;
    /// Mails the first nanoAdmin a new link; the old one is dead.
    resend_first_invitation(ResendFirstInvitationInput) -> ResendFirstInvitationPayload;
    /// Closes the organisation's doors, for people and for media.
    suspend_organisation(SuspendOrganisationInput) -> SuspendOrganisationPayload;
    /// Opens them again.
    resume_organisation(ResumeOrganisationInput) -> ResumeOrganisationPayload;
}
