//! Whose access changed: what open subscriptions listen to, so that they end with it.

use ids::{ApiTokenId, OrganisationId, SignInId, UserId};
use tokio::sync::broadcast;

use super::caller::{Acting, Actor, Caller, Who};

/// Tells whose access changed.
#[derive(Debug)]
pub(crate) struct Access(broadcast::Sender<Whose>);

/// Whose access changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// One signed-in browser's.
    SignIn(SignInId),
    /// A person's, somewhere.
    User(UserId),
    /// One API token's.
    ApiToken(ApiTokenId),
    /// Everybody's in an organisation.
    Organisation(OrganisationId),
}

impl Access {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(QUEUE))
    }

    /// Tells open subscriptions.
    pub(crate) fn changed(&self, whose: Whose) {
        // Nobody may be listening.
        let _ = self.0.send(whose);
    }

    /// What changes from now on.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Whose> {
        self.0.subscribe()
    }
}

impl Whose {
    /// Whether it is about this caller.
    pub(crate) fn concerns(self, caller: &Caller, acting: &Acting) -> bool {
        match self {
            Self::SignIn(id) => matches!(&caller.who, Who::Person(person) if person.sign_in == id),
            Self::User(id) => matches!(acting.actor, Actor::Member { user, .. } if user == id),
            Self::ApiToken(id) => matches!(acting.actor, Actor::Software { token, .. } if token == id),
            Self::Organisation(id) => acting.id == id,
        }
    }
}

const QUEUE: usize = 256;
