//! The server: accepts connections, shakes hands with many at once, and yields those that ask to publish.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::{AbortHandle, JoinError, JoinSet},
    time::timeout,
};
use tracing::{debug, warn};

use super::{Error, Limits, Request, connection::Connection, handshake, pending::Pending, session::Event};

/// Accepts connections until it is dropped. Requests and publishers that it has yielded stay.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    requests: mpsc::Receiver<Request>,
    task: AbortHandle,
}

impl Server {
    /// Listens on `address`; port 0 chooses one.
    pub async fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (sender, requests) = mpsc::channel(UNDECIDED);
        let task = tokio::spawn(serve(listener, limits, sender)).abort_handle();
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

/// Each connection is a task until it asks to publish, so that one that fails, even by a mistake of ours, fails alone.
async fn serve(listener: TcpListener, limits: Limits, requests: mpsc::Sender<Request>) {
    let mut tasks = JoinSet::new();
    let mut pending = Pending::new(limits);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, peer)) => pending.add(peer.ip(), tasks.spawn(until_asked(socket, peer, limits))),
                Err(error) => {
                    warn!(error = %error, "rtmp cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(ended) = tasks.join_next_with_id() => match ended {
                Ok((task, asked)) => {
                    pending.remove(task);
                    hand_over(asked, &requests);
                }
                Err(failed) => {
                    pending.remove(failed.id());
                    report(&failed);
                }
            },
        }
    }
}

fn hand_over(asked: Option<Request>, requests: &mpsc::Sender<Request>) {
    let Some(request) = asked else { return };
    if let Err(error) = requests.try_send(request) {
        warn!(error = %error, "rtmp drops a request: too many wait for a decision");
    }
}

fn report(failed: &JoinError) {
    if failed.is_panic() {
        metrics::counter!("portcullis_rtmp_dropped_total", "cause" => "fault").increment(1);
        warn!(error = %failed, "rtmp lost a connection by a fault of ours");
    } else {
        metrics::counter!("portcullis_rtmp_dropped_total", "cause" => "crowd").increment(1);
        debug!("rtmp dropped a waiting connection for a newer one");
    }
}

async fn until_asked(socket: TcpStream, peer: SocketAddr, limits: Limits) -> Option<Request> {
    let outcome = timeout(limits.admission, ask(socket, peer, limits)).await;
    let cause = match outcome {
        Ok(Ok(request)) => return Some(request),
        Ok(Err(error)) => {
            debug!(peer = %peer, error = %chain(&error), "rtmp dropped a connection before it asked to publish");
            "protocol"
        }
        Err(_) => {
            debug!(peer = %peer, "rtmp dropped a connection that did not ask to publish in time");
            "time"
        }
    };
    metrics::counter!("portcullis_rtmp_dropped_total", "cause" => cause).increment(1);
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
