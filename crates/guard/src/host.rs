//! Hosts of pages, compared by whole labels. `evil-example.com` is not `example.com`, nor is `example.com.evil.test`.
//!
//! A host is kept as browsers send it: punycode, lower case, no port, no final dot; an address in its canonical form.

use std::{borrow::Cow, fmt, net::IpAddr, str::FromStr, sync::Arc};

use idna::AsciiDenyList;

use crate::{address::fold, text::as_text};

/// The name or address of a site.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(Arc<str>);

/// A host, or all hosts below one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostPattern {
    /// `example.com`: this host.
    Exact(Host),
    /// `*.example.com`: whatever lies below, the host itself not.
    Below(Host),
}

/// A text that is no host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// It cannot be the name of a site.
    #[error("`{0}` is not a host such as example.com, www.example.com or *.example.com")]
    Form(String),
    /// An address has nothing below it.
    #[error("`{0}`: a wildcard stands before a name, not before an address")]
    WildcardAddress(String),
}

/// The host of the page that a request comes from: `Origin`'s, else `Referer`'s.
///
/// An `Origin` that is there decides alone: where it is `null`, or no address of a page, the page has no host.
pub fn referrer(origin: Option<&str>, referer: Option<&str>) -> Option<Host> {
    let (_, rest) = origin.or(referer)?.split_once("://")?;
    Host::of_authority(rest)
}

impl Host {
    /// The name or address, as browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its labels, the rightmost first.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.rsplit('.')
    }

    /// The host in `user@host:port/path`.
    fn of_authority(text: &str) -> Option<Self> {
        let authority = text.split(['/', '?', '#']).next()?;
        if authority.contains('\\') {
            // Browsers end a host here, other readers do not: nobody's word is taken.
            return None;
        }
        let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
        let (host, port) = match place.strip_prefix('[') {
            Some(inner) => {
                let (inner, port) = inner.split_once(']')?;
                inner.contains(':').then_some(())?;
                (inner, port)
            }
            None => place
                .find(':')
                .map_or(Some((place, "")), |colon| place.split_at_checked(colon))?,
        };
        let digits = port.strip_prefix(':').unwrap_or(port);
        (digits.bytes().all(|byte| byte.is_ascii_digit()) && (port.is_empty() || port.starts_with(':')))
            .then_some(())?;
        host.parse().ok()
    }

    fn address(&self) -> Option<IpAddr> {
        self.0.parse().ok()
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let form = || HostError::Form(text.chars().take(64).collect());
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(fold(address).to_string().into()));
        }
        let ascii =
            idna::domain_to_ascii_from_cow(Cow::Borrowed(text.as_bytes()), AsciiDenyList::URL).map_err(|_| form())?;
        let name = ascii.strip_suffix('.').unwrap_or(&ascii);
        let plain = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
        };
        // What ends in a number is an address to browsers, in spellings that nobody needs.
        let number = |label: &str| {
            let hex = label.strip_prefix("0x");
            hex.map_or(label.bytes().all(|byte| byte.is_ascii_digit()), |hex| {
                hex.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
        };
        if let Ok(address) = name.parse::<IpAddr>() {
            return Ok(Self(address.to_string().into()));
        }
        let wrong = name.len() > 253 || !name.split('.').all(plain) || name.rsplit('.').next().is_some_and(number);
        if wrong { Err(form()) } else { Ok(Self(name.into())) }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HostPattern {
    /// How specific it is: an exact host most, then the longer suffix.
    pub(crate) fn specificity(&self) -> u32 {
        match self {
            Self::Exact(_) => u32::MAX,
            Self::Below(above) => u32::try_from(above.labels().count()).unwrap_or(u32::MAX),
        }
    }

    /// Whether `host` is meant.
    pub fn matches(&self, host: &Host) -> bool {
        match self {
            Self::Exact(exact) => exact == host,
            Self::Below(above) => host
                .0
                .strip_suffix(&*above.0)
                .and_then(|below| below.strip_suffix('.'))
                .is_some_and(|below| !below.is_empty()),
        }
    }
}

/// A scheme, a port and a path do not matter and may stand there, as in `https://example.com:8443/`.
impl FromStr for HostPattern {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let text = text.trim();
        let form = || HostError::Form(text.chars().take(64).collect());
        let place = text.split_once("://").map_or(text, |(_, place)| place);
        let (below, place) = place.strip_prefix("*.").map_or((false, place), |place| (true, place));
        if place.contains('@') {
            return Err(form());
        }
        let host = match place.parse::<IpAddr>() {
            Ok(_) => place.parse()?,
            Err(_) => Host::of_authority(place).ok_or_else(form)?,
        };
        match (below, host.address()) {
            (false, _) => Ok(Self::Exact(host)),
            (true, None) => Ok(Self::Below(host)),
            (true, Some(_)) => Err(HostError::WildcardAddress(text.chars().take(64).collect())),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => host.fmt(f),
            Self::Below(host) => write!(f, "*.{host}"),
        }
    }
}

impl fmt::Debug for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

as_text!(Host);
as_text!(HostPattern);

#[cfg(test)]
mod tests {
    use super::{HostPattern, referrer};

    fn host(origin: Option<&str>, referer: Option<&str>) -> Option<String> {
        referrer(origin, referer).map(|host| host.to_string())
    }

    #[test]
    fn the_referrer_is_the_origins_host_else_the_referers() {
        let found = |text| host(None, Some(text));
        for (text, meant) in [
            ("https://example.com", "example.com"),
            ("https://Example.COM:8443/a?b#c", "example.com"),
            ("http://example.com./", "example.com"),
            ("https://user:pa@example.com/", "example.com"),
            ("https://evil.com@example.com/", "example.com"),
            ("https://example.com@evil.com/", "evil.com"),
            ("https://example.com:@evil.com/", "evil.com"),
            ("https://bücher.example/", "xn--bcher-kva.example"),
            ("https://BÜCHER.example/", "xn--bcher-kva.example"),
            ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
            ("https://ex。ample.com/", "ex.ample.com"),
            ("http://192.0.2.1:80/", "192.0.2.1"),
            ("http://[2001:DB8::1]:80/", "2001:db8::1"),
            ("http://[::ffff:192.0.2.1]/", "192.0.2.1"),
            ("http://localhost:3000/", "localhost"),
            ("http://my_site.example/", "my_site.example"),
            ("https://example.com?x=https://evil.com/", "example.com"),
            ("https://example.com#@evil.com/", "example.com"),
        ] {
            assert_eq!(found(text).as_deref(), Some(meant), "{text}");
        }
        assert_eq!(
            host(Some("https://a.test"), Some("https://b.test/")).as_deref(),
            Some("a.test")
        );
    }

    #[test]
    fn what_has_no_host_has_none() {
        for text in [
            "",
            "null",
            "about:srcdoc",
            "data:text/html,x",
            "file:///etc/passwd",
            "https://",
            "https:///x",
            "example.com",
            "https://evil.com\\@example.com/",
            "https://exa mple.com/",
            "https://example.com:80:80/",
            "https://example.com:8o/",
            "https://a..b/",
            "https://.example.com/",
            "https://ex%61mple.com/",
            "https://[example.com]/",
            "https://[2001:db8::1/",
            "https://[::1]x/",
            "https://0x7f.1/",
            "https://127.1/",
            "https://*.example.com/",
            "https://xn--a/",
            "https://a.b.999/",
            "https://exa\u{0}mple.com/",
            "https://a.test https://b.test",
        ] {
            assert_eq!(host(None, Some(text)), None, "{text}");
        }
        assert_eq!(host(None, None), None);
    }

    #[test]
    fn an_origin_that_is_null_is_not_mended_by_a_referer() {
        assert_eq!(host(Some("null"), Some("https://example.com/")), None);
        assert_eq!(host(Some(""), Some("https://example.com/")), None);
    }

    #[test]
    fn hosts_match_by_whole_labels() {
        let matches =
            |pattern: &str, host: &str| pattern.parse::<HostPattern>().unwrap().matches(&host.parse().unwrap());
        assert!(matches("example.com", "example.com"));
        assert!(matches("https://EXAMPLE.com:8443/x", "example.com"));
        assert!(matches("*.example.com", "a.example.com"));
        assert!(matches("*.example.com", "b.a.example.com"));
        assert!(matches("*.bücher.example", "www.xn--bcher-kva.example"));
        assert!(matches("*.example.com:443", "a.example.com"));
        for (pattern, host) in [
            ("example.com", "evil-example.com"),
            ("example.com", "a.example.com"),
            ("example.com", "example.com.evil.test"),
            ("*.example.com", "example.com"),
            ("*.example.com", "evil-example.com"),
            ("*.example.com", "a.example.com.evil.test"),
            ("*.ample.com", "example.com"),
            // Cyrillic letters that look like Latin ones.
            ("example.com", "ехаmрlе.com"),
        ] {
            assert!(!matches(pattern, host), "{pattern} {host}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "",
            "*",
            "*.",
            "**.example.com",
            "a*.example.com",
            "*.*.example.com",
            "example.*",
            "none of these",
            "*.192.0.2.1",
            "*.0.2.1",
            "user@example.com",
            "a..b",
            "exam ple.com",
            "/",
            "https://",
        ] {
            assert!(text.parse::<HostPattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_pattern_prints_what_it_parses() {
        for text in [
            "example.com",
            "*.example.com",
            "192.0.2.1",
            "2001:db8::1",
            "xn--bcher-kva.example",
        ] {
            let pattern: HostPattern = text.parse().unwrap();
            assert_eq!(pattern.to_string(), text);
            assert_eq!(pattern.to_string().parse(), Ok(pattern));
        }
    }
}
