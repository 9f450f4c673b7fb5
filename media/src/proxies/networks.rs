//! A list of networks that an operator writes down.

use std::net::IpAddr;

use guard::{NetworkError, network};
use ipnet::IpNet;

/// Addresses and CIDRs, of both families. An IPv4-mapped one is the IPv4 one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads a list.
    pub fn parse(texts: &[String]) -> Result<Self, NetworkError> {
        texts
            .iter()
            .map(|text| network(text))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them is a whole family of addresses.
    pub fn holds_everybody(&self) -> bool {
        self.0.iter().any(|network| network.prefix_len() == 0)
    }

    /// Whether an address is in one of them.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = guard::fold(address);
        self.0.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contain(networks: &[&str], address: &str) -> bool {
        let texts: Vec<_> = networks.iter().map(|&text| text.to_owned()).collect();
        Networks::parse(&texts).unwrap().contain(address.parse().unwrap())
    }

    #[test]
    fn both_families_are_compared_and_mapped_addresses_are_folded() {
        for (network, address, inside) in [
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("10.1.2.3/8", "10.9.9.9", true),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true),
            ("::ffff:10.0.0.0/104", "11.0.0.1", false),
            ("::ffff:10.1.2.3", "10.1.2.3", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::1", "2001:db8::1", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            // All of IPv6 is not all of IPv4.
            ("::/0", "10.0.0.1", false),
            ("0.0.0.0/0", "::1", false),
        ] {
            assert_eq!(contain(&[network], address), inside, "{address} in {network}");
        }
        assert!(contain(&["192.0.2.1", " 10.0.0.0/8 "], "10.0.0.1"));
        assert!(!contain(&[], "10.0.0.1"));
    }

    #[test]
    fn a_list_that_holds_everybody_is_known() {
        for (network, everybody) in [
            ("0.0.0.0/0", true),
            ("::/0", true),
            ("::ffff:0:0/96", true),
            ("10.0.0.0/8", false),
        ] {
            let networks = Networks::parse(&[network.to_owned()]).unwrap();
            assert_eq!(networks.holds_everybody(), everybody, "{network}");
        }
    }
}
