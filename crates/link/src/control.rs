//! The control plane's end.

use std::time::Duration;

use guard::Update;
use ids::{ChangeId, NodeId};
use tokio::sync::{mpsc, oneshot};

use crate::{Acknowledgement, Change, Event, Questions};

/// The control plane's end of the link. One task owns it: joins and changes keep their order through it.
#[derive(Debug)]
pub struct Control {
    joins: mpsc::Receiver<Join>,
    events: Option<mpsc::Receiver<Event>>,
    questions: Option<Questions>,
    nodes: Vec<Node>,
}

/// A node that asks for the policy. Answered with [`Control::admit`].
#[derive(Debug)]
pub struct Join {
    pub(crate) node: NodeId,
    pub(crate) policy: oneshot::Sender<Vec<Update>>,
    pub(crate) changes: mpsc::UnboundedSender<Delivered>,
}

/// A change with the way back.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) change: Change,
    pub(crate) acknowledge: mpsc::UnboundedSender<Acknowledgement>,
}

/// How far a change got.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Which change.
    pub change: ChangeId,
    /// What the nodes said.
    pub acknowledged: Vec<Acknowledgement>,
    /// Nodes that had not said anything when the time was up.
    pub missing: Vec<NodeId>,
}

#[derive(Debug)]
struct Node {
    id: NodeId,
    changes: mpsc::UnboundedSender<Delivered>,
}

impl Control {
    pub(crate) fn new(joins: mpsc::Receiver<Join>, events: mpsc::Receiver<Event>, questions: Questions) -> Self {
        Self {
            joins,
            events: Some(events),
            questions: Some(questions),
            nodes: Vec::new(),
        }
    }

    /// What nodes tell, in their order; given out once.
    pub fn take_events(&mut self) -> Option<mpsc::Receiver<Event>> {
        self.events.take()
    }

    /// What nodes ask, in their order; given out once.
    pub fn take_questions(&mut self) -> Option<Questions> {
        self.questions.take()
    }

    /// The next node that wants to join; `None` once no node can come any more. Cancellation loses nothing.
    pub async fn next_join(&mut self) -> Option<Join> {
        self.joins.recv().await
    }

    /// Lets a node in with the whole policy; every later change reaches it.
    pub fn admit(&mut self, join: Join, policy: Vec<Update>) {
        if join.policy.send(policy).is_ok() {
            self.nodes.push(Node {
                id: join.node,
                changes: join.changes,
            });
        }
    }

    /// The nodes that are connected.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.nodes.iter().map(|node| node.id)
    }

    /// Sends a change to every node and waits until each has acknowledged it, `patience` at most.
    pub async fn deliver(&mut self, change: Change, patience: Duration) -> Delivery {
        let (acknowledge, mut acknowledgements) = mpsc::unbounded_channel();
        self.nodes.retain(|node| {
            node.changes
                .send(Delivered {
                    change: change.clone(),
                    acknowledge: acknowledge.clone(),
                })
                .is_ok()
        });
        drop(acknowledge);
        let mut delivery = Delivery {
            change: change.id,
            acknowledged: Vec::new(),
            missing: self.nodes().collect(),
        };
        let all = async {
            while let Some(acknowledgement) = acknowledgements.recv().await {
                delivery.missing.retain(|node| *node != acknowledgement.node);
                delivery.acknowledged.push(acknowledgement);
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!(change.id = %delivery.change, missing = delivery.missing.len(), "a change was not acknowledged in time");
        }
        delivery
    }
}
