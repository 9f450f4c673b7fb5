//! Where mutations wait for their change to reach the nodes, and subscriptions follow it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use guard::{Timestamp, Update};
use ids::{ChangeId, NodeId, OrganisationId};
use link::Delivery;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, broadcast, oneshot};

use crate::count;

/// The front of the publisher.
#[derive(Debug)]
pub(crate) struct Desk {
    wanted: Notify,
    waiting: Mutex<HashMap<ChangeId, Waiting>>,
    nodes: Mutex<Vec<NodeId>>,
    news: broadcast::Sender<(OrganisationId, Progress)>,
}

/// Somebody who waits for a change of theirs.
#[derive(Debug)]
struct Waiting {
    told: oneshot::Sender<Progress>,
    /// What it says, until it is sent: so it need not be read, which for a large one would keep others waiting.
    left: Option<Vec<Update>>,
}

/// How far a change got.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Progress {
    pub(crate) change: ChangeId,
    /// When it was recorded.
    pub(crate) at: Timestamp,
    pub(crate) nodes: Vec<NodeProgress>,
    /// From its record to the last acknowledgement; none while a node is missing.
    pub(crate) done_after: Option<Duration>,
}

/// How far it got on one node; also the form of the column `change.nodes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NodeProgress {
    pub(crate) node: NodeId,
    pub(crate) acknowledged: Option<Acknowledged>,
}

/// What a node said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Acknowledged {
    pub(crate) sessions_ended: u32,
    pub(crate) took_us: u64,
    pub(crate) bytes_after: u64,
}

impl Progress {
    /// What a delivery says at `now`.
    pub(super) fn new(delivery: &Delivery, at: Timestamp, now: Timestamp) -> Self {
        let said = delivery.acknowledged.iter().map(|word| NodeProgress {
            node: word.node,
            acknowledged: Some(Acknowledged {
                sessions_ended: word.sessions_ended,
                took_us: u64::try_from(word.took.as_micros()).unwrap_or(u64::MAX),
                bytes_after: word.bytes_after,
            }),
        });
        Self {
            change: delivery.change,
            at,
            nodes: said.chain(delivery.missing.iter().map(|node| silent(*node))).collect(),
            done_after: delivery.missing.is_empty().then(|| now.since(at)),
        }
    }

    /// Sessions ended, on all nodes.
    pub(crate) fn sessions_ended(&self) -> u64 {
        self.words().map(|word| u64::from(word.sessions_ended)).sum()
    }

    /// Bytes written to them afterwards, on all nodes.
    pub(crate) fn bytes_after(&self) -> u64 {
        self.words().map(|word| word.bytes_after).sum()
    }

    fn words(&self) -> impl Iterator<Item = &Acknowledged> {
        self.nodes.iter().filter_map(|node| node.acknowledged.as_ref())
    }
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            wanted: Notify::new(),
            waiting: Mutex::default(),
            nodes: Mutex::default(),
            news: broadcast::Sender::new(NEWS),
        }
    }

    /// Registers interest in a change, and leaves what it says; call before its transaction is committed.
    pub(crate) fn expect(&self, change: ChangeId, updates: Vec<Update>) -> oneshot::Receiver<Progress> {
        let (told, receiver) = oneshot::channel();
        let mut waiting = self.lock();
        waiting.retain(|_, waiting| !waiting.told.is_closed());
        let left = Some(updates);
        waiting.insert(change, Waiting { told, left });
        receiver
    }

    /// What was left of a change; given out once.
    pub(super) fn left(&self, change: ChangeId) -> Option<Vec<Update>> {
        self.lock().get_mut(&change)?.left.take()
    }

    /// Something was committed.
    pub(crate) fn hurry(&self) {
        self.wanted.notify_one();
    }

    /// Waits for the nodes, a second at most; then says who is missing.
    pub(crate) async fn follow(
        &self,
        change: ChangeId,
        at: Timestamp,
        receiver: oneshot::Receiver<Progress>,
    ) -> Progress {
        self.hurry();
        match tokio::time::timeout(PATIENCE, receiver).await {
            Ok(Ok(progress)) => progress,
            _ => Progress {
                change,
                at,
                nodes: self.nodes().into_iter().map(silent).collect(),
                done_after: None,
            },
        }
    }

    /// What happens to changes from now on.
    pub(crate) fn news(&self) -> broadcast::Receiver<(OrganisationId, Progress)> {
        self.news.subscribe()
    }

    /// Returns when something was committed.
    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    pub(super) fn connected(&self, nodes: Vec<NodeId>) {
        count::nodes(nodes.len());
        *self.nodes.lock().unwrap_or_else(PoisonError::into_inner) = nodes;
    }

    pub(super) fn delivered(&self, organisation: OrganisationId, progress: &Progress) {
        count::change(progress);
        let waiting = self.lock().remove(&progress.change);
        if let Some(waiting) = waiting {
            // Whoever waited may have gone.
            let _ = waiting.told.send(progress.clone());
        }
        let _ = self.news.send((organisation, progress.clone()));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ChangeId, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn nodes(&self) -> Vec<NodeId> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn silent(node: NodeId) -> NodeProgress {
    NodeProgress {
        node,
        acknowledged: None,
    }
}

const PATIENCE: Duration = Duration::from_secs(1);
const NEWS: usize = 256;
