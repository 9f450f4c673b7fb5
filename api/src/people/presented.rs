//! What came with a request, before anybody was found behind it.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use ids::RequestId;

use super::sign_in;

/// What came with a request.
#[derive(Clone)]
pub(crate) struct Presented {
    /// From where.
    pub(crate) address: IpAddr,
    /// Whether nobody could read along.
    pub(crate) https: bool,
    /// The secret of the cookie.
    pub(crate) cookie: Option<String>,
    /// The secret of an API token; unreadable where several differ.
    pub(crate) bearer: Option<String>,
    /// The organisation that the request names.
    pub(crate) organisation: Option<String>,
    /// What the client says that it is.
    pub(crate) user_agent: Option<String>,
    /// How answers and the audit log name this request.
    pub(crate) request: RequestId,
    /// Whether only one organisation's identity provider vouches for the sign-in; found out with it.
    pub(crate) vouched_for: bool,
}

impl Presented {
    /// What is left of a request when a job does what it asked for.
    pub(super) const fn by_job(address: IpAddr, request: RequestId) -> Self {
        Self {
            address,
            https: false,
            cookie: None,
            bearer: None,
            organisation: None,
            user_agent: None,
            request,
            vouched_for: false,
        }
    }
}

/// The secret of the sign-in's cookie.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<String> {
    named(headers, sign_in::COOKIE)
}

/// The value of the cookie of that name.
pub(crate) fn named(headers: &HeaderMap, cookie: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == cookie && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

/// The secret of an API token: `Authorization: Bearer`, or the names that older clients use.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<String> {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
    let authorization = headers.get_all(header::AUTHORIZATION).iter().map(|value| {
        let value = text(value);
        let scheme = value
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        // Another scheme is no token, and does not fall back to the cookie either.
        scheme.map_or(String::new(), |(_, secret)| secret.trim().to_owned())
    });
    let others = OTHER_NAMES
        .iter()
        .flat_map(|name| headers.get_all(*name).iter().map(text));
    authorization
        .chain(others)
        .reduce(|one, other| if one == other { one } else { String::new() })
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presented")
            .field("address", &self.address)
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

const OTHER_NAMES: [&str; 2] = ["x-bintu-token", "x-bintu-apikey"];

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use super::bearer;

    fn of(pairs: &[(&'static str, &'static str)]) -> Option<String> {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        bearer(&headers)
    }

    #[test]
    fn a_token_comes_under_each_of_its_names_and_two_that_differ_are_none() {
        assert_eq!(of(&[]), None);
        for one in [
            ("authorization", "Bearer abc"),
            ("authorization", "bearer  abc"),
            ("x-bintu-token", "abc"),
            ("x-bintu-apikey", "abc"),
        ] {
            assert_eq!(of(&[one]).as_deref(), Some("abc"), "{one:?}");
        }
        assert_eq!(
            of(&[("authorization", "Bearer abc"), ("x-bintu-token", "abc")]).as_deref(),
            Some("abc")
        );
        assert_eq!(
            of(&[("authorization", "Bearer abc"), ("x-bintu-token", "abd")]).as_deref(),
            Some("")
        );
        assert_eq!(of(&[("authorization", "Basic abc")]).as_deref(), Some(""));
    }
}
