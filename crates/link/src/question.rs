//! What a node has to ask before it can decide.

use std::{net::IpAddr, sync::Arc, time::Duration};

use guard::{Binding, Door, Timestamp, Use, Verdict};
use ids::{OrganisationId, SessionId, StreamName, UseId};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, mpsc::error::TrySendError, oneshot};

use crate::Protocol;

/// What is known and counted beyond one node, or known to the customer alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Question {
    /// May the token be used from there? Binds where there is room, durably. Answered with [`Answer::Binding`].
    Binding {
        /// Which token.
        token: Counted,
        /// From where, as far as it counts: the /64 of an IPv6 address.
        address: IpAddr,
        /// To how many it locks itself.
        most: u32,
    },
    /// Has the token a use left? Reserves one, durably. Answered with [`Answer::Use`].
    Use {
        /// Which token.
        token: Counted,
        /// What the use is called.
        id: UseId,
        /// How many it has in all.
        most: u32,
    },
    /// Nothing was sent for a reserved use: it is left again. Not answered.
    GiveBack {
        /// Whose token.
        organisation: OrganisationId,
        /// Which use.
        id: UseId,
    },
    /// Is there such a key among those that the organisation keeps elsewhere? Answered with [`Answer::Looked`] once what was
    /// found there is in force.
    Key {
        /// Whose key.
        organisation: OrganisationId,
        /// What a token calls it.
        kid: Arc<str>,
    },
    /// What does the customer's backend say? Answered with [`Answer::Backend`].
    Backend(Box<Inquiry>),
}

/// A token, for as long as something of it has to be remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Its id.
    pub jti: Arc<str>,
    /// When it expires.
    pub expires: Timestamp,
}

/// Somebody at a door, as a customer's backend is told of them.
#[derive(Clone, Serialize, Deserialize)]
pub struct Inquiry {
    /// Whose stream.
    pub organisation: OrganisationId,
    /// Its name.
    pub stream: StreamName,
    /// Which way.
    pub door: Door,
    /// By which protocol.
    pub protocol: Protocol,
    /// From where.
    pub address: IpAddr,
    /// Tells one who asks from another; what the session is called, or will be.
    pub client: SessionId,
    /// Whether that session runs, and the question is whether it may go on.
    pub running: bool,
    /// What was presented, where the backend alone can judge it.
    pub credential: Option<Arc<str>>,
    /// The player's or encoder's name for itself.
    pub user_agent: Option<Arc<str>>,
    /// The host of the page it came from.
    pub referrer: Option<Arc<str>>,
    /// What the broadcaster added to the name, without key and token; in order.
    pub parameters: Vec<(String, String)>,
}

/// The answer to a [`Question`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Whether the token is bound there.
    Binding(Binding),
    /// Whether a use is reserved.
    Use(Use),
    /// What the backend says.
    Backend(Verdict),
    /// It was looked, by now or of late.
    Looked,
}

/// A question with the way back.
#[derive(Debug)]
pub struct Waiting {
    /// What is asked.
    pub question: Question,
    answer: oneshot::Sender<Answer>,
}

/// Where a node's questions go.
#[derive(Clone, Debug)]
pub struct Questions(mpsc::Sender<Waiting>);

impl Questions {
    pub(crate) fn new(sender: mpsc::Sender<Waiting>) -> Self {
        Self(sender)
    }

    /// Asks, and waits for the answer, 5 s at most; `None` where nobody answers.
    pub async fn ask(&self, question: Question) -> Option<Answer> {
        let (answer, answered) = oneshot::channel();
        let asked = async {
            self.0.send(Waiting { question, answer }).await.ok()?;
            answered.await.ok()
        };
        tokio::time::timeout(PATIENCE, asked).await.ok().flatten()
    }

    /// Says that nothing was sent for a reserved use, without waiting. Where nobody hears it, the use stays reserved:
    /// nobody is let in twice for it.
    pub fn give_back(&self, organisation: OrganisationId, id: UseId) {
        let (answer, _) = oneshot::channel();
        let question = Question::GiveBack { organisation, id };
        if let Err(TrySendError::Full(waiting)) = self.0.try_send(Waiting { question, answer })
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let sender = self.0.clone();
            runtime.spawn(async move { sender.send(waiting).await.is_ok() });
        }
    }
}

impl Waiting {
    /// Answers. Dropped without an answer, it is as good as not answered.
    pub fn answer(self, answer: Answer) {
        // The node may have stopped waiting.
        let _ = self.answer.send(answer);
    }
}

impl std::fmt::Debug for Inquiry {
    /// Neither what was presented nor what was added to a name is for a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inquiry")
            .field("organisation", &self.organisation)
            .field("stream", &self.stream)
            .field("door", &self.door)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// Longer than a backend has: the control plane says that it is silent.
const PATIENCE: Duration = Duration::from_secs(5);
