//! From where sessions are, as a filter says it.

use ipnet::IpNet;

use super::usage::By;
use crate::privacy::is_masked;

/// From where sessions are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Address(String),
    /// As [`By::Subnet`](super::usage::By::Subnet) names it.
    Subnet(String),
}

impl Source {
    /// What a text says: an address, what stands in its place, or a subnet.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if is_masked(text) && !text.contains('/') {
            return Some(Self::Address(text.to_owned()));
        }
        let network = guard::network(text).ok()?;
        if !text.contains('/') {
            return Some(Self::Address(network.addr().to_string()));
        }
        // IPv6 addresses whose days are over are in a /48.
        let lengths: &[u8] = if network.addr().is_ipv4() { &[24] } else { &[64, 48] };
        let is_group = lengths.contains(&network.prefix_len());
        is_group.then(|| Self::Subnet(network.to_string()))
    }

    /// What findings name there: an address of IPv6 stands for its /64.
    pub(crate) fn found(&self) -> String {
        match self {
            Self::Address(address) => By::Address.named(address),
            Self::Subnet(subnet) => match subnet.parse() {
                Ok(IpNet::V6(six)) if six.prefix_len() == 64 => six.network().to_string(),
                _ => subnet.clone(),
            },
        }
    }
}
