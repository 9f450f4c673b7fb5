//! A token as it was presented: taken apart, not yet believed.
//!
//! Parsing checks form only. That the signature fits is a fact which comes from outside, as a [`Proof`] bound to this
//! very token and this very key. RFC 7515, RFC 7519.

mod claims;
mod proof;

use std::{
    fmt::{self, Write as _},
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
pub use claims::{Claims, Scope};
pub use proof::Proof;
use serde::Deserialize;
use sha2::{Digest, Sha256};

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
    /// The header is not a JSON object with what is needed.
    #[error("the token's header is not a JSON object of the expected form")]
    Header,
    /// The header demands extensions.
    #[error("the token's header has `crit`, which is not supported")]
    Critical,
    /// The claims are not a JSON object with what is needed.
    #[error("the token's claims are not a JSON object of the expected form")]
    Claims,
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
}

/// A well-formed token.
#[derive(Clone)]
pub struct Token {
    /// The `kid` of its header.
    pub kid: Option<Arc<str>>,
    /// What it says.
    pub claims: Claims,
    signed: Arc<str>,
    signature: Arc<str>,
    digest: [u8; 32],
}

impl Token {
    /// Takes a compact JWS apart. Duplicate members, unknown `crit` and impossible times are refused here.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > MAX_LENGTH {
            return Err(Malformed::TooLong);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Malformed::Parts)?;
        let (header, payload) = signed.split_once('.').ok_or(Malformed::Parts)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Malformed::Parts);
        let (header, payload) = (decode(header)?, decode(payload)?);
        decode(signature)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| Malformed::Header)?;
        if header.crit.is_some() {
            return Err(Malformed::Critical);
        }
        // A token without an id is known by what it says, not by its signature, which can have twins.
        let unnamed = || format!("sha256:{}", hex(&Sha256::digest(signed.as_bytes()))).into();
        let claims = Claims::parse(&payload, unnamed)?;
        Ok(Self {
            kid: header.kid,
            claims,
            signed: signed.into(),
            signature: signature.into(),
            digest: Sha256::digest(text.as_bytes()).into(),
        })
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
        write!(f, "Token({})", self.claims.jti)
    }
}

#[derive(Deserialize)]
struct Header {
    kid: Option<Arc<str>>,
    crit: Option<serde_json::Value>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        _ = write!(text, "{byte:02x}");
        text
    })
}
