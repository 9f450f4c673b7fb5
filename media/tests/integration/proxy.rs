//! What a proxy says before a connection.

use std::net::SocketAddr;

use media::proxies::Networks;

/// The head of the PROXY protocol that hands over a connection of `from`.
pub(crate) fn head(from: &str) -> Vec<u8> {
    let from: SocketAddr = from.parse().unwrap();
    let (family, source) = match from {
        SocketAddr::V4(four) => (0x11, four.ip().octets().to_vec()),
        SocketAddr::V6(six) => (0x21, six.ip().octets().to_vec()),
    };
    let body = [
        &source[..],
        &vec![0; source.len()],
        &from.port().to_be_bytes(),
        &1935_u16.to_be_bytes(),
    ]
    .concat();
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&SIGNATURE[..], &[0x21, family], &length, &body].concat()
}

/// A proxy's own look at whether somebody is there.
pub(crate) fn health_check() -> Vec<u8> {
    [&SIGNATURE[..], &[0x20, 0, 0, 0]].concat()
}

pub(crate) fn networks(list: &[&str]) -> Networks {
    let list: Vec<_> = list.iter().map(|&text| text.to_owned()).collect();
    Networks::parse(&list).unwrap()
}

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
