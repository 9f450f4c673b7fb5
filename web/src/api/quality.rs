//! How well players play, by their own account.

use cynic::QueryBuilder;

use super::{
    client::Api,
    failure::Failure,
    misuse::{Filter, OrderDirection, TimeRange},
    overview::Interval,
    scalar::DateTime,
    schema,
};

/// How well players played; what nobody told is not there.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "PlayerQuality")]
pub(crate) struct Quality {
    pub(crate) name: String,
    pub(crate) attempts: i32,
    pub(crate) starts: i32,
    pub(crate) start_success_ratio: Option<f64>,
    pub(crate) quick_start_ratio: Option<f64>,
    pub(crate) average_start_ms: Option<f64>,
    pub(crate) played: f64,
    pub(crate) buffering_ratio: Option<f64>,
    pub(crate) stalls: i32,
    pub(crate) average_latency_ms: Option<f64>,
    pub(crate) connections_lost: i32,
    pub(crate) media_errors: i32,
    pub(crate) unsupported: i32,
}

/// The same in a step of time.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct QualityPoint {
    pub(crate) at: DateTime,
    pub(crate) quality: Quality,
}

/// By what it is taken apart.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QualityDimension {
    Browser,
    Country,
    Protocol,
    Stream,
    Version,
}

/// In which order groups are.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QualityOrder {
    Attempts,
    AverageLatency,
    AverageStart,
    Buffering,
    Failures,
    Name,
    Played,
    QuickStart,
    StartSuccess,
}

#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct WholeVariables {
    range: TimeRange,
    filter: Filter,
    interval: Interval,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "WholeVariables")]
struct WholeQuery {
    organisation: WholeOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "WholeVariables")]
struct WholeOfOrganisation {
    #[arguments(range: $range, filter: $filter)]
    analytics: Option<Whole>,
}

/// All players together, at once and over time.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Analytics", variables = "WholeVariables")]
pub(crate) struct Whole {
    pub(crate) quality: Vec<Quality>,
    #[arguments(interval: $interval)]
    pub(crate) quality_over_time: Vec<QualityPoint>,
}

/// How well all players together played.
pub(crate) async fn whole(api: Api, range: TimeRange, filter: Filter, interval: Interval) -> Result<Whole, Failure> {
    let query = WholeQuery::build(WholeVariables {
        range,
        filter,
        interval,
    });
    let found = api.query(query).await?.organisation.analytics;
    found.ok_or(Failure::Forbidden)
}

#[derive(cynic::QueryVariables, Debug)]
struct ApartVariables {
    range: TimeRange,
    filter: Filter,
    by: QualityDimension,
    order: QualityOrder,
    direction: OrderDirection,
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
    analytics: Option<ApartOfAnalytics>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Analytics", variables = "ApartVariables")]
struct ApartOfAnalytics {
    #[arguments(by: $by, first: 500, orderBy: $order, direction: $direction)]
    quality: Vec<Quality>,
}

/// How well players played, taken apart: the first groups of that order.
pub(crate) async fn apart(
    api: Api,
    range: TimeRange,
    filter: Filter,
    by: QualityDimension,
    (order, direction): (QualityOrder, OrderDirection),
) -> Result<Vec<Quality>, Failure> {
    let query = ApartQuery::build(ApartVariables {
        range,
        filter,
        by,
        order,
        direction,
    });
    let found = api.query(query).await?.organisation.analytics;
    Ok(found.ok_or(Failure::Forbidden)?.quality)
}
