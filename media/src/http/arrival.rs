//! From an accepted socket to a connection that can be served: whose it is, and its encryption.
//!
//! Both need words from the other side, which anybody may hold back. So each is a task of its own with a time limit, and
//! there are so many of them only: a crowd that says nothing pushes out its own, and delays nobody.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use rustls::ServerConfig;
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{error::Elapsed, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    Front,
    line::{Line, OnLine},
};
use crate::{
    count,
    crowd::Crowd,
    proxies::{self, Unnamed},
};

/// A connection before its first request.
#[derive(Debug)]
pub(super) struct Wire<S> {
    pub(super) stream: S,
    pub(super) line: Line,
    /// Whose it is: the socket's other end, or who a listed proxy says.
    pub(super) peer: SocketAddr,
    pub(super) encrypted: bool,
}

/// One that can be served.
#[derive(Debug)]
pub(super) enum Arrival {
    Clear(Wire<OnLine>),
    Encrypted(Box<Wire<TlsStream<OnLine>>>),
}

/// Those that are on their way.
#[derive(Debug)]
pub(super) struct Arrivals {
    front: Arc<Front>,
    tls: Option<Arc<ServerConfig>>,
    crowd: Crowd,
    tasks: JoinSet<Result<Step, Lost>>,
}

/// How far one came.
#[derive(Debug)]
enum Step {
    /// It is known whose it is.
    Named(TcpStream, SocketAddr),
    Encrypted(Box<Wire<TlsStream<OnLine>>>),
}

/// Why one does not come.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("it is not known whose the connection is: {0}")]
    Unnamed(#[from] Unnamed),
    #[error("no encryption was agreed on: {0}")]
    Handshake(#[from] io::Error),
    #[error("no encryption was agreed on in time")]
    Late(#[from] Elapsed),
}

impl Arrivals {
    pub(super) fn new(front: Arc<Front>, tls: Option<Arc<ServerConfig>>) -> Self {
        Self {
            front,
            tls,
            crowd: Crowd::new(UNDER_WAY, UNDER_WAY_PER_ADDRESS),
            tasks: JoinSet::new(),
        }
    }

    /// Begins with a socket; yields it at once where nothing has to be waited for.
    pub(super) fn begin(&mut self, stream: TcpStream, peer: SocketAddr) -> Option<Arrival> {
        // Fragments are small and must not wait for each other.
        let _ = stream.set_nodelay(true);
        if self.front.proxy_protocol && self.front.trusted.contain(peer.ip()) {
            self.add(None, name(stream, peer));
            return None;
        }
        self.encrypt(stream, peer)
    }

    /// The next one that can be served; `None` where none is on its way. Can be dropped and called again without loss.
    pub(super) async fn next(&mut self) -> Option<Arrival> {
        loop {
            let arrival = match self.tasks.join_next_with_id().await? {
                Ok((task, step)) => {
                    self.crowd.remove(task);
                    match step {
                        Ok(Step::Named(stream, peer)) => self.encrypt(stream, peer),
                        Ok(Step::Encrypted(wire)) => Some(Arrival::Encrypted(wire)),
                        Err(lost) => {
                            count::http_lost(lost.cause());
                            tracing::debug!(error = %lost, "a connection did not come to its first request");
                            None
                        }
                    }
                }
                Err(failed) => {
                    self.crowd.remove(failed.id());
                    count::http_lost(if failed.is_panic() {
                        count::Lost::Fault
                    } else {
                        count::Lost::Crowd
                    });
                    None
                }
            };
            if arrival.is_some() {
                return arrival;
            }
        }
    }

    /// Encrypts a connection where that is what the door is for.
    fn encrypt(&mut self, stream: TcpStream, peer: SocketAddr) -> Option<Arrival> {
        let line = Line::default();
        let stream = OnLine::new(stream, line.clone());
        let Some(tls) = self.tls.clone() else {
            let encrypted = false;
            return Some(Arrival::Clear(Wire {
                stream,
                line,
                peer,
                encrypted,
            }));
        };
        // Many share the address of a proxy.
        let address = Some(peer.ip()).filter(|address| !self.front.trusted.contain(*address));
        self.add(address, shake(tls, stream, line, peer));
        None
    }

    fn add(&mut self, address: Option<IpAddr>, step: impl Future<Output = Result<Step, Lost>> + Send + 'static) {
        let task = self.tasks.spawn(step);
        self.crowd.add(address, task);
    }
}

impl Lost {
    fn cause(&self) -> count::Lost {
        match self {
            Self::Unnamed(_) => count::Lost::Proxy,
            Self::Handshake(_) => count::Lost::Handshake,
            Self::Late(_) => count::Lost::Time,
        }
    }
}

async fn name(mut stream: TcpStream, proxy: SocketAddr) -> Result<Step, Lost> {
    let peer = proxies::named(&mut stream, proxy).await?;
    Ok(Step::Named(stream, peer))
}

async fn shake(tls: Arc<ServerConfig>, stream: OnLine, line: Line, peer: SocketAddr) -> Result<Step, Lost> {
    let shaken = TlsAcceptor::from(tls).accept_with(stream, |session| session.set_buffer_limit(Some(UNSENT)));
    let stream = timeout(HANDSHAKE, shaken).await??;
    let encrypted = true;
    Ok(Step::Encrypted(Box::new(Wire {
        stream,
        line,
        peer,
        encrypted,
    })))
}

/// From the first byte of a handshake to its last.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections that may be on their way at once, and how many of them from one address (IPv6: /64).
const UNDER_WAY: usize = 2048;
const UNDER_WAY_PER_ADDRESS: usize = 256;
/// What encryption may hold back of one connection.
const UNSENT: usize = 16 * 1024;
