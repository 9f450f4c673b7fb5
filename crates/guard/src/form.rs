//! What a text is by its form, whoever shows it: a JWT, a handle, or a text that somebody has to know.
//!
//! Nothing is looked up, so it is the same of what exists and of what does not.

use std::sync::Arc;

use crate::token::{MAX_LENGTH, Malformed, Token};

/// What kind of credential a text is, as far as the text itself tells.
#[derive(Clone, Debug)]
pub enum Form {
    /// A well-formed JWT.
    Jwt(Arc<Token>),
    /// `h_` and 22 characters: stands for a token, or for nothing.
    Handle,
    /// `s_` and 22 characters: as static tokens are made here.
    Static,
    /// Any other text: a static token of the customer's own words, or what the customer's backend judges.
    Opaque,
}

impl Form {
    /// The form of a text. Fails on what looks like a JWT and is none, on nothing, and over [`MAX_LENGTH`].
    pub fn of(text: &str) -> Result<Self, Malformed> {
        if text.is_empty() || text.len() > MAX_LENGTH || Token::looks_like_one(text) {
            return Token::parse(text).map(|token| Self::Jwt(Arc::new(token)));
        }
        Ok(if has_form(text, "h_") {
            Self::Handle
        } else if has_form(text, "s_") {
            Self::Static
        } else {
            Self::Opaque
        })
    }
}

/// A prefix and 128 bits in base64url.
fn has_form(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() == 22
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::{Form, MAX_LENGTH, Malformed};

    fn word(text: &str) -> Result<&'static str, Malformed> {
        Form::of(text).map(|form| match form {
            Form::Jwt(_) => "jwt",
            Form::Handle => "handle",
            Form::Static => "static",
            Form::Opaque => "opaque",
        })
    }

    #[test]
    fn a_text_is_known_by_its_form_and_only_what_looks_like_a_jwt_is_malformed() {
        for (text, form) in [
            // `{"alg":"EdDSA"}` and `{}`: what it says is read later.
            ("eyJhbGciOiJFZERTQSJ9.e30.AAAA", Ok("jwt")),
            ("h_AAAAAAAAAAAAAAAAAAAA-_", Ok("handle")),
            ("s_AAAAAAAAAAAAAAAAAAAA-_", Ok("static")),
            ("h_AAAAAAAAAAAAAAAAAAAA-_A", Ok("opaque")),
            ("s_AAAAAAAAAAAAAAAAAAAA-", Ok("opaque")),
            ("h_AAAAAAAAAAAAAAAAAAAA-~", Ok("opaque")),
            ("open sesame", Ok("opaque")),
            ("one.dot", Ok("opaque")),
            ("one.dot.too.many", Ok("opaque")),
            ("", Err(Malformed::Parts)),
            ("a.b.c", Err(Malformed::Parts)),
            ("e30=.e30.AAAA", Err(Malformed::Parts)),
            // `[]` is no header, `{"crit":[]}` asks too much, `[]` says nothing.
            ("W10.e30.AAAA", Err(Malformed::Header)),
            ("eyJjcml0IjpbXX0.e30.AAAA", Err(Malformed::Critical)),
            ("e30.W10.AAAA", Err(Malformed::Claims)),
        ] {
            assert_eq!(word(text), form, "{text}");
        }
        assert_eq!(word(&"x".repeat(MAX_LENGTH)), Ok("opaque"));
        assert_eq!(word(&"x".repeat(MAX_LENGTH + 1)), Err(Malformed::TooLong));
    }
}
