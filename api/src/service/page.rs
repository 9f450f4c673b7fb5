//! A page of a list: after a cursor, so many. Cursors are opaque and name the last row seen, so that rows which come and
//! go meanwhile move nothing.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Value,
};

use crate::fault::Fault;

/// What part of a list is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    first: u64,
    after: Option<String>,
    /// Whether all are to be counted.
    total: bool,
}

/// A part of a list.
#[derive(Debug)]
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
        let mut rows = select.all(connection).await?;
        let first = usize::try_from(self.first).unwrap_or(usize::MAX);
        let has_next = rows.len() > first;
        rows.truncate(first);
        Ok(Page {
            rows,
            has_previous,
            has_next,
            total,
        })
    }
}

/// The cursor that a key makes.
pub(crate) fn cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

const BAD_CURSOR: Fault = Fault::Invalid("`after` is not a cursor of this list");
const MOST: u64 = 100;
