//! Signs of misuse: those that were found, and as they are found.

use cynic::{QueryBuilder, StreamingOperation, SubscriptionBuilder};

use super::{
    client::Api,
    failure::Failure,
    misuse::TimeRange,
    page::Page,
    rules::BlockedBy,
    scalar::{DateTime, TokenStatus},
    schema,
    streams::PageInfo,
    token_making::Number,
};

/// A sign of misuse that holds of a token, a viewer or an address.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "MisuseFinding")]
pub(crate) struct Finding {
    pub(crate) id: Option<cynic::Id>,
    pub(crate) jti: Option<cynic::Id>,
    pub(crate) user: Option<String>,
    pub(crate) ip: Option<String>,
    pub(crate) code: String,
    pub(crate) weight: i32,
    pub(crate) evidence: String,
    pub(crate) first_at: DateTime,
    pub(crate) last_at: DateTime,
    /// What the token is now.
    pub(crate) status: Option<TokenStatus>,
    pub(crate) not_revocable_because: Option<String>,
    /// Whether the viewer is banned now.
    pub(crate) banned: Option<bool>,
    /// Until when a response keeps out the token or the viewer.
    pub(crate) held_until: Option<DateTime>,
    /// The rule that keeps the address out now.
    pub(crate) blocked_by: Option<BlockedBy>,
    pub(crate) whereabouts: Whereabouts,
}

/// From where somebody watched of late, the most common first.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct Whereabouts {
    pub(crate) addresses: Vec<String>,
    pub(crate) networks: Vec<KnownNetwork>,
    pub(crate) countries: Vec<String>,
    /// Empty where no page was named.
    pub(crate) referrers: Vec<String>,
    /// How many sessions go on.
    pub(crate) running: i32,
}

/// A network, and who runs it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct KnownNetwork {
    pub(crate) asn: Number,
    pub(crate) provider: Option<String>,
}

impl Finding {
    /// Whether it is the same one, told again.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let of = |one: &Self| (one.jti.clone(), one.user.clone(), one.ip.clone(), one.code.clone());
        of(self) == of(other) && self.first_at == other.first_at
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct FindingsVariables {
    range: TimeRange,
    after: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "FindingsVariables")]
struct FindingsQuery {
    organisation: FindingsOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "FindingsVariables")]
struct FindingsOfOrganisation {
    #[arguments(range: $range)]
    analytics: Option<FindingsOfAnalytics>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Analytics", variables = "FindingsVariables")]
struct FindingsOfAnalytics {
    #[arguments(first: 50, after: $after)]
    findings: Option<MisuseFindingConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct MisuseFindingConnection {
    nodes: Vec<Finding>,
    page_info: PageInfo,
    total_count: i32,
}

/// Signs of misuse, what was seen last first.
pub(crate) async fn page(api: Api, range: TimeRange, after: Option<String>) -> Result<Page<Finding>, Failure> {
    let query = FindingsQuery::build(FindingsVariables { range, after });
    let found = api.query(query).await?.organisation.analytics;
    let found = found
        .and_then(|analytics| analytics.findings)
        .ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription")]
pub(crate) struct Misuse {
    pub(crate) misuse: Finding,
}

/// Signs of misuse as they are found.
pub(crate) fn news() -> StreamingOperation<Misuse, ()> {
    Misuse::build(())
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription")]
pub(crate) struct Found {
    #[expect(dead_code, reason = "that it is told is all that is wanted")]
    misuse: Code,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "MisuseFinding")]
struct Code {
    #[expect(dead_code, reason = "something has to be asked for")]
    code: String,
}

/// That something is found, whatever it is.
pub(crate) fn any() -> StreamingOperation<Found, ()> {
    Found::build(())
}
