//! Newer tokens that a client shows on its socket, one after the other, while the stream goes on.

use std::{future::Future, pin::Pin, sync::Arc};

use guard::{Credential, Denial, End, Reason};
use serde_json::json;

use super::{super::Node, refuse};
use crate::session::Session;

/// The newer tokens of one socket.
pub(super) struct Renewals<'a> {
    node: &'a Node,
    session: &'a Arc<Session>,
    under_way: Option<Pin<Box<dyn Future<Output = Decided> + Send + 'a>>>,
    /// What was shown meanwhile; only the last of it matters.
    waiting: Option<Shown>,
}

/// What comes of a newer token.
pub(super) enum Answer {
    /// The session goes on; this is told.
    Said(String),
    /// It does not.
    Over(Reason),
}

struct Shown {
    token: String,
    /// Whether the client says that it plays by it: then it must be the session's.
    plays: bool,
}

struct Decided {
    outcome: Result<Option<End>, Denial>,
    plays: bool,
}

impl<'a> Renewals<'a> {
    pub(super) fn new(node: &'a Node, session: &'a Arc<Session>) -> Self {
        Self {
            node,
            session,
            under_way: None,
            waiting: None,
        }
    }

    /// Takes a token that the client shows; whether it says that it plays by it.
    pub(super) fn show(&mut self, token: String, plays: bool) {
        self.waiting = Some(Shown { token, plays });
    }

    /// What comes of the next one; waits for ever where there is none. Cancellation loses nothing.
    pub(super) async fn next(&mut self) -> Answer {
        loop {
            if let Some(under_way) = &mut self.under_way {
                let Decided { outcome, plays } = under_way.await;
                self.under_way = None;
                match self.answer(outcome, plays) {
                    Some(answer) => return answer,
                    None => continue,
                }
            }
            let Some(Shown { token, plays }) = self.waiting.take() else {
                return std::future::pending().await;
            };
            let (node, session) = (self.node, self.session);
            self.under_way = Some(Box::pin(async move {
                let outcome = node.gate.renew(session, Credential::from_token(&token)).await;
                Decided { outcome, plays }
            }));
        }
    }

    fn answer(&self, outcome: Result<Option<End>, Denial>, plays: bool) -> Option<Answer> {
        match outcome {
            // It is what the client came with, or as good.
            Ok(_) if plays => None,
            Ok(end) => {
                let now = self.node.gate.clock().now();
                let ends_in_s = end.map(|end| end.at.since(now).as_secs());
                let said = json!({ "type": "token", "endsInS": ends_in_s });
                Some(Answer::Said(said.to_string()))
            }
            // Two that differ, and neither is the newer one of the other.
            Err(_) if plays => Some(Answer::Over(Reason::TokenMalformed)),
            Err(denial) => Some(Answer::Said(refuse::message("refused", &denial))),
        }
    }
}
