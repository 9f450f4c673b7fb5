//! The result of a signature check, as a fact.

use super::Token;
use crate::{VerifyingKey, key::Fingerprint};

/// That a signature was checked, and what came out. Bound to one token and one key: shown beside another token, or
/// after the key was replaced, it proves nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    token: [u8; 32],
    key: Fingerprint,
    valid: bool,
}

impl Proof {
    #[cfg(feature = "signature")]
    pub(crate) fn new(token: &Token, key: &VerifyingKey, valid: bool) -> Self {
        Self {
            token: token.digest(),
            key: key.fingerprint(),
            valid,
        }
    }

    /// Whether it is of this token and this key.
    pub fn is_of(&self, token: &Token, key: &VerifyingKey) -> bool {
        self.of(token, key).is_some()
    }

    /// What the check found, if it was of this token with this key.
    pub(crate) fn of(&self, token: &Token, key: &VerifyingKey) -> Option<bool> {
        (self.token == token.digest() && self.key == key.fingerprint()).then_some(self.valid)
    }
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proof")
            .field("valid", &self.valid)
            .finish_non_exhaustive()
    }
}

/// The checks that were made of one credential: of one key, or of several where the token names none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proofs(Vec<Proof>);

impl Proofs {
    /// Adds a check.
    pub fn add(&mut self, proof: Proof) {
        self.0.push(proof);
    }

    /// What the check of `token` with `key` found, if one was made.
    pub(crate) fn of(&self, token: &Token, key: &VerifyingKey) -> Option<bool> {
        self.0.iter().find_map(|proof| proof.of(token, key))
    }
}

impl From<Proof> for Proofs {
    fn from(proof: Proof) -> Self {
        Self(vec![proof])
    }
}
