//! Whose sign-in ended: what open subscriptions listen to, so that they end with it.

use ids::SignInId;
use tokio::sync::broadcast;

/// Tells of sign-ins that ended.
#[derive(Debug)]
pub(crate) struct Access(broadcast::Sender<SignInId>);

impl Access {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(QUEUE))
    }

    /// Tells open subscriptions.
    pub(crate) fn ended(&self, sign_in: SignInId) {
        // Nobody may be listening.
        let _ = self.0.send(sign_in);
    }

    /// Those that end from now on.
    pub(crate) fn ends(&self) -> broadcast::Receiver<SignInId> {
        self.0.subscribe()
    }
}

const QUEUE: usize = 256;
