//! A page of a list: after a cursor, so many. Cursors are opaque and name the last row seen, so that rows which come and
//! go meanwhile move nothing.

use std::{collections::HashMap, hash::Hash};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, TryGetable, Value,
    sea_query::{Asterisk, Expr, ExprTrait, Func, Query, SelectStatement, UnionType, WindowStatement},
};

use crate::fault::Fault;

/// What part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Wanted {
    first: u64,
    after: Option<String>,
    /// Whether all are to be counted.
    total: bool,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) has_previous: bool,
    pub(crate) has_next: bool,
    /// How many there are in all, where that was wanted; 0 otherwise.
    pub(crate) total: u64,
}

impl Wanted {
    /// The first `first` (20 unless said, 100 at most) after `after`.
    pub(crate) fn new(first: Option<i32>, after: Option<&str>, total: bool) -> Result<Self, Fault> {
        let first = first.unwrap_or(20);
        let first = u64::try_from(first)
            .ok()
            .filter(|first| *first <= MOST)
            .ok_or(Fault::Invalid("`first` is 0 to 100"))?;
        let after = match after {
            None => None,
            Some(cursor) => {
                let text = URL_SAFE_NO_PAD
                    .decode(cursor)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok());
                Some(text.filter(|text| !text.contains('\0')).ok_or(BAD_CURSOR)?)
            }
        };
        Ok(Self { first, after, total })
    }

    /// So many rows behind that key, for who takes a whole list away; not counted.
    pub(crate) fn rows_behind(key: Option<String>, first: u64) -> Self {
        Self {
            first,
            after: key,
            total: false,
        }
    }

    /// Reads the page of `select` in the order of a column that is unique; `key` is how its cursor reads.
    pub(crate) async fn of<E, C>(
        self,
        connection: &C,
        select: Select<E>,
        column: E::Column,
        order: Order,
        key: impl Fn(&str) -> Option<Value>,
    ) -> Result<Page<E::Model>, Fault>
    where
        E: EntityTrait,
        E::Model: Send + Sync,
        C: ConnectionTrait,
    {
        let total = if self.total {
            select.clone().count(connection).await?
        } else {
            0
        };
        let has_previous = self.after.is_some();
        let mut select = select
            .order_by(column, order.clone())
            .limit(self.first.saturating_add(1));
        if let Some(after) = &self.after {
            let value = key(after).ok_or(BAD_CURSOR)?;
            select = select.filter(match order {
                Order::Desc => column.lt(value),
                _ => column.gt(value),
            });
        }
        Ok(self.cut(select.all(connection).await?, has_previous, total))
    }

    /// Reads this page of several lists together, the newest rows first: of each `parent` that `select` allows, by `of`.
    /// A list without rows may be absent. Every row of every list is looked at: they are short.
    pub(crate) async fn of_each<E, P, C>(
        &self,
        connection: &C,
        select: Select<E>,
        (id, parent): (E::Column, E::Column),
        key: impl Fn(&str) -> Option<Value>,
        of: impl Fn(&E::Model) -> P,
    ) -> Result<HashMap<P, Page<E::Model>>, Fault>
    where
        E: EntityTrait,
        E::Model: Send + Sync,
        P: TryGetable + Clone + Eq + Hash,
        C: ConnectionTrait,
    {
        let totals = self.totals(connection, &select, (id, parent)).await?;
        let select = self.behind(select, id, key)?;
        let mut ranked = select.clone().select_only().column(id).into_query();
        let window = WindowStatement::partition_by(parent).order_by(id, Order::Desc).take();
        ranked.expr_window_as(Func::cust("ROW_NUMBER"), window, "place");
        let near = Query::select()
            .column("id")
            .from_subquery(ranked, "ranked")
            .and_where(Expr::col("place").lte(self.first.saturating_add(1)))
            .take();
        let rows = select
            .filter(id.in_subquery(near))
            .order_by(id, Order::Desc)
            .all(connection)
            .await?;
        Ok(self.lists(rows, &totals, of))
    }

    /// The same of the lists of these parents, which may be long: so many rows of each are read from the end of an index of
    /// `parent` and `id`.
    pub(crate) async fn of_each_long<E, P, C>(
        &self,
        connection: &C,
        select: Select<E>,
        (id, parent): (E::Column, E::Column),
        parents: &[P],
        key: impl Fn(&str) -> Option<Value>,
        of: impl Fn(&E::Model) -> P,
    ) -> Result<HashMap<P, Page<E::Model>>, Fault>
    where
        E: EntityTrait,
        P: TryGetable + Into<Value> + Clone + Eq + Hash,
        C: ConnectionTrait,
    {
        let these = select.clone().filter(parent.is_in(parents.iter().cloned()));
        let totals = self.totals(connection, &these, (id, parent)).await?;
        let select = self.behind(select, id, key)?;
        let mut rows = Vec::new();
        for some in parents.chunks(TOGETHER) {
            let parts = some.iter().map(|one| self.newest(&select, id, parent.eq(one.clone())));
            let Some(statement) = together(parts) else { continue };
            for row in connection.query_all(&statement).await? {
                rows.push(E::Model::from_query_result(&row, "")?);
            }
        }
        Ok(self.lists(rows, &totals, of))
    }

    /// The rows of one list that its page needs, in their order.
    fn newest<E: EntityTrait>(&self, select: &Select<E>, id: E::Column, of_one: Expr) -> SelectStatement {
        let one = select.clone().filter(of_one).order_by(id, Order::Desc);
        one.limit(self.rows()).into_query()
    }

    /// How many rows each list has, where that is wanted.
    async fn totals<E, P, C>(
        &self,
        connection: &C,
        select: &Select<E>,
        (id, parent): (E::Column, E::Column),
    ) -> Result<HashMap<P, i64>, DbErr>
    where
        E: EntityTrait,
        P: TryGetable + Eq + Hash,
        C: ConnectionTrait,
    {
        if !self.total {
            return Ok(HashMap::new());
        }
        let counted = select
            .clone()
            .select_only()
            .column(parent)
            .column_as(id.count(), "total");
        let counted = counted.group_by(parent).into_tuple::<(P, i64)>();
        Ok(counted.all(connection).await?.into_iter().collect())
    }

    /// The rows behind the page's cursor, the newest rows first.
    fn behind<E: EntityTrait>(
        &self,
        select: Select<E>,
        id: E::Column,
        key: impl Fn(&str) -> Option<Value>,
    ) -> Result<Select<E>, Fault> {
        match &self.after {
            Some(after) => Ok(select.filter(id.lt(key(after).ok_or(BAD_CURSOR)?))),
            None => Ok(select),
        }
    }

    /// This page of each list, of rows that are in their order.
    fn lists<M, P: Clone + Eq + Hash>(
        &self,
        rows: Vec<M>,
        totals: &HashMap<P, i64>,
        of: impl Fn(&M) -> P,
    ) -> HashMap<P, Page<M>> {
        let mut lists: HashMap<P, Vec<M>> = HashMap::new();
        for row in rows {
            lists.entry(of(&row)).or_default().push(row);
        }
        for parent in totals.keys() {
            lists.entry(parent.clone()).or_default();
        }
        lists
            .into_iter()
            .map(|(parent, rows)| {
                let total = totals.get(&parent).copied().unwrap_or_default();
                let page = self.cut(rows, self.after.is_some(), u64::try_from(total).unwrap_or_default());
                (parent, page)
            })
            .collect()
    }

    /// This page of a list that is there as a whole, in the order of its keys.
    pub(crate) fn cut_sorted<T>(&self, rows: Vec<T>, key: impl Fn(&T) -> String) -> Result<Page<T>, Fault> {
        let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let after = self.after.as_deref();
        if after.is_some_and(|after| rows.first().is_some_and(|row| key(row).len() != after.len())) {
            return Err(BAD_CURSOR);
        }
        let behind = rows
            .into_iter()
            .filter(|row| after.is_none_or(|after| *key(row) > *after));
        Ok(self.cut(behind.collect(), after.is_some(), total))
    }

    /// This page of a list without rows.
    pub(crate) fn of_none<T>(&self) -> Page<T> {
        self.cut(vec![], self.after.is_some(), 0)
    }

    /// How many rows are to be read: one too many, to see whether there is a next page.
    pub(crate) fn rows(&self) -> u64 {
        self.first.saturating_add(1)
    }

    /// Behind which key the page begins.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Whether all are to be counted.
    pub(crate) fn counts(&self) -> bool {
        self.total
    }

    /// The page of the rows that were read.
    pub(crate) fn cut<T>(&self, mut rows: Vec<T>, has_previous: bool, total: u64) -> Page<T> {
        let first = usize::try_from(self.first).unwrap_or(usize::MAX);
        let has_next = rows.len() > first;
        rows.truncate(first);
        Page {
            rows,
            has_previous,
            has_next,
            total,
        }
    }
}

impl<T> Page<T> {
    /// The page with its rows in another form, each beside the key of its cursor.
    pub(crate) fn shaped<U>(self, key: impl Fn(&T) -> String, rows: Vec<U>) -> Page<(String, U)> {
        Page {
            rows: self.rows.iter().map(key).zip(rows).collect(),
            has_previous: self.has_previous,
            has_next: self.has_next,
            total: self.total,
        }
    }

    /// The page with each of its rows turned into something else.
    pub(crate) fn try_map<U, E>(self, map: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        Ok(Page {
            rows: self.rows.into_iter().map(map).collect::<Result<_, _>>()?,
            has_previous: self.has_previous,
            has_next: self.has_next,
            total: self.total,
        })
    }
}

/// Parts that are cut each for itself, as one statement: the rows of each in their order, part after part.
pub(crate) fn together(parts: impl Iterator<Item = SelectStatement>) -> Option<SelectStatement> {
    let mut cut = parts.map(|part| {
        let mut cut = Query::select();
        cut.column(Asterisk).from_subquery(part, "part");
        cut
    });
    let mut all = cut.next()?;
    for part in cut {
        all.union(UnionType::All, part);
    }
    Some(all)
}

/// The cursor that a key makes.
pub(crate) fn cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

pub(crate) const BAD_CURSOR: Fault = Fault::Invalid("`after` is not a cursor of this list");
const MOST: u64 = 100;
/// Lists that are read by one statement: `SQLite` takes 500 parts in one.
const TOGETHER: usize = 100;

#[cfg(test)]
mod tests {
    use entity::{
        Tenanted,
        session::{self, Column},
    };
    use ids::{OrganisationId, StreamId};
    use sea_orm::DbBackend;
    use testkit::{Database, Kind};

    use super::*;
    use crate::store::{Store, tests};

    #[tokio::test]
    async fn a_page_of_a_streams_sessions_is_read_from_the_end_of_an_index() {
        let database = Database::new(Kind::Sqlite);
        let store = Store::open(database.url()).await.unwrap();
        let select = session::Entity::in_tenant(OrganisationId::mint(1, [0; 10]));
        let over = select.clone().filter(Column::EndedAt.is_not_null());
        for select in [select, over] {
            let of_one = Column::StreamId.eq(StreamId::mint(1, [0; 10]).uuid());
            let page = Wanted::new(None, None, false).unwrap();
            let statement = DbBackend::Sqlite.build(&page.newest(&select, Column::Id, of_one));
            let steps = tests::plan(&store, statement).await;
            // Nothing is sorted.
            let [step] = &steps[..] else { panic!("{steps:?}") };
            assert!(step.contains("session_organisation_id_stream_id_id"), "{step}");
        }
    }
}
