//! The server: accepts connections, shakes hands with many at once, and yields those that ask to publish.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::{AbortHandle, JoinError, JoinSet},
    time::timeout,
};
use tracing::{debug, warn};

use super::{Error, Limits, Request, connection::Connection, handshake, session::Event};
use crate::{
    count::{self, Lost},
    crowd::Crowd,
    proxies::{self, Networks},
};

/// Accepts connections until it is dropped. Requests and publishers that it has yielded stay.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    requests: mpsc::Receiver<Request>,
    task: AbortHandle,
}

impl Server {
    /// Listens on `address`; port 0 chooses one. Connections from `proxies` begin with the head of the PROXY protocol.
    pub async fn bind(address: SocketAddr, limits: Limits, proxies: Networks) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (sender, requests) = mpsc::channel(UNDECIDED);
        let task = tokio::spawn(serve(listener, limits, proxies, sender)).abort_handle();
        Ok(Self {
            address,
            requests,
            task,
        })
    }

    /// Where it listens.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The next request to publish. `None` would mean that the server has failed. Can be dropped and called again
    /// without loss.
    pub async fn accept(&mut self) -> Option<Request> {
        self.requests.recv().await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How far a connection came before it is let in.
enum Step {
    /// It is known whose it is.
    Named(TcpStream, SocketAddr),
    Asked(Box<Request>),
}

/// Each connection is a task until it asks to publish, so that one that fails, even by a mistake of ours, fails alone.
async fn serve(listener: TcpListener, limits: Limits, proxies: Networks, requests: mpsc::Sender<Request>) {
    let mut tasks = JoinSet::new();
    let mut crowd = Crowd::new(limits.unadmitted, limits.unadmitted_per_address);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                // Many share a proxy's address.
                Ok((socket, proxy)) if proxies.contain(proxy.ip()) => crowd.add(None, tasks.spawn(name(socket, proxy))),
                Ok((socket, peer)) => crowd.add(Some(peer.ip()), tasks.spawn(until_asked(socket, peer, limits))),
                Err(error) => {
                    warn!(error = %error, "rtmp cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(ended) = tasks.join_next_with_id() => match ended {
                Ok((task, step)) => {
                    crowd.remove(task);
                    match step {
                        Some(Step::Named(socket, peer)) => {
                            crowd.add(Some(peer.ip()), tasks.spawn(until_asked(socket, peer, limits)));
                        }
                        Some(Step::Asked(request)) => hand_over(*request, &requests),
                        None => {}
                    }
                }
                Err(failed) => {
                    crowd.remove(failed.id());
                    report(&failed);
                }
            },
        }
    }
}

fn hand_over(request: Request, requests: &mpsc::Sender<Request>) {
    if let Err(error) = requests.try_send(request) {
        warn!(error = %error, "rtmp drops a request: too many wait for a decision");
    }
}

fn report(failed: &JoinError) {
    if failed.is_panic() {
        count::rtmp_dropped(Lost::Fault);
        warn!(error = %failed, "rtmp lost a connection by a fault of ours");
    } else {
        count::rtmp_dropped(Lost::Crowd);
        debug!("rtmp dropped a waiting connection for a newer one");
    }
}

async fn name(mut socket: TcpStream, proxy: SocketAddr) -> Option<Step> {
    match proxies::named(&mut socket, proxy).await {
        Ok(peer) => Some(Step::Named(socket, peer)),
        Err(error) => {
            debug!(%proxy, error = %chain(&error), "rtmp dropped a connection that a proxy did not name");
            count::rtmp_dropped(Lost::Proxy);
            None
        }
    }
}

async fn until_asked(socket: TcpStream, peer: SocketAddr, limits: Limits) -> Option<Step> {
    let outcome = timeout(limits.admission, ask(socket, peer, limits)).await;
    let cause = match outcome {
        Ok(Ok(request)) => return Some(Step::Asked(Box::new(request))),
        Ok(Err(error)) => {
            debug!(peer = %peer, error = %chain(&error), "rtmp dropped a connection before it asked to publish");
            Lost::Protocol
        }
        Err(_) => {
            debug!(peer = %peer, "rtmp dropped a connection that did not ask to publish in time");
            Lost::Time
        }
    };
    count::rtmp_dropped(cause);
    None
}

async fn ask(mut socket: TcpStream, peer: SocketAddr, limits: Limits) -> Result<Request, Error> {
    socket.set_nodelay(true)?;
    let input = handshake::shake(&mut socket).await?;
    let mut connection = Connection::new(socket, input);
    loop {
        match connection.next().await {
            Ok(Event::Publish(asked)) => return Ok(Request::new(peer, *asked, connection, limits)),
            Ok(Event::Item(_) | Event::Unpublished) => {}
            Err(error @ Error::Play) => {
                connection.close().await;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
    }
}

/// An error with its sources. None of them repeats what a peer sent.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// Requests that may wait for a decision.
const UNDECIDED: usize = 256;

/// Where sockets run out, somebody else has to close one first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
