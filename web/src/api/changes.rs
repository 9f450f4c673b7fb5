//! Changes to policy: when each was made, how long it took to be in force, and whom it cut.

use cynic::{QueryBuilder, StreamingOperation, SubscriptionBuilder};

use super::{client::Api, failure::Failure, page::Page, scalar::DateTime, schema, streams::PageInfo};

/// A change, and how far it got.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Change")]
pub(crate) struct Change {
    pub(crate) id: cynic::Id,
    pub(crate) at: DateTime,
    pub(crate) action: Option<String>,
    pub(crate) sessions_ended: i32,
    pub(crate) bytes_after: f64,
    pub(crate) done_after_ms: Option<f64>,
    pub(crate) nodes: Vec<Node>,
}

/// A node's word on it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "NodeAck")]
pub(crate) struct Node {
    pub(crate) acknowledged: bool,
    pub(crate) took_ms: Option<f64>,
}

impl Change {
    /// Milliseconds that the slowest node took, from the change's arrival to its last cut.
    pub(crate) fn slowest_ms(&self) -> Option<f64> {
        self.nodes.iter().filter_map(|node| node.took_ms).reduce(f64::max)
    }

    /// Nodes that acknowledged it.
    pub(crate) fn acknowledged(&self) -> usize {
        self.nodes.iter().filter(|node| node.acknowledged).count()
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct ChangesVariables {
    after: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ChangesVariables")]
struct ChangesQuery {
    organisation: ChangesOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "ChangesVariables")]
struct ChangesOfOrganisation {
    #[arguments(first: 100, after: $after)]
    changes: Option<ChangeConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct ChangeConnection {
    nodes: Vec<Change>,
    page_info: PageInfo,
    total_count: i32,
}

/// Changes, the newest first, a hundred at a time.
pub(crate) async fn page(api: Api, after: Option<String>) -> Result<Page<Change>, Failure> {
    let query = ChangesQuery::build(ChangesVariables { after });
    let found = api.query(query).await?.organisation.changes.ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription")]
pub(crate) struct Changes {
    pub(crate) change_progress: Told,
}

/// That a change reached the nodes.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "ChangeProgress")]
pub(crate) struct Told {
    pub(crate) sessions_ended: i32,
    pub(crate) after_ms: Option<f64>,
}

/// Every change from now on.
pub(crate) fn news() -> StreamingOperation<Changes, ()> {
    Changes::build(())
}
