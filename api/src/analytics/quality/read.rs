//! How well it played, from the minutes.

use entity::{Tenanted, quality_minute};
use guard::Timestamp;
use sea_orm::{
    ConnectionTrait, FromQueryResult, Order, QueryOrder, QuerySelect, Select, SelectModel, Selector,
    sea_query::{CaseStatement, Expr, ExprTrait, SimpleExpr},
};

use crate::{
    analytics::{
        series::{Span, check_steps, step, sum},
        usage::Direction,
    },
    fault::Fault,
};

/// By what it is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Stream,
    Protocol,
    Country,
    Browser,
    /// Browser and main version.
    Version,
}

/// The figure by which groups are ordered; then those who played longest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OrderBy {
    Name,
    Attempts,
    StartSuccess,
    QuickStart,
    AverageStart,
    #[default]
    Played,
    Buffering,
    AverageLatency,
    /// Whatever went wrong, together.
    Failures,
}

/// What players said, together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Sums {
    /// Players that set out to play.
    pub(crate) attempts: i64,
    /// First pictures.
    pub(crate) starts: i64,
    /// Those within two seconds.
    pub(crate) quick_starts: i64,
    pub(crate) start_ms: i64,
    pub(crate) played_ms: i64,
    pub(crate) stalled_ms: i64,
    /// How often pictures came to stand still.
    pub(crate) stalls: i64,
    pub(crate) latency_ms: i64,
    /// How many delays were told.
    pub(crate) latencies: i64,
    pub(crate) lost: i64,
    pub(crate) undecoded: i64,
    pub(crate) unsupported: i64,
}

#[derive(FromQueryResult)]
struct Named {
    name: String,
    release: String,
    #[sea_orm(nested)]
    sums: Sums,
}

#[derive(FromQueryResult)]
struct Step {
    at: i64,
    #[sea_orm(nested)]
    sums: Sums,
}

/// What players said within a time: together, or taken apart, as they are ordered. Where a figure or the name is not known
/// comes last, whichever end comes first.
pub(crate) async fn taken_apart(
    connection: &impl ConnectionTrait,
    span: Span<'_>,
    by: Option<By>,
    (order, direction): (OrderBy, Direction),
    first: u64,
) -> Result<Vec<(String, Sums)>, Fault> {
    use quality_minute::Column;
    let name = match by {
        None => Expr::val(""),
        Some(By::Stream) => Expr::col(Column::StreamName),
        Some(By::Protocol) => Expr::col(Column::Protocol),
        Some(By::Country) => Expr::col(Column::Country),
        Some(By::Browser | By::Version) => Expr::col(Column::Browser),
    };
    let release = match by {
        Some(By::Version) => Expr::col(Column::Version),
        _ => Expr::val(""),
    };
    // PostgreSQL knows the name of what is selected by itself alone, and not within an expression.
    let is_missing = name.clone().eq("");
    let groups = summed(minutes(span))
        .expr_as(name, "name")
        // A name of its own: the column `version` would be grouped by.
        .expr_as(release, "release")
        .group_by(Expr::col("name"))
        .group_by(Expr::col("release"));
    let end = match direction {
        Direction::Ascending => Order::Asc,
        Direction::Descending => Order::Desc,
    };
    let ordered = match figure(order) {
        None => groups
            .order_by(is_missing, Order::Asc)
            .order_by(Expr::col("name"), end.clone())
            .order_by(Expr::col("release"), end),
        Some(figure) => groups
            .order_by(figure.clone().is_null(), Order::Asc)
            .order_by(figure, end),
    };
    let rows: Vec<Named> = ordered
        .order_by_desc(Expr::col("played_ms"))
        .order_by_asc(Expr::col("name"))
        .order_by_asc(Expr::col("release"))
        .limit(first)
        .into_model()
        .all(connection)
        .await?;
    let shape = |Named { name, release, sums }| (format!("{name} {release}").trim_end().to_owned(), sums);
    Ok(rows.into_iter().map(shape).collect())
}

/// What players said over time, by when each step of `step_s` seconds begins. Steps without anything are left out.
pub(crate) async fn over_time(
    connection: &impl ConnectionTrait,
    span: Span<'_>,
    step_s: i64,
) -> Result<Vec<(Timestamp, Sums)>, Fault> {
    check_steps(span, step_s)?;
    let steps: Selector<SelectModel<Step>> = summed(minutes(span))
        .expr_as(step(quality_minute::Column::MinuteAt, step_s), "at")
        .group_by(Expr::col("at"))
        .order_by_asc(Expr::col("at"))
        .into_model();
    let rows = steps.all(connection).await?;
    Ok(rows
        .into_iter()
        .map(|Step { at, sums }| (Timestamp::from_us(at), sums))
        .collect())
}

fn minutes(span: Span<'_>) -> Select<quality_minute::Entity> {
    use quality_minute::Column;
    let select = quality_minute::Entity::in_tenant(span.organisation);
    span.of(select, Column::MinuteAt, Column::Protocol, Column::StreamName)
}

/// What groups are ordered by; none: their name. As it is shown (`PlayerQuality`), so that rows stand as they are read.
fn figure(order: OrderBy) -> Option<SimpleExpr> {
    use quality_minute::Column;
    let ratio = |part: SimpleExpr, whole: SimpleExpr| -> SimpleExpr {
        let part = part.cast_as("double precision");
        CaseStatement::new().case(whole.clone().gt(0), part.div(whole)).into()
    };
    Some(match order {
        OrderBy::Name => return None,
        OrderBy::Attempts => sum(Column::Attempts),
        OrderBy::StartSuccess => {
            let (starts, attempts) = (sum(Column::Starts), sum(Column::Attempts));
            let seen: SimpleExpr = CaseStatement::new()
                .case(starts.clone().gt(attempts.clone()), attempts.clone())
                .finally(starts)
                .into();
            ratio(seen, attempts)
        }
        OrderBy::QuickStart => ratio(sum(Column::QuickStarts), sum(Column::Starts)),
        OrderBy::AverageStart => ratio(sum(Column::StartMs), sum(Column::Starts)),
        OrderBy::Played => sum(Column::PlayedMs),
        OrderBy::Buffering => {
            let stalled = sum(Column::StalledMs);
            ratio(stalled.clone(), sum(Column::PlayedMs).add(stalled))
        }
        OrderBy::AverageLatency => ratio(sum(Column::LatencyMs), sum(Column::Latencies)),
        OrderBy::Failures => sum(Column::Lost)
            .add(sum(Column::Undecoded))
            .add(sum(Column::Unsupported)),
    })
}

/// The sums of all columns that are sums, as they are called.
fn summed(select: Select<quality_minute::Entity>) -> Select<quality_minute::Entity> {
    use quality_minute::Column;
    let whole = |column: Column| -> SimpleExpr { Expr::expr(sum(column)).if_null(0) };
    [
        (Column::Attempts, "attempts"),
        (Column::Starts, "starts"),
        (Column::QuickStarts, "quick_starts"),
        (Column::StartMs, "start_ms"),
        (Column::PlayedMs, "played_ms"),
        (Column::StalledMs, "stalled_ms"),
        (Column::Stalls, "stalls"),
        (Column::LatencyMs, "latency_ms"),
        (Column::Latencies, "latencies"),
        (Column::Lost, "lost"),
        (Column::Undecoded, "undecoded"),
        (Column::Unsupported, "unsupported"),
    ]
    .into_iter()
    .fold(select.select_only(), |select, (column, name)| {
        select.expr_as(whole(column), name)
    })
}
