//! Keys by which credentials are recognised. The algorithm belongs to the key, never to the token's header.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037). The material is the 32 bytes of the public key.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// The name that JWS gives it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
        }
    }
}

/// What verifies an organisation's tokens. Holds nothing that could sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyingKey {
    /// The opaque name that tokens carry in their header.
    pub kid: Arc<str>,
    /// How it signs.
    pub algorithm: Algorithm,
    /// The public part, as the algorithm has it.
    pub material: Vec<u8>,
    /// Whether Portcullis made it; a customer's clock gets leeway, ours does not.
    pub ours: bool,
}

impl VerifyingKey {
    /// What tells this key from every other, the same `kid` with other material included.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.algorithm.as_str());
        hash.update([0]);
        hash.update(&self.material);
        hash.update([0]);
        hash.update(self.kid.as_bytes());
        hash.finalize().into()
    }
}

/// A stream's ingest key as the media side knows it: SHA-256 of its bytes. Compared in constant time.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct IngestKeyDigest([u8; 32]);

impl IngestKeyDigest {
    /// The digest of a key as it was presented.
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }
}

impl PartialEq for IngestKeyDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for IngestKeyDigest {}

impl fmt::Debug for IngestKeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
