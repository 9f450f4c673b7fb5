//! Requests to addresses that customers enter: identity providers, and whatever else they name.
//!
//! None reaches a private or loopback network, by name, by address or by redirect, unless the installation allows it.
//! Every address of a name is checked, and the connection goes to what was checked: the name is not resolved again.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{
    Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use tokio::net::TcpStream;

/// Sends requests to addresses that customers enter.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    client: Client,
    private: bool,
}

/// How long one exchange may take, and how much of an answer is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// From looking the name up to the end of the answer.
    pub(crate) patience: Duration,
    /// In bytes.
    pub(crate) largest: usize,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutboundError {
    /// The address is not one that may be asked.
    #[error("`{0}` is not an address that may be asked")]
    Address(String),
    /// It does not answer, or not in time, or not to the end.
    #[error("no answer from `{host}`")]
    Silent {
        host: String,
        #[source]
        source: reqwest::Error,
    },
    /// It says too much.
    #[error("the answer of `{0}` is too large")]
    Large(String),
    /// What it says is no HTTP.
    #[error("the answer cannot be read")]
    Form(#[from] openidconnect::http::Error),
}

/// A name whose addresses are not all public, or that has none.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` has no address, or one that may not be asked")]
struct Hidden(String);

impl Outbound {
    /// `private`: whether private and loopback networks, and plain HTTP, are allowed.
    pub(crate) fn new(private: bool) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .dns_resolver(Arc::new(Checked { private }))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .user_agent("Portcullis")
            .build()?;
        Ok(Self { client, private })
    }

    /// Whether a customer may enter `url` at all. A name is resolved, and its addresses are judged, when it is asked.
    pub(crate) fn allows(&self, url: &Url) -> bool {
        let scheme = url.scheme() == "https" || (self.private && url.scheme() == "http");
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let place = self.allows_host(host) && url.port() != Some(0);
        scheme && place && url.username().is_empty() && url.password().is_none()
    }

    /// Whether a customer may enter `host` at all, which is a name or an address, and nothing else.
    pub(crate) fn allows_host(&self, host: &str) -> bool {
        match host.parse::<IpAddr>() {
            Ok(address) => self.private || is_public(address),
            Err(_) => is_name(host) && (self.private || !is_loopback_name(host)),
        }
    }

    /// Connects by TCP, to an address that was checked.
    pub(crate) async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let addresses = tokio::net::lookup_host((host, port)).await?.collect();
        let addresses = judged(host, addresses, self.private).map_err(io::Error::other)?;
        TcpStream::connect(&*addresses).await
    }

    /// Sends one request, and reads the answer to its end: 5 s and 1 MB at most, a redirect is an answer like any other.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, OutboundError> {
        self.send_within(request, PAGE).await
    }

    /// The same, within bounds of its own.
    pub(crate) async fn send_within(
        &self,
        request: HttpRequest,
        bounds: Bounds,
    ) -> Result<HttpResponse, OutboundError> {
        let (parts, body) = request.into_parts();
        let uri = parts.uri.to_string();
        let url = Url::parse(&uri).map_err(|_| OutboundError::Address(uri.clone()))?;
        if !self.allows(&url) {
            return Err(OutboundError::Address(uri));
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let silent = |source| OutboundError::Silent {
            host: host.clone(),
            source,
        };
        let request = self.client.request(parts.method, url).headers(parts.headers).body(body);
        let request = request.timeout(bounds.patience);
        let mut answer = request.send().await.map_err(silent)?;
        let mut response = openidconnect::http::Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            *headers = answer.headers().clone();
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(silent)? {
            if bytes.len() + chunk.len() > bounds.largest {
                return Err(OutboundError::Large(host));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(response.body(bytes)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Outbound {
    type Error = OutboundError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutboundError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// Resolves names to addresses that may be asked.
struct Checked {
    private: bool,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let addresses = judged(name.as_str(), addresses, private)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a name, if they may be asked. One that is not public spoils all: which one is taken is not ours to
/// choose.
fn judged(name: &str, addresses: Vec<SocketAddr>, private: bool) -> Result<Vec<SocketAddr>, Hidden> {
    let may_be_asked = private || addresses.iter().all(|address| is_public(address.ip()));
    if may_be_asked && !addresses.is_empty() {
        Ok(addresses)
    } else {
        Err(Hidden(name.to_owned()))
    }
}

/// Whether it can be a name: no port stands behind it, and its last label is no number, which resolvers take for an address
/// in another spelling, as in `0x7f.1` (WHATWG URL, 3.5).
fn is_name(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let is_number = last.bytes().all(|digit| digit.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    !name.is_empty() && !name.contains(':') && !is_number
}

/// Whether a name is this machine's own wherever it is looked up (RFC 6761 6.3, and what systems write into `hosts`).
fn is_loopback_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name.ends_with(".localhost") || LOOPBACK.contains(&name.as_str())
}

/// Whether an address belongs to the public internet (the IANA registries of special-purpose addresses).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four_is_public(four),
        IpAddr::V6(six) => six_is_public(six),
    }
}

fn four_is_public(four: Ipv4Addr) -> bool {
    let [a, b, c, _] = four.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocols = (a, b, c) == (192, 0, 0);
    let relay = (a, b, c) == (192, 88, 99);
    let benchmark = a == 198 && (b == 18 || b == 19);
    !(a == 0
        || a >= 224
        || four.is_private()
        || four.is_loopback()
        || four.is_link_local()
        || four.is_documentation()
        || shared
        || protocols
        || relay
        || benchmark)
}

fn six_is_public(six: Ipv6Addr) -> bool {
    let [first, second, third, inner @ .., seventh, last] = six.segments();
    let four = |high: u16, low: u16| Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
    match (first, second) {
        // An IPv4 address in other clothes: mapped, translated, 6to4.
        (0, 0) if third == 0 && inner == [0, 0, 0xffff] => four_is_public(four(seventh, last)),
        (0x64, 0xff9b) if third == 0 && inner == [0, 0, 0] => four_is_public(four(seventh, last)),
        (0x2002, _) => four_is_public(four(second, third)),
        // Teredo and other protocols' own, documentation.
        (0x2001, 0..0x200 | 0xdb8) | (0x3fff, 0..0x1000) => false,
        _ => (0x2000..0x4000).contains(&first),
    }
}

const LOOPBACK: [&str; 8] = [
    "localhost",
    "localhost.localdomain",
    "localhost4",
    "localhost4.localdomain4",
    "localhost6",
    "localhost6.localdomain6",
    "ip6-localhost",
    "ip6-loopback",
];

/// For pages that providers show.
const PAGE: Bounds = Bounds {
    patience: Duration::from_secs(5),
    largest: 1 << 20,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn one_address_that_is_not_public_spoils_a_name_wherever_it_stands() {
        let judge = |name: &[&str], private: bool| {
            let addresses = name.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 443));
            let addresses: Vec<_> = addresses.collect();
            judged("x.example", addresses.clone(), private).is_ok_and(|taken| taken == addresses)
        };
        let public = ["1.1.1.1", "2606:4700::1"];
        assert!(judge(&public, false));
        assert!(!judge(&[], false) && !judge(&[], true), "there is nowhere to go");
        for hidden in [
            "10.0.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "fd12::1",
            "::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!judge(&[hidden], false), "{hidden}");
            for place in 0..=public.len() {
                let mut mixed = public.to_vec();
                mixed.insert(place, hidden);
                assert!(!judge(&mixed, false), "{mixed:?}");
                assert!(judge(&mixed, true), "{mixed:?}");
            }
        }
    }

    fn outbound(private: bool) -> Outbound {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Outbound::new(private).unwrap()
    }

    async fn get(outbound: &Outbound, url: &str) -> Result<HttpResponse, OutboundError> {
        let request = openidconnect::http::Request::get(url).body(Vec::new()).unwrap();
        outbound.send(request).await
    }

    #[test]
    fn an_address_that_says_where_it_leads_is_refused_before_it_is_asked() {
        let (strict, lax) = (outbound(false), outbound(true));
        for host in [
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "ip6-loopback",
            "localhost.localdomain",
            "127.0.0.1",
            "::1",
        ] {
            assert!(!strict.allows_host(host), "{host}");
            assert!(lax.allows_host(host), "{host}");
        }
        for host in [
            "",
            ".",
            "x.example:514",
            "[::1]:514",
            "0x7f.1",
            "0X7F.1",
            "2130706433",
            "127.1",
            "0177.0.0.1",
            "0",
            "0x",
        ] {
            assert!(!strict.allows_host(host), "{host}");
            assert!(!lax.allows_host(host), "{host}");
        }
        for host in [
            "x.example",
            "x.example.",
            "1.x.example",
            "logs",
            "0x7f.example",
            "1.1.1.1",
            "2606:4700::1",
        ] {
            assert!(strict.allows_host(host), "{host}");
        }
        for (url, is_allowed) in [
            ("https://example.com:0/", [false, false]),
            ("https://localhost/", [false, true]),
            ("https://a.LOCALHOST./", [false, true]),
            ("https://example.com:8443/", [true, true]),
            ("https://under_score.example.com/", [true, true]),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!([strict.allows(&url), lax.allows(&url)], is_allowed, "{url}");
        }
    }

    #[tokio::test]
    async fn a_private_network_is_not_reached_by_address_or_by_name() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let strict = outbound(false);
        for url in [
            format!("https://127.0.0.1:{port}/"),
            format!("https://[::1]:{port}/"),
            format!("https://2130706433:{port}/"),
            format!("https://0x7f.1:{port}/"),
            format!("https://[::ffff:127.0.0.1]:{port}/"),
            format!("https://localhost:{port}/"),
            format!("http://example.com:{port}/"),
            format!("https://user@localhost:{port}/"),
        ] {
            assert!(get(&strict, &url).await.is_err(), "{url}");
        }
        for host in ["127.0.0.1", "::1", "localhost", "::ffff:127.0.0.1"] {
            assert!(strict.connect(host, port).await.is_err(), "{host}");
        }
        // What a name resolves to is judged, whatever the name.
        let resolved = Checked { private: false }.resolve("localhost".parse().unwrap()).await;
        assert!(resolved.is_err_and(|why| why.is::<Hidden>()));
        // Nobody even knocked.
        let knock = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(knock.is_err());
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed_and_a_long_answer_is_not_read() {
        use axum::{Router, response::Redirect, routing::get as on};
        let routes = Router::new()
            .route("/away", on(|| async { Redirect::to("/large") }))
            .route("/large", on(|| async { "x".repeat(PAGE.largest + 1) }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let lax = outbound(true);
        let away = get(&lax, &format!("http://{address}/away")).await.unwrap();
        assert_eq!(away.status(), 303);
        let large = get(&lax, &format!("http://{address}/large")).await;
        assert!(matches!(large, Err(OutboundError::Large(_))));
    }
}
