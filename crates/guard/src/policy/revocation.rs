//! What was taken back. A revocation of one token holds until it is forgotten, which it is when the token is over; a bulk one
//! covers what was issued up to its moment, and what a customer's backend was asked before it, and is never forgotten.

use std::{fmt, sync::Arc, time::Duration};

use ids::StreamId;
use rpds::{HashTrieMapSync, HashTrieSetSync};
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    permit::{Grant, Word},
    token::Jti,
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

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(jti) => write!(f, "token {jti}"),
            Self::User(user) => write!(f, "user {user}"),
            Self::Tag(tag) => write!(f, "tag {tag}"),
            Self::Stream(stream) => write!(f, "stream {stream}"),
            Self::Key(kid) => write!(f, "key {kid}"),
            Self::Everything => f.write_str("moment of issue"),
        }
    }
}

/// The revocations of one organisation.
#[derive(Clone, Debug, Default)]
pub struct Revocations {
    tokens: HashTrieSetSync<Jti>,
    /// All others: few, and mostly none.
    bulk: HashTrieMapSync<Subject, Timestamp>,
}

impl Revocations {
    /// Those of one moment.
    pub fn of(subjects: &[Subject], at: Timestamp) -> Self {
        subjects.iter().map(|subject| (subject.clone(), at)).collect()
    }

    pub(super) fn insert(&mut self, subject: &Subject, at: Timestamp) {
        match subject {
            Subject::Token(jti) => self.tokens.insert_mut(jti.clone()),
            subject => {
                let at = self.bulk.get(subject).copied().unwrap_or(at).max(at);
                self.bulk.insert_mut(subject.clone(), at);
            }
        }
    }

    /// Forgets those of these tokens.
    pub(super) fn forget(&mut self, tokens: &[Jti]) {
        for jti in tokens {
            self.tokens.remove_mut(jti);
        }
    }

    /// Whether nothing was taken back.
    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.bulk.is_empty()
    }

    /// What revokes a credential that is shown for `stream`, if anything does.
    pub fn covering(&self, grant: &Grant, stream: Option<StreamId>) -> Option<Subject> {
        if grant.revocable && self.tokens.contains(&grant.jti) {
            return Some(Subject::Token(grant.jti.clone()));
        }
        if self.bulk.is_empty() {
            return None;
        }
        let covers = |at: &Timestamp| match grant.word {
            Word::Signed { ours: false } => grant.issued.is_none_or(|issued| issued <= at.plus(FOREIGN_LEEWAY)),
            Word::Signed { ours: true } | Word::Listed => grant.issued.is_none_or(|issued| issued <= *at),
            // What it was asked before; whoever comes from then on is for the backend to judge again.
            Word::Backend { .. } => grant.issued.is_some_and(|asked| asked < *at),
        };
        [
            grant.user.clone().map(Subject::User),
            grant.tag.clone().map(Subject::Tag),
            stream.map(Subject::Stream),
            grant.kid.clone().map(Subject::Key),
            Some(Subject::Everything),
        ]
        .into_iter()
        .flatten()
        .find(|subject| self.bulk.get(subject).is_some_and(covers))
    }
}

impl FromIterator<(Subject, Timestamp)> for Revocations {
    fn from_iter<I: IntoIterator<Item = (Subject, Timestamp)>>(taken: I) -> Self {
        let mut revocations = Self::default();
        for (subject, at) in taken {
            revocations.insert(&subject, at);
        }
        revocations
    }
}

/// How far a customer's clock may be off: what it says was issued so long after a bulk revocation is covered too.
pub const FOREIGN_LEEWAY: Duration = Duration::from_secs(30);
