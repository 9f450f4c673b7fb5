//! Whoever comes in the clear is sent on to HTTPS.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Request, StatusCode, header, uri::Authority};

/// Where HTTPS is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// There, as in `https://video.example.com`.
    To(String),
    /// At the host that was asked, on this port.
    Port(u16),
}

impl Redirect {
    pub(super) fn answer(&self, request: &Request<Body>) -> Response {
        let Some(location) = self.location(request) else {
            return (StatusCode::BAD_REQUEST, "this server is asked by HTTPS").into_response();
        };
        let headers = [
            (header::LOCATION, location),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ];
        (StatusCode::MOVED_PERMANENTLY, headers).into_response()
    }

    fn location(&self, request: &Request<Body>) -> Option<HeaderValue> {
        let base = match self {
            Self::To(base) => base.clone(),
            Self::Port(port) => {
                let asked = request.headers().get(header::HOST)?.to_str().ok()?;
                let asked: Authority = asked.parse().ok()?;
                let host = Some(asked.host()).filter(|host| !host.is_empty() && !asked.as_str().contains('@'))?;
                match port {
                    443 => format!("https://{host}"),
                    port => format!("https://{host}:{port}"),
                }
            }
        };
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        HeaderValue::from_str(&format!("{base}{path}")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(redirect: &Redirect, host: &str, uri: &str) -> Option<String> {
        let request = Request::builder().uri(uri).header(header::HOST, host);
        let answer = redirect.answer(&request.body(Body::empty()).unwrap());
        let location = answer.headers().get(header::LOCATION)?;
        assert_eq!(answer.status(), StatusCode::MOVED_PERMANENTLY);
        Some(location.to_str().unwrap().to_owned())
    }

    #[test]
    fn one_is_sent_to_the_same_place_by_https() {
        let to = Redirect::To("https://live.example.com".to_owned());
        let (standard, other) = (Redirect::Port(443), Redirect::Port(8443));
        for (redirect, host, uri, location) in [
            (
                &to,
                "x",
                "/live/A/ws?token=t",
                "https://live.example.com/live/A/ws?token=t",
            ),
            (&to, "x", "http://evil.test/a", "https://live.example.com/a"),
            (&to, "x", "//evil.test", "https://live.example.com//evil.test"),
            (&standard, "a.test:8080", "/", "https://a.test/"),
            (&other, "a.test", "/a", "https://a.test:8443/a"),
            (&other, "[::1]:8080", "/a", "https://[::1]:8443/a"),
        ] {
            assert_eq!(sent(redirect, host, uri).as_deref(), Some(location), "{host} {uri}");
        }
        for host in ["", "a@evil.test", "a b", "a/b"] {
            assert_eq!(sent(&standard, host, "/"), None, "{host}");
        }
    }
}
