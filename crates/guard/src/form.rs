//! What a text is by its form, whoever shows it: a JWT, a handle, or a text that somebody has to know.
//!
//! Nothing is looked up, so it is the same of what exists and of what does not.

use std::sync::Arc;

use crate::token::{MAX_LENGTH, Malformed, Token};

/// What kind of credential a text is, as far as the text itself tells.
#[derive(Clone, Debug)]
pub enum Form<'a> {
    /// A well-formed JWT.
    Jwt(Arc<Token>),
    /// `h_` and 22 characters, which these are: stands for a token, or for nothing.
    Handle(&'a str),
    /// `s_` and 22 characters, which these are: as static tokens are made here.
    Static(&'a str),
    /// Any other text, without what is unseen: a static token of the customer's own words, or what the customer's
    /// backend judges. It may have two dots, and be a token whose header was damaged.
    Opaque(&'a str),
}

impl<'a> Form<'a> {
    /// The form of what is [`visible`] of a text. Fails on a JWT that is spoilt behind its header or asks too much in it,
    /// on nothing, and over [`MAX_LENGTH`].
    pub fn of(text: &'a str) -> Result<Self, Malformed> {
        let text = visible(text);
        if text.is_empty() || text.len() > MAX_LENGTH || Token::looks_like_one(text) {
            match Token::parse(text) {
                Ok(token) => return Ok(Self::Jwt(Arc::new(token))),
                // What has no header that can be read may be a text of the customer's own that has two dots.
                Err(Malformed::Header) => {}
                Err(malformed) => return Err(malformed),
            }
        }
        Ok(if has_form(text, "h_") {
            Self::Handle(text)
        } else if has_form(text, "s_") {
            Self::Static(text)
        } else {
            Self::Opaque(text)
        })
    }
}

/// A text without what stands around it unseen: a backend may pass over that, and what was taken back would come again
/// as another text.
pub fn visible(text: &str) -> &str {
    text.trim_matches(is_unseen)
}

fn is_unseen(one: char) -> bool {
    one.is_whitespace() || one.is_control() || one == '\u{feff}'
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
    use crate::Credential;

    fn word(text: &str) -> Result<&'static str, Malformed> {
        Form::of(text).map(|form| match form {
            Form::Jwt(_) => "jwt",
            Form::Handle(_) => "handle",
            Form::Static(_) => "static",
            Form::Opaque(_) => "opaque",
        })
    }

    #[test]
    fn a_text_is_known_by_its_form_and_the_door_takes_it_as_the_same() {
        let (longest, too_long) = ("x".repeat(MAX_LENGTH), "x".repeat(MAX_LENGTH + 1));
        for (text, form) in [
            // `{"alg":"EdDSA"}` and `{}`: what it says is read later.
            ("eyJhbGciOiJFZERTQSJ9.e30.AAAA", Ok("jwt")),
            (" eyJhbGciOiJFZERTQSJ9.e30.AAAA\r\n", Ok("jwt")),
            ("\u{feff}eyJhbGciOiJFZERTQSJ9.e30.AAAA\0", Ok("jwt")),
            ("h_AAAAAAAAAAAAAAAAAAAA-_", Ok("handle")),
            ("\u{feff}h_AAAAAAAAAAAAAAAAAAAA-_", Ok("handle")),
            ("s_AAAAAAAAAAAAAAAAAAAA-_", Ok("static")),
            ("h_AAAAAAAAAAAAAAAAAAAA-_A", Ok("opaque")),
            ("s_AAAAAAAAAAAAAAAAAAAA-", Ok("opaque")),
            ("h_AAAAAAAAAAAAAAAAAAAA-~", Ok("opaque")),
            ("open sesame", Ok("opaque")),
            ("one.dot", Ok("opaque")),
            ("one.dot.too.many", Ok("opaque")),
            // Two dots, and no header that can be read: `[]` is none.
            ("a.b.c", Ok("opaque")),
            ("user.123.abc", Ok("opaque")),
            ("e30=.e30.AAAA", Ok("opaque")),
            ("W10.e30.AAAA", Ok("opaque")),
            ("W10.e30.AAA~", Ok("opaque")),
            ("..", Ok("opaque")),
            (longest.as_str(), Ok("opaque")),
            // Spoilt behind the header: a part is no base64url, `{"crit":[]}` asks too much, `[]` says nothing.
            ("eyJhbGciOiJFZERTQSJ9.e30.AAA~", Err(Malformed::Parts)),
            ("eyJhbGciOiJFZERTQSJ9.e30.AAAAA", Err(Malformed::Parts)),
            ("eyJhbGciOiJFZERTQSJ9.e30=.AAAA", Err(Malformed::Parts)),
            ("eyJjcml0IjpbXX0.e30.AAAA", Err(Malformed::Critical)),
            ("e30.W10.AAAA", Err(Malformed::Claims)),
            ("", Err(Malformed::Parts)),
            (" \u{feff}\t", Err(Malformed::Parts)),
            (too_long.as_str(), Err(Malformed::TooLong)),
        ] {
            assert_eq!(word(text), form, "{text}");
            let taken = match Credential::from_token(text) {
                Credential::Token(_) => Ok("jwt"),
                Credential::Handle(_) => Ok("handle"),
                Credential::Opaque(_) if form == Ok("static") => Ok("static"),
                Credential::Opaque(_) => Ok("opaque"),
                Credential::Malformed(malformed) => Err(malformed),
                other => panic!("{text}: {other:?}"),
            };
            assert_eq!(taken, form, "{text}");
        }
    }
}
