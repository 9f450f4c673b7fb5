//! One set of keys, fetched and read (RFC 7517 section 5). What of it cannot be used is passed over; what is no set at all
//! is an error, and changes nothing of what was known.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use guard::{
    VerifyingKey,
    key::{self, Algorithm},
};
use openidconnect::http::{Request, header::ACCEPT};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    keys::is_sound,
    outbound::{Outbound, OutboundError},
};

/// A key of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The set's name for it; made of the key where there is none.
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) material: Vec<u8>,
}

/// Why there is no set. What people read names the host and never what it said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetError {
    /// Nobody answers, or too much.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The address is none.
    #[error("the address cannot be asked")]
    Address(#[from] openidconnect::http::Error),
    /// It answers something else than a set.
    #[error("it answers with status {0}, and redirects are not followed")]
    Redirect(u16),
    /// It answers something else than a set.
    #[error("it answers with status {0}")]
    Status(u16),
    /// More than any set needs.
    #[error("the answer is larger than 64 KB")]
    Large,
    /// More than any set needs.
    #[error("the set has more than 64 keys")]
    Many,
    /// No set.
    #[error("the answer is no set of keys: an object with `keys`, as RFC 7517 says")]
    Form,
    /// There are keys, and none that verifies.
    #[error("none of the set's keys can be used: Ed25519, P-256 and RSA from 2048 bits are, for signatures")]
    Unusable,
}

/// Asks for a set.
pub(super) async fn fetch(outbound: &Outbound, url: &str) -> Result<Vec<Found>, SetError> {
    let request = Request::get(url).header(ACCEPT, "application/json").body(Vec::new())?;
    let response = outbound.send(request).await?;
    match response.status().as_u16() {
        200 => read(response.body()),
        status @ 300..400 => Err(SetError::Redirect(status)),
        status => Err(SetError::Status(status)),
    }
}

/// The keys of a set that can be used, each name once. A set without keys is one: its owner took all of them back.
fn read(body: &[u8]) -> Result<Vec<Found>, SetError> {
    if body.len() > LARGEST {
        return Err(SetError::Large);
    }
    let Set { keys } = serde_json::from_slice(body).map_err(|_| SetError::Form)?;
    if keys.len() > MOST {
        return Err(SetError::Many);
    }
    let mut names = HashSet::new();
    let found: Vec<_> = keys
        .iter()
        .filter_map(one)
        .filter(|found| names.insert(found.kid.clone()))
        .collect();
    if found.is_empty() && !keys.is_empty() {
        return Err(SetError::Unusable);
    }
    Ok(found)
}

fn one(jwk: &Value) -> Option<Found> {
    let (algorithm, material, kid) = key::from_jwk(&jwk.to_string()).ok()?;
    let kid = kid.unwrap_or_else(|| format!("jwk:{}", URL_SAFE_NO_PAD.encode(Sha256::digest(&material))));
    VerifyingKey::theirs(kid.as_str(), algorithm, material.clone(), key::Dialect::Ours).ok()?;
    // A secret that everybody can fetch is none, and our own names are ours.
    let usable = is_sound(algorithm, &material) && super::is_free_name(&kid);
    usable.then_some(Found {
        kid,
        algorithm,
        material,
    })
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

const LARGEST: usize = 64 * 1024;
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ED: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn ed(kid: &str) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": ED, "kid": kid })
    }

    fn names(set: &Value) -> Vec<String> {
        let found = read(set.to_string().as_bytes()).unwrap();
        found.into_iter().map(|found| found.kid).collect()
    }

    #[test]
    fn what_of_a_set_can_be_used_is_taken_and_the_rest_passed_over() {
        let set = json!({ "keys": [
            ed("one"),
            // Named twice: the first holds.
            ed("one"),
            { "kty": "oct", "k": URL_SAFE_NO_PAD.encode([7; 32]), "kid": "secret" },
            { "kty": "OKP", "crv": "Ed25519", "x": ED, "d": ED, "kid": "private" },
            { "kty": "OKP", "crv": "X25519", "x": ED, "kid": "other curve" },
            { "kty": "OKP", "crv": "Ed25519", "x": ED, "kid": "for encryption", "use": "enc" },
            { "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode([1; 32]), "y": URL_SAFE_NO_PAD.encode([1; 32]), "kid": "off the curve" },
            ed("key_of_ours"),
            "nonsense",
        ] });
        assert_eq!(names(&set), ["one"]);
    }

    #[test]
    fn a_key_without_a_name_is_named_after_itself() {
        let set = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": ED }] });
        assert!(names(&set)[0].starts_with("jwk:"));
        assert_eq!(names(&set), names(&set));
    }

    #[test]
    fn a_set_without_keys_is_one_and_one_without_usable_keys_is_not() {
        assert_eq!(names(&json!({ "keys": [] })), Vec::<String>::new());
        let unusable = json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] });
        assert!(matches!(read(unusable.to_string().as_bytes()), Err(SetError::Unusable)));
    }

    #[test]
    fn what_is_no_set_is_an_error() {
        for body in ["", "<html>", "[]", "{}", "{\"keys\": {}}", "{\"keys\": \"x\"}"] {
            assert!(matches!(read(body.as_bytes()), Err(SetError::Form)), "{body}");
        }
        let many = json!({ "keys": vec![ed("one"); MOST + 1] });
        assert!(matches!(read(many.to_string().as_bytes()), Err(SetError::Many)));
        let large = format!("{{\"keys\": [], \"x\": \"{}\"}}", "x".repeat(LARGEST));
        assert!(matches!(read(large.as_bytes()), Err(SetError::Large)));
    }
}
