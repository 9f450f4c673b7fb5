//! Signatures as the Standard Webhooks specification says: HMAC-SHA256 over `id.timestamp.body`, under the bytes that the
//! secret's Base64 stands for.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign as hmac};
use base64::{Engine, engine::general_purpose::STANDARD};
use entity::webhook;
use guard::Timestamp;
use ids::WebhookId;
use zeroize::Zeroizing;

use crate::{
    seal::{Seal, Unreadable},
    state::State,
};

/// The header `webhook-signature`: one for each secret that is in force, the newest first.
pub(super) fn signature(
    state: &State,
    row: &webhook::Model,
    id: &str,
    now: Timestamp,
    body: &[u8],
) -> Result<String, Unreadable> {
    let place = place(WebhookId::from_uuid(row.id));
    let previous = row
        .previous_sealed
        .as_ref()
        .filter(|_| row.previous_until.is_some_and(|until| until > now.us()));
    let mut all = Vec::new();
    for sealed in [Some(&row.secret_sealed), previous].into_iter().flatten() {
        all.push(one(&state.seal.open(&place, sealed)?, id, now.s(), body));
    }
    Ok(all.join(" "))
}

/// A secret as people get it, once.
pub(crate) fn shown(secret: &[u8; KEY]) -> Zeroizing<String> {
    Zeroizing::new(format!("whsec_{}", STANDARD.encode(secret)))
}

/// A secret as the table has it.
pub(crate) fn sealed(seal: &Seal, id: WebhookId, secret: &[u8; KEY]) -> Vec<u8> {
    seal.close(&place(id), secret)
}

fn one(secret: &[u8], id: &str, timestamp: i64, body: &[u8]) -> String {
    let head = format!("{id}.{timestamp}.");
    let signed = hmac(&Key::new(HMAC_SHA256, secret), &[head.as_bytes(), body].concat());
    format!("v1,{}", STANDARD.encode(signed))
}

fn place(id: WebhookId) -> String {
    format!("webhook:{id}")
}

/// Bytes of a secret; the specification wants 24 to 64.
pub(crate) const KEY: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own test vectors.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(
            one(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
