//! Against requests that another site makes a browser send: a foreign `Origin` is refused where a cookie would speak.
//!
//! A request without `Origin` passes: programs send none, and browsers always send one with what could do harm.

use axum::http::{HeaderMap, header};

/// Whether the request says that a page of another site sent it. `own`: how the installation is reached from outside.
pub(crate) fn is_foreign(headers: &HeaderMap, own: &str) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return false;
    };
    let Ok(origin) = origin.to_str() else {
        return true;
    };
    if origin.eq_ignore_ascii_case(own) {
        return false;
    }
    let authority = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match (authority, host) {
        (Some(authority), Some(host)) => !authority.eq_ignore_ascii_case(host),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(origin: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "live.example.com:8080".parse().unwrap());
        headers.insert(header::ORIGIN, origin.parse().unwrap());
        is_foreign(&headers, "https://live.example.com")
    }

    #[test]
    fn only_the_own_site_may_speak_with_a_cookie() {
        assert!(!foreign("http://live.example.com:8080"));
        assert!(!foreign("https://live.example.com"));
        for origin in [
            "https://evil.example.com",
            "http://live.example.com",
            "http://live.example.com:8080.evil.test",
            "http://evil.test#http://live.example.com:8080",
            "null",
            "",
        ] {
            assert!(foreign(origin), "{origin}");
        }
        assert!(!is_foreign(&HeaderMap::new(), "https://live.example.com"));
    }
}
