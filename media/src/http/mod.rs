//! Serving HTTP: the accept loop of every HTTP door.
//!
//! Each connection has a [`Line`]: a handler that sends media puts its session on it, and from then on every byte goes
//! through that session. A session that ends cuts the connection, whatever lies in buffers. The kernel's own buffer is
//! kept small for the same reason.

mod line;

use std::{io, net::SocketAddr, time::Duration};

use axum::{Router, extract::ConnectInfo};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use line::OnLine;
pub(crate) use line::{Carrying, Line};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

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

/// Serves `router` until `stop`; then lets requests finish, `grace` at most.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken, grace: Duration) {
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                tasks.spawn(connection(stream, peer, router.clone(), stop.clone()));
            }
            Err(error) => {
                // Out of descriptors, most likely: others need time to end.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    tasks.close();
    if tokio::time::timeout(grace, tasks.wait()).await.is_err() {
        tracing::info!(connections = tasks.len(), "connections did not end in time");
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, stop: CancellationToken) {
    // Fragments are small and must not wait for each other.
    let _ = stream.set_nodelay(true);
    let line = Line::default();
    let io = TokioIo::new(OnLine::new(stream, line.clone()));
    let on_line = line.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(on_line.clone());
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(BUFFER)
        .serve_connection(io, service)
        .with_upgrades();
    tokio::pin!(connection);
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke off");
                }
                return;
            }
            () = line.cut() => return,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// How long a peer may take over a request's head.
const HEADERS: Duration = Duration::from_secs(15);
/// What hyper may hold back of one connection, each way.
const BUFFER: usize = 64 * 1024;
