//! Findings as rows, and the score that they sum up to.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::{Table, Tenanted, finding, finding_stream, organisation};
use guard::Timestamp;
use ids::{FindingId, OrganisationId, StreamName};
use misuse::{Subject, Thresholds};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
    sea_query::{ExprTrait, OnConflict},
};
use uuid::Uuid;

use super::{
    Found,
    usage::{self, By, Sessions},
};
use crate::{
    fault::Fault,
    people::Acting,
    service::page::{BAD_CURSOR, Page, Wanted},
    state::State,
};

/// Of whom something is found, as rows name them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Suspect {
    /// A token, by its id.
    Token(String),
    /// A viewer, as tokens name them.
    User(String),
    /// An address; an IPv6 one stands for its /64.
    Address(String),
}

impl Suspect {
    /// What the columns `kind` and `subject` say.
    pub(crate) fn of(kind: &str, subject: &str) -> Self {
        match kind {
            TOKEN => Self::Token(subject.to_owned()),
            USER => Self::User(subject.to_owned()),
            _ => Self::Address(subject.to_owned()),
        }
    }

    /// The token's id, the viewer or the address.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Token(name) | Self::User(name) | Self::Address(name) => name,
        }
    }
}

/// What tells a finding's row from others: whose it is, `kind`, `subject`, `indicator` and `first_at`.
type Key = (Uuid, String, String, String, i64);

/// Writes what was found, and on which streams; what is known already is renewed.
pub(super) async fn insert(state: &State, connection: &impl ConnectionTrait, found: &[Found]) -> Result<(), DbErr> {
    use finding::Column;
    // A statement may name a row once only.
    let mut newest = HashMap::new();
    for found in found {
        newest.insert(key_of(found), found);
    }
    let streams: HashMap<Key, &BTreeSet<StreamName>> = newest
        .iter()
        .map(|(key, found)| (key.clone(), &found.finding.streams))
        .collect();
    let rows: Vec<_> = newest
        .into_values()
        .map(|found| model(state, found))
        .filter(|row| row.subject.as_ref().len() <= LONGEST)
        .collect();
    for chunk in rows.chunks(ROWS) {
        let key = [
            Column::OrganisationId,
            Column::Kind,
            Column::Subject,
            Column::Indicator,
            Column::FirstAt,
        ];
        let newer = [Column::Points, Column::Evidence, Column::LastAt];
        let written = finding::Entity::insert_many(chunk.to_vec())
            .on_conflict(OnConflict::columns(key).update_columns(newer).to_owned())
            .exec_with_returning(connection)
            .await?;
        insert_streams(connection, written, &streams).await?;
    }
    Ok(())
}

/// Writes on which streams those were seen; what is known already stays.
async fn insert_streams(
    connection: &impl ConnectionTrait,
    written: Vec<finding::Model>,
    streams: &HashMap<Key, &BTreeSet<StreamName>>,
) -> Result<(), DbErr> {
    use finding_stream::Column;
    let mut rows = Vec::new();
    for row in written {
        let key = (row.organisation_id, row.kind, row.subject, row.indicator, row.first_at);
        for stream in streams.get(&key).into_iter().copied().flatten() {
            rows.push(finding_stream::ActiveModel {
                finding_id: Set(row.id),
                stream_name: Set(stream.to_string()),
                organisation_id: Set(row.organisation_id),
            });
        }
    }
    for chunk in rows.chunks(ROWS) {
        let key = [Column::FindingId, Column::StreamName];
        finding_stream::Entity::insert_many(chunk.to_vec())
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(connection)
            .await?;
    }
    Ok(())
}

/// The id of what was told, which is that of its row.
pub(crate) async fn id_of(
    connection: &impl ConnectionTrait,
    Found { organisation, finding }: &Found,
) -> Result<Option<FindingId>, DbErr> {
    use finding::Column;
    let (kind, subject) = named(&finding.subject);
    let id: Option<Uuid> = finding::Entity::in_tenant(*organisation)
        .select_only()
        .column(Column::Id)
        .filter(Column::Kind.eq(kind))
        .filter(Column::Subject.eq(subject))
        .filter(Column::Indicator.eq(finding.indicator.as_str()))
        .filter(Column::FirstAt.eq(finding.first.us()))
        .into_tuple()
        .one(connection)
        .await?;
    Ok(id.map(FindingId::from_uuid))
}

/// What was found within a time, what was seen last first: as it is told. The role was judged.
pub(crate) async fn page(
    state: &State,
    acting: &Acting,
    time: (Timestamp, Timestamp),
    wanted: Wanted,
) -> Result<Page<finding::Model>, Fault> {
    use finding::Column;
    let (connection, select) = (state.store.read(), within(acting, time));
    let total = if wanted.counts() {
        select.clone().count(connection).await?
    } else {
        0
    };
    let mut select = select
        .order_by_desc(Column::LastAt)
        .order_by_desc(Column::Id)
        .limit(wanted.rows());
    if let Some(after) = wanted.after() {
        let (at, id) = place_of(after).ok_or(BAD_CURSOR)?;
        let at_once = Column::LastAt.eq(at).and(Column::Id.lt(id.uuid()));
        select = select.filter(Column::LastAt.lt(at).or(at_once));
    }
    let rows = select.all(connection).await?;
    Ok(wanted.cut(rows, wanted.after().is_some(), total))
}

/// What the cursor of a row of such a page is made of.
pub(crate) fn key(row: &finding::Model) -> String {
    format!("{},{}", row.last_at, FindingId::from_uuid(row.id))
}

fn place_of(key: &str) -> Option<(i64, FindingId)> {
    let (at, id) = key.split_once(',')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

/// The same, the newest first, for who takes all of it away: what is seen again meanwhile keeps its place. The role was
/// judged.
pub(crate) async fn newest(
    state: &State,
    acting: &Acting,
    time: (Timestamp, Timestamp),
    wanted: Wanted,
) -> Result<Page<finding::Model>, Fault> {
    let key = |key: &str| key.parse::<FindingId>().ok().map(|id| id.uuid().into());
    wanted
        .of(
            state.store.read(),
            within(acting, time),
            finding::Column::Id,
            Order::Desc,
            key,
        )
        .await
}

fn within(acting: &Acting, (from, to): (Timestamp, Timestamp)) -> Select<finding::Entity> {
    use finding::Column;
    finding::Entity::in_tenant(acting.id)
        .filter(Column::LastAt.gte(from.us()))
        .filter(Column::FirstAt.lt(to.us()))
}

/// Of some subjects of one kind, what was found within a time: for each indicator the one with the most points.
pub(crate) async fn of(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    kind: &str,
    subjects: Vec<String>,
    (from, to): (Timestamp, Timestamp),
) -> Result<HashMap<String, Vec<finding::Model>>, DbErr> {
    use finding::Column;
    let rows = finding::Entity::in_tenant(organisation)
        .filter(Column::Kind.eq(kind))
        .filter(Column::Subject.is_in(subjects))
        .filter(Column::LastAt.gte(from.us()))
        .filter(Column::FirstAt.lt(to.us()))
        .all(connection)
        .await?;
    let mut of: HashMap<String, Vec<finding::Model>> = HashMap::new();
    for row in rows {
        let known = of.entry(row.subject.clone()).or_default();
        match known.iter_mut().find(|known| known.indicator == row.indicator) {
            Some(known) if known.points < row.points => *known = row,
            Some(_) => {}
            None => known.push(row),
        }
    }
    for rows in of.values_mut() {
        rows.sort_by(|one, other| (other.points, &one.indicator).cmp(&(one.points, &other.indicator)));
    }
    Ok(of)
}

/// The same for subnets or networks: of each, what was found of the one of its addresses that scores most, which it names.
pub(crate) async fn of_most(
    connection: &impl ConnectionTrait,
    sessions: &Sessions,
    by: By,
    subjects: &[String],
) -> Result<HashMap<String, Vec<finding::Model>>, DbErr> {
    let suspects = usage::suspects(connection, sessions, by, subjects).await?;
    let addresses: HashSet<_> = suspects.iter().map(|(_, address)| address.clone()).collect();
    let addresses: Vec<_> = addresses.into_iter().collect();
    let (time, mut known) = ((sessions.from, sessions.to), HashMap::new());
    for chunk in addresses.chunks(SUBJECTS) {
        known.extend(of(connection, sessions.organisation, by.kind(), chunk.to_vec(), time).await?);
    }
    let sum = |rows: &[finding::Model]| rows.iter().map(|row| i64::from(row.points)).sum::<i64>();
    let mut most: HashMap<String, &[finding::Model]> = HashMap::new();
    for (subject, address) in &suspects {
        let Some(rows) = known.get(address) else { continue };
        let before = most.entry(subject.clone()).or_default();
        // Of two alike always the same one.
        let rank = |rows: &[finding::Model]| (sum(rows), rows.first().map(|row| row.subject.clone()));
        if rank(rows) > rank(before) {
            *before = rows;
        }
    }
    let named = |row: &finding::Model| finding::Model {
        evidence: format!("{}: {}", row.subject, row.evidence),
        ..row.clone()
    };
    let most = most.into_iter();
    Ok(most
        .map(|(subject, rows)| (subject, rows.iter().map(named).collect()))
        .collect())
}

/// The thresholds of some organisations, as far as they are there.
pub(super) async fn thresholds(
    connection: &impl ConnectionTrait,
    organisations: impl IntoIterator<Item = OrganisationId>,
) -> Result<Vec<(OrganisationId, Thresholds)>, DbErr> {
    let ids = organisations.into_iter().map(OrganisationId::uuid);
    let rows = organisation::Entity::across_tenants("thresholds of organisations that nodes tell of")
        .filter(organisation::Column::Id.is_in(ids))
        .all(connection)
        .await?;
    let known = |row: organisation::Model| (OrganisationId::from_uuid(row.id), thresholds_of(&row));
    Ok(rows.into_iter().map(known).collect())
}

/// An organisation's thresholds.
pub(crate) fn thresholds_of(row: &organisation::Model) -> Thresholds {
    let said = row.thresholds.clone();
    said.and_then(|said| serde_json::from_value(said).ok())
        .unwrap_or_default()
}

/// What of an organisation's thresholds is to be different; what is left out stays.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ThresholdsEdit {
    pub(crate) addresses: Option<u32>,
    pub(crate) countries: Option<u32>,
    pub(crate) sessions: Option<u32>,
    pub(crate) hours: Option<u32>,
    pub(crate) reconnects: Option<u32>,
    pub(crate) connections: Option<u32>,
    pub(crate) denials: Option<u32>,
}

impl ThresholdsEdit {
    /// Those thresholds, changed.
    pub(crate) fn of(self, now: &Thresholds) -> Thresholds {
        Thresholds {
            addresses: self.addresses.unwrap_or(now.addresses),
            countries: self.countries.unwrap_or(now.countries),
            sessions: self.sessions.unwrap_or(now.sessions),
            hours: self.hours.unwrap_or(now.hours),
            reconnects: self.reconnects.unwrap_or(now.reconnects),
            connections: self.connections.unwrap_or(now.connections),
            denials: self.denials.unwrap_or(now.denials),
        }
    }
}

/// The columns `kind` and `subject`.
pub(crate) fn named(subject: &Subject) -> (&'static str, String) {
    match subject {
        Subject::Token(jti) => (TOKEN, jti.to_string()),
        Subject::User(user) => (USER, user.to_string()),
        Subject::Address(address) => (ADDRESS, address.to_string()),
    }
}

fn key_of(Found { organisation, finding }: &Found) -> Key {
    let (kind, subject) = named(&finding.subject);
    let indicator = finding.indicator.as_str().to_owned();
    (
        organisation.uuid(),
        kind.to_owned(),
        subject,
        indicator,
        finding.first.us(),
    )
}

fn model(state: &State, Found { organisation, finding }: &Found) -> finding::ActiveModel {
    let (kind, subject) = named(&finding.subject);
    let id: FindingId = state.mint();
    finding::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(organisation.uuid()),
        kind: Set(kind.to_owned()),
        subject: Set(subject),
        indicator: Set(finding.indicator.as_str().to_owned()),
        points: Set(i32::try_from(finding.points).unwrap_or(i32::MAX)),
        evidence: Set(finding.evidence.clone()),
        first_at: Set(finding.first.us()),
        last_at: Set(finding.last.us()),
    }
}

pub(crate) const TOKEN: &str = "token";
pub(crate) const USER: &str = "user";
pub(crate) const ADDRESS: &str = "address";
/// An index of PostgreSQL holds no more of a name that a customer's token chose.
pub(crate) const LONGEST: usize = 512;
/// SQLite allows 32766 parameters in a statement.
const ROWS: usize = 500;
/// The same.
const SUBJECTS: usize = 10_000;
