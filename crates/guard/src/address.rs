//! Addresses, of one family where two spellings mean one.

use std::net::IpAddr;

/// The address that `address` means: an IPv4-mapped IPv6 address is the IPv4 one.
pub fn fold(address: IpAddr) -> IpAddr {
    address.to_canonical()
}
