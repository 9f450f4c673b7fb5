//! What a client says on its socket.

use std::{io, time::Duration};

use bytes::BytesMut;
use guard::token::Malformed;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::frame::{Decoder, Heard, Misbehaved};
use crate::session::Report;

/// The reading half of a socket.
#[derive(Debug)]
pub(super) struct Ear<R> {
    read: R,
    buffer: BytesMut,
    decoder: Decoder,
}

/// A message that we understand; any other is ignored, for what is to come.
#[derive(Debug, Deserialize)]
#[serde(tag = "command", rename_all = "lowercase")]
pub(super) enum Command {
    /// The token, where the address did not carry it.
    #[serde(rename_all = "camelCase")]
    Play {
        /// The stream, which must be the one of the address where it is said.
        stream_id: Option<String>,
        /// The token.
        token: String,
    },
    /// A newer token for the running session.
    Token {
        /// The token.
        token: String,
    },
    /// How well it plays.
    Quality(Report),
}

impl Command {
    /// What a text message says, if we understand it.
    pub(super) fn of(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// Why nothing more is heard.
#[derive(Debug, thiserror::Error)]
pub(super) enum Silence {
    /// The client broke the protocol.
    #[error(transparent)]
    Misbehaved(#[from] Misbehaved),
    /// The connection is gone.
    #[error("the connection broke off")]
    Gone(#[from] io::Error),
}

impl<R: AsyncRead + Unpin> Ear<R> {
    pub(super) fn new(read: R) -> Self {
        Self {
            read,
            buffer: BytesMut::with_capacity(ROOM),
            decoder: Decoder::default(),
        }
    }

    /// The next thing that the client says. Cancellation loses nothing.
    pub(super) async fn hear(&mut self) -> Result<Heard, Silence> {
        loop {
            match self.decoder.next(&mut self.buffer)? {
                Some(Heard::Nothing) => {}
                Some(heard) => return Ok(heard),
                None if self.read.read_buf(&mut self.buffer).await? == 0 => return Ok(Heard::Close),
                None => {}
            }
        }
    }

    /// The command in the first text message, within `patience`. A text that is too long to be kept is taken for a token that
    /// is too long: nothing else has a reason to be.
    pub(super) async fn first_command(&mut self, patience: Duration) -> Result<Option<Command>, Malformed> {
        let text = async {
            loop {
                match self.hear().await {
                    Ok(Heard::Text(text)) => return Ok(Some(text)),
                    Ok(Heard::Ping(_) | Heard::Nothing) => {}
                    Err(Silence::Misbehaved(Misbehaved::TooLong)) => return Err(Malformed::TooLong),
                    Ok(Heard::Close) | Err(_) => return Ok(None),
                }
            }
        };
        let text = tokio::time::timeout(patience, text).await.unwrap_or(Ok(None))?;
        Ok(text.as_deref().and_then(Command::of))
    }

    /// Reads and forgets until the client is gone, so that it gets to see our last word.
    pub(super) async fn wait_for_leave(&mut self, patience: Duration) {
        let gone = async {
            loop {
                match self.hear().await {
                    Ok(Heard::Close) | Err(Silence::Gone(_)) => break,
                    Err(Silence::Misbehaved(_)) => {
                        self.forget().await;
                        break;
                    }
                    Ok(_) => {}
                }
            }
        };
        let _ = tokio::time::timeout(patience, gone).await;
    }

    /// The same where nothing that comes can be understood any more: whoever closes what has unread bytes in it resets the
    /// connection, and takes back what the client has not read yet.
    async fn forget(&mut self) {
        let mut left = FORGOTTEN;
        while left > 0 {
            self.buffer.clear();
            self.buffer.reserve(ROOM);
            match self.read.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => break,
                Ok(read) => left = left.saturating_sub(read),
            }
        }
    }
}

/// How much is read at once, of a client that says little.
const ROOM: usize = 1024;
/// How much of what means nothing is read, for a client that goes on saying it.
const FORGOTTEN: usize = 1024 * 1024;
