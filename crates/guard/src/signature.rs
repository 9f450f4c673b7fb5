//! Making and checking signatures. `jsonwebtoken` does the cryptography and nothing else: who may pass, until when and
//! at which door is judged by the decision.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm as Jws, DecodingKey, EncodingKey, crypto, errors::Error};
use serde_json::json;

use crate::{
    VerifyingKey,
    key::Algorithm,
    token::{Proof, Token},
};

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The private key is not one of the algorithm.
    #[error("the signing key is unusable")]
    Key(#[source] Error),
}

/// Checks the signature of `token` with `key`, by the key's algorithm; about 60 µs for Ed25519.
pub fn check(token: &Token, key: &VerifyingKey) -> Proof {
    Proof::new(token, key, fits(token, key))
}

/// Whether `key` signed `token`. That it did says nothing of what the token is good for.
pub fn fits(token: &Token, key: &VerifyingKey) -> bool {
    verify(token, key).unwrap_or(false)
}

fn verify(token: &Token, key: &VerifyingKey) -> Result<bool, Error> {
    let material = key.material();
    let (public, algorithm) = match key.algorithm() {
        Algorithm::EdDsa => {
            let public = DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(material))?;
            (public, Jws::EdDSA)
        }
        Algorithm::Es256 => {
            // INVARIANT: the material of such a key is 0x04 and two coordinates of 32 bytes.
            let coordinates = material.get(1..).unwrap_or_default();
            let (x, y) = coordinates.split_at_checked(32).unwrap_or_default();
            let public = DecodingKey::from_ec_components(&URL_SAFE_NO_PAD.encode(x), &URL_SAFE_NO_PAD.encode(y))?;
            (public, Jws::ES256)
        }
        Algorithm::Rs256 => (DecodingKey::from_rsa_der(material), Jws::RS256),
        Algorithm::Hs256 => (DecodingKey::from_secret(material), Jws::HS256),
    };
    crypto::verify(token.signature(), token.signed().as_bytes(), &public, algorithm)
}

/// Signs `claims` (a JSON object) with an Ed25519 private key (PKCS#8 DER) under the name `kid`.
pub fn sign(claims: &serde_json::Value, kid: &str, pkcs8: &[u8]) -> Result<String, SignError> {
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "alg": Algorithm::EdDsa.as_str(), "typ": "JWT", "kid": kid });
    let signed = format!("{}.{}", part(&header), part(claims));
    let key = EncodingKey::from_ed_der(pkcs8);
    let signature = crypto::sign(signed.as_bytes(), &key, Jws::EdDSA).map_err(SignError::Key)?;
    Ok(format!("{signed}.{signature}"))
}
