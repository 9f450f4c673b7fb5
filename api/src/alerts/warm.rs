//! What a rule would have measured by now, read from what is written down: a new rule, or one after a restart, does not
//! begin with nothing.

use std::{collections::HashMap, time::Duration};

use entity::{
    Tenanted, denial_minute, finding, finding_stream, quality_minute, session, stream, stream_tag, usage_minute,
    webhook_delivery,
};
use guard::{Reason, Timestamp};
use ids::{OrganisationId, StreamId, StreamName};
use misuse::Indicator;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
    sea_query::{Expr, SelectStatement},
};
use uuid::Uuid;

use super::{
    rule::{Comparison, Definition, Metric},
    suspects::known_as,
    watch::Watch,
    whence::Played,
};

/// The streams that a rule is about; none: all.
pub(super) async fn scope(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    rule: &Definition,
) -> Result<Option<HashMap<StreamName, StreamId>>, DbErr> {
    let mut select = stream::Entity::in_tenant(organisation)
        .select_only()
        .columns([stream::Column::Id, stream::Column::Name])
        .filter(stream::Column::DeletedAt.is_null());
    match (&rule.stream, &rule.tag) {
        (Some(name), _) => select = select.filter(stream::Column::Name.eq(name)),
        (None, Some(tag)) => {
            let tagged = stream_tag::Entity::in_tenant(organisation)
                .select_only()
                .column(stream_tag::Column::StreamId)
                .filter(stream_tag::Column::Name.eq(tag))
                .into_query();
            select = select.filter(stream::Column::Id.in_subquery(tagged));
        }
        (None, None) => return Ok(None),
    }
    let rows: Vec<(Uuid, String)> = select.into_tuple().all(connection).await?;
    let named = |(id, name): (Uuid, String)| Some((name.parse().ok()?, StreamId::from_uuid(id)));
    Ok(Some(rows.into_iter().filter_map(named).collect()))
}

/// Since when it is written down what happens in an organisation.
pub(super) async fn known_since(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<Option<Timestamp>, DbErr> {
    let watched: Option<i64> = usage_minute::Entity::in_tenant(organisation)
        .select_only()
        .column(usage_minute::Column::MinuteAt)
        .order_by_asc(usage_minute::Column::MinuteAt)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    let denied: Option<i64> = denial_minute::Entity::in_tenant(organisation)
        .select_only()
        .column(denial_minute::Column::MinuteAt)
        .order_by_asc(denial_minute::Column::MinuteAt)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(watched.into_iter().chain(denied).min().map(Timestamp::from_us))
}

/// Tells a rule what is written down.
pub(super) async fn fill(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    watch: &mut Watch,
    now: Timestamp,
) -> Result<(), DbErr> {
    let compares = watch.rule.comparison == Comparison::TimesUsual;
    let long = if compares {
        USUAL.max(watch.rule.window())
    } else {
        watch.rule.window()
    };
    let since = now.minus(long);
    match watch.rule.metric {
        Metric::Viewers if !compares => Ok(()),
        Metric::Ingests => Ok(()),
        Metric::Viewers | Metric::Sessions | Metric::BytesOut => watched(connection, organisation, watch, since).await,
        Metric::Denials => denied(connection, organisation, watch, since).await,
        Metric::FailureRatio => {
            watched(connection, organisation, watch, since).await?;
            denied(connection, organisation, watch, since).await
        }
        Metric::Findings => found(connection, organisation, watch, since).await,
        Metric::StreamsOffline => away(connection, organisation, watch, since).await,
        Metric::WebhookFailures => hooks(connection, organisation, watch, since).await,
        Metric::StartFailures | Metric::Buffering => played(connection, organisation, watch, since).await,
    }
}

async fn watched(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    watch: &mut Watch,
    since: Timestamp,
) -> Result<(), DbErr> {
    use usage_minute::Column;
    let sum = |column: Column| Expr::col(column).sum().cast_as("bigint");
    let select = usage_minute::Entity::in_tenant(organisation)
        .select_only()
        .column(Column::MinuteAt)
        .expr_as(sum(Column::Sessions), "sessions")
        .expr_as(sum(Column::Bytes), "bytes")
        .expr_as(sum(Column::WatchedUs), "watched_us")
        .filter(Column::MinuteAt.gte(since.us()))
        .group_by(Column::MinuteAt)
        .order_by_asc(Column::MinuteAt);
    let select = counted(select, watch, (Column::StreamName, Column::Protocol, Column::Country));
    let rows: Vec<(i64, i64, i64, i64)> = select.into_tuple().all(connection).await?;
    for (minute, sessions, bytes, watched_us) in rows {
        let viewers = float(watched_us) / MINUTE_US;
        watch.recorded(float(sessions), float(bytes), viewers, Timestamp::from_us(minute));
    }
    Ok(())
}

async fn denied(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    watch: &mut Watch,
    since: Timestamp,
) -> Result<(), DbErr> {
    use denial_minute::Column;
    let select = denial_minute::Entity::in_tenant(organisation)
        .select_only()
        .columns([Column::MinuteAt, Column::Reason])
        .expr_as(Expr::col(Column::Times).sum().cast_as("bigint"), "times")
        .filter(Column::MinuteAt.gte(since.us()))
        .group_by(Column::MinuteAt)
        .group_by(Column::Reason)
        .order_by_asc(Column::MinuteAt);
    let select = counted(select, watch, (Column::StreamName, Column::Protocol, Column::Country));
    let rows: Vec<(i64, String, i64)> = select.into_tuple().all(connection).await?;
    for (minute, reason, times) in rows {
        if let Some(reason) = Reason::ALL.iter().find(|one| one.as_str() == reason) {
            watch.refused(*reason, float(times), Timestamp::from_us(minute));
        }
    }
    Ok(())
}

async fn played(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    watch: &mut Watch,
    since: Timestamp,
) -> Result<(), DbErr> {
    use quality_minute::Column;
    let sum = |column: Column| Expr::col(column).sum().cast_as("bigint");
    let select = quality_minute::Entity::in_tenant(organisation)
        .select_only()
        .column(Column::MinuteAt)
        .expr_as(sum(Column::Attempts), "attempts")
        .expr_as(sum(Column::Starts), "starts")
        .expr_as(sum(Column::StalledMs), "stalled_ms")
        .expr_as(sum(Column::PlayedMs), "played_ms")
        .filter(Column::MinuteAt.gte(since.us()))
        .group_by(Column::MinuteAt)
        .order_by_asc(Column::MinuteAt);
    let select = counted(select, watch, (Column::StreamName, Column::Protocol, Column::Country));
    let rows: Vec<(i64, i64, i64, i64, i64)> = select.into_tuple().all(connection).await?;
    for (minute, attempts, starts, stalled_ms, played_ms) in rows {
        let played = Played {
            attempts: float(attempts),
            starts: float(starts),
            stalled_s: float(stalled_ms) / 1e3,
            watched_s: float(played_ms) / 1e3,
        };
        watch.played(played, Timestamp::from_us(minute));
    }
    Ok(())
}

/// Those of the streams, the protocol and the country that count.
fn counted<E: EntityTrait>(
    mut select: Select<E>,
    Watch { scope, rule, .. }: &Watch,
    (stream, protocol, country): (E::Column, E::Column, E::Column),
) -> Select<E> {
    if let Some(scope) = scope {
        select = select.filter(stream.is_in(scope.keys().map(ToString::to_string)));
    }
    if let Some(only) = &rule.protocol {
        select = select.filter(protocol.eq(only.as_str()));
    }
    if let Some(only) = &rule.country {
        select = select.filter(country.eq(only.as_str()));
    }
    select
}

async fn found(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    watch: &mut Watch,
    since: Timestamp,
) -> Result<(), DbErr> {
    use finding::Column;
    let mut select = finding::Entity::in_tenant(organisation)
        .select_only()
        .columns([
            Column::Kind,
            Column::Subject,
            Column::Indicator,
            Column::Points,
            Column::LastAt,
        ])
        .filter(Column::LastAt.gt(since.us()))
        .order_by_desc(Column::LastAt)
        .limit(FINDINGS);
    if let Some(scope) = &watch.scope {
        select = select.filter(Column::Id.in_subquery(seen_on(organisation, scope)));
    }
    let rows: Vec<(String, String, String, i32, i64)> = select.into_tuple().all(connection).await?;
    for (kind, subject, indicator, points, at) in rows {
        if let Some(indicator) = Indicator::named(&indicator) {
            let points = u32::try_from(points).unwrap_or(0);
            watch.suspected(known_as(&kind, &subject), indicator, points, Timestamp::from_us(at));
        }
    }
    Ok(())
}

/// The ids of findings on those streams.
pub(super) fn seen_on(organisation: OrganisationId, scope: &HashMap<StreamName, StreamId>) -> SelectStatement {
    use finding_stream::Column;
    finding_stream::Entity::in_tenant(organisation)
        .select_only()
        .column(Column::FindingId)
        .filter(Column::StreamName.is_in(scope.keys().map(ToString::to_string)))
        .into_query()
}

async fn away(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    watch: &mut Watch,
    since: Timestamp,
) -> Result<(), DbErr> {
    use session::Column;
    let rows: Vec<(String, Option<i64>, Option<String>)> = session::Entity::in_tenant(organisation)
        .select_only()
        .columns([Column::StreamName, Column::EndedAt, Column::Reason])
        .filter(Column::Door.eq("ingest"))
        .filter(
            Condition::any()
                .add(Column::EndedAt.is_null())
                .add(Column::EndedAt.gt(since.us())),
        )
        .order_by_asc(Column::StartedAt)
        .into_tuple()
        .all(connection)
        .await?;
    for (name, ended, reason) in rows {
        let Ok(name) = name.parse::<StreamName>() else { continue };
        match (ended, reason) {
            (Some(ended), None) => watch.went(&name, Timestamp::from_us(ended)),
            _ => watch.was_ended(&name),
        }
    }
    Ok(())
}

/// Of these streams, those that somebody here stopped, locked or deleted: nobody awaits their broadcasters.
pub(super) async fn ended_here(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    names: &[StreamName],
) -> Result<Vec<StreamName>, DbErr> {
    use stream::Column;
    if names.is_empty() {
        return Ok(vec![]);
    }
    let ended = Condition::any()
        .add(Column::Standing.ne("active"))
        .add(Column::DeletedAt.is_not_null());
    let rows: Vec<String> = stream::Entity::in_tenant(organisation)
        .select_only()
        .column(Column::Name)
        .filter(Column::Name.is_in(names.iter().map(ToString::to_string)))
        .filter(ended)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().filter_map(|name| name.parse().ok()).collect())
}

async fn hooks(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    watch: &mut Watch,
    since: Timestamp,
) -> Result<(), DbErr> {
    use webhook_delivery::Column;
    let rows: Vec<i64> = webhook_delivery::Entity::in_tenant(organisation)
        .select_only()
        .column(Column::TriedAt)
        .filter(Column::TriedAt.gt(since.us()))
        .filter(Column::Trouble.is_not_null())
        .filter(Column::State.is_in(["waiting", "failed"]))
        .limit(FINDINGS)
        .into_tuple()
        .all(connection)
        .await?;
    for at in rows {
        watch.hook_failed(Timestamp::from_us(at));
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53: 9 PB, 285 years")]
fn float(number: i64) -> f64 {
    number as f64
}

const MINUTE_US: f64 = 60e6;
/// Of what it is known what is usual.
const USUAL: Duration = Duration::from_hours(6);
/// So many are enough for whatever is to be told.
const FINDINGS: u64 = 10_000;
