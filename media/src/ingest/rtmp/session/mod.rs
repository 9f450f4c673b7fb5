//! The session: what a connection says, message by message, and what is answered. No socket, no clock.
//!
//! Adobe RTMP 1.0, section 7.

mod command;
mod connect;
mod media;

use std::collections::VecDeque;

use bytes::BytesMut;
use container::{
    amf0::{self, Value},
    rtmp::{Limits, Message, Reader, Timeline, Writer, control, control::UserControl, kind},
};
use guard::Denial;

use super::{Error, publisher::Item, refuse};
use crate::ingest::parameters::Parameters;

/// What is of interest outside.
#[derive(Debug)]
pub(super) enum Event {
    /// The peer asks to publish. Nothing more is read until it is answered.
    Publish(Box<Asked>),
    /// The publisher sent something.
    Item(Item),
    /// The publisher says that it has finished.
    Unpublished,
}

/// What the peer said of itself and of what it wants to publish. Parameters apart, which are not printed, it is as the
/// peer wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) app: String,
    pub(super) tc_url: Option<String>,
    pub(super) encoder: Option<String>,
    pub(super) name: String,
    pub(super) parameters: Parameters,
}

#[derive(Debug)]
pub(super) struct Session {
    reader: Reader,
    writer: Writer,
    output: BytesMut,
    stage: Stage,
    /// Message streams that were created.
    streams: u32,
    /// Messages out of an aggregate.
    parts: VecDeque<Message>,
    timeline: Timeline,
    received: u64,
    acknowledged: u64,
    window: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    /// Only `connect` has a meaning.
    New,
    Connected(Asked),
    /// Asked to publish on that message stream.
    Asked(u32),
    Publishing(u32),
}

impl Default for Session {
    fn default() -> Self {
        Self {
            reader: Reader::new(Limits::UNADMITTED),
            writer: Writer::default(),
            output: BytesMut::new(),
            stage: Stage::New,
            streams: 0,
            parts: VecDeque::new(),
            timeline: Timeline::default(),
            received: 0,
            acknowledged: 0,
            window: u64::from(WINDOW),
        }
    }
}

impl Session {
    /// Understands as much of `input` as it takes to have something to tell; `None` where more bytes are needed.
    pub(super) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Error> {
        loop {
            let message = match self.parts.pop_front() {
                Some(part) => part,
                None => match self.reader.read(input)? {
                    Some(message) => message,
                    None => return Ok(None),
                },
            };
            let event = self.handle(&message)?;
            if self.output.len() > MAX_UNREAD {
                return Err(Error::NotReading);
            }
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    /// Counts bytes that came from the peer, and acknowledges them when it is time.
    pub(super) fn received(&mut self, count: usize) {
        self.received = self.received.wrapping_add(u64::try_from(count).unwrap_or_default());
        if self.received.wrapping_sub(self.acknowledged) >= self.window {
            self.acknowledged = self.received;
            #[expect(clippy::cast_possible_truncation, reason = "the protocol counts modulo 2^32")]
            let received = self.received as u32;
            self.control(&control::acknowledgement(received));
        }
    }

    pub(super) const fn bytes_in(&self) -> u64 {
        self.received
    }

    /// What is to be written to the peer.
    pub(super) const fn output(&mut self) -> &mut BytesMut {
        &mut self.output
    }

    /// The peer may publish.
    pub(super) fn accept(&mut self) {
        let Stage::Asked(stream) = self.stage else { return };
        self.stage = Stage::Publishing(stream);
        self.reader.set_limits(Limits::PUBLISHER);
        self.control(&control::stream_begin(stream));
        self.on_status(stream, status("status", "NetStream.Publish.Start", "publishing"));
    }

    /// The peer may not publish, or no longer.
    pub(super) fn refuse(&mut self, denial: &Denial) {
        if let Some(stream) = self.publishing() {
            self.on_status(stream, refuse::publish(denial));
        }
    }

    /// The publisher's end, with no blame.
    pub(super) fn finish(&mut self) {
        if let Some(stream) = self.publishing() {
            self.on_status(
                stream,
                status("status", "NetStream.Unpublish.Success", "the stream has ended"),
            );
        }
    }

    const fn publishing(&self) -> Option<u32> {
        match self.stage {
            Stage::Asked(stream) | Stage::Publishing(stream) => Some(stream),
            Stage::New | Stage::Connected(_) => None,
        }
    }

    fn handle(&mut self, message: &Message) -> Result<Option<Event>, Error> {
        match message.kind {
            kind::USER_CONTROL => {
                if let Some(UserControl::PingRequest(number)) = UserControl::parse(&message.payload) {
                    self.control(&control::user_control(UserControl::PingResponse(number)));
                }
            }
            kind::WINDOW_ACKNOWLEDGEMENT_SIZE => {
                let window = message.payload.first_chunk().copied().map(u32::from_be_bytes);
                self.window = window.map_or(self.window, |window| u64::from(window.max(LEAST_WINDOW)));
            }
            kind::SET_PEER_BANDWIDTH => self.control(&control::window_acknowledgement_size(WINDOW)),
            kind::COMMAND => return self.command(message.stream, &message.payload),
            kind::COMMAND_AMF3 => return self.command(message.stream, without_format(&message.payload)),
            kind::AGGREGATE if matches!(self.stage, Stage::Publishing(_)) => {
                let parts = container::rtmp::aggregate(message).into_iter();
                self.parts.extend(parts.filter(|part| part.kind != kind::AGGREGATE));
            }
            _ => return Ok(self.media(message).map(Event::Item)),
        }
        Ok(None)
    }

    fn control(&mut self, message: &Message) {
        self.writer.write(control::CHUNK_STREAM, message, &mut self.output);
    }

    fn on_status(&mut self, stream: u32, information: Value) {
        self.say(stream, &["onStatus".into(), 0.0.into(), Value::Null, information]);
    }

    fn say(&mut self, stream: u32, values: &[Value]) {
        let mut payload = BytesMut::new();
        amf0::encode(values, &mut payload);
        let message = Message {
            kind: kind::COMMAND,
            stream,
            timestamp: 0,
            payload: payload.freeze(),
        };
        self.writer.write(COMMANDS, &message, &mut self.output);
    }
}

/// An information object.
fn status(level: &str, code: &str, description: &str) -> Value {
    Value::Object(vec![
        ("level".to_owned(), level.into()),
        ("code".to_owned(), code.into()),
        ("description".to_owned(), description.into()),
    ])
}

/// Messages for AMF3 carry AMF0 behind one byte.
fn without_format(payload: &[u8]) -> &[u8] {
    payload.split_first().map_or(payload, |(_, rest)| rest)
}

/// The chunk stream of our commands.
const COMMANDS: u8 = 3;

/// After how many bytes either side is to acknowledge.
const WINDOW: u32 = 2_500_000;
const LEAST_WINDOW: u32 = 1024;

/// Answers that a peer may leave unread.
const MAX_UNREAD: usize = 64 * 1024;

#[cfg(test)]
mod tests;
