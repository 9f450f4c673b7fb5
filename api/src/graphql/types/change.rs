//! A change to policy on its way to the nodes.

use async_graphql::{ID, SimpleObject};
use chrono::{DateTime, Utc};
use entity::change;
use ids::ChangeId;

use super::page::connection;
use crate::publisher::{NodeProgress, Progress};

/// A change to policy on its way to the nodes.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Change {
    /// Its id; what `changeProgress` is asked by.
    id: ID,
    /// When it was recorded: from then on it survives any crash.
    at: DateTime<Utc>,
    /// The operation that it came by, as in the audit log; none while it is answered, and for changes from before that was
    /// kept.
    action: Option<String>,
    /// Sessions that it ended.
    sessions_ended: i32,
    /// Bytes of media written to them after it was in force; should be 0.
    bytes_after: f64,
    /// Every node that was connected, and whether it acknowledged.
    nodes: Vec<NodeAck>,
    /// Milliseconds from its record to the last acknowledgement; none while a node is missing.
    done_after_ms: Option<f64>,
}

impl Change {
    /// What the columns of a file are called.
    pub(crate) const HEADING: [&'static str; 8] = [
        "id",
        "at",
        "action",
        "sessions_ended",
        "bytes_after",
        "nodes",
        "acknowledged",
        "done_after_ms",
    ];

    /// A line of a file.
    pub(crate) fn cells(&self) -> [String; 8] {
        [
            self.id.to_string(),
            super::written(self.at),
            self.action.clone().unwrap_or_default(),
            self.sessions_ended.to_string(),
            format!("{:.0}", self.bytes_after),
            self.nodes.len().to_string(),
            self.nodes.iter().filter(|node| node.acknowledged).count().to_string(),
            self.done_after_ms.map(|ms| format!("{ms:.3}")).unwrap_or_default(),
        ]
    }
}

connection!(
    /// Changes to policy.
    ChangeConnection,
    ChangeEdge,
    Change
);

/// A node's word on a change.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct NodeAck {
    /// Which node.
    node: ID,
    /// Whether it said that the change is in force.
    acknowledged: bool,
    /// Sessions that ended there.
    sessions_ended: Option<i32>,
    /// Milliseconds that the node took.
    took_ms: Option<f64>,
}

/// How far a change got.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct ChangeProgress {
    /// The change's id.
    id: ID,
    /// Nodes that acknowledged it.
    acknowledged: i32,
    /// Nodes that were connected.
    nodes: i32,
    /// Sessions that it ended.
    sessions_ended: i32,
    /// Milliseconds from its record to the last acknowledgement; none while a node is missing.
    after_ms: Option<f64>,
    /// Bytes of media written to those sessions after it was in force; should be 0.
    bytes_after: f64,
    /// Whether every node acknowledged it.
    pub(crate) done: bool,
}

impl From<Progress> for Change {
    fn from(progress: Progress) -> Self {
        Self {
            id: progress.change.to_string().into(),
            at: super::moment(progress.at.us()),
            action: None,
            sessions_ended: super::count(progress.sessions_ended()),
            bytes_after: super::float(progress.bytes_after()),
            done_after_ms: progress.done_after.map(|after| after.as_secs_f64() * 1e3),
            nodes: progress.nodes.into_iter().map(NodeAck::from).collect(),
        }
    }
}

impl From<change::Model> for Change {
    fn from(row: change::Model) -> Self {
        let nodes: Vec<NodeProgress> = serde_json::from_value(row.nodes).unwrap_or_default();
        Self {
            id: ChangeId::from_uuid(row.id).to_string().into(),
            at: super::moment(row.created_at),
            action: row.action,
            sessions_ended: row.sessions_ended,
            bytes_after: super::float(u64::try_from(row.bytes_after).unwrap_or(0)),
            nodes: nodes.into_iter().map(NodeAck::from).collect(),
            done_after_ms: row
                .done_after_us
                .map(|us| super::float(u64::try_from(us).unwrap_or(0)) / 1e3),
        }
    }
}

impl From<NodeProgress> for NodeAck {
    fn from(progress: NodeProgress) -> Self {
        let word = progress.acknowledged;
        Self {
            node: progress.node.to_string().into(),
            acknowledged: word.is_some(),
            sessions_ended: word.as_ref().map(|word| super::count(word.sessions_ended.into())),
            took_ms: word.map(|word| super::float(word.took_us) / 1e3),
        }
    }
}

impl From<Change> for ChangeProgress {
    fn from(change: Change) -> Self {
        let acknowledged = change.nodes.iter().filter(|node| node.acknowledged).count();
        Self {
            id: change.id,
            acknowledged: super::count(acknowledged as u64),
            nodes: super::count(change.nodes.len() as u64),
            sessions_ended: change.sessions_ended,
            after_ms: change.done_after_ms,
            bytes_after: change.bytes_after,
            done: change.done_after_ms.is_some(),
        }
    }
}
