//! The handshake, on `rml_rtmp`'s: both the plain and the digest kind.

use bytes::BytesMut;
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::Error;

/// Shakes hands; yields what came behind the handshake already.
pub(super) async fn shake(socket: &mut TcpStream) -> Result<BytesMut, Error> {
    let mut handshake = Handshake::new(PeerType::Server);
    // INVARIANT: the peer sends 3073 bytes before the handshake is complete, so `handshake` never holds more than
    // those and one read.
    let mut input = [0; 2048];
    loop {
        let count = socket.read(&mut input).await?;
        let Some(bytes) = input.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return Err(Error::Closed);
        };
        match handshake.process_bytes(bytes).map_err(|_| Error::Handshake)? {
            HandshakeProcessResult::InProgress { response_bytes } => socket.write_all(&response_bytes).await?,
            HandshakeProcessResult::Completed {
                response_bytes,
                remaining_bytes,
            } => {
                socket.write_all(&response_bytes).await?;
                return Ok(BytesMut::from(&remaining_bytes[..]));
            }
        }
    }
}
