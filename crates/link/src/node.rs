//! A media node's end.

use guard::Update;
use ids::NodeId;
use tokio::sync::{mpsc, oneshot};

use crate::{Acknowledgement, Change, Delivered, Event, Events, Join, Questions};

/// The control plane is not there.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It went away, or never was.
    #[error("the control plane does not answer")]
    Gone,
}

/// How a node reaches the control plane.
#[derive(Clone, Debug)]
pub struct Connector {
    joins: mpsc::Sender<Join>,
    events: mpsc::Sender<Event>,
    questions: Questions,
}

/// A node that has a policy and is told of changes.
#[derive(Debug)]
pub struct Attached {
    node: NodeId,
    policy: Vec<Update>,
    changes: mpsc::UnboundedReceiver<Delivered>,
    events: Events,
    questions: Questions,
}

impl Connector {
    pub(crate) fn new(joins: mpsc::Sender<Join>, events: mpsc::Sender<Event>, questions: Questions) -> Self {
        Self {
            joins,
            events,
            questions,
        }
    }

    /// Joins as `node`, and waits for the policy.
    pub async fn join(&self, node: NodeId) -> Result<Attached, LinkError> {
        let (policy_sender, policy) = oneshot::channel();
        let (change_sender, changes) = mpsc::unbounded_channel();
        let join = Join {
            node,
            policy: policy_sender,
            changes: change_sender,
        };
        self.joins.send(join).await.map_err(|_| LinkError::Gone)?;
        let policy = policy.await.map_err(|_| LinkError::Gone)?;
        let events = Events::new(self.events.clone());
        Ok(Attached {
            node,
            policy,
            changes,
            events,
            questions: self.questions.clone(),
        })
    }
}

impl Attached {
    /// Who this node is.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The policy at the time of joining; given out once.
    pub fn take_policy(&mut self) -> Vec<Update> {
        std::mem::take(&mut self.policy)
    }

    /// Where events go.
    pub fn events(&self) -> Events {
        self.events.clone()
    }

    /// Where questions go.
    pub fn questions(&self) -> Questions {
        self.questions.clone()
    }

    /// The next change; `None` once the control plane is gone. Those of one organisation are to be put in force in the order
    /// in which they come; others need not wait for each other.
    pub async fn next_change(&mut self) -> Option<Delivered> {
        self.changes.recv().await
    }
}

impl Delivered {
    /// What is to be different.
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// Says that it is in force.
    pub fn acknowledge(self, acknowledgement: Acknowledgement) {
        // The control plane may have stopped waiting.
        let _ = self.acknowledge.send(acknowledgement);
    }
}
