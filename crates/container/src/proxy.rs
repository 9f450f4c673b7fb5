//! The PROXY protocol, version 2: a binary head in which a proxy says whose connection it hands over.
//!
//! The head is read in two steps, so that not one byte behind it is taken: [`Head::parse`] tells how long the body is,
//! [`Head::source`] what it says. `proxy-protocol.txt`, 2.2.
//!
//! ```text
//! signature 12 │ version, command │ family, transport │ length 2 │ body: source, destination, ports, extensions
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::reader::Reader;

/// The first 16 bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    kind: Kind,
    length: u16,
}

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The proxy's own, for a look at the health of what is behind it; or of somebody that it cannot name.
    Proxy,
    /// Somebody's; an IPv4-mapped address is the IPv4 one.
    Peer(SocketAddr),
}

/// Bytes that are no head of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Something else, or version 1.
    #[error("no head of the PROXY protocol, version 2")]
    Signature,
    /// A version or a command that nobody has defined.
    #[error("version and command {0:#04x} of the PROXY protocol")]
    Command(u8),
    /// A family or a transport that nobody has defined, or that no stream has.
    #[error("family and transport {0:#04x} of the PROXY protocol")]
    Family(u8),
    /// More than a proxy has to say.
    #[error("a head of the PROXY protocol of {0} bytes")]
    TooLong(u16),
    /// Less than the addresses of its family.
    #[error("a head of the PROXY protocol without its addresses")]
    TooShort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unnamed,
    V4,
    V6,
}

impl Head {
    /// Bytes of a head before its body.
    pub const LENGTH: usize = 16;

    /// Takes a head apart.
    pub fn parse(bytes: &[u8; Self::LENGTH]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        if reader.array() != Some(SIGNATURE) {
            return Err(Error::Signature);
        }
        let command = reader.u8().unwrap_or_default();
        let family = reader.u8().unwrap_or_default();
        let length = reader.u16().unwrap_or_default();
        let kind = match (command, family) {
            // A proxy's own connection, whatever else it says.
            (LOCAL, _) | (PROXY, 0x00 | 0x31) => Kind::Unnamed,
            (PROXY, 0x11) => Kind::V4,
            (PROXY, 0x21) => Kind::V6,
            (PROXY, other) => return Err(Error::Family(other)),
            (other, _) => return Err(Error::Command(other)),
        };
        if length > LONGEST {
            return Err(Error::TooLong(length));
        }
        Ok(Self { kind, length })
    }

    /// How many bytes of a body follow.
    pub fn body(&self) -> usize {
        self.length.into()
    }

    /// What the body says.
    pub fn source(&self, body: &[u8]) -> Result<Source, Error> {
        let mut reader = Reader::new(body);
        let addressed = match self.kind {
            Kind::Unnamed => return Ok(Source::Proxy),
            Kind::V4 => Self::addressed::<4>(&mut reader).map(|(from, port)| (Ipv4Addr::from(from).into(), port)),
            Kind::V6 => Self::addressed::<16>(&mut reader).map(|(from, port)| (Ipv6Addr::from(from).into(), port)),
        };
        let (address, port): (IpAddr, _) = addressed.ok_or(Error::TooShort)?;
        Ok(Source::Peer(SocketAddr::new(address.to_canonical(), port)))
    }

    /// Source and destination, then their ports.
    fn addressed<const N: usize>(reader: &mut Reader<'_>) -> Option<([u8; N], u16)> {
        let from = reader.array::<N>()?;
        reader.array::<N>()?;
        let port = reader.u16()?;
        reader.u16()?;
        Some((from, port))
    }
}

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
/// Addresses, and what extensions come to in practice.
const LONGEST: u16 = 2048;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(command: u8, family: u8, length: u16) -> [u8; 16] {
        let bytes = [&SIGNATURE[..], &[command, family], &length.to_be_bytes()].concat();
        bytes.try_into().unwrap()
    }

    fn said(command: u8, family: u8, body: &[u8]) -> Result<Source, Error> {
        let head = Head::parse(&head(command, family, u16::try_from(body.len()).unwrap()))?;
        assert_eq!(head.body(), body.len());
        head.source(body)
    }

    fn v6(from: &str) -> Vec<u8> {
        let from: Ipv6Addr = from.parse().unwrap();
        [&from.octets()[..], &[0; 16], &[0x1f, 0x90, 0, 80]].concat()
    }

    #[test]
    fn a_proxy_says_whose_connection_it_hands_over() {
        let v4 = [203, 0, 113, 7, 10, 0, 0, 1, 0x1f, 0x90, 0, 80];
        let peer = |text: &str| Ok(Source::Peer(text.parse().unwrap()));
        assert_eq!(said(0x21, 0x11, &v4), peer("203.0.113.7:8080"));
        // What extends the head is passed over.
        assert_eq!(
            said(0x21, 0x11, &[&v4[..], &[4, 0, 1, 0]].concat()),
            peer("203.0.113.7:8080")
        );
        assert_eq!(said(0x21, 0x21, &v6("2001:db8::7")), peer("[2001:db8::7]:8080"));
        assert_eq!(said(0x21, 0x21, &v6("::ffff:203.0.113.7")), peer("203.0.113.7:8080"));
    }

    #[test]
    fn a_proxys_own_connection_is_the_proxys() {
        assert_eq!(said(0x20, 0x00, &[]), Ok(Source::Proxy));
        assert_eq!(said(0x20, 0x11, &[1; 12]), Ok(Source::Proxy));
        assert_eq!(said(0x21, 0x00, &[]), Ok(Source::Proxy));
        assert_eq!(said(0x21, 0x31, &[0; 216]), Ok(Source::Proxy));
    }

    #[test]
    fn what_is_no_head_is_refused() {
        let text = b"PROXY TCP4 203.0";
        assert_eq!(Head::parse(text), Err(Error::Signature));
        assert_eq!(said(0x11, 0x11, &[0; 12]), Err(Error::Command(0x11)));
        assert_eq!(said(0x22, 0x11, &[0; 12]), Err(Error::Command(0x22)));
        // Datagrams have no door here.
        assert_eq!(said(0x21, 0x12, &[0; 12]), Err(Error::Family(0x12)));
        assert_eq!(said(0x21, 0x11, &[0; 11]), Err(Error::TooShort));
        assert_eq!(said(0x21, 0x21, &[0; 12]), Err(Error::TooShort));
        assert_eq!(Head::parse(&head(0x21, 0x11, 2049)), Err(Error::TooLong(2049)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_head_or_an_error(bytes: [u8; 16], body in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(head) = Head::parse(&bytes) {
                let _ = head.source(&body);
            }
            if let Ok(head) = Head::parse(&head(bytes[0], bytes[1], 64)) {
                let _ = head.source(&body);
            }
        }
    }
}
