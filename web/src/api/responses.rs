//! What is done, or to be done, about whom misuse is found in.

use cynic::{QueryBuilder, StreamingOperation, SubscriptionBuilder};
use misuse::Indicator;

use super::{
    actor::Actor, client::Api, failure::Failure, operations::mutations, page::Page, people::UserError, rules::Kind,
    scalar::DateTime, schema, streams::PageInfo, tokens::Change,
};

/// Where a response is.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseState {
    Suggested,
    Applied,
    Refused,
    Undone,
    Over,
}

/// How somebody is kept out.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseKind {
    BlockAddress,
    BlockSubnet,
    BlockNetwork,
    BlockReferrer,
    HoldToken,
    HoldUser,
}

/// What is a sign of misuse, by the name that it has everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct MisuseIndicator(pub(crate) Indicator);

impl cynic::Enum for MisuseIndicator {
    type SchemaType = schema::MisuseIndicator;
}
cynic::impl_coercions!(MisuseIndicator, schema::MisuseIndicator);

/// Somebody is kept out for a while, or is to be.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "MisuseResponse")]
pub(crate) struct Response {
    pub(crate) id: cynic::Id,
    pub(crate) state: ResponseState,
    pub(crate) kind: ResponseKind,
    pub(crate) jti: Option<cynic::Id>,
    pub(crate) user: Option<String>,
    pub(crate) ip: Option<String>,
    /// What the rule looks for, where it is one.
    pub(crate) value: Option<String>,
    pub(crate) code: String,
    pub(crate) weight: i32,
    pub(crate) evidence: String,
    pub(crate) length_seconds: i32,
    pub(crate) note: Option<String>,
    pub(crate) proposed_by: Option<Actor>,
    pub(crate) proposed_at: DateTime,
    pub(crate) decided_by: Option<Actor>,
    pub(crate) decided_at: Option<DateTime>,
    pub(crate) by_itself: bool,
    pub(crate) until: Option<DateTime>,
    pub(crate) undone_by: Option<Actor>,
    pub(crate) ended_at: Option<DateTime>,
    pub(crate) is_own: bool,
}

impl ResponseKind {
    /// What the Guardian rule looks at, where it is one.
    pub(crate) const fn rule(self) -> Option<Kind> {
        match self {
            Self::BlockAddress | Self::BlockSubnet => Some(Kind::Ip),
            Self::BlockNetwork => Some(Kind::Asn),
            Self::BlockReferrer => Some(Kind::Referrer),
            Self::HoldToken | Self::HoldUser => None,
        }
    }
}

/// What happens by itself.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct ResponseSettings {
    pub(crate) suggest: Vec<MisuseIndicator>,
    pub(crate) apply: Vec<MisuseIndicator>,
    pub(crate) length_seconds: i32,
    pub(crate) per_hour: i32,
}

/// What of that is to be different; what is left out stays.
#[derive(cynic::InputObject, Clone, Debug, Default)]
pub(crate) struct ResponseSettingsInput {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) suggest: Option<Vec<MisuseIndicator>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) apply: Option<Vec<MisuseIndicator>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) length_seconds: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) per_hour: Option<i32>,
}

#[derive(cynic::QueryVariables, Debug)]
struct ListVariables {
    state: Option<ResponseState>,
    after: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ListVariables")]
struct ListQuery {
    organisation: ListOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "ListVariables")]
struct ListOfOrganisation {
    #[arguments(state: $state, first: 50, after: $after)]
    responses: Option<MisuseResponseConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct MisuseResponseConnection {
    nodes: Vec<Response>,
    page_info: PageInfo,
    total_count: i32,
}

/// Responses, the newest first; only those in that state where one is said.
pub(crate) async fn list(
    api: Api,
    state: Option<ResponseState>,
    after: Option<String>,
) -> Result<Page<Response>, Failure> {
    let query = ListQuery::build(ListVariables { state, after });
    let found = api.query(query).await?.organisation.responses;
    let found = found.ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription")]
pub(crate) struct Became {
    #[expect(dead_code, reason = "that it is told is all that is wanted")]
    responses: Option<Which>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "MisuseResponse")]
struct Which {
    #[expect(dead_code, reason = "something has to be asked for")]
    id: cynic::Id,
}

/// That something became of a response, whatever it is.
pub(crate) fn news() -> StreamingOperation<Became, ()> {
    Became::build(())
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct SuggestResponseInput {
    pub(crate) finding: cynic::Id,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) block: Option<SuggestedBlockInput>,
    pub(crate) length_seconds: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// What is to be kept out rather than whom the finding is of.
#[derive(cynic::InputObject, Clone, Debug)]
pub(crate) struct SuggestedBlockInput {
    pub(crate) kind: Kind,
    pub(crate) value: String,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct ApproveResponseInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RefuseResponseInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct UndoResponseInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct SuggestResponsePayload {
    errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ApproveResponsePayload {
    pub(crate) change: Option<Change>,
    errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RefuseResponsePayload {
    errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct UndoResponsePayload {
    errors: Vec<UserError>,
}

mutations! {
    /// Asks a second person to keep somebody out.
    suggest_response(SuggestResponseInput) -> SuggestResponsePayload;
    /// Keeps somebody out whom another suggested.
    approve_response(ApproveResponseInput) -> ApproveResponsePayload;
    /// Does not do what was suggested.
    refuse_response(RefuseResponseInput) -> RefuseResponsePayload;
    /// Lets somebody in again.
    undo_response(UndoResponseInput) -> UndoResponsePayload;
}
