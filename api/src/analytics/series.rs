//! What was watched and refused over time, and by what: read from the minutes, and what was watched by whole hours from the
//! hours.

use std::collections::HashMap;

use entity::{Tenanted, denial_minute, session, usage_hour, usage_minute};
use guard::{Door, Timestamp};
use ids::OrganisationId;
use link::Protocol;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Order, QueryFilter, QuerySelect, QueryTrait,
    Select,
    sea_query::{Expr, ExprTrait, Func, IntoColumnRef, Query, SelectStatement, SimpleExpr, UnionType},
};

use super::minutes::{MINUTE, hour, minute};
use crate::fault::Fault;

/// Of which time, and what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'a> {
    pub(crate) organisation: OrganisationId,
    pub(crate) from: Timestamp,
    /// Not part of it.
    pub(crate) to: Timestamp,
    /// By when all that was watched is written down.
    pub(crate) settled: Timestamp,
    /// By this protocol only.
    pub(crate) protocol: Option<Protocol>,
    /// On this stream only.
    pub(crate) stream: Option<&'a str>,
}

/// What is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    /// How many watched at the same time, on average of the minutes of which everything is known.
    Viewers,
    /// Sessions that began.
    Sessions,
    /// How long everybody watched together, in seconds.
    Watched,
    /// Media, in bytes.
    Bytes,
    /// Refusals.
    Denials,
}

/// By what it is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dimension {
    Stream,
    Protocol,
    Country,
    Reason,
    Provider,
    Referrer,
    UserAgent,
}

/// A value over time, by when each step begins. Steps without anything are left out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    /// The value of the dimension; empty where it is not known, or nothing was taken apart.
    pub(crate) name: String,
    pub(crate) points: Vec<(Timestamp, f64)>,
}

#[derive(FromQueryResult)]
struct Step {
    at: i64,
    name: String,
    value: i64,
}

#[derive(FromQueryResult)]
struct Sum {
    name: String,
    value: i64,
}

/// A metric over time: how long a step is in seconds, a multiple of 60, and by what it is taken apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chart {
    pub(crate) metric: Metric,
    pub(crate) step_s: i64,
    pub(crate) by: Option<Dimension>,
}

/// The `first` with most, the most first.
pub(crate) async fn over_time(
    connection: &impl ConnectionTrait,
    span: Span<'_>,
    chart: Chart,
    first: u64,
) -> Result<Vec<Series>, Fault> {
    let names = with_most(connection, span, chart, first).await?;
    of_names(connection, span, chart, &names).await
}

/// The names of the `first` with most, the most first; the empty one alone where nothing is taken apart.
pub(crate) async fn with_most(
    connection: &impl ConnectionTrait,
    span: Span<'_>,
    chart: Chart,
    first: u64,
) -> Result<Vec<String>, Fault> {
    check_steps(span, chart.step_s)?;
    let Some(by) = chart.by else {
        return Ok(vec![String::new()]);
    };
    let span = span.of_metric(chart.metric);
    let rows = all(connection, &whole(span, chart.metric, by, first)?).await?;
    Ok(rows.into_iter().map(|Sum { name, .. }| name).collect())
}

/// Those of these names, in their order. All their steps are in memory, 2000 of each at most.
pub(crate) async fn of_names(
    connection: &impl ConnectionTrait,
    span: Span<'_>,
    Chart { metric, step_s, by }: Chart,
    names: &[String],
) -> Result<Vec<Series>, Fault> {
    let span = span.of_metric(metric);
    let (of, at, name, value) = if metric == Metric::Denials {
        let minute = step(denial_minute::Column::MinuteAt, step_s);
        let times = sum(denial_minute::Column::Times);
        (denials(span), minute, denied_by(by)?, times)
    } else {
        let usage = usage(span, step_s % HOUR_S == 0);
        (usage, step(BEGIN, step_s), watched_by(by)?, watched(metric))
    };
    let named = by.map(|_| name.clone().is_in(names.iter().map(String::as_str)));
    let statement = steps(of, at, name, value).and_where_option(named).take();
    let mut points: HashMap<String, Vec<(Timestamp, f64)>> = HashMap::new();
    let rows: Vec<Step> = all(connection, &statement).await?;
    for Step { at, name, value } in rows {
        let at = Timestamp::from_us(at);
        let value = scaled(metric, value, span.part_of(at, step_s));
        points.entry(name).or_default().push((at, value));
    }
    let series = |name: &String| {
        let (name, points) = points.remove_entry(name)?;
        Some(Series { name, points })
    };
    Ok(names.iter().filter_map(series).collect())
}

/// A metric taken apart, the most first.
pub(crate) async fn breakdown(
    connection: &impl ConnectionTrait,
    span: Span<'_>,
    metric: Metric,
    by: Dimension,
    first: u64,
) -> Result<Vec<(String, f64)>, Fault> {
    let minutes = span.of_metric(metric);
    let (of, statement) = match by {
        Dimension::Provider | Dimension::Referrer | Dimension::UserAgent if metric != Metric::Denials => {
            let (column, value) = (of_sessions(by)?, of_session(metric)?);
            (span, sums(sessions(span, Door::Playback), known(column), value, first))
        }
        _ => (minutes, whole(minutes, metric, by, first)?),
    };
    let rows = all(connection, &statement).await?;
    let seconds = i64::try_from(of.to.since(of.from).as_secs()).unwrap_or(i64::MAX);
    Ok(rows
        .into_iter()
        .map(|Sum { name, value }| (name, scaled(metric, value, seconds)))
        .collect())
}

/// The sums of the whole time, of what minutes know.
fn whole(span: Span<'_>, metric: Metric, by: Dimension, first: u64) -> Result<SelectStatement, Fault> {
    Ok(match metric {
        Metric::Denials => {
            let times = sum(denial_minute::Column::Times);
            sums(denials(span), denied_by(Some(by))?, times, first)
        }
        _ => sums(usage(span, true), watched_by(Some(by))?, watched(metric), first),
    })
}

/// How many sessions began in each country, of viewers or of broadcasters.
pub(crate) async fn world(
    connection: &impl ConnectionTrait,
    span: Span<'_>,
    door: Door,
) -> Result<Vec<(String, f64)>, Fault> {
    let statement = match door {
        Door::Playback => {
            let name = watched_by(Some(Dimension::Country))?;
            sums(usage(span, true), name, watched(Metric::Sessions), COUNTRIES)
        }
        Door::Ingest => {
            let count = bigint(Func::count(Expr::cust("*")));
            sums(sessions(span, door), known(session::Column::Country), count, COUNTRIES)
        }
    };
    let rows = all(connection, &statement).await?;
    let metric = Metric::Sessions;
    Ok(rows
        .into_iter()
        .map(|Sum { name, value }| (name, scaled(metric, value, 1)))
        .collect())
}

/// No more steps than a chart can show.
pub(super) fn check_steps(span: Span<'_>, step_s: i64) -> Result<(), Fault> {
    let steps = span.to.since(span.from).as_secs() / Ord::max(step_s.unsigned_abs(), 1);
    if steps <= STEPS {
        return Ok(());
    }
    let why = "more than 2000 steps are in that time";
    Err(Fault::field("interval", "TOO_SMALL", why))
}

/// What was watched, as a table: by the hour as far as hours are within the time, where that is enough, and by the minute.
fn usage(span: Span<'_>, by_hour: bool) -> SelectStatement {
    let minutes = |from: i64, to: i64| {
        use usage_minute::Column;
        let columns = [Column::MinuteAt, Column::Protocol, Column::StreamName];
        part::<usage_minute::Entity>(span, (from, to), columns)
    };
    let hours = |from: i64, to: i64| {
        use usage_hour::Column;
        let columns = [Column::HourAt, Column::Protocol, Column::StreamName];
        part::<usage_hour::Entity>(span, (from, to), columns)
    };
    let (from, to) = (span.from.us(), span.to.us());
    let until = hour(span.to).us();
    let since = if hour(span.from).us() == from {
        from
    } else {
        hour(span.from).us().saturating_add(HOUR_S * 1_000_000)
    };
    let parts = if by_hour && since < until {
        let mut parts = hours(since, until);
        parts.union(UnionType::All, minutes(from, since));
        parts.union(UnionType::All, minutes(until, to));
        parts
    } else {
        minutes(from, to)
    };
    Query::select().from_subquery(parts, "usage").take()
}

/// A part of that table: of a time, from a table whose rows begin at the first of its columns.
fn part<E: Tenanted>(
    span: Span<'_>,
    (from, to): (i64, i64),
    [at, protocol, stream]: [E::Column; 3],
) -> SelectStatement {
    let within = Span {
        from: Timestamp::from_us(from),
        to: Timestamp::from_us(to),
        ..span
    };
    let select = within.of(E::in_tenant(span.organisation), at, protocol, stream);
    let mut part = select.select_only().expr_as(Expr::col(at), BEGIN).into_query();
    part.columns(["stream_name", "protocol", "country", "sessions", "watched_us", "bytes"]);
    part
}

fn denials(span: Span<'_>) -> SelectStatement {
    use denial_minute::Column;
    let select = denial_minute::Entity::in_tenant(span.organisation);
    let select = span.of(select, Column::MinuteAt, Column::Protocol, Column::StreamName);
    select.select_only().into_query()
}

fn sessions(span: Span<'_>, door: Door) -> SelectStatement {
    use session::Column;
    let select = session::Entity::in_tenant(span.organisation).filter(Column::Door.eq(door.as_str()));
    let select = span.of(select, Column::StartedAt, Column::Protocol, Column::StreamName);
    select.select_only().into_query()
}

impl Span<'_> {
    /// What is known of a metric: of an average the whole minutes, but not those of which something is yet to be written.
    fn of_metric(self, metric: Metric) -> Self {
        if metric != Metric::Viewers {
            return self;
        }
        let from = minute_from(self.from);
        let to = Ord::min(minute_from(self.to), minute(self.settled));
        let to = Ord::max(to, from);
        Self { from, to, ..self }
    }

    /// How much of a step lies in it, in seconds.
    fn part_of(self, begin: Timestamp, step_s: i64) -> i64 {
        let end = Ord::min(begin.s().saturating_add(step_s), self.to.s());
        end.saturating_sub(Ord::max(begin.s(), self.from.s()))
    }

    /// The rows of its time, protocol and stream.
    pub(super) fn of<E: EntityTrait>(
        self,
        select: Select<E>,
        at: E::Column,
        protocol: E::Column,
        stream: E::Column,
    ) -> Select<E> {
        select
            .filter(at.gte(self.from.us()))
            .filter(at.lt(self.to.us()))
            .apply_if(self.protocol, |select, wanted| {
                select.filter(protocol.eq(wanted.as_str()))
            })
            .apply_if(self.stream, |select, wanted| select.filter(stream.eq(wanted)))
    }
}

fn steps(mut of: SelectStatement, at: SimpleExpr, name: SimpleExpr, value: SimpleExpr) -> SelectStatement {
    of.expr_as(at, "at")
        .expr_as(name, "name")
        .expr_as(value, "value")
        .add_group_by([Expr::col("at"), Expr::col("name")])
        .order_by("at", Order::Asc)
        .take()
}

fn sums(mut of: SelectStatement, name: SimpleExpr, value: SimpleExpr, first: u64) -> SelectStatement {
    of.expr_as(name, "name")
        .expr_as(value, "value")
        .add_group_by([Expr::col("name")])
        .order_by("value", Order::Desc)
        .order_by("name", Order::Asc)
        .limit(first)
        .take()
}

async fn all<T: FromQueryResult>(
    connection: &impl ConnectionTrait,
    statement: &SelectStatement,
) -> Result<Vec<T>, DbErr> {
    let rows = connection.query_all(statement).await?;
    rows.iter().map(|row| T::from_query_result(row, "")).collect()
}

/// The first minute that begins by then, or later.
fn minute_from(at: Timestamp) -> Timestamp {
    let begin = minute(at);
    if begin == at { at } else { begin.plus(MINUTE) }
}

pub(super) fn step(column: impl IntoColumnRef, step_s: i64) -> SimpleExpr {
    let step = step_s.saturating_mul(1_000_000);
    let at = Expr::col(column);
    at.clone().sub(at.modulo(step))
}

fn watched(metric: Metric) -> SimpleExpr {
    match metric {
        Metric::Sessions => sum(usage_minute::Column::Sessions),
        Metric::Bytes => sum(usage_minute::Column::Bytes),
        _ => sum(usage_minute::Column::WatchedUs),
    }
}

fn of_session(metric: Metric) -> Result<SimpleExpr, Fault> {
    use session::Column;
    match metric {
        Metric::Sessions => Ok(bigint(Func::count(Expr::cust("*")))),
        Metric::Bytes => Ok(sum(Column::Bytes)),
        Metric::Viewers | Metric::Watched => {
            let end = Func::coalesce([Expr::col(Column::EndedAt), Expr::col(Column::BeatAt)]);
            Ok(bigint(Func::sum(Expr::expr(end).sub(Expr::col(Column::StartedAt)))))
        }
        Metric::Denials => Err(UNKNOWN),
    }
}

fn of_sessions(by: Dimension) -> Result<session::Column, Fault> {
    match by {
        Dimension::Provider => Ok(session::Column::Provider),
        Dimension::Referrer => Ok(session::Column::Referrer),
        Dimension::UserAgent => Ok(session::Column::UserAgent),
        _ => Err(UNKNOWN),
    }
}

fn watched_by(by: Option<Dimension>) -> Result<SimpleExpr, Fault> {
    use usage_minute::Column;
    match by {
        None => Ok(Expr::val("")),
        Some(Dimension::Stream) => Ok(Expr::col(Column::StreamName)),
        Some(Dimension::Protocol) => Ok(Expr::col(Column::Protocol)),
        Some(Dimension::Country) => Ok(Expr::col(Column::Country)),
        Some(_) => Err(UNKNOWN),
    }
}

fn denied_by(by: Option<Dimension>) -> Result<SimpleExpr, Fault> {
    use denial_minute::Column;
    match by {
        None => Ok(Expr::val("")),
        Some(Dimension::Stream) => Ok(Expr::col(Column::StreamName)),
        Some(Dimension::Protocol) => Ok(Expr::col(Column::Protocol)),
        Some(Dimension::Reason) => Ok(Expr::col(Column::Reason)),
        Some(_) => Err(UNKNOWN),
    }
}

/// A column whose missing values are empty.
fn known(column: session::Column) -> SimpleExpr {
    Func::coalesce([Expr::col(column), Expr::val("")]).into()
}

pub(super) fn sum(column: impl ColumnTrait) -> SimpleExpr {
    bigint(Func::sum(Expr::col(column)))
}

fn bigint(expression: impl Into<SimpleExpr>) -> SimpleExpr {
    let expression: SimpleExpr = expression.into();
    expression.cast_as("bigint")
}

/// As it is shown: seconds, or viewers on average.
#[expect(clippy::cast_precision_loss, reason = "sums for people")]
fn scaled(metric: Metric, value: i64, seconds: i64) -> f64 {
    match metric {
        Metric::Viewers => value as f64 / 1e6 / Ord::max(seconds, 1) as f64,
        Metric::Watched => value as f64 / 1e6,
        Metric::Sessions | Metric::Bytes | Metric::Denials => value as f64,
    }
}

/// When a minute or an hour begins.
const BEGIN: &str = "begin_at";
const HOUR_S: i64 = 3_600;
const UNKNOWN: Fault = Fault::Invalid("this metric cannot be taken apart by that");
/// As many as a chart can show.
const STEPS: u64 = 2_000;
const COUNTRIES: u64 = 300;
