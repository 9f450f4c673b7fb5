//! Messages about the connection itself.
//!
//! Adobe RTMP 1.0, 5.4 and 7.1.7.

use bytes::{BufMut as _, BytesMut};

use super::{Message, kind};
use crate::reader::Reader;

/// The chunk stream that these messages are sent on.
pub const CHUNK_STREAM: u8 = 2;

/// Longest chunk that the sender will use.
pub fn set_chunk_size(size: u32) -> Message {
    message(kind::SET_CHUNK_SIZE, |payload| payload.put_u32(size))
}

/// Bytes received since the handshake, modulo 2³².
pub fn acknowledgement(received: u32) -> Message {
    message(kind::ACKNOWLEDGEMENT, |payload| payload.put_u32(received))
}

/// After how many bytes the sender wants to be acknowledged.
pub fn window_acknowledgement_size(window: u32) -> Message {
    message(kind::WINDOW_ACKNOWLEDGEMENT_SIZE, |payload| payload.put_u32(window))
}

/// How much the receiver may have unacknowledged; dynamic.
pub fn set_peer_bandwidth(window: u32) -> Message {
    message(kind::SET_PEER_BANDWIDTH, |payload| {
        payload.put_u32(window);
        payload.put_u8(2);
    })
}

/// A stream can be used from now on.
pub fn stream_begin(stream: u32) -> Message {
    user_control(UserControl::StreamBegin(stream))
}

/// What a user control message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserControl {
    /// A stream can be used from now on.
    StreamBegin(u32),
    /// Answer with the same number.
    PingRequest(u32),
    /// The number of a request.
    PingResponse(u32),
    /// Anything else, by its number.
    Other(u16),
}

impl UserControl {
    /// Reads a payload; `None` where it is too short.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(payload);
        Some(match reader.u16()? {
            STREAM_BEGIN => Self::StreamBegin(reader.u32()?),
            PING_REQUEST => Self::PingRequest(reader.u32()?),
            PING_RESPONSE => Self::PingResponse(reader.u32()?),
            other => Self::Other(other),
        })
    }
}

/// A user control message.
pub fn user_control(event: UserControl) -> Message {
    message(kind::USER_CONTROL, |payload| match event {
        UserControl::StreamBegin(number) => put_event(payload, STREAM_BEGIN, number),
        UserControl::PingRequest(number) => put_event(payload, PING_REQUEST, number),
        UserControl::PingResponse(number) => put_event(payload, PING_RESPONSE, number),
        UserControl::Other(event) => payload.put_u16(event),
    })
}

fn put_event(payload: &mut BytesMut, event: u16, number: u32) {
    payload.put_u16(event);
    payload.put_u32(number);
}

fn message(kind: u8, fill: impl FnOnce(&mut BytesMut)) -> Message {
    let mut payload = BytesMut::with_capacity(6);
    fill(&mut payload);
    Message {
        kind,
        stream: 0,
        timestamp: 0,
        payload: payload.freeze(),
    }
}

const STREAM_BEGIN: u16 = 0;
const PING_REQUEST: u16 = 6;
const PING_RESPONSE: u16 = 7;
