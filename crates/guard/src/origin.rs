//! Origins of pages, as browsers state them in `Origin`: scheme, host and port. Who of them may read what a player
//! fetches is a setting (CORS).

use std::{fmt, str::FromStr};

use crate::{
    host::{Host, HostPattern},
    text::as_text,
};

/// `https://example.com`, `http://localhost:3000`, or all below a name: `https://*.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginPattern {
    scheme: Scheme,
    host: HostPattern,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

/// A text that is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an origin such as https://example.com, https://*.example.com or http://localhost:3000")]
pub struct OriginError(String);

impl OriginPattern {
    /// Whether a header `Origin` of that text is meant; `null` never is.
    pub fn matches(&self, origin: &str) -> bool {
        let Some((scheme, place, port)) = parts(origin) else {
            return false;
        };
        let host = place.parse::<Host>();
        (scheme, port) == (self.scheme, self.port) && host.is_ok_and(|host| self.host.matches(&host))
    }

    /// Whether it is one origin, and not all below a name.
    pub fn is_one(&self) -> bool {
        matches!(self.host, HostPattern::Exact(_))
    }
}

impl Scheme {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Scheme, host without the brackets of an address, and port.
fn parts(text: &str) -> Option<(Scheme, &str, u16)> {
    let (scheme, place) = text.split_once("://")?;
    let scheme = [Scheme::Http, Scheme::Https]
        .into_iter()
        .find(|known| scheme.eq_ignore_ascii_case(known.as_str()))?;
    let (host, port) = match place.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => place.split_at_checked(place.find(':').unwrap_or(place.len()))?,
    };
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        None if port.is_empty() => scheme.port(),
        Some(_) | None => return None,
    };
    Some((scheme, host, port))
}

impl FromStr for OriginPattern {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let wrong = || OriginError(text.chars().take(64).collect());
        let text = text.trim();
        let (scheme, place, port) = parts(text.strip_suffix('/').unwrap_or(text)).ok_or_else(wrong)?;
        // What a host does not have stands for a path, a user or a query.
        if place.contains(['/', '?', '#', '@', '\\']) {
            return Err(wrong());
        }
        let host = place.parse().map_err(|_| wrong())?;
        Ok(Self { scheme, host, port })
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.host.to_string();
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        write!(f, "{}://{host}", self.scheme.as_str())?;
        if self.port == self.scheme.port() {
            return Ok(());
        }
        write!(f, ":{}", self.port)
    }
}

as_text!(OriginPattern);

#[cfg(test)]
mod tests {
    use super::OriginPattern;

    fn matches(pattern: &str, origin: &str) -> bool {
        pattern.parse::<OriginPattern>().unwrap().matches(origin)
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (pattern, origin, meant) in [
            ("https://example.com", "https://example.com", true),
            ("https://example.com/", "https://example.com:443", true),
            ("HTTPS://Example.COM:443", "https://example.com", true),
            ("https://example.com", "http://example.com", false),
            ("https://example.com", "https://example.com:8443", false),
            ("https://example.com", "https://www.example.com", false),
            ("https://example.com", "https://example.com.evil.test", false),
            ("https://example.com", "https://evil-example.com", false),
            ("https://*.example.com", "https://www.example.com", true),
            ("https://*.example.com", "https://a.b.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://evil-example.com", false),
            ("http://localhost:3000", "http://localhost:3000", true),
            ("http://localhost:3000", "http://localhost", false),
            ("http://[::1]:3000", "http://[::1]:3000", true),
            ("https://bücher.example", "https://xn--bcher-kva.example", true),
            ("https://example.com", "null", false),
            ("https://example.com", "", false),
            ("https://example.com", "https://example.com@evil.test", false),
            ("https://example.com", "https://example.com:", false),
        ] {
            assert_eq!(matches(pattern, origin), meant, "{pattern} and {origin}");
        }
    }

    #[test]
    fn a_pattern_is_not_one_origin() {
        let is_one = |text: &str| text.parse::<OriginPattern>().unwrap().is_one();
        for text in ["https://example.com", "http://localhost:3000", "http://[::1]:3000"] {
            assert!(is_one(text), "{text}");
        }
        assert!(!is_one("https://*.example.com"));
    }

    #[test]
    fn what_is_no_origin_is_refused_and_what_is_reads_as_browsers_write_it() {
        for text in [
            "",
            "*",
            "null",
            "example.com",
            "ftp://example.com",
            "https://",
            "https://example.com/path",
            "https://user@example.com",
            "https://example.com?x",
            "https://example.com:port",
            "https://example.com:99999",
            "https://*.10.0.0.1",
            "https://[::1",
        ] {
            text.parse::<OriginPattern>().unwrap_err();
        }
        for (text, shown) in [
            ("https://Example.com:443/", "https://example.com"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            (" https://*.bücher.example ", "https://*.xn--bcher-kva.example"),
        ] {
            assert_eq!(text.parse::<OriginPattern>().unwrap().to_string(), shown);
        }
    }
}
