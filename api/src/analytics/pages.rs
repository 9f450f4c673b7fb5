//! Pages of the two views.
//!
//! With the highest score first, or with who was there last, a page of tokens or addresses needs no look at everybody: those
//! of whom something was found are few, and who was there last is read from the end of an index, as far as it takes to be
//! sure. Other orders, subnets, networks and the long pages of files take everybody together first.
//! Where sessions ran on several tokens, the earlier ones are those of the sessions that were read.

use std::collections::HashSet;

use entity::{
    Tenanted,
    session::{self, Column},
    session_token,
};
use guard::Timestamp;
use ids::{OrganisationId, SessionId};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, JoinType, Order, QueryFilter, QueryOrder, QueryResult, QuerySelect,
    QueryTrait, Select,
    sea_query::{Asterisk, Expr, ExprTrait, Func, Query, SelectStatement, SimpleExpr},
};
use serde_json::Value as Json;

use super::{
    by_status::Stands,
    usage::{Among, By, Direction, OrderBy, Ordering, Sessions, Usage, grouped, scores},
};
use crate::{
    fault::Fault,
    service::page::{BAD_CURSOR, Page, Wanted},
    state::State,
};

/// A page of tokens or addresses. The role was judged.
pub(crate) async fn page(
    state: &State,
    sessions: &Sessions,
    by: By,
    ordering: Ordering,
    wanted: Wanted,
) -> Result<Page<Usage>, Fault> {
    let connection = state.store.read();
    let total = if wanted.counts() {
        count(connection, sessions, by).await?
    } else {
        0
    };
    let after = wanted.after().map(|key| Place::parse(key, ordering.0)).transpose()?;
    let stands = match ordering.0 {
        OrderBy::Status => Some(Stands::of(state, sessions, by).await?),
        _ => None,
    };
    let view = View {
        sessions,
        by,
        ordering,
        stands,
        after,
        rows: wanted.rows(),
    };
    let rows = match view.among_few(connection).await? {
        Some(rows) => rows,
        None => view.among(connection, None).await?,
    };
    Ok(wanted.cut(rows, wanted.after().is_some(), total))
}

/// A page of the sessions themselves, the newest first. The role was judged.
pub(crate) async fn sessions(
    connection: &impl ConnectionTrait,
    sessions: &Sessions,
    wanted: Wanted,
) -> Result<Page<session::Model>, Fault> {
    let key = |key: &str| key.parse::<SessionId>().ok().map(|id| id.uuid().into());
    wanted
        .of(connection, sessions.select(), Column::Id, Order::Desc, key)
        .await
}

/// How many tokens or addresses there are.
async fn count(connection: &impl ConnectionTrait, sessions: &Sessions, by: By) -> Result<u64, DbErr> {
    let subjects = sessions
        .of(by, None)
        .select_only()
        .expr_as(by.subject(), "subject")
        .group_by(sessions.key(by))
        .into_query();
    let mut count = Query::select();
    count
        .expr_as(Func::count(Expr::cust("*")), "total")
        .from_subquery(subjects, "counted");
    let row = connection.query_one(&count).await?;
    let total: i64 = row.map(|row| row.try_get("", "total")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(total).unwrap_or(0))
}

/// A page that is looked for.
struct View<'a> {
    sessions: &'a Sessions,
    by: By,
    ordering: Ordering,
    /// How tokens, viewers or addresses stand, where they are ordered by it.
    stands: Option<Stands>,
    /// Behind which row.
    after: Option<Place>,
    /// How many rows.
    rows: u64,
}

/// Where a row stands.
struct Place {
    rank: Json,
    last_at: i64,
    subject: String,
}

/// Tokens or addresses that may be on a page.
#[derive(Debug, Default)]
struct Few {
    subjects: Vec<String>,
    /// Whoever is not among them was there last at this moment, or before; nobody else is there where there is none.
    others_until: Option<i64>,
}

/// Tokens or addresses, and when they were there last.
type Listed = Vec<(String, i64)>;

impl View<'_> {
    /// The page, found among few; none where that is not to be had.
    async fn among_few(&self, connection: &impl ConnectionTrait) -> Result<Option<Vec<Usage>>, DbErr> {
        let filter = &self.sessions.filter;
        // Of one viewer, token or address there are few sessions as it is.
        let is_narrow = filter.jti.is_some() || filter.user.is_some() || filter.address.is_some();
        // What is longer than is read from the end at most is not to be had from there.
        let is_long = self.rows > LONG;
        let (order, direction) = self.ordering;
        if is_narrow || self.by.is_wide() || is_long || direction != Direction::Descending {
            return Ok(None);
        }
        match order {
            OrderBy::Score => self.by_score(connection).await,
            OrderBy::LastEnd => self.by_last(connection, &[]).await,
            _ => Ok(None),
        }
    }

    /// First those of whom something was found, then the others by when they were there last.
    async fn by_score(&self, connection: &impl ConnectionTrait) -> Result<Option<Vec<Usage>>, DbErr> {
        let scores = self.scored(connection).await?;
        if scores.len() > MANY {
            return Ok(None);
        }
        let scored: Vec<_> = scores.iter().map(|(subject, _)| subject.clone()).collect();
        let mut wanted = usize::try_from(self.rows).unwrap_or(MANY).saturating_mul(2);
        loop {
            let some = equals_together(&scores, wanted);
            if some == scores.len() {
                return self.by_last(connection, &scored).await;
            }
            let among = Among {
                scored: scored.get(..some).unwrap_or(&scored),
                ..Among::default()
            };
            let rows = self.among(connection, Some(among)).await?;
            if self.is_full(&rows) {
                return Ok(Some(rows));
            }
            wanted = wanted.saturating_mul(4);
        }
    }

    /// Those who were there last, beside these, as findings name them.
    async fn by_last(&self, connection: &impl ConnectionTrait, scored: &[String]) -> Result<Option<Vec<Usage>>, DbErr> {
        let mut deep = Ord::max(self.rows.saturating_mul(2), 100);
        while deep <= DEEP {
            let few = self.there_last(connection, deep).await?;
            let among = Among {
                subjects: &few.subjects,
                scored,
            };
            let rows = self.among(connection, Some(among)).await?;
            // Who is not among them scores nothing, and was there before.
            let is_sure = |row: &Usage| match self.ordering.0 {
                OrderBy::Score if row.score > 0 => true,
                _ => few.others_until.is_none_or(|others| row.last_at > others),
            };
            if few.others_until.is_none() || (self.is_full(&rows) && rows.last().is_some_and(is_sure)) {
                return Ok(Some(rows));
            }
            deep = deep.saturating_mul(4);
        }
        Ok(None)
    }

    fn is_full(&self, rows: &[Usage]) -> bool {
        u64::try_from(rows.len()).unwrap_or(u64::MAX) >= self.rows
    }

    /// What findings name and the scores, the highest first; not what stands before the page.
    async fn scored(&self, connection: &impl ConnectionTrait) -> Result<Vec<(String, i64)>, DbErr> {
        let mut select = Query::select();
        select
            .columns(["scored_subject", "score"])
            .from_subquery(scores(self.sessions, self.by), "scored")
            .and_where(Expr::col("score").gt(0))
            .order_by("score", Order::Desc)
            .limit(MANY as u64 + 1);
        if let Some(rank) = self.after.as_ref().and_then(|after| after.rank.as_i64()) {
            select.and_where(Expr::col("score").lte(rank));
        }
        let rows = connection.query_all(&select).await?;
        rows.iter()
            .map(|row| Ok((row.try_get("", "scored_subject")?, row.try_get("", "score")?)))
            .collect()
    }

    /// Who was there last: those whose sessions go on, and those whose sessions ended, so many of each.
    async fn there_last(&self, connection: &impl ConnectionTrait, deep: u64) -> Result<Few, DbErr> {
        let until = self.until();
        let subject = || self.by.subject();
        let of_some = || self.sessions.select().filter(subject().is_not_null());
        let beat = || -> SimpleExpr { Func::max(Expr::col(Column::BeatAt)).into() };
        let running: Vec<(String, i64)> = of_some()
            .filter(Column::EndedAt.is_null())
            .apply_if(until, |select, until| select.filter(Column::BeatAt.lte(until)))
            .select_only()
            .expr_as(subject(), "subject")
            .expr_as(beat(), "last_at")
            .group_by(subject())
            .order_by(beat(), Order::Desc)
            .limit(deep)
            .into_tuple()
            .all(connection)
            .await?;
        let ended = of_some()
            .filter(Column::EndedAt.gte(self.sessions.from.us()))
            .apply_if(until, |select, until| select.filter(Column::EndedAt.lte(until)))
            .order_by_desc(Column::EndedAt)
            .limit(deep);
        let (earlier, more) = self.before(connection, deep, &ended).await?;
        let ended: Vec<(String, i64)> = ended
            .select_only()
            .expr_as(subject(), "subject")
            .column(Column::EndedAt)
            .into_tuple()
            .all(connection)
            .await?;
        let mut few = Few::of([running, earlier, ended], deep, (self.sessions.from, self.sessions.to));
        few.subjects.extend(more.into_iter().map(|(subject, _)| subject));
        Ok(few)
    }

    /// The tokens that sessions ran on before they got another: of those that go on, the ones who were there last; of these
    /// that ended, all.
    async fn before(
        &self,
        connection: &impl ConnectionTrait,
        deep: u64,
        ended: &Select<session::Entity>,
    ) -> Result<(Listed, Listed), DbErr> {
        if self.by != By::Token || !self.sessions.renewed {
            return Ok(Default::default());
        }
        let organisation = self.sessions.organisation;
        let running = session::Entity::in_tenant(organisation)
            .filter(self.sessions.reaching(false))
            .filter(Column::EndedAt.is_null())
            .apply_if(self.until(), |select, until| select.filter(Column::BeatAt.lte(until)));
        let mut running = tokens_of(organisation, &running, Column::BeatAt);
        running.limit(deep);
        let ended = tokens_of(organisation, ended, Column::EndedAt);
        Ok((listed(connection, &running).await?, listed(connection, &ended).await?))
    }

    /// Until when those were there last who stand behind the page's beginning and of whom nothing was found.
    fn until(&self) -> Option<i64> {
        let after = self.after.as_ref()?;
        let is_by_last = self.ordering.0 == OrderBy::LastEnd || after.rank.as_i64() == Some(0);
        // What goes on beyond the time ends with it.
        (is_by_last && after.last_at < self.sessions.to.us()).then_some(after.last_at)
    }

    /// The page, where nobody else is on it.
    async fn among(&self, connection: &impl ConnectionTrait, among: Option<Among<'_>>) -> Result<Vec<Usage>, DbErr> {
        let (order, direction) = self.ordering;
        let mut page = Query::select();
        let all = grouped(self.sessions, self.by, (order, self.stands.as_ref()), among);
        page.column(Asterisk).from_subquery(all, "all_of_them");
        if let Some(after) = &self.after {
            page.and_where(after.behind(direction));
        }
        let ranked = match direction {
            Direction::Ascending => Order::Asc,
            Direction::Descending => Order::Desc,
        };
        page.order_by("rank", ranked)
            .order_by("last_at", Order::Desc)
            .order_by("subject", Order::Asc)
            .limit(self.rows);
        let rows = connection.query_all(&page).await?;
        rows.iter().map(|row| Usage::of(row, order)).collect()
    }
}

impl Few {
    /// From lists of tokens or addresses and when they were there, the last first, each cut where it is so long.
    fn of(lists: [Vec<(String, i64)>; 3], length: u64, (from, to): (Timestamp, Timestamp)) -> Self {
        let mut few = Self::default();
        let mut subjects = HashSet::new();
        for list in lists {
            let is_cut = u64::try_from(list.len()).unwrap_or(u64::MAX) >= length;
            let cut = list.last().filter(|_| is_cut);
            // What reaches beyond the time counts with the part that is within.
            let cut = cut.map(|(_, at)| (*at).clamp(from.us(), to.us()));
            few.others_until = Ord::max(few.others_until, cut);
            subjects.extend(list.into_iter().map(|(subject, _)| subject));
        }
        few.subjects = subjects.into_iter().collect();
        few
    }
}

impl Place {
    fn parse(key: &str, order: OrderBy) -> Result<Self, Fault> {
        let (rank, last_at, subject): (Json, i64, String) = serde_json::from_str(key).map_err(|_| BAD_CURSOR)?;
        let fits = if order.is_text() {
            rank.is_string()
        } else {
            rank.is_i64()
        };
        let place = Self { rank, last_at, subject };
        fits.then_some(place).ok_or(BAD_CURSOR)
    }

    /// The rows behind it.
    fn behind(&self, direction: Direction) -> SimpleExpr {
        let column = |name: &'static str| Expr::col(name);
        let rank = match (&self.rank, self.rank.as_i64()) {
            (Json::String(text), _) => Expr::val(text),
            (_, number) => Expr::val(number),
        };
        let last = self.last_at;
        let later = column("last_at").eq(last).and(column("subject").gt(&self.subject));
        let same = column("rank")
            .eq(rank.clone())
            .and(column("last_at").lt(last).or(later));
        let further = match direction {
            Direction::Ascending => column("rank").gt(rank),
            Direction::Descending => column("rank").lt(rank),
        };
        further.or(same)
    }
}

/// The tokens that these sessions ran on before their newest, and when they were there last by a column, the last first.
fn tokens_of(organisation: OrganisationId, sessions: &Select<session::Entity>, at: Column) -> SelectStatement {
    use session_token::Column as Token;
    let last = || -> SimpleExpr { Func::max(Expr::col(("theirs", "at"))).into() };
    let theirs = sessions
        .clone()
        .select_only()
        .column(Column::Id)
        .expr_as(Expr::col((session::Entity, at)), "at")
        .into_query();
    let mut tokens = Query::select();
    // Sessions are read first: they were chosen, tokens were not.
    tokens
        .expr_as(Token::Jti.into_expr(), "subject")
        .expr_as(last(), "last_at")
        .from_subquery(theirs, "theirs")
        .join(JoinType::CrossJoin, session_token::Entity, Condition::all())
        .and_where(Token::OrganisationId.eq(organisation.uuid()))
        .and_where(Expr::col((session_token::Entity, Token::SessionId)).equals(("theirs", Column::Id)))
        .group_by_col((session_token::Entity, Token::Jti))
        .order_by_expr(last(), Order::Desc);
    tokens
}

async fn listed(connection: &impl ConnectionTrait, statement: &SelectStatement) -> Result<Listed, DbErr> {
    let rows = connection.query_all(statement).await?;
    let row = |row: &QueryResult| Ok((row.try_get("", "subject")?, row.try_get("", "last_at")?));
    rows.iter().map(row).collect()
}

/// How many are so many of the first, and whoever scores as much as the last of them.
fn equals_together(scores: &[(String, i64)], wanted: usize) -> usize {
    let least = scores.get(wanted.saturating_sub(1));
    let behind = least.and_then(|(_, least)| scores.iter().position(|(_, score)| score < least));
    behind.unwrap_or(scores.len())
}

/// Of so many something may have been found before everybody is looked at: they are named in a statement.
const MANY: usize = 5_000;
/// So many sessions are read from the end before everybody is looked at.
const DEEP: u64 = 12_800;
/// A longer page takes everybody together.
const LONG: u64 = DEEP / 2;
