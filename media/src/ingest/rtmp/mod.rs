//! RTMP ingest: a server that yields requests to publish, and publishers that yield media.
//!
//! Everything before an admission can be sent by anybody, so it is bounded in number, time and memory, and nothing of
//! it is printed but addresses, counts and kinds of mistakes. Adobe RTMP 1.0; Enhanced RTMP v2.
//!
//! ```text
//! Server ── accept() ──▶ Request ── accept(admitted) ──▶ Publisher ── next() ──▶ Item
//!                           └────── reject(denial)           └────── end(denial)
//! ```

mod connection;
mod handshake;
mod publisher;
pub(crate) mod refuse;
mod request;
mod server;
mod session;

use std::{io, time::Duration};

pub use self::{
    publisher::{Item, Publisher},
    request::Request,
    server::Server,
};

/// How much of the server those may use who have not been let in, and how long a publisher may be silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections that have not asked to publish yet. Beyond it the longest-waiting one of the address (IPv6: /64)
    /// that has most of them goes.
    pub unadmitted: usize,
    /// The same from one address: beyond it the longest-waiting one of that address goes.
    pub unadmitted_per_address: usize,
    /// From the first byte of the handshake to the command `publish`.
    pub admission: Duration,
    /// Without a byte from a publisher.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            unadmitted: 512,
            unadmitted_per_address: 64,
            admission: Duration::from_secs(10),
            silence: Duration::from_secs(30),
        }
    }
}

/// Why a connection ended that nobody refused or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The handshake is not RTMP's.
    #[error("the peer does not speak rtmp")]
    Handshake,
    /// The chunk stream is broken.
    #[error("the chunk stream is broken")]
    Chunks(#[from] container::rtmp::Error),
    /// A command is no sequence of AMF0 values.
    #[error("a command cannot be read")]
    Command(#[from] container::amf0::Error),
    /// A command came where it has no meaning, or without what it needs.
    #[error("`{0}` is out of place or incomplete")]
    OutOfPlace(&'static str),
    /// The peer wants to play.
    #[error("the peer asked to play")]
    Play,
    /// The peer makes us answer and does not read.
    #[error("the peer does not read its answers")]
    NotReading,
    /// Nothing came for as long as a publisher may be silent.
    #[error("nothing came for {} s", .0.as_secs())]
    Silent(Duration),
    /// The peer closed the connection without a word.
    #[error("the peer closed the connection")]
    Closed,
    /// The connection failed.
    #[error("the connection failed")]
    Connection(#[from] io::Error),
    /// The caller's mistake: a permit for another stream or another door.
    #[error("the permit is not for this request")]
    Permit,
}
