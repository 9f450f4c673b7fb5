//! How a token was signed is said by the key, whatever its header says.

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use guard::{Credential, Door, Reason};
use serde_json::{Value, json};

use super::scene::{NOW, claims, live, reason, request, scene, settle};

/// What comes of a token with that header, signed by `sign` over header and payload.
fn outcome(header: &Value, sign: impl FnOnce(&Ed25519KeyPair, &[u8]) -> Vec<u8>) -> Option<Reason> {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(&claims(1)));
    let pair = Ed25519KeyPair::from_pkcs8(&scene().first).unwrap();
    let signature = URL_SAFE_NO_PAD.encode(sign(&pair, signed.as_bytes()));
    let credential = Credential::from_token(&format!("{signed}.{signature}"));
    let request = request(Door::Playback, "7KQ2M-SECURED", credential);
    reason(&settle(request, live(), &scene().policy, NOW))
}

#[test]
fn the_algorithm_is_the_keys_whatever_the_header_says() {
    // "none" has no signature; the well-known swap makes a shared secret of the public key.
    let none = |_: &Ed25519KeyPair, _: &[u8]| Vec::new();
    let swapped = |pair: &Ed25519KeyPair, signed: &[u8]| {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, pair.public_key().as_ref());
        hmac::sign(&secret, signed).as_ref().to_vec()
    };
    let right = |pair: &Ed25519KeyPair, signed: &[u8]| pair.sign(signed).as_ref().to_vec();
    for algorithm in ["none", "None", "HS256", "EdDSA"] {
        let header = json!({ "alg": algorithm, "typ": "JWT", "kid": "key_first" });
        assert_eq!(outcome(&header, none), Some(Reason::TokenSignature), "{algorithm}");
        assert_eq!(outcome(&header, swapped), Some(Reason::TokenSignature), "{algorithm}");
        assert_eq!(outcome(&header, right), None, "{algorithm}");
    }
}

#[test]
fn a_key_that_the_token_brings_along_is_not_looked_at() {
    let right = |pair: &Ed25519KeyPair, signed: &[u8]| pair.sign(signed).as_ref().to_vec();
    let stranger = Ed25519KeyPair::generate().unwrap();
    let theirs = URL_SAFE_NO_PAD.encode(stranger.public_key().as_ref());
    for place in ["jwk", "jku", "x5c"] {
        let mut header = json!({ "alg": "EdDSA", "kid": "key_first" });
        header[place] = json!({ "kty": "OKP", "crv": "Ed25519", "x": theirs });
        let forged = |_: &Ed25519KeyPair, signed: &[u8]| stranger.sign(signed).as_ref().to_vec();
        assert_eq!(outcome(&header, forged), Some(Reason::TokenSignature), "{place}");
        assert_eq!(outcome(&header, right), None, "{place}");
    }
    let unknown = json!({ "alg": "EdDSA", "kid": "../../etc/passwd" });
    assert_eq!(outcome(&unknown, right), Some(Reason::TokenKey));
}
