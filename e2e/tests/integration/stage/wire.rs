//! RTMP by hand, for what no encoder does.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A connection behind a finished handshake.
pub(crate) struct Wire(pub(crate) TcpStream);

impl Wire {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let mut hello = vec![0; 1537];
        hello[0] = 3;
        for (index, byte) in hello.iter_mut().enumerate().skip(9) {
            *byte = index.to_le_bytes()[0];
        }
        stream.write_all(&hello).await.expect("C0 and C1");
        let mut answer = vec![0; 1 + 2 * 1536];
        stream.read_exact(&mut answer).await.expect("S0, S1 and S2");
        stream.write_all(&answer[1..1537]).await.expect("C2");
        Self(stream)
    }

    /// Whatever comes until `wanted` is in it or the connection ends.
    pub(crate) async fn hear(&mut self, wanted: &[u8]) -> Vec<u8> {
        let mut heard = Vec::new();
        let mut buffer = [0; 4096];
        let listen = async {
            while !heard.windows(wanted.len()).any(|window| window == wanted) {
                match self.0.read(&mut buffer).await {
                    Ok(count) if count > 0 => heard.extend_from_slice(&buffer[..count]),
                    _ => break,
                }
            }
        };
        timeout(PATIENCE, listen).await.expect("an answer or an end");
        heard
    }

    /// Waits until the server closes the connection.
    pub(crate) async fn is_closed(&mut self) {
        let mut buffer = [0; 4096];
        let ended = async { while matches!(self.0.read(&mut buffer).await, Ok(count) if count > 0) {} };
        timeout(PATIENCE, ended)
            .await
            .expect("the server closes the connection");
    }
}

/// Longer than the server waits for whoever does not ask to publish.
const PATIENCE: Duration = Duration::from_secs(20);
