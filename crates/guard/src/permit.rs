//! A permission is a value: whoever holds one was decided upon.

use std::sync::Arc;

use ids::{OrganisationId, RuleId, StreamId, StreamName};
use serde::{Deserialize, Serialize};

use crate::{
    Door, Policy, Reason, Timestamp,
    lint::Marks,
    rules::{Kind, Monitored},
    token::Jti,
};

/// The right to pass one door of one stream, until a moment. Only the decision makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    pub(crate) door: Door,
    pub(crate) organisation: OrganisationId,
    pub(crate) stream: StreamId,
    pub(crate) name: StreamName,
    pub(crate) end: Option<End>,
    pub(crate) grant: Option<Grant>,
    pub(crate) excepted: [Option<RuleId>; Kind::ALL.len()],
    pub(crate) monitored: Vec<Monitored>,
}

/// When a permit ends by itself, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The first moment at which it is none any more.
    pub at: Timestamp,
    /// What whoever is ended is told.
    pub reason: Reason,
}

impl End {
    /// The earlier of two.
    pub(crate) fn first(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        [one, other].into_iter().flatten().min_by_key(|end| end.at)
    }
}

/// The token behind a permit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id, unique within the organisation.
    pub jti: Jti,
    /// The key that signed it, where one did.
    pub kid: Option<Arc<str>>,
    /// The viewer it names.
    pub user: Option<Arc<str>>,
    /// Its label.
    pub tag: Option<Arc<str>>,
    /// When it was issued, where it says so; of what a backend judges, when it let in.
    pub issued: Option<Timestamp>,
    /// When it expires.
    pub expires: Timestamp,
    /// Whether it can be revoked by itself.
    pub revocable: bool,
    /// Whose word it is believed on.
    pub word: Word,
    /// What speaks against it, as far as it can be read: said where a session begins ([`marks`](crate::marks)), since each
    /// decision would pay for it.
    #[serde(default)]
    pub marks: Marks,
}

/// Whose word a credential is believed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Word {
    /// A key's.
    Signed {
        /// Whether Portcullis holds it.
        ours: bool,
    },
    /// The list of static tokens'.
    Listed,
    /// The customer's backend's, until then.
    Backend {
        /// The end of what it allowed.
        until: Option<Timestamp>,
    },
}

impl Grant {
    /// Why it is worth nothing on the stream under `policy`, however long it lasts: it was revoked, its viewer is banned, or
    /// one of both is kept out at `now`.
    pub fn taken_back(
        &self,
        (organisation, stream): (OrganisationId, StreamId),
        policy: &Policy,
        now: Timestamp,
    ) -> Option<Reason> {
        let tenant = policy.tenant(organisation)?;
        let banned = || self.user.as_ref().is_some_and(|user| tenant.bans.contains(user));
        if tenant.revocations.covering(self, Some(stream)).is_some() {
            Some(Reason::TokenRevoked)
        } else if banned() {
            Some(Reason::TokenUserBanned)
        } else {
            let held = tenant
                .holds
                .keep_out((&self.jti, self.revocable), self.user.as_ref(), now);
            held.map(|_| Reason::SessionEnded)
        }
    }
}

impl Permit {
    /// Binds the permit to what it lets in.
    pub fn admit<T>(self, target: T) -> Admitted<T> {
        Admitted { permit: self, target }
    }

    /// The door that it opens.
    pub fn door(&self) -> Door {
        self.door
    }

    /// Whose stream it is.
    pub fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    /// Which stream.
    pub fn stream(&self) -> StreamId {
        self.stream
    }

    /// The stream's public name.
    pub fn name(&self) -> &StreamName {
        &self.name
    }

    /// When it ends by itself: with its token, with a rule that excepts for a while, or when the customer's backend said.
    pub fn until(&self) -> Option<Timestamp> {
        self.end.map(|end| end.at)
    }

    /// The same, with the reason.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// Monitored rules that the request fits.
    pub fn monitored(&self) -> &[Monitored] {
        &self.monitored
    }

    /// The Guardian rules that were met: those that let in, and monitored ones.
    pub fn rules_met(&self) -> impl Iterator<Item = RuleId> {
        let monitored = self.monitored.iter().map(|monitored| monitored.rule);
        self.excepted.iter().flatten().copied().chain(monitored)
    }

    /// The token behind it; `None` where no token was needed.
    pub fn grant(&self) -> Option<&Grant> {
        self.grant.as_ref()
    }
}

/// Something that was let in, with the permit that let it in.
#[derive(Debug)]
pub struct Admitted<T> {
    permit: Permit,
    target: T,
}

impl<T> Admitted<T> {
    /// What let it in.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// What was let in.
    pub fn target(&self) -> &T {
        &self.target
    }

    /// Both parts.
    pub fn into_parts(self) -> (Permit, T) {
        (self.permit, self.target)
    }
}
