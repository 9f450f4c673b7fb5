//! Keys by which credentials are recognised. The algorithm belongs to the key, never to the token's header.

mod dialect;
mod read;

use std::{fmt, sync::Arc};

pub use dialect::{Dialect, DialectError};
pub use read::{from_jwk, from_pem};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037). The material is the 32 bytes of the public key.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA on P-256. The material is the uncompressed point: 0x04 and two coordinates.
    #[serde(rename = "ES256")]
    Es256,
    /// RSA, PKCS#1 v1.5, from 2048 bits. The material is the DER of a PKCS#1 `RSAPublicKey`.
    #[serde(rename = "RS256")]
    Rs256,
    /// HMAC with a shared secret. The material is the secret, 32 bytes at least.
    #[serde(rename = "HS256")]
    Hs256,
}

impl Algorithm {
    /// Those that there are.
    pub const ALL: [Self; 4] = [Self::EdDsa, Self::Es256, Self::Rs256, Self::Hs256];

    /// The name that JWS gives it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Hs256 => "HS256",
        }
    }
}

/// Why a key is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing that this version reads.
    #[error("neither a public key in PEM (`BEGIN PUBLIC KEY`) nor a JWK")]
    Form,
    /// A private key was handed over.
    #[error("this is a private key: keep it, and enter its public part")]
    Private,
    /// A kind of key that does not sign tokens here.
    #[error("the key is of a kind that is not supported: Ed25519, P-256 and RSA are")]
    Kind,
    /// Its bytes are not those of a key of its kind.
    #[error("the key's content does not fit its kind")]
    Content,
    /// Too small.
    #[error("an RSA key has 2048 bits at least")]
    ShortRsa,
    /// Beyond what anybody uses, and slow to verify with.
    #[error("an RSA key has 8192 bits at most")]
    LongRsa,
    /// Too small.
    #[error("a shared secret has 32 bytes at least")]
    ShortSecret,
}

/// What verifies an organisation's tokens. Holds no private key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct VerifyingKey {
    kid: Arc<str>,
    algorithm: Algorithm,
    material: Vec<u8>,
    ours: bool,
    dialect: Dialect,
    fingerprint: Fingerprint,
}

impl VerifyingKey {
    /// A key that Portcullis made: Ed25519, its 32 public bytes.
    pub fn ours(kid: impl Into<Arc<str>>, public: Vec<u8>) -> Result<Self, KeyError> {
        Self::new(kid.into(), Algorithm::EdDsa, public, true, Dialect::Ours)
    }

    /// A key of a customer, whose tokens are written in `dialect`.
    pub fn theirs(
        kid: impl Into<Arc<str>>,
        algorithm: Algorithm,
        material: Vec<u8>,
        dialect: Dialect,
    ) -> Result<Self, KeyError> {
        Self::new(kid.into(), algorithm, material, false, dialect)
    }

    fn new(
        kid: Arc<str>,
        algorithm: Algorithm,
        material: Vec<u8>,
        ours: bool,
        dialect: Dialect,
    ) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::EdDsa if material.len() != 32 => return Err(KeyError::Content),
            Algorithm::Es256 if material.len() != 65 || material.first() != Some(&4) => return Err(KeyError::Content),
            Algorithm::Hs256 if material.len() < 32 => return Err(KeyError::ShortSecret),
            Algorithm::Rs256 => read::check_rsa(&material)?,
            Algorithm::EdDsa | Algorithm::Es256 | Algorithm::Hs256 => {}
        }
        let mut hash = Sha256::new();
        hash.update(algorithm.as_str());
        hash.update([0]);
        hash.update(kid.as_bytes());
        hash.update([0]);
        hash.update(&material);
        let fingerprint = Fingerprint(hash.finalize().into());
        Ok(Self {
            kid,
            algorithm,
            material,
            ours,
            dialect,
            fingerprint,
        })
    }

    /// The opaque name that tokens carry in their header.
    pub fn kid(&self) -> &Arc<str> {
        &self.kid
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public part, or the shared secret, as the algorithm has it.
    pub fn material(&self) -> &[u8] {
        &self.material
    }

    /// Whether Portcullis made it; a customer's clock gets leeway, ours does not.
    pub fn is_ours(&self) -> bool {
        self.ours
    }

    /// How its tokens name their claims.
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// What tells this key from every other, the same `kid` with other material included.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

/// What tells a key from every other: SHA-256 of its algorithm, name and material. Never shown: a shared secret that is weak
/// could be guessed by it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// One that was stored.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .field("ours", &self.ours)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Wire {
    kid: Arc<str>,
    algorithm: Algorithm,
    material: Vec<u8>,
    ours: bool,
    #[serde(default)]
    dialect: Dialect,
}

impl TryFrom<Wire> for VerifyingKey {
    type Error = KeyError;

    fn try_from(wire: Wire) -> Result<Self, KeyError> {
        Self::new(wire.kid, wire.algorithm, wire.material, wire.ours, wire.dialect)
    }
}

impl From<VerifyingKey> for Wire {
    fn from(key: VerifyingKey) -> Self {
        Self {
            kid: key.kid,
            algorithm: key.algorithm,
            material: key.material,
            ours: key.ours,
            dialect: key.dialect,
        }
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
