//! What stands in place of an address.

use std::net::IpAddr;

use aws_lc_rs::hmac;
use ipnet::IpNet;

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

    use super::{Mask, is_masked};

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
