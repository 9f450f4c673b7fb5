//! What is on now, and what was: counters by subscription, sums over time and by country.

use cynic::{QueryBuilder, StreamingOperation, SubscriptionBuilder};

use super::{
    client::Api,
    failure::Failure,
    misuse::{Bucket, Filter, TimeRange},
    scalar::DateTime,
    schema,
    sessions::Protocol,
};

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription")]
pub(crate) struct Now {
    pub(crate) live: Counters,
}

/// Viewers and broadcasters, by protocol too.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "LiveCounters")]
pub(crate) struct Counters {
    pub(crate) viewers: i32,
    pub(crate) ingests: i32,
    pub(crate) bytes_per_second: f64,
    pub(crate) by_protocol: Vec<ProtocolViewers>,
    pub(crate) ingests_by_protocol: Vec<ProtocolIngests>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct ProtocolViewers {
    pub(crate) protocol: Protocol,
    pub(crate) viewers: i32,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct ProtocolIngests {
    pub(crate) protocol: Protocol,
    pub(crate) ingests: i32,
}

/// What is counted now, whenever it changes.
pub(crate) fn now() -> StreamingOperation<Now, ()> {
    Now::build(())
}

#[derive(cynic::QueryVariables, Debug)]
struct RangeVariables {
    range: TimeRange,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RangeVariables")]
struct DenialsQuery {
    organisation: DenialsOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "RangeVariables")]
struct DenialsOfOrganisation {
    #[arguments(range: $range)]
    analytics: Option<DenialsOfAnalytics>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Analytics")]
struct DenialsOfAnalytics {
    #[arguments(by: REASON, first: 50)]
    denials: Vec<Bucket>,
}

/// Refusals by their reason, the most common first.
pub(crate) async fn denials(api: Api, range: TimeRange) -> Result<Vec<Bucket>, Failure> {
    let found = api.query(DenialsQuery::build(RangeVariables { range })).await?;
    Ok(found.organisation.analytics.ok_or(Failure::Forbidden)?.denials)
}

#[derive(cynic::QueryVariables, Debug)]
struct MostVariables {
    range: TimeRange,
    filter: Filter,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "MostVariables")]
struct MostQuery {
    organisation: MostOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "MostVariables")]
struct MostOfOrganisation {
    #[arguments(range: $range, filter: $filter)]
    analytics: Option<MostOfAnalytics>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Analytics")]
struct MostOfAnalytics {
    max_concurrency: i32,
}

/// The most viewers of a stream at once within a time.
pub(crate) async fn most_at_once(api: Api, range: TimeRange, stream: String) -> Result<i32, Failure> {
    let filter = Filter {
        stream: Some(stream),
        ..Filter::default()
    };
    let found = api.query(MostQuery::build(MostVariables { range, filter })).await?;
    Ok(found.organisation.analytics.ok_or(Failure::Forbidden)?.max_concurrency)
}

/// What is added up.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    Bytes,
    Denials,
    Sessions,
    Viewers,
    Watched,
}

/// By what it is taken apart.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dimension {
    Country,
    Protocol,
    Provider,
    Reason,
    Referrer,
    Stream,
    UserAgent,
}

/// How long a step is.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interval {
    Minute,
    FiveMinutes,
    Hour,
    Day,
}

/// A value over time.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<Point>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) at: DateTime,
    pub(crate) value: f64,
}

#[derive(cynic::QueryVariables, Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) range: TimeRange,
    pub(crate) metric: Metric,
    pub(crate) interval: Interval,
    pub(crate) by: Option<Dimension>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "Wanted")]
struct SeriesQuery {
    organisation: SeriesOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "Wanted")]
struct SeriesOfOrganisation {
    #[arguments(range: $range)]
    analytics: Option<SeriesOfAnalytics>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Analytics", variables = "Wanted")]
struct SeriesOfAnalytics {
    #[arguments(metric: $metric, interval: $interval, groupBy: $by)]
    timeseries: Vec<Series>,
}

/// A metric over time, those with most first.
pub(crate) async fn series(api: Api, wanted: Wanted) -> Result<Vec<Series>, Failure> {
    let found = api.query(SeriesQuery::build(wanted)).await?.organisation.analytics;
    Ok(found.ok_or(Failure::Forbidden)?.timeseries)
}

/// Whose sessions the map shows.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorldMetric {
    Ingest,
    Playback,
}

/// How many sessions began in a country.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct CountryValue {
    pub(crate) country: String,
    pub(crate) value: f64,
}

#[derive(cynic::QueryVariables, Debug)]
struct WorldVariables {
    range: TimeRange,
    filter: Filter,
    metric: WorldMetric,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "WorldVariables")]
struct WorldQuery {
    organisation: WorldOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "WorldVariables")]
struct WorldOfOrganisation {
    #[arguments(range: $range, filter: $filter)]
    analytics: Option<WorldOfAnalytics>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Analytics", variables = "WorldVariables")]
struct WorldOfAnalytics {
    #[arguments(metric: $metric)]
    world: Vec<CountryValue>,
}

/// Sessions that began, by country; by one protocol only where it is said.
pub(crate) async fn world(
    api: Api,
    range: TimeRange,
    metric: WorldMetric,
    protocol: Option<Protocol>,
) -> Result<Vec<CountryValue>, Failure> {
    let filter = Filter {
        protocol,
        ..Filter::default()
    };
    let query = WorldQuery::build(WorldVariables { range, filter, metric });
    let found = api.query(query).await?.organisation.analytics;
    Ok(found.ok_or(Failure::Forbidden)?.world)
}
