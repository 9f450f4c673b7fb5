//! What customers hand over as a key of theirs, and what it is refused for. A refusal never repeats what was entered.

use std::{collections::BTreeMap, sync::Arc};

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use entity::signing_key;
use guard::key::{self, Algorithm, DialectError, KeyError};
use sea_orm::DbErr;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::fault::Fault;

/// A key as a customer handed it over, found to be one.
pub(crate) enum Material {
    /// A public key.
    Public(Algorithm, Vec<u8>),
    /// A shared secret.
    Secret(Zeroizing<String>),
}

/// How a customer's tokens name their claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// As ours do.
    #[default]
    Ours,
    /// As Ant Media's do.
    AntMedia,
    /// Their name → ours.
    Names(BTreeMap<Arc<str>, Arc<str>>),
}

impl Material {
    /// A public key in PEM.
    pub(crate) fn from_pem(text: &str) -> Result<Self, Fault> {
        let bad = |code, message: &str| Fault::field("publicKeyPem", code, message);
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(bad("TOO_LONG", "a public key is 16384 bytes at most"));
        }
        if text.contains("-----BEGIN CERTIFICATE-----") {
            let message =
                "this is a certificate: enter the public key in it, as `openssl x509 -pubkey -noout` prints it";
            return Err(bad("INVALID", message));
        }
        // A file may hold both halves, in any order.
        if text.contains("PRIVATE KEY-----") {
            return Err(bad(PRIVATE, PRIVATE_MESSAGE));
        }
        if text.matches("-----BEGIN ").count() > 1 {
            return Err(bad("INVALID", "this is more than one key: add each by itself"));
        }
        let (algorithm, material) = key::from_pem(text).map_err(|error| of(&error))?;
        guard::VerifyingKey::theirs("", algorithm, material.clone(), key::Dialect::Ours).map_err(|error| of(&error))?;
        if !is_sound(algorithm, &material) {
            return Err(bad("INVALID", "the key's content does not fit its kind"));
        }
        Ok(Self::Public(algorithm, material))
    }

    /// A shared secret: its UTF-8 bytes, as they are.
    pub(crate) fn from_secret(text: String) -> Result<Self, Fault> {
        let text = Zeroizing::new(text);
        let bad = |code, message: &str| Fault::field("hs256Secret", code, message);
        if text.contains("PRIVATE KEY-----") {
            return Err(bad(PRIVATE, PRIVATE_MESSAGE));
        }
        if text.contains("-----BEGIN ") {
            return Err(bad(
                "INVALID",
                "this is no secret, everybody may know it: enter it as `publicKeyPem`",
            ));
        }
        if text.trim() != text.as_str() {
            return Err(bad("INVALID", "the secret begins or ends with a space or a line break"));
        }
        match text.len() {
            ..SECRET => Err(bad("TOO_SHORT", "a shared secret has 32 bytes at least")),
            SECRET..=1024 => Ok(Self::Secret(text)),
            _ => Err(bad("TOO_LONG", "a shared secret has 1024 bytes at most")),
        }
    }
}

/// Whether the cryptography takes it: a point that is on its curve, among others.
pub(crate) fn is_sound(algorithm: Algorithm, material: &[u8]) -> bool {
    let kind: &'static dyn VerificationAlgorithm = match algorithm {
        Algorithm::EdDsa => &signature::ED25519,
        Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Hs256 => return false,
    };
    ParsedPublicKey::new(kind, material).is_ok()
}

fn of(error: &KeyError) -> Fault {
    let code = match error {
        KeyError::Private => return Fault::field("publicKeyPem", PRIVATE, PRIVATE_MESSAGE),
        KeyError::Form => {
            let message = "this is no public key in PEM: it begins with `-----BEGIN PUBLIC KEY-----`";
            return Fault::field("publicKeyPem", "INVALID", message);
        }
        KeyError::Kind => "UNSUPPORTED",
        KeyError::Content => "INVALID",
        KeyError::ShortRsa | KeyError::ShortSecret => "TOO_SHORT",
        KeyError::LongRsa => "TOO_LONG",
    };
    Fault::field("publicKeyPem", code, error.to_string())
}

impl Dialect {
    /// Their names for claims, as an object: their name → ours.
    pub(crate) fn named(map: &Value) -> Result<Self, Fault> {
        let bad = |message: String| Fault::field("claimMap", "INVALID", message);
        let map = map.as_object().filter(|map| !map.is_empty() && map.len() <= NAMES);
        let Some(map) = map else {
            return Err(bad(format!("an object of 1 to {NAMES} names: theirs to ours")));
        };
        let mut names = BTreeMap::new();
        for (theirs, ours) in map {
            let Some(ours) = ours.as_str() else {
                return Err(bad(
                    "each name leads to one of ours, as in {\"video_id\": \"streams\"}".to_owned()
                ));
            };
            if theirs.len() > NAME {
                return Err(bad(format!("a name has {NAME} bytes at most")));
            }
            names.insert(theirs.as_str().into(), ours.into());
        }
        key::Dialect::names(names.clone()).map_err(|error: DialectError| bad(error.to_string()))?;
        Ok(Self::Names(names))
    }

    /// A key's, as its row has it.
    pub(crate) fn of(row: &signing_key::Model) -> Result<Self, DbErr> {
        match (row.dialect.as_deref(), &row.claim_map) {
            (None, _) => Ok(Self::Ours),
            (Some("ant_media"), _) => Ok(Self::AntMedia),
            (Some("names"), Some(map)) => serde_json::from_value(map.clone())
                .map(Self::Names)
                .map_err(|error| DbErr::Custom(error.to_string())),
            (Some(_), _) => Err(DbErr::Custom(
                "a row holds what cannot be: signing_key.dialect".to_owned(),
            )),
        }
    }

    /// The columns `dialect` and `claim_map`.
    pub(crate) fn columns(&self) -> (Option<String>, Option<Value>) {
        match self {
            Self::Ours => (None, None),
            Self::AntMedia => (Some("ant_media".to_owned()), None),
            Self::Names(names) => (Some("names".to_owned()), Some(serde_json::json!(names))),
        }
    }
}

impl From<Dialect> for key::Dialect {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Ours => Self::Ours,
            Dialect::AntMedia => Self::AntMedia,
            Dialect::Names(names) => Self::Names(names),
        }
    }
}

impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

const PRIVATE: &str = "PRIVATE_KEY";
const PRIVATE_MESSAGE: &str = "this is a private key, and it was not kept; now that it has left its place, make a new pair and enter the public half";
const SECRET: usize = 32;
const LONGEST: usize = 16 * 1024;
const NAMES: usize = 32;
const NAME: usize = 128;
