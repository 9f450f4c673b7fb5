//! The control plane's end.

use std::time::Duration;

use guard::Update;
use ids::{ChangeId, NodeId};
use tokio::sync::{mpsc, oneshot};

use crate::{Acknowledgement, Change, Event, Waiting};

/// The control plane's end of the link. One task owns it: joins and changes keep their order through it.
#[derive(Debug)]
pub struct Control {
    joins: mpsc::Receiver<Join>,
    events: Option<mpsc::Receiver<Event>>,
    questions: Option<mpsc::Receiver<Waiting>>,
    nodes: Vec<Node>,
}

/// A node that asks for the policy. Answered with [`Control::admit`].
#[derive(Debug)]
pub struct Join {
    pub(crate) node: NodeId,
    pub(crate) policy: oneshot::Sender<Vec<Update>>,
    pub(crate) changes: mpsc::UnboundedSender<Delivered>,
}

/// A change that is to be put in force, with the way to say that it is.
#[derive(Debug)]
pub struct Delivered {
    pub(crate) change: Change,
    pub(crate) acknowledge: mpsc::UnboundedSender<Acknowledgement>,
}

/// A change on its way.
#[derive(Debug)]
pub struct Sent {
    change: ChangeId,
    nodes: Vec<NodeId>,
    acknowledgements: mpsc::UnboundedReceiver<Acknowledgement>,
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
    pub(crate) fn new(
        joins: mpsc::Receiver<Join>,
        events: mpsc::Receiver<Event>,
        questions: mpsc::Receiver<Waiting>,
    ) -> Self {
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

    /// What nodes ask; given out once.
    pub fn take_questions(&mut self) -> Option<mpsc::Receiver<Waiting>> {
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

    /// Lets go of every node, as where the way to them breaks: each joins again. Within one process it never does.
    pub fn let_go(&mut self) {
        self.nodes.clear();
    }

    /// The nodes that are connected.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.nodes.iter().map(|node| node.id)
    }

    /// Sends a change to every node. How far it gets is waited for apart from it, so that others go on meanwhile.
    pub fn send(&mut self, change: &Change) -> Sent {
        let (acknowledge, acknowledgements) = mpsc::unbounded_channel();
        self.nodes.retain(|node| {
            node.changes
                .send(Delivered {
                    change: change.clone(),
                    acknowledge: acknowledge.clone(),
                })
                .is_ok()
        });
        Sent {
            change: change.id,
            nodes: self.nodes().collect(),
            acknowledgements,
        }
    }

    /// Sends a change to every node and waits until each has acknowledged it, `patience` at most.
    pub async fn deliver(&mut self, change: Change, patience: Duration) -> Delivery {
        self.send(&change).acknowledged(patience).await
    }
}

impl Sent {
    /// Waits until each node has acknowledged it, `patience` at most.
    pub async fn acknowledged(mut self, patience: Duration) -> Delivery {
        let mut delivery = Delivery {
            change: self.change,
            acknowledged: Vec::new(),
            missing: self.nodes,
        };
        let all = async {
            while let Some(acknowledgement) = self.acknowledgements.recv().await {
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
