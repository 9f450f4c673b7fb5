//! RTMP's chunk stream: messages cut into chunks, put together again within limits.
//!
//! Chunks of several messages may interleave, so each chunk stream has a buffer of its own; what all of them hold
//! together is bounded, and no length that a peer announces is believed before its bytes have come. Adobe RTMP 1.0,
//! section 5.

mod aggregate;
pub mod control;
mod header;
mod reader;
mod timeline;
mod writer;

use std::fmt;

use bytes::Bytes;

pub use self::aggregate::aggregate;
pub use self::reader::{Error, Limits, Reader};
pub use self::timeline::Timeline;
pub use self::writer::Writer;

/// One message.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// One of [`kind`].
    pub kind: u8,
    /// The message stream; 0 is the connection itself.
    pub stream: u32,
    /// Milliseconds, wrapping.
    pub timestamp: u32,
    /// What it carries.
    pub payload: Bytes,
}

/// Payloads carry keys: none is ever printed.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("kind", &self.kind)
            .field("stream", &self.stream)
            .field("timestamp", &self.timestamp)
            .field("length", &self.payload.len())
            .finish()
    }
}

/// Message types.
pub mod kind {
    /// Maximum chunk size.
    pub const SET_CHUNK_SIZE: u8 = 1;
    /// Drop the message that a chunk stream is in.
    pub const ABORT: u8 = 2;
    /// Bytes received so far.
    pub const ACKNOWLEDGEMENT: u8 = 3;
    /// Stream begin, ping and the like.
    pub const USER_CONTROL: u8 = 4;
    /// After how many bytes to acknowledge.
    pub const WINDOW_ACKNOWLEDGEMENT_SIZE: u8 = 5;
    /// How much the peer may have unacknowledged.
    pub const SET_PEER_BANDWIDTH: u8 = 6;
    /// An FLV audio body.
    pub const AUDIO: u8 = 8;
    /// An FLV video body.
    pub const VIDEO: u8 = 9;
    /// Data as AMF3, or as AMF0 behind a zero byte.
    pub const DATA_AMF3: u8 = 15;
    /// A command as AMF3, or as AMF0 behind a zero byte.
    pub const COMMAND_AMF3: u8 = 17;
    /// Data as AMF0.
    pub const DATA: u8 = 18;
    /// A command as AMF0.
    pub const COMMAND: u8 = 20;
    /// Several audio and video messages as FLV tags.
    pub const AGGREGATE: u8 = 22;
}

/// Bytes of payload in a chunk until a peer says otherwise.
pub const DEFAULT_CHUNK_SIZE: u32 = 128;
