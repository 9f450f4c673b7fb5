//! What the filters of a view take.

use guard::{Asn, Country};

/// So long is a text that the API compares, in bytes.
pub(super) const LONGEST: usize = 512;

/// What a network is named by.
pub(super) const ASN: &str = "An AS number, as in 64500 or AS64500.";

/// A filter's value as it stands in the address; where it is none, what would be.
pub(super) fn read(name: &str, text: &str) -> Result<String, &'static str> {
    match name {
        "asn" => asn(text).map(|number| number.to_string()).ok_or(ASN),
        "country" => {
            let country = text.parse::<Country>().map(|country| country.to_string());
            country.map_err(|_| "The code of a country, two letters, as in DE.")
        }
        "ip" => {
            let given = is_source(text).then(|| text.to_owned());
            given.ok_or("An address, a /24 of IPv4 or a /64 of IPv6.")
        }
        _ => {
            let given = (text.len() <= LONGEST).then(|| text.to_owned());
            given.ok_or("512 bytes at most.")
        }
    }
}

/// The number of a network, with `AS` before it or without.
pub(super) fn asn(text: &str) -> Option<u32> {
    text.parse::<Asn>().ok().map(Asn::number)
}

/// Whether it is an address, what stands in the place of one, or a subnet as views have them.
fn is_source(text: &str) -> bool {
    let Ok(network) = guard::network(text) else {
        return text.starts_with("anon-");
    };
    // IPv6 addresses whose days are over are in a /48.
    let lengths: &[u8] = if network.addr().is_ipv4() { &[24] } else { &[64, 48] };
    !text.contains('/') || lengths.contains(&network.prefix_len())
}
