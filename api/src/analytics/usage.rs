//! The views: what each token was used for, what each viewer watched, and what was watched from each address.
//!
//! Read from sessions within a time; those that go on count until they were last heard of. A session that reaches beyond
//! the time counts with the part that is within. One that ran on several tokens counts for each of them.

use std::collections::HashMap;

use entity::{Tenanted, finding, session, session_token};
use guard::{Asn, Country, Door, Timestamp};
use ids::OrganisationId;
use link::Protocol;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, FromQueryResult, QueryFilter, QueryOrder, QueryResult,
    QuerySelect, QueryTrait, Select,
    sea_query::{CaseStatement, Expr, ExprTrait, Func, Query, SelectStatement, SimpleExpr, UnionType},
};
use serde_json::Value as Json;

use super::{by_status::Stands, concurrency, sightings, source::Source};

/// Which sessions count.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    pub(crate) organisation: OrganisationId,
    pub(crate) from: Timestamp,
    /// Not part of it.
    pub(crate) to: Timestamp,
    pub(crate) filter: Filter,
    /// Whether any session of the organisation ran on several tokens, one after the other.
    pub(crate) renewed: bool,
    pub(crate) database: DbBackend,
}

/// What sessions must have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) stream: Option<String>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) jti: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) address: Option<Source>,
    pub(crate) country: Option<Country>,
    pub(crate) asn: Option<Asn>,
    pub(crate) provider: Option<String>,
    pub(crate) referrer: Option<String>,
}

/// By what sessions are taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Token,
    /// Whom tokens name.
    Viewer,
    Address,
    /// The /24 of an IPv4 address, the /64 of an IPv6 one.
    Subnet,
    /// The AS number; nothing where it is not known.
    Network,
}

/// The column by which rows are ordered; then who was there last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum OrderBy {
    #[default]
    Score,
    Duration,
    MeanDuration,
    Sessions,
    Streams,
    /// Addresses of a token, tokens of an address or a viewer.
    Others,
    Addresses,
    /// Media sent.
    Bytes,
    FirstStart,
    LastEnd,
    MaxConcurrency,
    /// The token's id, or the address, by its letters.
    Subject,
    User,
    Tag,
    Provider,
    Country,
    /// By how many there are.
    Providers,
    Countries,
    Referrers,
    Tags,
    /// How a token stands: revoked, expired, active; whether a viewer is banned, or an address blocked.
    Status,
}

/// Which end of the column comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Direction {
    Ascending,
    #[default]
    Descending,
}

/// In which order rows are.
pub(crate) type Ordering = (OrderBy, Direction);

/// Sessions of one token or address.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Usage {
    /// The token's id, the viewer or the address.
    pub(crate) subject: String,
    pub(crate) viewer: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) asn: Option<i64>,
    pub(crate) country: Option<String>,
    pub(crate) duration_us: i64,
    pub(crate) sessions: i64,
    pub(crate) streams: i64,
    pub(crate) others: i64,
    /// From how many addresses.
    pub(crate) addresses: i64,
    pub(crate) first_at: i64,
    pub(crate) last_at: i64,
    /// How many go on.
    pub(crate) running: i64,
    /// Media sent in these sessions, whatever the time.
    pub(crate) bytes: i64,
    pub(crate) score: i64,
    /// What it is ordered by: a number or a text.
    #[sea_orm(skip)]
    pub(crate) rank: Json,
}

impl Usage {
    pub(super) fn of(row: &QueryResult, order: OrderBy) -> Result<Self, DbErr> {
        let rank = if order.is_text() {
            Json::from(row.try_get::<String>("", "rank")?)
        } else {
            Json::from(row.try_get::<i64>("", "rank")?)
        };
        let usage = Self::from_query_result(row, "")?;
        Ok(Self { rank, ..usage })
    }

    /// What its cursor is made of.
    pub(crate) fn key(&self) -> String {
        Json::from_iter([self.rank.clone(), self.last_at.into(), self.subject.as_str().into()]).to_string()
    }
}

impl OrderBy {
    /// Whether it goes by letters.
    pub(super) const fn is_text(self) -> bool {
        matches!(
            self,
            Self::Subject | Self::User | Self::Tag | Self::Provider | Self::Country
        )
    }
}

/// Viewers' sessions taken apart by the values of a column, those with most first: how many they were, or how long they
/// took in microseconds.
pub(crate) async fn taken_apart(
    connection: &impl ConnectionTrait,
    sessions: &Sessions,
    column: session::Column,
    by_time: bool,
    first: u64,
) -> Result<Vec<(String, i64)>, DbErr> {
    let value = if by_time {
        sum(sessions.ends().sub(sessions.begins()))
    } else {
        bigint(Func::count(Expr::cust("*")))
    };
    sessions
        .select()
        .select_only()
        .expr_as(Func::coalesce([Expr::col(column), Expr::val("")]), "name")
        .expr_as(value, "value")
        .group_by(Expr::col("name"))
        .order_by_desc(Expr::col("value"))
        .order_by_asc(Expr::col("name"))
        .limit(first)
        .into_tuple()
        .all(connection)
        .await
}

/// The most common values of a column, with their numbers of sessions, for each of these tokens or addresses.
pub(crate) async fn tops(
    connection: &impl ConnectionTrait,
    sessions: &Sessions,
    by: By,
    subjects: &[String],
    column: session::Column,
) -> Result<HashMap<String, Vec<(String, i64)>>, DbErr> {
    let rows: Vec<(String, String, i64)> = sessions
        .of(by, Some(Among::these(subjects)))
        .filter(column.is_not_null())
        .select_only()
        .expr_as(by.subject(), "subject")
        .column(column)
        .expr_as(Func::count(Expr::cust("*")), "times")
        .group_by(by.subject())
        .group_by(column)
        .into_tuple()
        .all(connection)
        .await?;
    let mut tops: HashMap<String, Vec<(String, i64)>> = HashMap::new();
    for (subject, value, times) in rows {
        tops.entry(subject).or_default().push((value, times));
    }
    for values in tops.values_mut() {
        values.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
        values.truncate(TOP);
    }
    Ok(tops)
}

/// Which addresses of these subnets or networks something was found of.
pub(crate) async fn suspects(
    connection: &impl ConnectionTrait,
    sessions: &Sessions,
    by: By,
    subjects: &[String],
) -> Result<Vec<(String, String)>, DbErr> {
    let found = finding::Entity::in_tenant(sessions.organisation)
        .filter(finding::Column::Kind.eq(by.kind()))
        .filter(finding::Column::LastAt.gte(sessions.from.us()))
        .filter(finding::Column::FirstAt.lt(sessions.to.us()))
        .select_only()
        .column(finding::Column::Subject)
        .into_query();
    sessions
        .select()
        .filter(by.subject().is_in(subjects))
        .filter(by.scored().in_subquery(found))
        .select_only()
        .expr_as(by.subject(), "subject")
        .column(by.scored())
        .distinct()
        .into_tuple()
        .all(connection)
        .await
}

impl By {
    /// The token's id, the viewer, the address, its subnet or its network, as a text.
    pub(super) fn subject(self) -> SimpleExpr {
        match self {
            Self::Token => session::Column::Jti.into_expr(),
            Self::Viewer => session::Column::Viewer.into_expr(),
            Self::Address => session::Column::Address.into_expr(),
            Self::Subnet => Expr::cust(SUBNET),
            Self::Network => Expr::cust("COALESCE(CAST(session.asn AS text), '')"),
        }
    }

    /// What findings name.
    fn scored(self) -> session::Column {
        match self {
            Self::Token => session::Column::Jti,
            Self::Viewer => session::Column::Viewer,
            Self::Address | Self::Subnet | Self::Network => session::Column::AddressBlock,
        }
    }

    /// What findings name in place of a token or an address.
    pub(crate) fn named(self, subject: &str) -> String {
        match (self, subject.parse()) {
            (Self::Address, Ok(address)) => guard::block(address).to_string(),
            _ => subject.to_owned(),
        }
    }

    fn others(self) -> session::Column {
        match self {
            Self::Token => session::Column::Address,
            Self::Viewer | Self::Address | Self::Subnet | Self::Network => session::Column::Jti,
        }
    }

    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Token => super::findings::TOKEN,
            Self::Viewer => super::findings::USER,
            Self::Address | Self::Subnet | Self::Network => super::findings::ADDRESS,
        }
    }

    /// Whether many addresses stand in a row.
    pub(crate) fn is_wide(self) -> bool {
        matches!(self, Self::Subnet | Self::Network)
    }
}

/// Whether any session of an organisation ran on several tokens, one after the other.
pub(crate) async fn renewed(connection: &impl ConnectionTrait, organisation: OrganisationId) -> Result<bool, DbErr> {
    let one: Option<String> = session_token::Entity::in_tenant(organisation)
        .select_only()
        .column(session_token::Column::Jti)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(one.is_some())
}

impl Sessions {
    /// By what rows are taken together. `SQLite` would read every session of the organisation in that order, by an index,
    /// however short the time, and wait for the page of each; so it is kept from seeing that there is an index.
    pub(super) fn key(&self, by: By) -> SimpleExpr {
        match self.database {
            DbBackend::Sqlite => Expr::cust_with_expr("+?", by.subject()),
            _ => by.subject(),
        }
    }

    /// Viewers' sessions that reach into the time.
    pub(super) fn select(&self) -> Select<session::Entity> {
        use session::Column;
        let select = session::Entity::in_tenant(self.organisation).filter(self.reaching(true));
        let Some(jti) = self.filter.jti.as_deref() else {
            return select;
        };
        let own = Column::Jti.eq(jti);
        if !self.renewed {
            return select.filter(own);
        }
        let earlier = session_token::Entity::in_tenant(self.organisation)
            .select_only()
            .column(session_token::Column::SessionId)
            .filter(session_token::Column::Jti.eq(jti))
            .into_query();
        select.filter(own.or(Column::Id.in_subquery(earlier)))
    }

    /// The same, as those of some tokens or addresses, or of all: where rows are tokens, once for each that a session ran on.
    pub(super) fn of(&self, by: By, among: Option<Among<'_>>) -> Select<session::Entity> {
        use session::Column;
        if by != By::Token || !self.renewed {
            return self
                .select()
                .filter(by.subject().is_not_null())
                .apply_if(among, |select, among| select.filter(among.of(by)));
        }
        // Findings name tokens as rows do.
        let among = among.map(|among| [among.subjects, among.scored].concat());
        let among = among.as_deref();
        let mut each = session::Entity::in_tenant(self.organisation)
            .filter(self.reaching(among.is_none()))
            .filter(self.with_token(Column::Jti.into_expr(), among))
            .into_query();
        each.union(UnionType::All, self.earlier(among));
        let mut all = session::Entity::in_tenant(self.organisation);
        QuerySelect::query(&mut all)
            .from_clear()
            .from_subquery(each, session::Entity);
        all
    }

    /// Those that run on another token now, as those of the tokens that they ran on before.
    fn earlier(&self, among: Option<&[String]>) -> SelectStatement {
        let mut earlier = sightings::earlier(self.organisation);
        earlier
            .cond_where(self.reaching(among.is_none()))
            .cond_where(self.with_token(session_token::Column::Jti.into_expr(), among));
        earlier
    }

    /// That a token is the one that is asked for, and one of these.
    fn with_token(&self, jti: SimpleExpr, among: Option<&[String]>) -> Condition {
        let one = self.filter.jti.as_deref();
        Condition::all()
            .add(jti.clone().is_not_null())
            .add_option(one.map(|one| jti.clone().eq(one)))
            .add_option(among.map(|among| jti.is_in(among)))
    }

    /// That sessions are viewers', reach into the time, and have what is asked for; of their token nothing. `by_time`: whether
    /// they may be found by when they began, or by something better.
    pub(super) fn reaching(&self, by_time: bool) -> Condition {
        use session::Column;
        let began = Column::StartedAt.into_expr();
        let began = if by_time { began } else { began.add(0) };
        let Filter {
            stream,
            protocol,
            jti: _,
            user,
            tag,
            address,
            country,
            asn,
            provider,
            referrer,
        } = &self.filter;
        let text = |column: Column, text: &Option<String>| text.as_deref().map(|text| column.eq(text));
        let from = address.as_ref().map(|address| match address {
            Source::Address(address) => Column::Address.eq(address.as_str()),
            Source::Subnet(subnet) => By::Subnet.subject().eq(subnet.as_str()),
        });
        Condition::all()
            .add(Column::Door.eq(Door::Playback.as_str()))
            .add(began.lt(self.to.us()))
            .add(Column::EndedAt.is_null().or(Column::EndedAt.gte(self.from.us())))
            .add_option(text(Column::StreamName, stream))
            .add_option(text(Column::Viewer, user))
            .add_option(text(Column::Tag, tag))
            .add_option(text(Column::Provider, provider))
            .add_option(text(Column::Referrer, referrer))
            .add_option(from)
            .add_option(protocol.map(|protocol| Column::Protocol.eq(protocol.as_str())))
            .add_option(country.map(|country| Column::Country.eq(country.as_str())))
            .add_option(asn.map(|asn| Column::Asn.eq(i64::from(asn.number()))))
    }

    /// When a session's part begins.
    pub(super) fn begins(&self) -> SimpleExpr {
        let started = || Expr::col(session::Column::StartedAt);
        let from = self.from.us();
        case(started().lt(from), Expr::val(from), started())
    }

    /// When it ends.
    pub(super) fn ends(&self) -> SimpleExpr {
        use session::Column;
        let ended = || Func::coalesce([Expr::col(Column::EndedAt), Expr::col(Column::BeatAt)]);
        let (from, to) = (self.from.us(), self.to.us());
        let last = case(Expr::expr(ended()).gt(to), Expr::val(to), ended());
        case(Expr::expr(ended()).lt(from), Expr::val(from), last)
    }
}

/// Some tokens or addresses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Among<'a> {
    /// As rows name them.
    pub(super) subjects: &'a [String],
    /// As findings name them: of one of these there may be many.
    pub(super) scored: &'a [String],
}

/// One row for each token or address, or for each of some. `stands`: what is needed to order by it.
pub(super) fn grouped(
    sessions: &Sessions,
    by: By,
    (order, stands): (OrderBy, Option<&Stands>),
    among: Option<Among<'_>>,
) -> SelectStatement {
    use session::Column;
    let long = || sum(sessions.ends().sub(sessions.begins()));
    let count = || bigint(Func::count(Expr::cust("*")));
    let distinct = |column: Column| bigint(Func::count_distinct(Expr::col(column)));
    let greatest =
        |column: Column| -> SimpleExpr { Func::coalesce([Func::max(Expr::col(column)).into(), Expr::val("")]).into() };
    let first = || Func::min(Expr::col(Column::StartedAt));
    let last = || Func::max(sessions.ends());
    let addresses = || match by {
        By::Token | By::Address => Expr::cust("CAST(1 AS bigint)"),
        By::Viewer | By::Subnet | By::Network => distinct(Column::Address),
    };
    let bytes = || sum(Expr::col(Column::Bytes));
    let score = || bigint(Func::coalesce([Func::max(Expr::col("score")).into(), Expr::val(0)]));
    let most = Func::max(Expr::col(Column::Country));
    // What reaches over several countries is in none.
    let country: SimpleExpr = if by.is_wide() {
        let least = Expr::expr(Func::min(Expr::col(Column::Country)));
        CaseStatement::new().case(least.eq(most.clone()), most).into()
    } else {
        most.into()
    };
    let rank: SimpleExpr = match order {
        OrderBy::Score => score(),
        OrderBy::Duration => long(),
        OrderBy::MeanDuration => bigint(long().div(count())),
        OrderBy::Sessions => count(),
        OrderBy::Streams => distinct(Column::StreamId),
        OrderBy::Others => distinct(by.others()),
        OrderBy::Addresses => addresses(),
        OrderBy::Bytes => bytes(),
        OrderBy::FirstStart => bigint(first()),
        OrderBy::LastEnd => bigint(last()),
        OrderBy::MaxConcurrency => bigint(Func::max(Expr::col("most"))),
        OrderBy::Subject => by.subject(),
        OrderBy::User => greatest(Column::Viewer),
        OrderBy::Tag => greatest(Column::Tag),
        OrderBy::Provider => greatest(Column::Provider),
        OrderBy::Country => Func::coalesce([country.clone(), Expr::val("")]).into(),
        OrderBy::Providers => distinct(Column::Provider),
        OrderBy::Countries => distinct(Column::Country),
        OrderBy::Referrers => distinct(Column::Referrer),
        OrderBy::Tags => distinct(Column::Tag),
        OrderBy::Status => stands.map_or_else(|| bigint(Expr::val(0)), Stands::rank),
    };
    let running = case(Expr::col(Column::EndedAt).is_null(), Expr::val(1), Expr::val(0));
    let mut all = sessions
        .of(by, among)
        .select_only()
        .expr_as(by.subject(), "subject")
        .expr_as(Func::max(Expr::col(Column::Viewer)), "viewer")
        .expr_as(Func::max(Expr::col(Column::Tag)), "tag")
        .expr_as(Func::max(Expr::col(Column::Provider)), "provider")
        .expr_as(Func::max(Expr::col(Column::Asn)), "asn")
        .expr_as(country, "country")
        .expr_as(long(), "duration_us")
        .expr_as(count(), "sessions")
        .expr_as(distinct(Column::StreamId), "streams")
        .expr_as(distinct(by.others()), "others")
        .expr_as(addresses(), "addresses")
        .expr_as(bytes(), "bytes")
        .expr_as(bigint(first()), "first_at")
        .expr_as(bigint(last()), "last_at")
        .expr_as(sum(running), "running")
        .expr_as(score(), "score")
        .expr_as(rank, "rank")
        .group_by(sessions.key(by))
        .into_query();
    let scored = scores(sessions, by);
    let of_score = Expr::col(("scored", "scored_subject")).equals((session::Entity, by.scored()));
    all.join_subquery(sea_orm::JoinType::LeftJoin, scored, "scored", of_score);
    if order == OrderBy::MaxConcurrency {
        let most = concurrency::statement(&sessions.of(by, None), sessions, &by.subject());
        let of_most = Expr::col(("counted", "subject")).eq(by.subject());
        all.join_subquery(sea_orm::JoinType::LeftJoin, most, "counted", of_most);
    }
    if let Some(stands) = stands {
        stands.join(&mut all, sessions.organisation);
    }
    all
}

impl<'a> Among<'a> {
    pub(super) const fn these(subjects: &'a [String]) -> Self {
        Self { subjects, scored: &[] }
    }

    fn of(self, by: By) -> Condition {
        let either = Condition::any().add(by.subject().is_in(self.subjects));
        if self.scored.is_empty() {
            return either;
        }
        either.add(by.scored().is_in(self.scored))
    }
}

/// The score of each token or address: for each indicator its most points, summed up to 100.
pub(super) fn scores(sessions: &Sessions, by: By) -> SelectStatement {
    use finding::Column;
    let most = finding::Entity::in_tenant(sessions.organisation)
        .filter(Column::Kind.eq(by.kind()))
        .filter(Column::LastAt.gte(sessions.from.us()))
        .filter(Column::FirstAt.lt(sessions.to.us()))
        .select_only()
        .column_as(Column::Subject, "scored_subject")
        .expr_as(Func::max(Expr::col(Column::Points)), "points")
        .group_by(Column::Subject)
        .group_by(Column::Indicator)
        .into_query();
    let points = || sum(Expr::col("points"));
    let mut scores = Query::select();
    scores
        .column("scored_subject")
        .expr_as(case(points().gt(100), Expr::val(100), points()), "score")
        .from_subquery(most, "most")
        .group_by_col("scored_subject");
    scores
}

pub(super) fn case(condition: SimpleExpr, then: impl Into<SimpleExpr>, otherwise: impl Into<SimpleExpr>) -> SimpleExpr {
    CaseStatement::new().case(condition, then).finally(otherwise).into()
}

/// A sum as both databases read it: PostgreSQL makes a number without bounds of it.
fn sum(expression: impl Into<SimpleExpr>) -> SimpleExpr {
    bigint(Func::sum(expression))
}

pub(super) fn bigint(expression: impl Into<SimpleExpr>) -> SimpleExpr {
    let expression: SimpleExpr = expression.into();
    expression.cast_as("bigint")
}

/// What is no address any more (a network, or a name in its place) is its own subnet.
const SUBNET: &str = "CASE WHEN session.address LIKE '%/%' THEN session.address \
    WHEN session.address LIKE '%:%' THEN COALESCE(session.address_block || '/64', session.address) \
    WHEN session.address LIKE '%.%' THEN rtrim(session.address, '0123456789') || '0/24' \
    ELSE session.address END";
/// How many values stand for the most common ones.
const TOP: usize = 3;
