//! What a node asks before it lets somebody in: what is counted for all nodes together, durably.

use std::{net::IpAddr, sync::Arc, time::Duration};

use guard::{Binding, Timestamp, Use};
use ids::{OrganisationId, UseId};
use tokio::sync::{mpsc, oneshot};

/// A token, for as long as something of it has to be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Its id.
    pub jti: Arc<str>,
    /// When it expires.
    pub expires: Timestamp,
}

/// A question, with the way back. What was answered survives any crash.
#[derive(Debug)]
pub enum Question {
    /// May the token be used from here? Binds where there is room.
    Bind {
        /// The token.
        token: Counted,
        /// From where, as far as it counts.
        address: IpAddr,
        /// To how many addresses it locks itself.
        most: u32,
        /// Where the answer goes.
        answer: oneshot::Sender<Binding>,
    },
    /// Has the token a use left? Reserves it.
    Reserve {
        /// The token.
        token: Counted,
        /// What the use is called.
        id: UseId,
        /// How many uses it has in all.
        most: u32,
        /// Where the answer goes.
        answer: oneshot::Sender<Use>,
    },
    /// Nothing was sent for a reserved use: it is left again.
    GiveBack {
        /// Whose it is.
        organisation: OrganisationId,
        /// Which.
        id: UseId,
    },
}

/// How a node asks. Who does not answer in time is as good as not there.
#[derive(Clone, Debug)]
pub struct Asker(mpsc::UnboundedSender<Question>);

/// Where the control plane hears what is asked, in its order.
pub type Questions = mpsc::UnboundedReceiver<Question>;

impl Asker {
    pub(crate) fn new() -> (Self, Questions) {
        let (sender, questions) = mpsc::unbounded_channel();
        (Self(sender), questions)
    }

    /// Whether the token may be used from `address`.
    pub async fn bind(&self, token: Counted, address: IpAddr, most: u32) -> Binding {
        let question = |answer| Question::Bind {
            token,
            address,
            most,
            answer,
        };
        self.ask(question).await.unwrap_or(Binding::Unknown)
    }

    /// Reserves a use of the token, if one is left.
    pub async fn reserve(&self, token: Counted, id: UseId, most: u32) -> Use {
        let (organisation, question) = (token.organisation, |answer| Question::Reserve {
            token,
            id,
            most,
            answer,
        });
        let answer = self.ask(question).await;
        if answer.is_none() {
            // It may have been reserved after we stopped listening.
            self.give_back(organisation, id);
        }
        answer.unwrap_or(Use::Unknown)
    }

    /// Says that nothing was sent for a reserved use.
    pub fn give_back(&self, organisation: OrganisationId, id: UseId) {
        // Without a control plane it stays reserved: nobody is let in twice for it.
        let _ = self.0.send(Question::GiveBack { organisation, id });
    }

    async fn ask<A>(&self, question: impl FnOnce(oneshot::Sender<A>) -> Question) -> Option<A> {
        let (sender, answer) = oneshot::channel();
        self.0.send(question(sender)).ok()?;
        tokio::time::timeout(PATIENCE, answer).await.ok()?.ok()
    }
}

/// How long whoever wants in waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
