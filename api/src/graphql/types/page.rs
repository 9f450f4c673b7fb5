//! Lists, as Relay's connections.

use async_graphql::{Context, SimpleObject};

use crate::{
    fault::Fault,
    service::page::{Page, Wanted},
};

/// Where a page is in its list.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct PageInfo {
    /// Whether there is something before it.
    has_previous_page: bool,
    /// Whether there is something after it.
    has_next_page: bool,
    /// The cursor of its first entry.
    start_cursor: Option<String>,
    /// The cursor of its last entry: what `after` wants for the next page.
    end_cursor: Option<String>,
}

/// A connection's parts, before it has a type.
pub(crate) struct Part<T> {
    pub(crate) edges: Vec<(String, T)>,
    pub(crate) page_info: PageInfo,
    pub(crate) total: i32,
}

impl<T> Part<T> {
    /// Shapes a page; `key` is what a row's cursor is made of.
    pub(crate) fn of<M>(page: Page<M>, key: impl Fn(&M) -> String, mut shape: impl FnMut(M) -> T) -> Self {
        let cursors: Vec<_> = page
            .rows
            .iter()
            .map(|row| crate::service::page::cursor(&key(row)))
            .collect();
        Self {
            page_info: PageInfo {
                has_previous_page: page.has_previous,
                has_next_page: page.has_next,
                start_cursor: cursors.first().cloned(),
                end_cursor: cursors.last().cloned(),
            },
            total: super::count(page.total),
            edges: cursors.into_iter().zip(page.rows.into_iter().map(&mut shape)).collect(),
        }
    }
}

/// What a connection's arguments and selection want.
pub(crate) fn wanted(context: &Context<'_>, first: Option<i32>, after: Option<&str>) -> Result<Wanted, Fault> {
    Wanted::new(first, after, context.look_ahead().field("totalCount").exists())
}

/// A connection and its edge, for one kind of node.
macro_rules! connection {
    ($(#[$doc:meta])* $connection:ident, $edge:ident, $node:ty) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(crate) struct $connection {
            /// The entries with their cursors.
            edges: Vec<$edge>,
            /// The entries alone.
            nodes: Vec<$node>,
            /// Where this page is in the list.
            page_info: $crate::graphql::types::page::PageInfo,
            /// How many entries the list has in all.
            total_count: i32,
        }

        /// An entry of the list, with its cursor.
        #[derive(async_graphql::SimpleObject)]
        pub(crate) struct $edge {
            /// What `after` wants, to begin behind this entry.
            cursor: String,
            /// The entry.
            node: $node,
        }

        impl From<$crate::graphql::types::Part<$node>> for $connection {
            fn from(part: $crate::graphql::types::Part<$node>) -> Self {
                Self {
                    nodes: part.edges.iter().map(|(_, node)| node.clone()).collect(),
                    edges: part.edges.into_iter().map(|(cursor, node)| $edge { cursor, node }).collect(),
                    page_info: part.page_info,
                    total_count: part.total,
                }
            }
        }
    };
}
pub(crate) use connection;
