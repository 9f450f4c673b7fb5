//! What was watched within a time, by whom, and what looks like misuse.

use cynic::QueryBuilder;

use super::{
    client::Api,
    failure::Failure,
    page::Page,
    rules::BlockedBy,
    scalar::{DateTime, TokenStatus},
    schema,
    sessions::{Door, Protocol, Session},
    streams::PageInfo,
    token_making::Number,
};

/// A time; until now where it has no end.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub(crate) struct TimeRange {
    pub(crate) from: DateTime,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<DateTime>,
}

/// Which sessions count; `None` narrows nothing.
#[derive(cynic::InputObject, Clone, Debug, Default, PartialEq)]
#[cynic(graphql_type = "AnalyticsFilter")]
pub(crate) struct Filter {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) stream: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) protocol: Option<Protocol>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) jti: Option<cynic::Id>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) ip: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) asn: Option<Number>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) referrer: Option<String>,
}

/// A value, and how much of it there is.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) value: f64,
}

/// A sign of misuse, as part of a score.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Indicator {
    pub(crate) code: String,
    pub(crate) weight: i32,
    pub(crate) evidence: String,
}

/// What a token was used for.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct TokenUsage {
    pub(crate) jti: cynic::Id,
    pub(crate) user: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) duration_sum_s: f64,
    pub(crate) duration_avg_s: f64,
    pub(crate) sessions: i32,
    pub(crate) streams: i32,
    pub(crate) ips: i32,
    pub(crate) top_providers: Vec<Bucket>,
    pub(crate) top_countries: Vec<Bucket>,
    pub(crate) top_referrers: Vec<Bucket>,
    pub(crate) first_start: DateTime,
    pub(crate) last_end: Option<DateTime>,
    pub(crate) max_concurrency: i32,
    pub(crate) status: TokenStatus,
    pub(crate) not_revocable_because: Option<String>,
    /// Until when a response keeps out whoever shows it.
    pub(crate) held_until: Option<DateTime>,
    pub(crate) score: i32,
    pub(crate) indicators: Vec<Indicator>,
}

/// What was watched from an address.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct AddressUsage {
    pub(crate) ip: String,
    pub(crate) addresses: i32,
    pub(crate) duration_sum_s: f64,
    pub(crate) duration_avg_s: f64,
    pub(crate) sessions: i32,
    pub(crate) streams: i32,
    pub(crate) tokens: i32,
    pub(crate) tags: Vec<String>,
    pub(crate) provider: Option<String>,
    pub(crate) asn: Option<Number>,
    pub(crate) country: Option<String>,
    pub(crate) first_start: DateTime,
    pub(crate) last_end: Option<DateTime>,
    pub(crate) max_concurrency: i32,
    /// The rule that keeps it out.
    pub(crate) blocked_by: Option<BlockedBy>,
    pub(crate) score: i32,
    pub(crate) indicators: Vec<Indicator>,
}

/// By what tokens are ordered.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenUsageOrder {
    Countries,
    DurationAvg,
    DurationSum,
    FirstStart,
    Ips,
    Jti,
    LastEnd,
    MaxConcurrency,
    Providers,
    Referrers,
    Score,
    Sessions,
    Status,
    Streams,
    Tag,
    User,
}

/// By what addresses are ordered.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressUsageOrder {
    Blocked,
    Country,
    DurationAvg,
    DurationSum,
    FirstStart,
    Ip,
    LastEnd,
    MaxConcurrency,
    Provider,
    Score,
    Sessions,
    Streams,
    Tags,
    Tokens,
}

/// What a row of the IP view is.
#[derive(cynic::Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AddressGroup {
    #[default]
    Address,
    Subnet,
    Network,
}

/// Which end comes first.
#[derive(cynic::Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OrderDirection {
    Ascending,
    #[default]
    Descending,
}

/// What part of a view is asked for: so many rows, behind a cursor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) range: TimeRange,
    pub(crate) filter: Filter,
    pub(crate) first: i32,
    pub(crate) after: Option<String>,
    pub(crate) direction: OrderDirection,
    /// Of the IP view.
    pub(crate) group: AddressGroup,
}

impl Part {
    /// What is counted of it.
    fn counted(self) -> CountVariables {
        CountVariables {
            range: self.range,
            filter: self.filter,
            group: self.group,
        }
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct TokensVariables {
    range: TimeRange,
    filter: Filter,
    first: i32,
    after: Option<String>,
    order: TokenUsageOrder,
    direction: OrderDirection,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "TokensVariables")]
struct TokensQuery {
    organisation: TokensOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "TokensVariables")]
struct TokensOfOrganisation {
    #[arguments(range: $range, filter: $filter)]
    analytics: Option<TokensOfAnalytics>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Analytics", variables = "TokensVariables")]
struct TokensOfAnalytics {
    #[arguments(first: $first, after: $after, orderBy: $order, direction: $direction)]
    by_token: Option<TokenUsageConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct TokenUsageConnection {
    nodes: Vec<TokenUsage>,
    page_info: PageInfo,
}

/// A part of the Token view.
pub(crate) async fn tokens(api: Api, part: Part, order: TokenUsageOrder) -> Result<Page<TokenUsage>, Failure> {
    let Part {
        range,
        filter,
        first,
        after,
        direction,
        group: _,
    } = part;
    let variables = TokensVariables {
        range,
        filter,
        first,
        after,
        order,
        direction,
    };
    let found = api.query(TokensQuery::build(variables)).await?.organisation.analytics;
    let found = found
        .and_then(|analytics| analytics.by_token)
        .ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, 0))
}

#[derive(cynic::QueryVariables, Debug)]
struct AddressesVariables {
    range: TimeRange,
    filter: Filter,
    group: AddressGroup,
    first: i32,
    after: Option<String>,
    order: AddressUsageOrder,
    direction: OrderDirection,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "AddressesVariables")]
struct AddressesQuery {
    organisation: AddressesOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "AddressesVariables")]
struct AddressesOfOrganisation {
    #[arguments(range: $range, filter: $filter)]
    analytics: Option<AddressesOfAnalytics>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Analytics", variables = "AddressesVariables")]
struct AddressesOfAnalytics {
    #[arguments(first: $first, after: $after, groupBy: $group, orderBy: $order, direction: $direction)]
    by_address: Option<AddressUsageConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct AddressUsageConnection {
    nodes: Vec<AddressUsage>,
    page_info: PageInfo,
}

/// A part of the IP view.
pub(crate) async fn addresses(api: Api, part: Part, order: AddressUsageOrder) -> Result<Page<AddressUsage>, Failure> {
    let Part {
        range,
        filter,
        first,
        after,
        direction,
        group,
    } = part;
    let variables = AddressesVariables {
        range,
        filter,
        group,
        first,
        after,
        order,
        direction,
    };
    let found = api
        .query(AddressesQuery::build(variables))
        .await?
        .organisation
        .analytics;
    let found = found
        .and_then(|analytics| analytics.by_address)
        .ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, 0))
}

#[derive(cynic::QueryVariables, Debug)]
struct CountVariables {
    range: TimeRange,
    filter: Filter,
    group: AddressGroup,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "CountVariables")]
struct TokenCountQuery {
    organisation: TokenCountOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "CountVariables")]
struct TokenCountOfOrganisation {
    #[arguments(range: $range, filter: $filter)]
    analytics: Option<TokenCountOfAnalytics>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Analytics")]
struct TokenCountOfAnalytics {
    #[arguments(first: 0)]
    by_token: Option<TokenCount>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "TokenUsageConnection")]
struct TokenCount {
    total_count: i32,
}

/// How many rows the Token view has.
pub(crate) async fn count_tokens(api: Api, part: Part) -> Result<i32, Failure> {
    let query = TokenCountQuery::build(part.counted());
    let found = api.query(query).await?.organisation.analytics;
    let found = found.and_then(|analytics| analytics.by_token);
    Ok(found.ok_or(Failure::Forbidden)?.total_count)
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "CountVariables")]
struct AddressCountQuery {
    organisation: AddressCountOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "CountVariables")]
struct AddressCountOfOrganisation {
    #[arguments(range: $range, filter: $filter)]
    analytics: Option<AddressCountOfAnalytics>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Analytics", variables = "CountVariables")]
struct AddressCountOfAnalytics {
    #[arguments(first: 0, groupBy: $group)]
    by_address: Option<AddressCount>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "AddressUsageConnection")]
struct AddressCount {
    total_count: i32,
}

/// How many rows the IP view has.
pub(crate) async fn count_addresses(api: Api, part: Part) -> Result<i32, Failure> {
    let query = AddressCountQuery::build(part.counted());
    let found = api.query(query).await?.organisation.analytics;
    let found = found.and_then(|analytics| analytics.by_address);
    Ok(found.ok_or(Failure::Forbidden)?.total_count)
}

#[derive(cynic::QueryVariables, Debug)]
struct ApartVariables {
    range: TimeRange,
    filter: Filter,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ApartVariables")]
struct ApartQuery {
    organisation: ApartOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "ApartVariables")]
struct ApartOfOrganisation {
    #[arguments(range: $range, filter: $filter)]
    analytics: Option<Apart>,
}

/// Sessions taken apart: how many there were with each value, the 20 most common ones.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Analytics")]
pub(crate) struct Apart {
    #[cynic(rename = "breakdown")]
    #[arguments(metric: SESSIONS, by: COUNTRY, first: 20)]
    pub(crate) countries: Vec<Bucket>,
    #[cynic(rename = "breakdown")]
    #[arguments(metric: SESSIONS, by: REFERRER, first: 20)]
    pub(crate) referrers: Vec<Bucket>,
    #[cynic(rename = "breakdown")]
    #[arguments(metric: SESSIONS, by: USER_AGENT, first: 20)]
    pub(crate) agents: Vec<Bucket>,
    #[cynic(rename = "breakdown")]
    #[arguments(metric: SESSIONS, by: STREAM, first: 20)]
    pub(crate) streams: Vec<Bucket>,
}

/// The sessions of a token, or of an address, taken apart.
pub(crate) async fn apart(api: Api, range: TimeRange, filter: Filter) -> Result<Apart, Failure> {
    let query = ApartQuery::build(ApartVariables { range, filter });
    api.query(query).await?.organisation.analytics.ok_or(Failure::Forbidden)
}

/// Whose sessions; `None` narrows nothing.
#[derive(cynic::InputObject, Clone, Debug, Default)]
#[cynic(graphql_type = "SessionFilter")]
pub(crate) struct Whose {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) jti: Option<cynic::Id>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) ip: Option<String>,
    /// Those that go on.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) live: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) door: Option<Door>,
}

#[derive(cynic::QueryVariables, Debug)]
struct RunningVariables {
    filter: Whose,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RunningVariables")]
struct RunningQuery {
    organisation: RunningOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "RunningVariables")]
struct RunningOfOrganisation {
    #[arguments(first: 50, filter: $filter)]
    sessions: Option<RunningConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "SessionConnection")]
struct RunningConnection {
    nodes: Vec<Session>,
}

/// Fifty of somebody's viewing sessions that go on, the latest.
pub(crate) async fn running(api: Api, whose: Whose) -> Result<Vec<Session>, Failure> {
    let filter = Whose {
        live: Some(true),
        door: Some(Door::Playback),
        ..whose
    };
    let query = RunningQuery::build(RunningVariables { filter });
    let found = api.query(query).await?.organisation.sessions;
    Ok(found.ok_or(Failure::Forbidden)?.nodes)
}

#[derive(cynic::QueryVariables, Debug)]
struct SessionsVariables {
    range: TimeRange,
    filter: Filter,
    after: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "SessionsVariables")]
struct SessionsQuery {
    organisation: SessionsOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "SessionsVariables")]
struct SessionsOfOrganisation {
    #[arguments(range: $range, filter: $filter)]
    analytics: Option<SessionsOfAnalytics>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Analytics", variables = "SessionsVariables")]
struct SessionsOfAnalytics {
    #[arguments(first: 50, after: $after)]
    sessions: Option<SessionConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct SessionConnection {
    nodes: Vec<Session>,
    page_info: PageInfo,
    total_count: i32,
}

/// Viewers' sessions within a time, fifty at a time, the newest first.
pub(crate) async fn sessions(
    api: Api,
    range: TimeRange,
    filter: Filter,
    after: Option<String>,
) -> Result<Page<Session>, Failure> {
    let query = SessionsQuery::build(SessionsVariables { range, filter, after });
    let found = api.query(query).await?.organisation.analytics;
    let found = found
        .and_then(|analytics| analytics.sessions)
        .ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

/// From when on something is a sign of misuse.
#[derive(cynic::QueryFragment, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "MisuseThresholds")]
pub(crate) struct Thresholds {
    pub(crate) addresses: i32,
    pub(crate) countries: i32,
    pub(crate) sessions: i32,
    pub(crate) hours: i32,
    pub(crate) reconnects: i32,
    pub(crate) connections: i32,
    pub(crate) denials: i32,
}

/// What of that is to be different; what is left out stays.
#[derive(cynic::InputObject, Clone, Copy, Debug, Default)]
#[cynic(graphql_type = "MisuseThresholdsInput")]
pub(crate) struct ThresholdsInput {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) addresses: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) countries: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) sessions: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) hours: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) reconnects: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) connections: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) denials: Option<i32>,
}
