//! Serving HTTP and HTTPS: the accept loop of every HTTP door.
//!
//! Each connection has a [`Line`]: a handler that sends media puts its session on it, and from then on every byte goes
//! through that session. A session that ends cuts the connection, whatever lies in buffers. The kernel's own buffer is
//! kept small for the same reason.
//!
//! ```text
//! accept ─▶ head of a proxy? ─▶ TLS? ─▶ connection ─▶ each request: origin ─▶ HTTPS ─▶ router
//!           └── bounded in number and time ──┘         (front)
//! ```

mod arrival;
mod connection;
mod front;
mod line;
mod redirect;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use arrival::{Arrival, Arrivals};
use axum::Router;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    front::{Front, OriginOnly},
    redirect::Redirect,
};
pub(crate) use line::{Carrying, Line};

/// A listener, what answers behind it, and what is looked at before that.
#[derive(Debug)]
pub struct Door {
    /// Where it listens; see [`bind`].
    pub listener: TcpListener,
    /// What answers.
    pub router: Router,
    /// What is looked at before.
    pub front: Arc<Front>,
    /// HTTPS, with this certificate.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

impl Door {
    /// In the clear, with nothing in front.
    pub fn new(listener: TcpListener, router: Router) -> Self {
        Self {
            listener,
            router,
            front: Arc::default(),
            tls: None,
        }
    }
}

/// Listens on `address`, with a send buffer small enough that little is in flight when a session is cut.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // Linux doubles it: 128 KB are what may be unsent.
    socket.set_send_buffer_size(64 * 1024)?;
    socket.bind(&address.into())?;
    socket.listen(4096)?;
    TcpListener::from_std(socket.into())
}

/// Serves a door until `stop`; then lets requests finish, `grace` at most.
pub async fn serve(door: Door, stop: CancellationToken, grace: Duration) {
    let Door {
        listener,
        router,
        front,
        tls,
    } = door;
    let tasks = TaskTracker::new();
    let mut arrivals = Arrivals::new(front.clone(), tls);
    let begin = |arrival: Arrival| {
        let (router, front, stop) = (router.clone(), front.clone(), stop.clone());
        match arrival {
            Arrival::Clear(wire) => tasks.spawn(connection::serve(wire, router, front, stop)),
            Arrival::Encrypted(wire) => tasks.spawn(connection::serve(*wire, router, front, stop)),
        };
    };
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    if let Some(arrival) = arrivals.begin(stream, peer) {
                        begin(arrival);
                    }
                }
                Err(error) => {
                    // Out of descriptors, most likely: others need time to end.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(arrival) = arrivals.next() => begin(arrival),
        }
    }
    drop(arrivals);
    tasks.close();
    if tokio::time::timeout(grace, tasks.wait()).await.is_err() {
        tracing::info!(connections = tasks.len(), "connections did not end in time");
    }
}
