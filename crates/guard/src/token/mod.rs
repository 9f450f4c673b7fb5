//! A token as it was presented: taken apart, not yet believed.
//!
//! Parsing checks form only. That the signature fits is a fact which comes from outside, as a [`Proof`] bound to this
//! very token and this very key. RFC 7515, RFC 7519.

mod claims;
mod object;
mod proof;
mod read;

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
pub use claims::{Claims, Scope};
use object::Object;
pub use proof::{Proof, Proofs};
pub use read::LATEST;
pub(crate) use read::{JUDGED, NOT_JUDGED};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{VerifyingKey, key::Dialect};

/// The most bytes a token may have.
pub const MAX_LENGTH: usize = 8 * 1024;

/// A token's id, unique within its organisation. Public: it identifies, it does not authorise.
pub type Jti = Arc<str>;

/// Why a text is not a token. Every cause is `TOKEN_MALFORMED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Over [`MAX_LENGTH`].
    #[error("the token is longer than 8192 bytes")]
    TooLong,
    /// Not three parts of base64url.
    #[error("a token has three parts of base64url, divided by dots")]
    Parts,
    /// The header is not a JSON object with what is needed, in base64url.
    #[error("the token's header is not a JSON object of the expected form")]
    Header,
    /// The header demands extensions.
    #[error("the token's header has `crit`, which is not supported")]
    Critical,
    /// The claims are not a JSON object.
    #[error("the token's claims are not a JSON object in which each name stands once")]
    Claims,
    /// One claim is not of its form.
    #[error("the token's `{0}` does not have the form that this claim has")]
    Claim(&'static str),
    /// A claim stands there by two of its names.
    #[error("the token has a claim twice, by its customer's name and by ours")]
    Twice,
    /// No expiry.
    #[error("the token has no `exp`")]
    NoExpiry,
    /// The payload lists claims that must be understood and are not.
    #[error("the token's `crit` lists a claim that is not understood")]
    CriticalClaim,
    /// More than one scope.
    #[error("the token has more than one of `streams`, `groups` and `org`")]
    Scopes,
    /// A time that is none.
    #[error("a time in the token is out of range; times are seconds since 1970, not milliseconds")]
    Time,
    /// An id that claims to be one of ours.
    #[error("the token's `jti` is empty, too long, or of a form that is reserved")]
    Jti,
    /// An address that is none.
    #[error("the token's `ip` is not one to ten addresses or networks")]
    Ip,
    /// A handle that stands for nothing.
    #[error("there is no such handle")]
    Handle,
    /// A message with it, which is for another stream than the one that is asked for.
    #[error("the message names another stream than the address does")]
    Elsewhere,
}

/// A token of the right form. What its claims mean depends on the key that signed it.
#[derive(Clone)]
pub struct Token {
    /// The `kid` of its header.
    pub kid: Option<Arc<str>>,
    claims: Result<Claims, Malformed>,
    signed: Arc<str>,
    signature: Arc<str>,
    digest: [u8; 32],
}

impl Token {
    /// Takes a compact JWS apart. Duplicate members and a header with `crit` are refused here. What has three parts and
    /// no header that can be read is [`Malformed::Header`], whatever else it holds.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > MAX_LENGTH {
            return Err(Malformed::TooLong);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Malformed::Parts)?;
        let (header, payload) = signed.split_once('.').ok_or(Malformed::Parts)?;
        let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| Malformed::Header)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| Malformed::Header)?;
        if header.crit.is_some() {
            return Err(Malformed::Critical);
        }
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Malformed::Parts);
        let payload = decode(payload)?;
        decode(signature)?;
        let Object(payload) = serde_json::from_slice(&payload).map_err(|_| Malformed::Claims)?;
        Ok(Self {
            kid: header.kid,
            claims: read::claims(&payload, &Dialect::Ours, || unnamed(signed)),
            signed: signed.into(),
            signature: signature.into(),
            digest: Sha256::digest(text.as_bytes()).into(),
        })
    }

    /// What it says, read as our own tokens are.
    pub fn claims(&self) -> Result<&Claims, Malformed> {
        self.claims.as_ref().map_err(|malformed| *malformed)
    }

    /// What it says if `key` signed it: in that key's dialect, and without an id that only we give.
    pub fn claims_under(&self, key: &VerifyingKey) -> Result<Cow<'_, Claims>, Malformed> {
        let claims = match key.dialect() {
            Dialect::Ours => Cow::Borrowed(self.claims()?),
            // Read anew rather than kept: very many tokens are held, and very few speak so.
            other => Cow::Owned(read::claims(&self.object()?, other, || unnamed(&self.signed))?),
        };
        if !key.is_ours() && claims.jti.starts_with(OUR_JTI) {
            return Err(Malformed::Jti);
        }
        Ok(claims)
    }

    /// What it says, as JSON, as it stands there.
    pub fn object(&self) -> Result<Map<String, Value>, Malformed> {
        let (_, payload) = self.signed.split_once('.').ok_or(Malformed::Parts)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| Malformed::Parts)?;
        let Object(payload) = serde_json::from_slice(&payload).map_err(|_| Malformed::Claims)?;
        Ok(payload)
    }

    /// What it says if `key` signed it, as JSON, under our names.
    pub fn object_under(&self, key: &VerifyingKey) -> Result<Map<String, Value>, Malformed> {
        let payload = self.object()?;
        Ok(key.dialect().translate(&payload)?.into_owned())
    }

    /// Whether a text looks like a token at all: three parts, whatever they hold.
    pub fn looks_like_one(text: &str) -> bool {
        text.bytes().filter(|byte| *byte == b'.').count() == 2
    }

    /// SHA-256 of the whole text: what tells this presentation of a token from every other.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// What was signed: header and payload with the dot between.
    pub fn signed(&self) -> &str {
        &self.signed
    }

    /// The signature, in base64url.
    pub fn signature(&self) -> &str {
        &self.signature
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let jti = self.claims.as_ref().map_or("?", |claims| &claims.jti);
        write!(f, "Token({jti})")
    }
}

#[derive(Deserialize)]
struct Header {
    kid: Option<Arc<str>>,
    crit: Option<Value>,
}

/// Claims that stand elsewhere than in a token, as behind a handle: a JSON object under our names. `jti`: the id of one that
/// says none.
pub fn claims_of(payload: &str, jti: &Jti) -> Result<Claims, Malformed> {
    let Object(payload) = serde_json::from_str(payload).map_err(|_| Malformed::Claims)?;
    read::claims(&payload, &Dialect::Ours, || jti.clone())
}

/// A token without an id is known by what it says, not by its signature, which can have twins.
fn unnamed(signed: &str) -> Jti {
    format!("sha256:{}", hex(&Sha256::digest(signed.as_bytes()))).into()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        _ = write!(text, "{byte:02x}");
        text
    })
}

/// The 32 bytes of 64 lower-case hexadecimal digits.
pub(crate) fn unhex(digits: &str) -> Option<[u8; 32]> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    };
    let digits: Vec<u8> = digits.as_bytes().iter().map(digit).collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| (high << 4) | low).collect();
    bytes.try_into().ok()
}

/// What the ids of our tokens begin with.
const OUR_JTI: &str = "tok_";
