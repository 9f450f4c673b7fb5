//! What each viewer watched within a time.

use cynic::QueryBuilder;

use super::{
    client::Api,
    failure::Failure,
    misuse::{Bucket, Filter, Indicator, OrderDirection, Part, TimeRange},
    page::Page,
    scalar::DateTime,
    schema,
    streams::PageInfo,
};

/// What a viewer watched, with whatever token that names them.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct ViewerUsage {
    pub(crate) user: String,
    pub(crate) duration_sum_s: f64,
    pub(crate) duration_avg_s: f64,
    pub(crate) sessions: i32,
    pub(crate) streams: i32,
    pub(crate) tokens: i32,
    pub(crate) ips: i32,
    pub(crate) top_providers: Vec<Bucket>,
    pub(crate) top_countries: Vec<Bucket>,
    pub(crate) bytes: f64,
    pub(crate) first_start: DateTime,
    pub(crate) last_end: Option<DateTime>,
    pub(crate) max_concurrency: i32,
    pub(crate) banned: bool,
    /// Until when a response keeps them out.
    pub(crate) held_until: Option<DateTime>,
    pub(crate) score: i32,
    pub(crate) indicators: Vec<Indicator>,
}

/// By what viewers are ordered.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViewerUsageOrder {
    Banned,
    Bytes,
    Countries,
    DurationAvg,
    DurationSum,
    FirstStart,
    Ips,
    LastEnd,
    MaxConcurrency,
    Providers,
    Score,
    Sessions,
    Streams,
    Tokens,
    User,
}

#[derive(cynic::QueryVariables, Debug)]
struct ViewersVariables {
    range: TimeRange,
    filter: Filter,
    first: i32,
    after: Option<String>,
    order: ViewerUsageOrder,
    direction: OrderDirection,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ViewersVariables")]
struct ViewersQuery {
    organisation: ViewersOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "ViewersVariables")]
struct ViewersOfOrganisation {
    #[arguments(range: $range, filter: $filter)]
    analytics: Option<ViewersOfAnalytics>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Analytics", variables = "ViewersVariables")]
struct ViewersOfAnalytics {
    #[arguments(first: $first, after: $after, orderBy: $order, direction: $direction)]
    by_viewer: Option<ViewerUsageConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct ViewerUsageConnection {
    nodes: Vec<ViewerUsage>,
    page_info: PageInfo,
}

/// A part of the viewers.
pub(crate) async fn page(api: Api, part: Part, order: ViewerUsageOrder) -> Result<Page<ViewerUsage>, Failure> {
    let Part {
        range,
        filter,
        first,
        after,
        direction,
        group: _,
    } = part;
    let variables = ViewersVariables {
        range,
        filter,
        first,
        after,
        order,
        direction,
    };
    let found = api.query(ViewersQuery::build(variables)).await?.organisation.analytics;
    let found = found
        .and_then(|analytics| analytics.by_viewer)
        .ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, 0))
}

#[derive(cynic::QueryVariables, Debug)]
struct CountVariables {
    range: TimeRange,
    filter: Filter,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "CountVariables")]
struct CountQuery {
    organisation: CountOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "CountVariables")]
struct CountOfOrganisation {
    #[arguments(range: $range, filter: $filter)]
    analytics: Option<CountOfAnalytics>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Analytics")]
struct CountOfAnalytics {
    #[arguments(first: 0)]
    by_viewer: Option<Counted>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ViewerUsageConnection")]
struct Counted {
    total_count: i32,
}

/// How many viewers there are.
pub(crate) async fn count(api: Api, Part { range, filter, .. }: Part) -> Result<i32, Failure> {
    let query = CountQuery::build(CountVariables { range, filter });
    let found = api.query(query).await?.organisation.analytics;
    let found = found.and_then(|analytics| analytics.by_viewer);
    Ok(found.ok_or(Failure::Forbidden)?.total_count)
}
