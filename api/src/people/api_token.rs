//! Secrets of API tokens: how they look, and what is kept of them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::state::State;

/// The secret of an API token; given to its maker once.
pub(crate) struct Secret(String);

/// For what a secret is, as its beginning says: scanners for leaked secrets know it by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A member's token.
    Token,
    /// The organisation's one API key.
    Key,
}

impl Secret {
    /// A new one: 256 random bits.
    pub(crate) fn new(state: &State, kind: Kind) -> Self {
        let random = URL_SAFE_NO_PAD.encode(state.entropy.bytes::<32>());
        Self(format!("{}{random}", kind.beginning()))
    }

    /// How it begins; enough to recognise it by, and nothing to guess the rest from.
    pub(crate) fn prefix(&self, kind: Kind) -> String {
        self.0.chars().take(kind.beginning().len() + SHOWN).collect()
    }

    /// What the table knows it by.
    pub(crate) fn hash(&self, state: &State) -> Vec<u8> {
        secret_hash(state, &self.0)
    }

    /// The text, for its maker's eyes.
    pub(crate) fn reveal(self) -> String {
        self.0
    }
}

impl Kind {
    const fn beginning(self) -> &'static str {
        match self {
            Self::Token => "portcullis_token_",
            Self::Key => "portcullis_key_",
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What the table knows a secret by: a hash under a key that is not in the database. Looking it up by an index tells
/// nothing of a secret, because nobody can choose what the hash begins with.
pub(crate) fn secret_hash(state: &State, secret: &str) -> Vec<u8> {
    let key = state.seal.derive("api token");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any size"));
    mac.update(secret.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Characters of the random part that are shown later.
const SHOWN: usize = 4;
