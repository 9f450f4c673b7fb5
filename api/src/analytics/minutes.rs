//! What was watched and refused, by the minute; what was watched by the hour as well.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    time::Duration,
};

use entity::{denial_minute, usage_hour, usage_minute};
use guard::{Door, Reason, Timestamp};
use ids::{NodeId, OrganisationId, SessionId, StreamName};
use link::{Event, Kind, Protocol, SessionFacts};
use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait, DbErr, EntityTrait,
    sea_query::{Expr, OnConflict, SimpleExpr},
};

/// Viewers' sessions, and what is not written yet.
#[derive(Debug, Default)]
pub(super) struct Minutes {
    meters: HashMap<SessionId, Meter>,
    rows: Rows,
}

/// Sums to be added to those that are written.
#[derive(Debug, Default)]
pub(super) struct Rows {
    watched: HashMap<Watched, Sums>,
    denied: HashMap<Denied, i64>,
}

/// A session that goes on.
#[derive(Debug)]
struct Meter {
    key: Watched,
    node: NodeId,
    at: Timestamp,
    bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Watched {
    organisation: OrganisationId,
    minute: Timestamp,
    stream: StreamName,
    protocol: Protocol,
    country: Option<guard::Country>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Denied {
    organisation: OrganisationId,
    minute: Timestamp,
    stream: Option<StreamName>,
    door: Door,
    protocol: Protocol,
    reason: Reason,
    country: Option<guard::Country>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    sessions: i64,
    watched_us: i64,
    bytes: i64,
}

impl Minutes {
    /// Takes in an event; a name that no stream has is counted as none.
    pub(super) fn take(&mut self, Event { at, node, kind }: &Event, names: &HashSet<StreamName>) {
        match kind {
            Kind::Started(facts) if facts.door == Door::Playback => self.started(facts, *node, *at),
            Kind::Beat { session, bytes, .. } => self.watched(*session, *bytes, *at),
            Kind::Ended(end) => {
                self.watched(end.session, end.bytes, *at);
                self.meters.remove(&end.session);
            }
            Kind::Denied {
                organisation: Some(organisation),
                stream,
                door,
                protocol,
                reason,
                visitor,
                ..
            } => {
                let denied = Denied {
                    organisation: *organisation,
                    minute: minute(*at),
                    stream: Some(stream).filter(|name| names.contains(*name)).cloned(),
                    door: *door,
                    protocol: *protocol,
                    reason: *reason,
                    country: visitor.place.country,
                };
                *self.rows.denied.entry(denied).or_default() += 1;
            }
            // What was watched behind the last beat is not known.
            Kind::NodeLost => self.meters.retain(|_, meter| meter.node != *node),
            _ => {}
        }
    }

    /// What is to be written; from now on it counts as written.
    pub(super) fn rows(&mut self) -> Rows {
        std::mem::take(&mut self.rows)
    }

    fn started(&mut self, facts: &SessionFacts, node: NodeId, at: Timestamp) {
        let key = Watched {
            organisation: facts.organisation,
            minute: minute(at),
            stream: facts.name.clone(),
            protocol: facts.protocol,
            country: facts.place.country,
        };
        self.rows.watched.entry(key.clone()).or_default().sessions += 1;
        let meter = Meter {
            key,
            node,
            at,
            bytes: 0,
        };
        self.meters.insert(facts.session, meter);
    }

    /// A session went on until now; what it got is spread evenly over the time since it was last heard of.
    fn watched(&mut self, session: SessionId, bytes: u64, now: Timestamp) {
        let Some(meter) = self.meters.get_mut(&session).filter(|meter| now >= meter.at) else {
            return;
        };
        let more = i64::try_from(bytes.saturating_sub(meter.bytes)).unwrap_or(i64::MAX);
        let whole = now.us() - meter.at.us();
        let (mut from, mut left) = (meter.at, more);
        loop {
            let begin = minute(from);
            let to = begin.plus(MINUTE).min(now);
            let span = to.us() - from.us();
            let is_last = to == now;
            let part = if is_last { left } else { share(more, span, whole) };
            left -= part;
            let key = Watched {
                minute: begin,
                ..meter.key.clone()
            };
            let sums = self.rows.watched.entry(key).or_default();
            sums.watched_us += span;
            sums.bytes += part;
            if is_last {
                break;
            }
            from = to;
        }
        (meter.at, meter.bytes) = (now, bytes.max(meter.bytes));
    }
}

/// Adds sums of what was watched to those of a table; the column and the field say when its rows begin.
macro_rules! insert_watched {
    ($table:ident, $column:ident, $field:ident, $watched:expr, $connection:expr) => {
        let rows: Vec<_> = $watched
            .iter()
            .map(|(key, sums): (&Watched, &Sums)| $table::ActiveModel {
                organisation_id: Set(key.organisation.uuid()),
                $field: Set(key.minute.us()),
                stream_name: Set(key.stream.to_string()),
                protocol: Set(key.protocol.as_str().to_owned()),
                country: Set(key.country.map(|country| country.to_string()).unwrap_or_default()),
                sessions: Set(sums.sessions),
                watched_us: Set(sums.watched_us),
                bytes: Set(sums.bytes),
            })
            .collect();
        for chunk in rows.chunks(ROWS) {
            use $table::Column;
            let key = [
                Column::OrganisationId,
                Column::$column,
                Column::StreamName,
                Column::Protocol,
                Column::Country,
            ];
            let sums = [
                (Column::Sessions, added(stringify!($table), "sessions")),
                (Column::WatchedUs, added(stringify!($table), "watched_us")),
                (Column::Bytes, added(stringify!($table), "bytes")),
            ];
            $table::Entity::insert_many(chunk.to_vec())
                .on_conflict(OnConflict::columns(key).values(sums).to_owned())
                .exec_without_returning($connection)
                .await?;
        }
    };
}

impl Rows {
    pub(super) fn is_empty(&self) -> bool {
        self.watched.is_empty() && self.denied.is_empty()
    }

    /// Adds them to what is written.
    pub(super) async fn insert(&self, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        let mut hours: HashMap<Watched, Sums> = HashMap::new();
        for (key, sums) in &self.watched {
            let minute = hour(key.minute);
            hours.entry(Watched { minute, ..key.clone() }).or_default().add(*sums);
        }
        insert_watched!(usage_hour, HourAt, hour_at, hours, connection);
        insert_watched!(usage_minute, MinuteAt, minute_at, self.watched, connection);
        let denied: Vec<_> = self.denied.iter().map(denied_row).collect();
        for chunk in denied.chunks(ROWS) {
            use denial_minute::Column;
            let key = [
                Column::OrganisationId,
                Column::MinuteAt,
                Column::StreamName,
                Column::Door,
                Column::Protocol,
                Column::Reason,
                Column::Country,
            ];
            let sum = [(Column::Times, added("denial_minute", "times"))];
            denial_minute::Entity::insert_many(chunk.to_vec())
                .on_conflict(OnConflict::columns(key).values(sum).to_owned())
                .exec_without_returning(connection)
                .await?;
        }
        Ok(())
    }
}

impl Sums {
    fn add(&mut self, more: Self) {
        self.sessions += more.sessions;
        self.watched_us += more.watched_us;
        self.bytes += more.bytes;
    }
}

fn denied_row((key, times): (&Denied, &i64)) -> denial_minute::ActiveModel {
    denial_minute::ActiveModel {
        organisation_id: Set(key.organisation.uuid()),
        minute_at: Set(key.minute.us()),
        stream_name: Set(key.stream.as_ref().map(ToString::to_string).unwrap_or_default()),
        door: Set(key.door.as_str().to_owned()),
        protocol: Set(key.protocol.as_str().to_owned()),
        reason: Set(key.reason.as_str().to_owned()),
        country: Set(key.country.map(|country| country.to_string()).unwrap_or_default()),
        times: Set(*times),
    }
}

/// What is written, and what is to be.
pub(super) fn added(table: &str, column: &str) -> SimpleExpr {
    Expr::cust(format!("{table}.{column} + excluded.{column}"))
}

/// The minute that a moment is in, by when it begins.
pub(super) fn minute(at: Timestamp) -> Timestamp {
    Timestamp::from_s(at.s().div_euclid(60) * 60)
}

/// The hour that a moment is in, by when it begins.
pub(super) fn hour(at: Timestamp) -> Timestamp {
    Timestamp::from_s(at.s().div_euclid(3_600) * 3_600)
}

/// The part of `all` that `span` is of `whole`.
fn share(all: i64, span: i64, whole: i64) -> i64 {
    let part = i128::from(all) * i128::from(span) / i128::from(whole.max(1));
    i64::try_from(part).unwrap_or(i64::MAX)
}

pub(super) const MINUTE: Duration = Duration::from_mins(1);
/// SQLite allows 32766 parameters in a statement.
pub(super) const ROWS: usize = 500;
