//! What people hold in their hands: an authenticator app, and a passkey's device.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use data_encoding::BASE32_NOPAD;
use guard::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The installation of the tests.
const HOST: &str = "live.example.com";
const ORIGIN: &str = "http://live.example.com";

/// The code that an app with this secret (in base 32) shows at that moment.
pub(crate) fn code(secret: &str, at: Timestamp) -> String {
    let key = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &(at.s() / 30).to_be_bytes());
    let offset = usize::from(tag.as_ref()[19] & 15);
    let word = u32::from_be_bytes(tag.as_ref()[offset..offset + 4].try_into().unwrap());
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// A device with one passkey.
pub(crate) struct Device {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    counter: u32,
    /// On which site its browser is.
    pub(crate) origin: &'static str,
    /// Whether it knows who holds it.
    pub(crate) verifies: bool,
}

impl Device {
    pub(crate) fn new(id: u8) -> Self {
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: vec![id; 16],
            counter: 0,
            origin: ORIGIN,
            verifies: true,
        }
    }

    /// What a browser gives for `navigator.credentials.create`.
    pub(crate) fn create(&mut self, options: &Value) -> Value {
        let client = self.client("webauthn.create", options);
        let point = self.key.public_key().as_ref().to_vec();
        let mut data = self.data(0x40);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        // COSE: an ES256 key on P-256.
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        // CBOR: {"fmt": "none", "attStmt": {}, "authData": data}.
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        attestation.push(u8::try_from(data.len()).unwrap());
        attestation.extend(data);
        json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key", "clientExtensionResults": {},
            "response": { "clientDataJSON": text(&client), "attestationObject": text(&attestation) },
        })
    }

    /// What a browser gives for `navigator.credentials.get`.
    pub(crate) fn get(&mut self, options: &Value) -> Value {
        self.counter += 1;
        let client = self.client("webauthn.get", options);
        let data = self.data(0);
        let signed = [data.as_slice(), &Sha256::digest(&client)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key", "clientExtensionResults": {},
            "response": { "clientDataJSON": text(&client), "authenticatorData": text(&data), "signature": text(signature.as_ref()) },
        })
    }

    fn client(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = &options["publicKey"]["challenge"];
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let seen = if self.verifies { 0x05 } else { 0x01 };
        let mut data = Sha256::digest(HOST).to_vec();
        data.push(flags | seen);
        data.extend(self.counter.to_be_bytes());
        data
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
