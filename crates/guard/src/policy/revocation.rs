//! What was taken back. A revocation of one token holds for ever; a bulk one covers what was issued up to its moment.

use std::{sync::Arc, time::Duration};

use ids::StreamId;
use rpds::HashTrieMapSync;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    token::{Claims, Jti},
};

/// What a revocation names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// One token.
    Token(Jti),
    /// Every token of a viewer.
    User(Arc<str>),
    /// Every token of a label.
    Tag(Arc<str>),
    /// Every token shown for a stream, whatever its scope.
    Stream(StreamId),
    /// Every token signed with a key.
    Key(Arc<str>),
    /// Every token of the organisation.
    Everything,
}

/// The revocations of one organisation.
#[derive(Clone, Debug, Default)]
pub struct Revocations(HashTrieMapSync<Subject, Timestamp>);

impl Revocations {
    pub(super) fn insert(&mut self, subject: &Subject, at: Timestamp) {
        let at = self.0.get(subject).copied().unwrap_or(at).max(at);
        self.0.insert_mut(subject.clone(), at);
    }

    /// Whether the token of that id was revoked by itself.
    pub fn has_token(&self, jti: &Jti) -> bool {
        !self.0.is_empty() && self.0.contains_key(&Subject::Token(jti.clone()))
    }

    /// What revokes a token that is shown for `stream`, if anything does. `kid`: what signed it, where something did.
    /// `ours`: whether our clock issued it.
    pub fn covering(
        &self,
        claims: &Claims,
        kid: Option<&Arc<str>>,
        stream: Option<StreamId>,
        ours: bool,
    ) -> Option<Subject> {
        if self.0.is_empty() {
            return None;
        }
        if claims.revocable && self.has_token(&claims.jti) {
            return Some(Subject::Token(claims.jti.clone()));
        }
        let leeway = if ours { Duration::ZERO } else { FOREIGN_LEEWAY };
        let covers = |at: &Timestamp| claims.iat.is_none_or(|issued| issued <= at.plus(leeway));
        [
            claims.user.clone().map(Subject::User),
            claims.tag.clone().map(Subject::Tag),
            stream.map(Subject::Stream),
            kid.cloned().map(Subject::Key),
            Some(Subject::Everything),
        ]
        .into_iter()
        .flatten()
        .find(|subject| self.0.get(subject).is_some_and(covers))
    }
}

/// How far a customer's clock may be off.
const FOREIGN_LEEWAY: Duration = Duration::from_secs(30);
