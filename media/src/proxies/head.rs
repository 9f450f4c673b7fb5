//! Reading the head of the PROXY protocol off a connection.

use std::{io, net::SocketAddr, time::Duration};

use container::proxy::{Head, Source};
use tokio::{
    io::AsyncReadExt,
    net::TcpStream,
    time::{error::Elapsed, timeout},
};

/// Why a connection has no name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unnamed {
    /// The proxy says something else.
    #[error("a listed proxy must begin with its head")]
    Head(#[from] container::proxy::Error),
    /// It breaks off.
    #[error("the connection failed")]
    Connection(#[from] io::Error),
    /// It says nothing.
    #[error("the head did not come in time")]
    Late(#[from] Elapsed),
}

/// Reads the head, not one byte more: whose connection it is. `proxy` is the socket's other end.
pub(crate) async fn named(socket: &mut TcpStream, proxy: SocketAddr) -> Result<SocketAddr, Unnamed> {
    let source = timeout(HEAD, async {
        let mut head = [0; Head::LENGTH];
        socket.read_exact(&mut head).await?;
        let head = Head::parse(&head)?;
        let mut body = vec![0; head.body()];
        socket.read_exact(&mut body).await?;
        Ok::<_, Unnamed>(head.source(&body)?)
    })
    .await??;
    Ok(match source {
        Source::Proxy => proxy,
        Source::Peer(peer) => peer,
    })
}

/// How long a proxy may take for its first words.
const HEAD: Duration = Duration::from_secs(5);
