//! Addresses and networks, of one family where two spellings mean one.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

/// A text that is no address and no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Neither form.
    #[error("`{0}` is neither an address nor a network such as 192.0.2.0/24 or 2001:db8::/32")]
    Form(String),
    /// What follows the slash does not fit the family.
    #[error("`/{0}` is not a prefix length: an IPv4 network has 0 to 32, an IPv6 network 0 to 128")]
    Length(String),
}

/// The address that `address` means: an IPv4-mapped IPv6 address is the IPv4 one.
pub fn fold(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// What counts as one address: one customer of a provider gets an IPv6 /64.
pub fn block(address: IpAddr) -> IpAddr {
    match fold(address) {
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX)).into(),
        four @ IpAddr::V4(_) => four,
    }
}

/// Every network that an address is in, the longest first: itself, to all of its family.
///
/// # Examples
/// ```
/// let mut networks = guard::networks("192.0.2.7".parse().unwrap());
/// assert_eq!(networks.next().unwrap().to_string(), "192.0.2.7/32");
/// assert_eq!(networks.next().unwrap().to_string(), "192.0.2.6/31");
/// assert_eq!(networks.count(), 31);
/// ```
pub fn networks(address: IpAddr) -> impl Iterator<Item = IpNet> {
    let address = fold(address);
    let bits = if address.is_ipv4() { 32 } else { 128 };
    (0..=bits)
        .rev()
        .filter_map(move |length| IpNet::new(address, length).ok())
        .map(|network| network.trunc())
}

/// An address or CIDR, without the bits behind its prefix; a range of IPv4-mapped IPv6 addresses is the IPv4 one.
pub fn network(text: &str) -> Result<IpNet, NetworkError> {
    let text = text.trim();
    let form = || NetworkError::Form(text.chars().take(64).collect());
    let Some((address, length)) = text.split_once('/') else {
        let address: IpAddr = text.parse().map_err(|_| form())?;
        return Ok(fold(address).into());
    };
    let address: IpAddr = address.parse().map_err(|_| form())?;
    let wrong = || NetworkError::Length(length.chars().take(8).collect());
    let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let bits: u8 = length.parse().ok().filter(|_| digits).ok_or_else(wrong)?;
    let network = match (address, fold(address)) {
        (IpAddr::V6(_), IpAddr::V4(four)) if bits >= MAPPED => IpNet::new(four.into(), bits.saturating_sub(MAPPED)),
        _ => IpNet::new(address, bits),
    };
    network.map(|network| network.trunc()).map_err(|_| wrong())
}

/// The length of `::ffff:0:0`, below which the IPv4 addresses lie.
const MAPPED: u8 = 96;

#[cfg(test)]
mod tests {
    use super::{NetworkError, block, network};

    #[test]
    fn both_families_are_read_and_mapped_ones_are_folded() {
        for (text, meant) in [
            ("192.0.2.7", "192.0.2.7/32"),
            (" 192.0.2.7/24 ", "192.0.2.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:DB8::1", "2001:db8::1/128"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("::ffff:c000:207/120", "192.0.2.0/24"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(network(text).unwrap().to_string(), meant, "{text}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused_and_told_why() {
        for text in [
            "",
            "x",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.4/",
            "/8",
            "1.2.3.4-5",
            "fe80::1%eth0",
            "1.2.3.4 /8",
            "[::1]",
            "0x7f.1",
            "١.2.3.4",
        ] {
            assert!(network(text).is_err(), "{text}");
        }
        for text in [
            "1.2.3.4/33",
            "::/129",
            "1.2.3.4/+8",
            "1.2.3.4/-1",
            "1.2.3.4/8/8",
            "1.2.3.4/256",
        ] {
            assert!(matches!(network(text), Err(NetworkError::Length(_))), "{text}");
        }
    }

    #[test]
    fn one_customer_of_a_provider_is_one_address() {
        let of = |text: &str| block(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
