//! Whom an organisation keeps out for a while, from wherever they come: what a revocation or a ban is without an end.

use std::sync::Arc;

use rpds::HashTrieMapSync;
use serde::{Deserialize, Serialize};

use super::Subject;
use crate::{Timestamp, token::Jti};

/// Somebody who is kept out for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Who.
    pub who: Held,
    /// Before when; a time that is over lets them in again.
    pub until: Timestamp,
}

/// Who is kept out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Held {
    /// Whoever shows the token.
    Token(Jti),
    /// Whoever shows a token that names the viewer.
    User(Arc<str>),
}

/// The holds of one organisation.
#[derive(Clone, Debug, Default)]
pub struct Holds(HashTrieMapSync<Held, Timestamp>);

impl Held {
    /// Which tokens it is about.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Token(jti) => Subject::Token(jti.clone()),
            Self::User(user) => Subject::User(user.clone()),
        }
    }
}

impl Holds {
    /// Adds one, or puts it in the place of an earlier one of the same.
    pub(super) fn insert(&mut self, hold: &Hold) {
        if hold.until == Timestamp::default() {
            self.0.remove_mut(&hold.who);
        } else {
            self.0.insert_mut(hold.who.clone(), hold.until);
        }
    }

    /// Forgets those that are over at `now`.
    pub(super) fn forget(&mut self, now: Timestamp) {
        let over = self.0.iter().filter(|(_, until)| **until <= now);
        let over: Vec<_> = over.map(|(who, _)| who.clone()).collect();
        for who in over {
            self.0.remove_mut(&who);
        }
    }

    /// Until when whoever shows such a token is kept out, if they are at `now`. One that cannot be revoked by itself is not
    /// held by itself either.
    pub fn keep_out(
        &self,
        (jti, revocable): (&Jti, bool),
        user: Option<&Arc<str>>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if self.0.is_empty() {
            return None;
        }
        let until = |who| self.0.get(&who).copied().filter(|until| *until > now);
        let token = revocable.then(|| until(Held::Token(jti.clone()))).flatten();
        token.max(user.and_then(|user| until(Held::User(user.clone()))))
    }
}
