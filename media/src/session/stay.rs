//! The guard inside which a long session runs: it ends the session when its permit ends, and reports the end when it is
//! dropped.

use std::sync::Arc;

use guard::Reason;
use ids::NodeId;
use link::{Clock, Event, Events, Kind, SessionEnd};

use super::{Registry, Session};

/// A running session. Dropping it is its end.
#[derive(Debug)]
pub struct Stay {
    session: Arc<Session>,
    registry: Arc<Registry>,
    clock: Clock,
    node: NodeId,
    events: Events,
}

impl Stay {
    pub(crate) fn new(
        session: Arc<Session>,
        registry: Arc<Registry>,
        clock: Clock,
        node: NodeId,
        events: Events,
    ) -> Self {
        Self {
            session,
            registry,
            clock,
            node,
            events,
        }
    }

    /// The session.
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Waits until the platform ends the session: by a change, or because its time is up.
    pub async fn over(&self) -> Reason {
        let mut end = self.session.end.subscribe();
        let mut until = self.session.until.subscribe();
        loop {
            if let Some(reason) = *end.borrow_and_update() {
                return reason;
            }
            let last = *until.borrow_and_update();
            // A timer is never over when it is asked for the first time, and whoever has something to send asks anew each
            // time.
            if let Some(last) = last.filter(|last| last.at <= self.clock.now()) {
                self.session.end(last.reason);
                continue;
            }
            let expiry = async {
                match last {
                    Some(last) => {
                        tokio::time::sleep(last.at.since(self.clock.now())).await;
                        last.reason
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = end.changed() => {}
                _ = until.changed() => {}
                reason = expiry => {
                    self.session.end(reason);
                }
            }
        }
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        let session = &self.session;
        self.registry.remove(session);
        session.spend();
        let permit = session.permit();
        let end = SessionEnd {
            session: session.id,
            organisation: permit.organisation(),
            stream: permit.stream(),
            bytes: session.bytes(),
            requests: session.requests(),
            reason: session.reason(),
        };
        crate::count::ended(session.protocol, end.reason);
        let last = session.player.take().map(|quality| Kind::Quality {
            session: session.id,
            organisation: permit.organisation(),
            quality,
        });
        for kind in last.into_iter().chain([Kind::Ended(end)]) {
            self.events.tell(Event {
                at: self.clock.now(),
                node: self.node,
                kind,
            });
        }
    }
}
