//! What stands in place of an address.

use std::net::IpAddr;

use aws_lc_rs::hmac;
use guard::Step;
use ipnet::IpNet;
use serde_json::Value;

/// What becomes of addresses once their time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Masking {
    /// The network that they are in: /24, or /48.
    Truncated,
    /// A name that says nothing, the same for the same address of one time.
    Hashed,
}

impl Masking {
    /// The column `address_after`.
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Hashed => "hashed",
        }
    }

    /// What that column says.
    pub(crate) fn of_column(column: &str) -> Self {
        if column == Self::Hashed.column() {
            Self::Hashed
        } else {
            Self::Truncated
        }
    }
}

/// What masks the addresses of one time.
#[derive(Clone, Debug)]
pub(super) enum Mask {
    Truncate,
    Hash(Box<hmac::Key>),
}

impl Mask {
    /// In the place of an address; what is none stays, for it was masked before.
    pub(super) fn of(&self, text: &str) -> String {
        let Ok(address) = text.parse::<IpAddr>() else {
            return text.to_owned();
        };
        let address = guard::fold(address);
        match self {
            Self::Truncate => truncated(address),
            Self::Hash(key) => {
                let tag = hmac::sign(key, address.to_string().as_bytes());
                let bytes = tag.as_ref().get(..BYTES).unwrap_or_default();
                format!("{MARK}{}", hex::encode(bytes))
            }
        }
    }
}

/// The /24 or the /48 that an address is in.
pub(super) fn truncated(address: IpAddr) -> String {
    let length = if address.is_ipv4() { 24 } else { 48 };
    IpNet::new(address, length).map_or_else(|_| String::new(), |network| network.trunc().to_string())
}

/// Puts something else for an address wherever a text of a document names it, and not where another one is written alike.
pub(super) fn put_for_address(document: &mut Value, address: &str, other: &str) {
    match document {
        Value::String(text) => {
            if let Some(put) = put(text, address, other) {
                *text = put;
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| put_for_address(one, address, other)),
        Value::Object(fields) => fields.values_mut().for_each(|one| put_for_address(one, address, other)),
        _ => {}
    }
}

/// The same in a step of a refusal.
pub(super) fn put_in_step(step: &mut Step, address: &str, other: &str) {
    for text in [&mut step.looked_at, &mut step.because] {
        if let Some(put) = put(text, address, other) {
            *text = put;
        }
    }
}

/// The text with `other` for the address, where it names it.
fn put(text: &str, address: &str, other: &str) -> Option<String> {
    if address.is_empty() || is_masked(address) {
        return None;
    }
    let four = !address.contains(':');
    // What an address may be longer by: digits, and dots or colons between them.
    let goes_on = |one: char| one.is_ascii_digit() || !four && (one.is_ascii_hexdigit() || one == ':');
    let (mut put, mut rest) = (String::new(), text);
    let mut found = false;
    while let Some((before, behind)) = rest.split_once(address) {
        let last = before.chars().next_back().or_else(|| put.chars().next_back());
        let mut next = behind.chars();
        let (next, then) = (next.next(), next.next());
        let begins = !last.is_some_and(|one| goes_on(one) || one == '.');
        let dotted = next == Some('.') && then.is_some_and(|one| one.is_ascii_digit());
        let ends = !next.is_some_and(goes_on) && !dotted;
        put.push_str(before);
        rest = if begins && ends {
            found = true;
            put.push_str(other);
            // A network of one address is it.
            let whole = if four { "/32" } else { "/128" };
            behind.strip_prefix(whole).unwrap_or(behind)
        } else {
            put.push_str(address);
            behind
        };
    }
    put.push_str(rest);
    found.then_some(put)
}

/// A text with masks for the addresses that it names; none where it names none.
pub(super) fn masked_within(text: &str, mask: &Mask) -> Option<String> {
    let belongs = |one: char| one.is_ascii_hexdigit() || matches!(one, '.' | ':');
    let (mut put, mut rest, mut found) = (String::new(), text, false);
    while let Some(begin) = rest.find(belongs) {
        let (before, from) = rest.split_at(begin);
        let end = from.find(|one| !belongs(one)).unwrap_or(from.len());
        let (run, behind) = from.split_at(end);
        put.push_str(before);
        rest = behind;
        let Some((head, address, tail)) = address_in(run) else {
            put.push_str(run);
            continue;
        };
        // What is a network already says no more than its mask would; one of a single address is it.
        let length = behind.strip_prefix('/').and_then(|behind| {
            let digits = behind.find(|one: char| !one.is_ascii_digit()).unwrap_or(behind.len());
            behind.get(..digits)?.parse::<u8>().ok()
        });
        let wide = if address.contains(':') { 48 } else { 24 };
        let length = length.filter(|_| tail.is_empty());
        if length.is_some_and(|length| length <= wide) {
            put.push_str(run);
            continue;
        }
        if let Some(length) = length {
            rest = rest.get(1 + length.to_string().len()..).unwrap_or_default();
        }
        found = true;
        put.push_str(head);
        put.push_str(&mask.of(address));
        put.push_str(tail);
    }
    put.push_str(rest);
    found.then_some(put)
}

/// Puts masks for the addresses that a token was for, in what it claims; whether it named any.
pub(super) fn mask_claims(claims: &mut Value, mask: &Mask) -> bool {
    let networks = claims.get_mut("ip").and_then(Value::as_array_mut);
    let mut found = false;
    for network in networks.into_iter().flatten() {
        if let Some(masked) = network.as_str().and_then(|text| masked_within(text, mask)) {
            *network = masked.into();
            found = true;
        }
    }
    found
}

/// The address in a run of what addresses are made of: what stands before it, itself, and what stands behind it.
fn address_in(run: &str) -> Option<(&str, &str, &str)> {
    let is_one = |text: &str| text.parse::<IpAddr>().is_ok();
    let split = |address: &str| {
        let at = run.find(address)?;
        Some((
            run.get(..at)?,
            run.get(at..at + address.len())?,
            run.get(at + address.len()..)?,
        ))
    };
    let whole = [run, run.trim_end_matches(['.', ':']), run.trim_matches(['.', ':'])];
    if let Some(address) = whole.into_iter().find(|text| is_one(text)) {
        return split(address);
    }
    // An IPv4 address with a word before it, or a port behind it.
    split(
        run.split(':')
            .map(|part| part.trim_matches('.'))
            .find(|part| is_one(part))?,
    )
}

/// Whether it stands in place of an address.
pub(crate) fn is_masked(text: &str) -> bool {
    text.contains('/') || text.starts_with(MARK)
}

/// How a name begins that stands for an address; no address does.
const MARK: &str = "anon-";
/// Of a digest: two addresses of one organisation's week do not meet in them.
const BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;

    use serde_json::json;

    use super::{Mask, is_masked, mask_claims, masked_within, put_for_address};

    #[test]
    fn an_address_is_masked_where_it_is_named_and_no_other_that_is_written_alike() {
        for (text, address, masked) in [
            ("10.0.0.1", "10.0.0.1", "X"),
            (
                "10.0.0.1, not 10.0.0.12 nor 110.0.0.1",
                "10.0.0.1",
                "X, not 10.0.0.12 nor 110.0.0.1",
            ),
            ("10.0.0.1.5 and 7.10.0.0.1", "10.0.0.1", "10.0.0.1.5 and 7.10.0.0.1"),
            ("from 10.0.0.1. Then [10.0.0.1]:443", "10.0.0.1", "from X. Then [X]:443"),
            ("10.0.0.1/32, 10.0.0.0/24", "10.0.0.1", "X, 10.0.0.0/24"),
            ("::ffff:10.0.0.1", "10.0.0.1", "::ffff:X"),
            ("10.0.0.1 10.0.0.1", "10.0.0.1", "X X"),
            ("2001:db8::1", "2001:db8::1", "X"),
            (
                "2001:db8::1:2 and 2001:db8::1f and a2001:db8::1",
                "2001:db8::1",
                "2001:db8::1:2 and 2001:db8::1f and a2001:db8::1",
            ),
            ("2001:db8::1/128 at 2001:db8::/64", "2001:db8::1", "X at 2001:db8::/64"),
            ("10.0.0.0/24", "10.0.0.0/24", "10.0.0.0/24"),
        ] {
            let mut trace = json!([{ "check": "origin", "looked_at": text, "because": { "of": [text] }, "at": 10 }]);
            put_for_address(&mut trace, address, "X");
            let expected = json!([{ "check": "origin", "looked_at": masked, "because": { "of": [masked] }, "at": 10 }]);
            assert_eq!(trace, expected);
        }
    }

    #[test]
    fn what_people_wrote_keeps_no_address() {
        for (text, masked) in [
            ("Seen at 198.51.100.200.", Some("Seen at 198.51.100.0/24.")),
            (
                "198.51.100.200:8080, 198.51.100.7",
                Some("198.51.100.0/24:8080, 198.51.100.0/24"),
            ),
            ("ip:198.51.100.200/32 too", Some("ip:198.51.100.0/24 too")),
            ("[2001:db8:1:2::3]:443", Some("[2001:db8:1::/48]:443")),
            ("2001:db8:1:2::/64 is full", Some("2001:db8:1::/48 is full")),
            ("198.51.100.0/24 and 2001:db8:1::/48", None),
            ("at 12:30:15 on 2026.11.29, dead beef", None),
            ("add: 1.2.3, cafe", None),
            ("", None),
        ] {
            assert_eq!(masked_within(text, &Mask::Truncate).as_deref(), masked, "{text}");
        }
    }

    #[test]
    fn a_token_is_for_no_narrower_network_than_its_mask_and_is_masked_once() {
        let networks = ["198.51.100.200/32", "203.0.113.7", "192.0.2.0/24", "2001:db8:1:2::/64"];
        let claims = |networks: &[&str]| json!({ "user": "198.51.100.200", "ip": networks });
        let mut cut = claims(&networks);
        assert!(mask_claims(&mut cut, &Mask::Truncate));
        let masked = ["198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24", "2001:db8:1::/48"];
        assert_eq!(cut, claims(&masked));
        assert!(!mask_claims(&mut cut, &Mask::Truncate));
        let mask = Mask::Hash(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &[1; 32])));
        let mut named = claims(&networks);
        assert!(mask_claims(&mut named, &mask));
        let names = [
            mask.of("198.51.100.200"),
            mask.of("203.0.113.7"),
            mask.of("2001:db8:1:2::"),
        ];
        assert_eq!(named, claims(&[&names[0], &names[1], "192.0.2.0/24", &names[2]]));
        assert!(!mask_claims(&mut named, &mask));
        let mut none = json!({ "user": "anna" });
        assert!(!mask_claims(&mut none, &mask));
    }

    #[test]
    fn what_is_masked_says_its_network_at_most_and_is_masked_once() {
        for (address, network) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(Mask::Truncate.of(address), network);
        }
        let key = |byte| Mask::Hash(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])));
        let one = key(1).of("192.0.2.77");
        assert_eq!(one, key(1).of("::ffff:192.0.2.77"), "the same address");
        assert_ne!(one, key(1).of("192.0.2.78"));
        assert_ne!(one, key(2).of("192.0.2.77"), "of another time");
        assert!(is_masked(&one) && is_masked("192.0.2.0/24") && !is_masked("192.0.2.77") && !is_masked("2001:db8::1"));
        assert_eq!(key(2).of(&one), one);
        assert_eq!(one.len(), 21);
    }
}
