//! The parameters that stand beside a stream's name where a protocol has no place for them, keys and tokens among them.

use std::fmt;

use guard::{Credential, IngestKeyDigest};

/// Parameters in order. Never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::ingest) struct Parameters(Vec<(String, String)>);

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Parameters {
    /// Divides `live/NAME?key=…` into what stands before the question mark and the parameters behind it, which are
    /// added to `self`.
    pub(in crate::ingest) fn divide<'a>(&mut self, text: &'a str) -> &'a str {
        let (before, query) = text.split_once('?').unwrap_or((text, ""));
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.add(name, value);
        }
        before
    }

    /// One more, as it is written.
    pub(in crate::ingest) fn add(&mut self, name: &str, value: &str) {
        self.0.push((decoded(name), decoded(value)));
    }

    /// All parameters of `other` behind those of `self`.
    pub(in crate::ingest) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// What is neither a key nor a token.
    pub(in crate::ingest) fn others(&self) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, _)| !is_secret(name)).cloned().collect()
    }

    /// The one key or token; the same may stand twice.
    pub(in crate::ingest) fn credential(&self) -> Credential {
        let mut found = self
            .0
            .iter()
            .filter(|(name, value)| is_secret(name) && !value.is_empty());
        let Some(first @ (name, value)) = found.next() else {
            return Credential::Missing;
        };
        if found.any(|other| other != first) {
            return Credential::Conflicting;
        }
        match name.as_str() {
            "key" => Credential::Key(IngestKeyDigest::of(value)),
            _ => Credential::from_token(value),
        }
    }
}

fn is_secret(name: &str) -> bool {
    matches!(name, "key" | "token")
}

/// Percent-decoded; what is no escape stays as it is.
pub(in crate::ingest) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = (byte == b'%')
            .then(|| tail.split_first_chunk::<2>())
            .flatten()
            .and_then(|(digits, tail)| Some((hex(*digits)?, tail)));
        let (byte, tail) = escaped.unwrap_or((byte, tail));
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divided(text: &str) -> (String, Parameters) {
        let mut parameters = Parameters::default();
        let before = parameters.divide(text).to_owned();
        (before, parameters)
    }

    fn is_key(credential: &Credential, key: &str) -> bool {
        matches!(credential, Credential::Key(digest) if *digest == IngestKeyDigest::of(key))
    }

    #[test]
    fn a_key_is_found_behind_the_name() {
        let (name, parameters) = divided("7KQ2M-LIVE1?x=1&key=s3cr%65t%2f");
        assert_eq!(name, "7KQ2M-LIVE1");
        assert!(is_key(&parameters.credential(), "s3cret/"));
        assert!(matches!(divided("NAME").1.credential(), Credential::Missing));
        assert!(matches!(divided("NAME?key=").1.credential(), Credential::Missing));
    }

    #[test]
    fn two_credentials_that_differ_are_neither() {
        for query in ["?key=a&key=b", "?key=a&token=a"] {
            assert!(matches!(divided(query).1.credential(), Credential::Conflicting));
        }
        assert!(is_key(&divided("?key=a&key=a").1.credential(), "a"));
    }

    #[test]
    fn parameters_are_never_printed() {
        let (_, parameters) = divided("NAME?key=s3cret");
        assert_eq!(format!("{parameters:?}"), "[redacted]");
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(decoded("a%2"), "a%2");
        assert_eq!(decoded("%zz%41%"), "%zzA%");
    }
}
