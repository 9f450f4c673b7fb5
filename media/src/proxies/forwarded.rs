//! Whom an HTTP request is from, by what proxies wrote into it.
//!
//! Each proxy adds at the right whom it heard. So one reads from the right, and goes on only while the hop that was
//! read is a listed proxy itself; the first that is not one is the client. A hop that is no address ends it too: then
//! the last trustworthy one, which is the proxy that wrote it, counts as the client.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, HeaderValue, header, uri::Authority};

use super::Networks;

/// Whom a request is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// IPv4-mapped addresses are folded.
    pub(crate) address: IpAddr,
    /// Whether it reached the proxy that it spoke to by HTTPS; `None` where no listed proxy says so.
    pub(crate) secure: Option<bool>,
}

/// Finds the client of a request that came from `peer`. Afterwards the headers say nothing of proxies any more, so that
/// nobody can believe them; the host is the one that the client asked for.
pub(crate) fn client(peer: IpAddr, trusted: &Networks, headers: &mut HeaderMap) -> Client {
    let direct = Client {
        address: guard::fold(peer),
        secure: None,
    };
    let client = if trusted.contain(peer) {
        let hops = elements(headers, &FOR);
        let (address, back) = walk(direct.address, trusted, &hops);
        let said = |name| at(elements(headers, name), hops.len(), back).map(str::to_owned);
        let (scheme, host) = (said(&PROTO), said(&HOST));
        if let Some(host) = host.and_then(|host| authority(&host)) {
            headers.insert(header::HOST, host);
        }
        Client {
            address,
            secure: scheme.map(|scheme| scheme.eq_ignore_ascii_case("https")),
        }
    } else {
        direct
    };
    for name in [&FOR, &PROTO, &HOST, &header::FORWARDED] {
        headers.remove(name);
    }
    client
}

/// The client's address, and how many hops back it was said: 0 where the peer itself is the client.
fn walk(peer: IpAddr, trusted: &Networks, hops: &[&str]) -> (IpAddr, usize) {
    let mut client = (peer, 0);
    for (back, hop) in hops.iter().rev().enumerate() {
        let Some(address) = address(hop) else { break };
        client = (address, back + 1);
        if !trusted.contain(address) {
            break;
        }
    }
    client
}

/// What was said of the client in another header: where that has one element for each hop, the one of the same proxy,
/// else what the nearest proxy said.
fn at(elements: Vec<&str>, hops: usize, back: usize) -> Option<&str> {
    let behind = if elements.len() == hops {
        back.saturating_sub(1)
    } else {
        0
    };
    elements.into_iter().rev().nth(behind)
}

/// The elements of a header, over all its lines, from left to right. What is not text is one element that is none.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|line| line.to_str().unwrap_or("?").split(','))
        .map(str::trim)
        .collect()
}

/// An address, alone, in brackets, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = match bare {
        Some(six) => six.parse().ok().filter(IpAddr::is_ipv6),
        None => text
            .parse()
            .ok()
            .or_else(|| text.parse::<SocketAddr>().ok().map(|both| both.ip())),
    };
    address.map(guard::fold)
}

/// A host, and perhaps a port; nothing else may stand in its header.
fn authority(text: &str) -> Option<HeaderValue> {
    let authority: Authority = text.parse().ok()?;
    let plain = !authority.as_str().contains('@') && !authority.host().is_empty();
    plain.then(|| HeaderValue::from_str(text).ok()).flatten()
}

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

#[cfg(test)]
mod tests {
    use super::*;

    /// The proxies of these tests: `10.0.0.0/8` and `2001:db8:f::/48`.
    fn found(peer: &str, lines: &[(&'static str, &str)]) -> (Client, HeaderMap) {
        let trusted = Networks::parse(&["10.0.0.0/8".to_owned(), "2001:db8:f::/48".to_owned()]).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("inside:8080"));
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        (client(peer.parse().unwrap(), &trusted, &mut headers), headers)
    }

    fn address_of(peer: &str, hops: &[&str]) -> String {
        let lines: Vec<_> = hops.iter().map(|&line| ("x-forwarded-for", line)).collect();
        found(peer, &lines).0.address.to_string()
    }

    #[test]
    fn the_client_is_the_right_most_hop_that_is_no_listed_proxy() {
        for (peer, hops, client) in [
            // Whoever is not listed is believed nothing.
            ("203.0.113.9", &["192.0.2.1"][..], "203.0.113.9"),
            ("203.0.113.9", &["192.0.2.1, 10.0.0.1"], "203.0.113.9"),
            // What the client wrote itself stands at the left.
            ("10.0.0.1", &["192.0.2.1, 203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["127.0.0.1, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            ("10.0.0.1", &["10.0.0.9, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            // Several lines are one list.
            (
                "10.0.0.1",
                &["192.0.2.1", "203.0.113.7", "10.0.0.3,10.0.0.2"],
                "203.0.113.7",
            ),
            // A proxy that says nothing is the client, and so is a listed one that began it.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // Spelling.
            ("10.0.0.1", &["203.0.113.7:4711"], "203.0.113.7"),
            ("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
            ("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("10.0.0.1", &["2001:db8::7"], "2001:db8::7"),
            ("2001:db8:f::1", &["2001:db8::7,2001:db8:f:1::2"], "2001:db8::7"),
            (
                "::ffff:10.0.0.1",
                &["::ffff:203.0.113.7 , [::ffff:10.0.0.2]"],
                "203.0.113.7",
            ),
        ] {
            assert_eq!(address_of(peer, hops), client, "{peer} {hops:?}");
        }
    }

    #[test]
    fn a_hop_that_is_no_address_ends_what_is_believed() {
        for garbage in [
            "unknown",
            "_hidden",
            "",
            "203.0.113.7.",
            "203.0.113.256",
            "203.0.113.7:x",
            "203.0.113.7:65536",
            "fe80::1%eth0",
            "[203.0.113.7]",
            "[2001:db8::7",
            "\"203.0.113.7\"",
            "for=203.0.113.7",
            "0xcb007107",
            "203.0.113.7 192.0.2.1",
            "h\u{f6}st",
        ] {
            assert_eq!(
                address_of("10.0.0.1", &[&format!("192.0.2.1, {garbage}")]),
                "10.0.0.1",
                "{garbage}"
            );
            assert_eq!(
                address_of("10.0.0.1", &["192.0.2.1", garbage, "10.0.0.2"]),
                "10.0.0.2",
                "{garbage}"
            );
        }
    }

    #[test]
    fn scheme_and_host_are_those_that_the_listed_proxy_heard() {
        let said = |lines: &[(&'static str, &str)]| {
            let (client, headers) = found("10.0.0.1", lines);
            (client.secure, headers[header::HOST].to_str().unwrap().to_owned())
        };
        let inside = || "inside:8080".to_owned();
        assert_eq!(said(&[]), (None, inside()));
        assert_eq!(said(&[("x-forwarded-proto", "https")]), (Some(true), inside()));
        assert_eq!(said(&[("x-forwarded-proto", "http")]), (Some(false), inside()));
        assert_eq!(said(&[("x-forwarded-proto", "gopher")]), (Some(false), inside()));
        // A client that wrote one itself is not heard.
        assert_eq!(
            said(&[
                ("x-forwarded-for", "203.0.113.7"),
                ("x-forwarded-proto", "https, http"),
                ("x-forwarded-host", "evil.test, live.example.com")
            ]),
            (Some(false), "live.example.com".to_owned())
        );
        // One for each hop: the client's proxy heard HTTPS, and passed it on in the clear.
        assert_eq!(
            said(&[
                ("x-forwarded-for", "203.0.113.7, 10.0.0.2"),
                ("x-forwarded-proto", "https, http"),
                ("x-forwarded-host", "live.example.com, inner"),
            ]),
            (Some(true), "live.example.com".to_owned())
        );
        for host in ["a@b", "a b", "", "/", "a,"] {
            assert_eq!(said(&[("x-forwarded-host", host)]).1, inside(), "{host}");
        }
    }

    #[test]
    fn nobody_behind_reads_what_proxies_wrote() {
        for peer in ["10.0.0.1", "203.0.113.9"] {
            let lines = [
                ("x-forwarded-for", "192.0.2.1"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-host", "live.example.com"),
                ("forwarded", "for=192.0.2.1"),
            ];
            let (client, headers) = found(peer, &lines);
            assert_eq!(headers.keys().collect::<Vec<_>>(), [header::HOST]);
            assert_eq!(client.secure.is_some(), peer == "10.0.0.1");
            let host = if peer == "10.0.0.1" {
                "live.example.com"
            } else {
                "inside:8080"
            };
            assert_eq!(headers[header::HOST], host);
        }
    }
}
