//! Where Meilisearch is and with which keys, in the types of its meaning. What is wrong says so when it is parsed.

use std::time::Duration;

use reqwest::{Url, header::HeaderValue};
use uuid::Uuid;
use zeroize::Zeroizing;

/// A Meilisearch server of the installation's operator.
#[derive(Clone, Debug)]
pub struct Meilisearch {
    /// Without a slash at the end.
    pub(super) url: String,
    pub(super) prefix: String,
    pub(super) key: Option<Key>,
    pub(super) search_key: Option<SearchKey>,
    pub(super) timeout: Duration,
    pub(super) pause: Duration,
}

/// A key of Meilisearch's.
#[derive(Clone)]
pub struct Key(Zeroizing<String>);

/// A key that may search only, from which a token is made for each organisation.
#[derive(Clone, Debug)]
pub struct SearchKey {
    pub(super) uid: Uuid,
    pub(super) key: Key,
}

/// What cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeilisearchError {
    /// It is no address.
    #[error("not an address, as in http://127.0.0.1:7700")]
    Address,
    /// Indices cannot be named so.
    #[error("must be 1 to 40 of the characters A-Z, a-z, 0-9, `_` and `-`")]
    Prefix,
    /// It is no key.
    #[error("not a key: 1 to 512 printable characters without spaces")]
    Key,
    /// It is no key's uid.
    #[error("not the uid of a key, as in 76cf8b87-fd12-4688-ad34-260d930ca4f4")]
    Uid,
}

impl Meilisearch {
    /// The server at `url`; its indices are named `prefix_…`.
    pub fn new(url: &str, prefix: &str) -> Result<Self, MeilisearchError> {
        let parsed = Url::parse(url).map_err(|_| MeilisearchError::Address)?;
        let plain = ["http", "https"].contains(&parsed.scheme())
            && parsed.has_host()
            && parsed.username().is_empty()
            && parsed.password().is_none()
            && parsed.query().is_none()
            && parsed.fragment().is_none();
        if !plain {
            return Err(MeilisearchError::Address);
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if !(1..=40).contains(&prefix.len()) || !prefix.chars().all(fits) {
            return Err(MeilisearchError::Prefix);
        }
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            prefix: prefix.to_owned(),
            key: None,
            search_key: None,
            timeout: Duration::from_millis(500),
            pause: Duration::from_secs(10),
        })
    }

    /// With this key, which may search, and change indices, settings and documents.
    #[must_use]
    pub fn with_key(mut self, key: Key) -> Self {
        self.key = Some(key);
        self
    }

    /// Searching with a token for each organisation, made from this key.
    #[must_use]
    pub fn with_search_key(mut self, key: SearchKey) -> Self {
        self.search_key = Some(key);
        self
    }

    /// A search waits `timeout` for it; after a failure it is left alone for `pause`.
    #[must_use]
    pub fn patient(mut self, timeout: Duration, pause: Duration) -> Self {
        (self.timeout, self.pause) = (timeout, pause);
        self
    }
}

impl Key {
    /// The key that a text is.
    pub fn new(text: String) -> Result<Self, MeilisearchError> {
        let fits = (1..=512).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            Ok(Self(Zeroizing::new(text)))
        } else {
            Err(MeilisearchError::Key)
        }
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl SearchKey {
    /// A key with its uid, which Meilisearch shows beside it.
    pub fn new(uid: &str, key: Key) -> Result<Self, MeilisearchError> {
        let uid = Uuid::parse_str(uid).map_err(|_| MeilisearchError::Uid)?;
        if uid.get_version_num() == 4 {
            Ok(Self { uid, key })
        } else {
            Err(MeilisearchError::Uid)
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What a request carries to show a key or a token.
pub(super) fn bearer(secret: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {secret}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_printed() {
        let key = || Key::new("hunter2hunter2".to_owned()).unwrap();
        let search = SearchKey::new("76cf8b87-fd12-4688-ad34-260d930ca4f4", key()).unwrap();
        let settings = Meilisearch::new("http://127.0.0.1:7700/", "p").unwrap();
        let settings = settings.with_key(key()).with_search_key(search);
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert!(!format!("{:?}", bearer("hunter2")).contains("hunter2"));
        assert_eq!(settings.url, "http://127.0.0.1:7700");
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        for url in ["", "127.0.0.1:7700", "ftp://x", "http://u:p@x", "http://x/?a=b"] {
            assert_eq!(
                Meilisearch::new(url, "p").unwrap_err(),
                MeilisearchError::Address,
                "{url}"
            );
        }
        for prefix in ["", "a b", "ä", &"a".repeat(41)] {
            let refused = Meilisearch::new("http://x", prefix).unwrap_err();
            assert_eq!(refused, MeilisearchError::Prefix, "{prefix}");
        }
        assert!(Key::new("a b".to_owned()).is_err());
        assert!(
            SearchKey::new(
                "0190163d-8694-739b-aea5-966c26f8ad91",
                Key::new("a".to_owned()).unwrap()
            )
            .is_err()
        );
    }
}
