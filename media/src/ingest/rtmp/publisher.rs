//! A broadcaster who was let in.

use std::time::Duration;

use container::flv;
use guard::Denial;

use super::{Error, connection::Connection, session::Event};

/// Yields what a broadcaster sends. Dropping it closes the connection without a word.
#[derive(Debug)]
pub struct Publisher {
    connection: Connection,
    silence: Duration,
}

/// What a broadcaster sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// What the encoder says of itself.
    Metadata(flv::Metadata),
    /// A video message; its tracks are as many as the encoder put into it, mostly one.
    Video {
        /// Decode time on a line that does not wrap; where it begins is the encoder's choice.
        timestamp_ms: i64,
        /// By track.
        tracks: Vec<flv::Video>,
    },
    /// An audio message.
    Audio {
        /// On the same line as the video's.
        timestamp_ms: i64,
        /// By track.
        tracks: Vec<flv::Audio>,
    },
    /// A media message that could not be read; the next one may be.
    Unreadable(flv::Error),
}

impl Publisher {
    pub(super) const fn new(connection: Connection, silence: Duration) -> Self {
        Self { connection, silence }
    }

    /// The next item; `None` when the broadcaster says that it has finished, which [`Self::finish`] answers. Can be
    /// dropped and called again without loss.
    pub async fn next(&mut self) -> Result<Option<Item>, Error> {
        match self.connection.next_within(self.silence).await? {
            Event::Item(item) => Ok(Some(item)),
            Event::Unpublished => Ok(None),
            Event::Publish(_) => Err(Error::OutOfPlace("publish")),
        }
    }

    /// Bytes that came since the handshake.
    pub const fn bytes_in(&self) -> u64 {
        self.connection.session.bytes_in()
    }

    /// Tells the broadcaster why it is over, and closes. Takes 2 s at most.
    pub async fn end(mut self, denial: &Denial) {
        self.connection.session.refuse(denial);
        self.connection.close().await;
    }

    /// Tells the broadcaster that it is over, with no blame, and closes. Takes 2 s at most.
    pub async fn finish(mut self) {
        self.connection.session.finish();
        self.connection.close().await;
    }
}
