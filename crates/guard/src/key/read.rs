//! Public keys as people hand them over: PEM (RFC 5280 `SubjectPublicKeyInfo`) and JWK (RFC 7517).
//!
//! Only as much DER as these need is read, strictly: what is not the one right encoding is refused.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::Deserialize;

use super::{Algorithm, KeyError};

/// The algorithm and material of a public key in PEM.
pub fn from_pem(text: &str) -> Result<(Algorithm, Vec<u8>), KeyError> {
    let (label, rest) = text
        .split_once("-----BEGIN ")
        .and_then(|(_, rest)| rest.split_once("-----"))
        .ok_or(KeyError::Form)?;
    if label.ends_with("PRIVATE KEY") {
        return Err(KeyError::Private);
    }
    let body: String = rest
        .split_once("-----END ")
        .map_or("", |(body, _)| body)
        .split_ascii_whitespace()
        .collect();
    let der = STANDARD.decode(body).map_err(|_| KeyError::Form)?;
    match label {
        "PUBLIC KEY" => from_spki(&der),
        "RSA PUBLIC KEY" => Ok((Algorithm::Rs256, der)),
        _ => Err(KeyError::Form),
    }
}

/// The algorithm and material of a JWK, and its `kid`. An `alg` in it must be the one that its kind has here.
pub fn from_jwk(text: &str) -> Result<(Algorithm, Vec<u8>, Option<String>), KeyError> {
    let jwk: Jwk = serde_json::from_str(text).map_err(|_| KeyError::Form)?;
    if jwk.d.is_some() {
        return Err(KeyError::Private);
    }
    let part = |part: Option<String>| {
        part.and_then(|part| URL_SAFE_NO_PAD.decode(part).ok())
            .ok_or(KeyError::Content)
    };
    let (algorithm, material) = match (&*jwk.kty, jwk.crv.as_deref()) {
        ("OKP", Some("Ed25519")) => (Algorithm::EdDsa, part(jwk.x)?),
        ("EC", Some("P-256")) => {
            let (x, y) = (part(jwk.x)?, part(jwk.y)?);
            if x.len() != 32 || y.len() != 32 {
                return Err(KeyError::Content);
            }
            (Algorithm::Es256, [&[4], &*x, &*y].concat())
        }
        ("RSA", _) => {
            let parts = [integer(&part(jwk.n)?), integer(&part(jwk.e)?)].concat();
            (Algorithm::Rs256, value(SEQUENCE, &parts))
        }
        ("oct", _) => (Algorithm::Hs256, part(jwk.k)?),
        _ => return Err(KeyError::Kind),
    };
    let signs = jwk.usage.is_none_or(|usage| usage == "sig");
    if !signs || jwk.alg.is_some_and(|alg| alg != algorithm.as_str()) {
        return Err(KeyError::Kind);
    }
    Ok((algorithm, material, jwk.kid))
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    kid: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    k: Option<String>,
    d: Option<serde::de::IgnoredAny>,
}

fn from_spki(der: &[u8]) -> Result<(Algorithm, Vec<u8>), KeyError> {
    let (all, rest) = take(der, SEQUENCE).ok_or(KeyError::Form)?;
    let (kind, all) = take(all, SEQUENCE).ok_or(KeyError::Form)?;
    let (bits, end) = take(all, BIT_STRING).ok_or(KeyError::Form)?;
    let (oid, parameters) = take(kind, OBJECT).ok_or(KeyError::Form)?;
    let Some((0, key)) = bits.split_first().map(|(unused, key)| (*unused, key)) else {
        return Err(KeyError::Content);
    };
    if !rest.is_empty() || !end.is_empty() {
        return Err(KeyError::Form);
    }
    let algorithm = match (oid, parameters) {
        (ED25519, _) => Algorithm::EdDsa,
        (EC, P256) => Algorithm::Es256,
        (RSA, _) => Algorithm::Rs256,
        _ => return Err(KeyError::Kind),
    };
    Ok((algorithm, key.to_vec()))
}

/// Whether the DER is an RSA key of a size that is taken.
pub(super) fn check_rsa(der: &[u8]) -> Result<(), KeyError> {
    let (all, rest) = take(der, SEQUENCE).ok_or(KeyError::Content)?;
    let (modulus, all) = take(all, INTEGER).ok_or(KeyError::Content)?;
    let (exponent, end) = take(all, INTEGER).ok_or(KeyError::Content)?;
    if !rest.is_empty() || !end.is_empty() {
        return Err(KeyError::Content);
    }
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let exponent = exponent.strip_prefix(&[0]).unwrap_or(exponent);
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    let unusual = exponent.len() > 8 || exponent == [1];
    if !odd(modulus) || !odd(exponent) || unusual {
        return Err(KeyError::Content);
    }
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros());
    let bits = u32::try_from(modulus.len())
        .unwrap_or(u32::MAX)
        .saturating_mul(8)
        .saturating_sub(leading);
    match bits {
        ..2048 => Err(KeyError::ShortRsa),
        2048..=8192 => Ok(()),
        _ => Err(KeyError::LongRsa),
    }
}

/// The content of the value of kind `tag` that `der` begins with, and what follows it.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, der) = der.split_first()?;
    let (&first, der) = der.split_first()?;
    let (length, der) = match first {
        0..=0x7f => (usize::from(first), der),
        0x81..=0x83 => {
            let (digits, der) = der.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits
                .iter()
                .fold(0_usize, |length, digit| (length << 8) | usize::from(*digit));
            (length, der)
        }
        _ => return None,
    };
    (found == tag).then(|| der.split_at_checked(length))?
}

fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let head = if content.len() < 0x80 {
        vec![u8::try_from(content.len()).unwrap_or(0)]
    } else {
        let count = u8::try_from(length.len()).unwrap_or(0) | 0x80;
        [&[count], &*length].concat()
    };
    [&[tag], &*head, content].concat()
}

fn integer(magnitude: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = magnitude.iter().copied().skip_while(|byte| *byte == 0).collect();
    let signed = digits.first().is_none_or(|first| *first >= 0x80);
    value(INTEGER, &if signed { [&[0], &*digits].concat() } else { digits })
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// 1.3.101.112
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// 1.2.840.10045.2.1
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.2.840.10045.3.1.7, as a value.
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// 1.2.840.113549.1.1.1
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
