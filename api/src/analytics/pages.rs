//! Pages of the two views.
//!
//! By score, or by who was there last, a page needs no look at everybody: those of whom something was found are few, and
//! who was there last is read from the end of an index, as far as it takes to be sure. Other orders take everybody
//! together first.

use std::collections::HashSet;

use entity::session::Column;
use guard::Timestamp;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Asterisk, Expr, ExprTrait, Func, Query, SimpleExpr},
};
use serde_json::Value as Json;

use super::usage::{By, Direction, OrderBy, Ordering, Sessions, Usage, grouped, scores};
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
    let view = View {
        sessions,
        by,
        ordering,
        after,
        rows: wanted.rows(),
    };
    let rows = match view.among_few(connection).await? {
        Some(rows) => rows,
        None => view.among(connection, None).await?,
    };
    Ok(wanted.cut(rows, wanted.after().is_some(), total))
}

/// How many tokens or addresses there are.
async fn count(connection: &impl ConnectionTrait, sessions: &Sessions, by: By) -> Result<u64, DbErr> {
    let subjects = sessions
        .select()
        .filter(by.subject().is_not_null())
        .select_only()
        .expr_as(by.subject(), "subject")
        .group_by(by.subject())
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

impl View<'_> {
    /// The page, found among few; none where that is not to be had.
    async fn among_few(&self, connection: &impl ConnectionTrait) -> Result<Option<Vec<Usage>>, DbErr> {
        let filter = &self.sessions.filter;
        // Of one viewer, token or address there are few sessions as it is.
        let is_narrow = filter.jti.is_some() || filter.user.is_some() || filter.address.is_some();
        let is_of_one = matches!(self.by, By::Token | By::Address);
        let (order, direction) = self.ordering;
        if is_narrow || !is_of_one || direction != Direction::Descending {
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
        let scored = self.scored(connection).await?;
        if scored.len() > MANY {
            return Ok(None);
        }
        let mut wanted = usize::try_from(self.rows).unwrap_or(MANY).saturating_mul(2);
        loop {
            let some = equals_together(&scored, wanted);
            let subjects = self.named(connection, some).await?;
            if some.len() == scored.len() {
                return self.by_last(connection, &subjects).await;
            }
            let rows = self.among(connection, Some(&subjects)).await?;
            if self.is_full(&rows) {
                return Ok(Some(rows));
            }
            wanted = wanted.saturating_mul(4);
        }
    }

    /// Those who were there last, beside these.
    async fn by_last(&self, connection: &impl ConnectionTrait, beside: &[String]) -> Result<Option<Vec<Usage>>, DbErr> {
        let mut deep = Ord::max(self.rows.saturating_mul(2), 100);
        while deep <= DEEP {
            let few = self.there_last(connection, deep).await?;
            let subjects: Vec<_> = few.subjects.into_iter().chain(beside.iter().cloned()).collect();
            let rows = self.among(connection, Some(&subjects)).await?;
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

    /// The tokens or addresses that findings name: an address is named by its block.
    async fn named(&self, connection: &impl ConnectionTrait, scored: &[(String, i64)]) -> Result<Vec<String>, DbErr> {
        let subjects: Vec<_> = scored.iter().map(|(subject, _)| subject.clone()).collect();
        if self.by == By::Token || subjects.is_empty() {
            return Ok(subjects);
        }
        self.sessions
            .select()
            .filter(Column::AddressBlock.is_in(subjects))
            .select_only()
            .column(Column::Address)
            .distinct()
            .into_tuple()
            .all(connection)
            .await
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
        let ended: Vec<(String, i64)> = of_some()
            .filter(Column::EndedAt.gte(self.sessions.from.us()))
            .apply_if(until, |select, until| select.filter(Column::EndedAt.lte(until)))
            .select_only()
            .expr_as(subject(), "subject")
            .column(Column::EndedAt)
            .order_by_desc(Column::EndedAt)
            .limit(deep)
            .into_tuple()
            .all(connection)
            .await?;
        Ok(Few::of([running, ended], deep, (self.sessions.from, self.sessions.to)))
    }

    /// Until when those were there last who stand behind the page's beginning and of whom nothing was found.
    fn until(&self) -> Option<i64> {
        let after = self.after.as_ref()?;
        let is_by_last = self.ordering.0 == OrderBy::LastEnd || after.rank.as_i64() == Some(0);
        // What goes on beyond the time ends with it.
        (is_by_last && after.last_at < self.sessions.to.us()).then_some(after.last_at)
    }

    /// The page, where nobody else is on it.
    async fn among(&self, connection: &impl ConnectionTrait, among: Option<&[String]>) -> Result<Vec<Usage>, DbErr> {
        let (order, direction) = self.ordering;
        let mut page = Query::select();
        page.column(Asterisk)
            .from_subquery(grouped(self.sessions, self.by, order, among), "all_of_them");
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
    fn of(lists: [Vec<(String, i64)>; 2], length: u64, (from, to): (Timestamp, Timestamp)) -> Self {
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

/// So many of the first, and whoever scores as much as the last of them.
fn equals_together(scored: &[(String, i64)], wanted: usize) -> &[(String, i64)] {
    let Some((_, least)) = scored.get(wanted.saturating_sub(1)) else {
        return scored;
    };
    let behind = scored.iter().position(|(_, score)| score < least);
    scored.get(..behind.unwrap_or(scored.len())).unwrap_or(scored)
}

/// Of so many something may have been found before everybody is looked at: they are named in a statement.
const MANY: usize = 5_000;
/// So many sessions are read from the end before everybody is looked at.
const DEEP: u64 = 12_800;
