//! A change, and the word that it is in force.

use std::time::Duration;

use guard::{Timestamp, Update};
use ids::{ChangeId, NodeId};
use serde::{Deserialize, Serialize};

/// A change to policy on its way to the nodes. Recorded durably before it travels; may arrive twice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Its id; what progress is asked by.
    pub id: ChangeId,
    /// When it was recorded.
    pub at: Timestamp,
    /// What is different from now on, of one organisation; in order.
    pub updates: Vec<Update>,
}

/// A node's word that a change is in force on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Which change.
    pub change: ChangeId,
    /// Which node.
    pub node: NodeId,
    /// Sessions that the change ended there.
    pub sessions_ended: u32,
    /// From the change's arrival at the node to its last session's end.
    pub took: Duration,
    /// Bytes of media written to those sessions after the policy was swapped; should be 0, is always measured.
    pub bytes_after: u64,
}
