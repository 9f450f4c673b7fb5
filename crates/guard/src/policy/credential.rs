//! Credentials that are no JWT and that a policy lists: static tokens and handles. Found by their digest.

use std::sync::Arc;

use ids::{GroupId, StreamName};
use rpds::HashTrieMapSync;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Door, Timestamp, VerifyingKey,
    key::Fingerprint,
    token::{Claims, Jti, Malformed, Scope, claims_of, hex},
};

/// SHA-256 of a credential's text: enough to recognise it, not to show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CredentialDigest([u8; 32]);

impl CredentialDigest {
    /// The digest of a text as it was presented.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// One that was stored.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// The id of the sessions of a credential that a backend judged: enough to revoke it by.
    pub fn opaque_id(&self) -> Jti {
        format!("{OPAQUE}{}", hex(&self.0)).into()
    }

    /// Whether an id is one of those.
    pub fn is_opaque_id(id: &str) -> bool {
        let is_hex = |digits: &str| digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        id.strip_prefix(OPAQUE)
            .is_some_and(|digits| digits.len() == 64 && is_hex(digits))
    }
}

impl std::fmt::Debug for CredentialDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A text of the customer's own choosing that lets in until it expires: a tool for tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaticToken {
    /// What it is called; its sessions carry an [id](Self::id_of) with this.
    pub name: Arc<str>,
    /// Its text's digest.
    pub digest: CredentialDigest,
    /// The door that it opens.
    pub door: Door,
    /// The streams that it is for.
    pub scope: StaticScope,
    /// When it was made: what was taken back before does not touch it. Changes that wait since an earlier version do not
    /// say.
    #[serde(default)]
    pub made: Option<Timestamp>,
    /// When it ends.
    pub expires: Timestamp,
}

/// The streams that a static token is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StaticScope {
    /// These.
    Streams(Vec<StreamName>),
    /// Those of these groups.
    Groups(Vec<GroupId>),
    /// All of the organisation.
    Organisation,
}

/// A short text that stands for a token's claims, and dies with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// Its text's digest.
    pub digest: CredentialDigest,
    /// The name of the key that signed the token.
    pub kid: Arc<str>,
    /// That key, told from every other that ever has its name. None, as in changes that wait since an earlier version: the one
    /// that has the name when this comes.
    #[serde(default)]
    pub key: Option<Fingerprint>,
    /// The token's id; a customer's token that says none has the one that it is known by.
    pub jti: Jti,
    /// The token's claims: a JSON object under our names.
    pub claims: Arc<str>,
}

/// A handle whose claims were read.
#[derive(Clone, Debug)]
pub struct Known {
    pub(crate) kid: Arc<str>,
    pub(crate) key: Option<Fingerprint>,
    pub(crate) claims: Claims,
}

impl StaticToken {
    /// The id of the static token of that name: `static:` and the name.
    pub fn id_of(name: &str) -> Jti {
        format!("{STATIC}{name}").into()
    }

    /// The name in the id of a static token; `None` where it is the id of something else.
    pub fn name_in(id: &str) -> Option<&str> {
        id.strip_prefix(STATIC)
    }

    pub(super) fn claims(&self) -> Claims {
        let scope = match &self.scope {
            StaticScope::Streams(names) => Scope::Streams(names.clone().into()),
            StaticScope::Groups(groups) => Scope::Groups(groups.clone().into()),
            StaticScope::Organisation => Scope::Organisation,
        };
        Claims {
            aud: Some(self.door.audience().into()),
            iat: self.made,
            exp: self.expires,
            ..Claims::bare(Self::id_of(&self.name), scope)
        }
    }
}

impl Handle {
    /// What it stands for, as it comes to an organisation with these keys.
    pub(super) fn read(&self, keys: &HashTrieMapSync<Arc<str>, Arc<VerifyingKey>>) -> Result<Known, Malformed> {
        let named = || keys.get(&self.kid).map(|key| key.fingerprint());
        Ok(Known {
            kid: self.kid.clone(),
            key: self.key.or_else(named),
            claims: claims_of(&self.claims, &self.jti)?,
        })
    }
}

const STATIC: &str = "static:";
const OPAQUE: &str = "opaque:";
