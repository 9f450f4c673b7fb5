//! The doors of broadcasters: each yields requests, the gate decides, the hub takes what is admitted.

pub mod rtmp;
pub(crate) mod test_source;

use std::{io, net::SocketAddr};

use crate::node::Shared;

/// Opens the doors; where RTMP is.
pub(crate) async fn listen(node: &Shared, rtmp: SocketAddr) -> io::Result<SocketAddr> {
    todo!()
}
