//! Lists that arrive in pages.

use super::{schema, streams::PageInfo};

/// What has arrived of a list, and where the next page begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Page<T> {
    pub(crate) nodes: Vec<T>,
    pub(crate) next: Option<String>,
    /// How many there are in all; 0 where that is asked for by itself.
    pub(crate) total: i32,
}

impl<T> Page<T> {
    pub(super) fn new(nodes: Vec<T>, info: PageInfo, total: i32) -> Self {
        Self {
            nodes,
            next: info.next(),
            total,
        }
    }
}

/// Any JSON; the schema has it for what has no shape of its own.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Json(pub(crate) serde_json::Value);
cynic::impl_scalar!(Json, schema::JSON);
