//! The chunk reader: bytes in, messages out.

use std::collections::BTreeMap;

use bytes::{Buf as _, BytesMut};

use super::header::{self, Fields, Header, Time};
use super::{DEFAULT_CHUNK_SIZE, Message, kind};

/// How much a peer may make the reader hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in one message.
    pub message: usize,
    /// Bytes in all messages that are not complete yet.
    pub buffered: usize,
    /// Chunk streams in use.
    pub chunk_streams: usize,
}

impl Limits {
    /// For a peer that has not been let in: commands only.
    pub const UNADMITTED: Self = Self {
        message: 64 * 1024,
        buffered: 64 * 1024,
        chunk_streams: 16,
    };
    /// For a publisher.
    pub const PUBLISHER: Self = Self {
        message: 8 * 1024 * 1024,
        buffered: 12 * 1024 * 1024,
        chunk_streams: 64,
    };
}

/// How the peer broke the protocol. `at` counts bytes since the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A message longer than [`Limits::message`].
    #[error("message of {length} bytes at byte {at}, at most {limit} are taken")]
    MessageTooLong {
        /// As announced.
        length: usize,
        /// What is taken.
        limit: usize,
        /// Where.
        at: u64,
    },
    /// More than [`Limits::buffered`].
    #[error("more than {limit} bytes of unfinished messages at byte {at}")]
    TooMuchUnfinished {
        /// What is taken.
        limit: usize,
        /// Where.
        at: u64,
    },
    /// More than [`Limits::chunk_streams`].
    #[error("more than {limit} chunk streams at byte {at}")]
    TooManyChunkStreams {
        /// What is taken.
        limit: usize,
        /// Where.
        at: u64,
    },
    /// A chunk that refers to an earlier one that never came.
    #[error("chunk stream {chunk_stream} begins without a full header at byte {at}")]
    NoHeader {
        /// Which.
        chunk_stream: u32,
        /// Where.
        at: u64,
    },
    /// A new message began where another was not complete.
    #[error("chunk stream {chunk_stream} begins a message inside another at byte {at}")]
    Unfinished {
        /// Which.
        chunk_stream: u32,
        /// Where.
        at: u64,
    },
    /// A chunk size of 0, or one with its top bit set, or none.
    #[error("no possible chunk size at byte {at}")]
    ChunkSize {
        /// Where.
        at: u64,
    },
}

/// Puts chunks together. Set Chunk Size and Abort are obeyed here and not passed on.
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    chunk_size: usize,
    streams: BTreeMap<u32, ChunkStream>,
    /// The chunk whose payload is being read: its chunk stream, and bytes that are to come.
    open: Option<(u32, usize)>,
    unfinished: usize,
    at: u64,
}

/// What a chunk stream remembers.
#[derive(Debug)]
struct ChunkStream {
    timestamp: u32,
    /// Added where a message begins without a time.
    step: u32,
    extended: Option<u32>,
    length: usize,
    kind: u8,
    stream: u32,
    /// The message so far; `None` between messages.
    partial: Option<BytesMut>,
}

impl Reader {
    /// A reader for what follows the handshake.
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            chunk_size: DEFAULT_CHUNK_SIZE as usize,
            streams: BTreeMap::new(),
            open: None,
            unfinished: 0,
            at: 0,
        }
    }

    /// What the peer may do from the next chunk on.
    pub const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The next message in `input`, which is consumed as far as it was understood. `None` means: more bytes are
    /// needed, and less than one header's worth is left in `input`.
    pub fn read(&mut self, input: &mut BytesMut) -> Result<Option<Message>, Error> {
        loop {
            let (chunk_stream, left) = match self.open.take() {
                Some(open) => open,
                None => match self.begin(input)? {
                    Some(begun) => begun,
                    None => return Ok(None),
                },
            };
            let taken = left.min(input.len());
            self.append(chunk_stream, input, taken)?;
            if taken < left {
                self.open = Some((chunk_stream, left.saturating_sub(taken)));
                return Ok(None);
            }
            if let Some(message) = self.finish(chunk_stream)? {
                return Ok(Some(message));
            }
        }
    }

    /// Reads a chunk's header: which chunk stream it belongs to, and how many bytes of payload follow.
    fn begin(&mut self, input: &mut BytesMut) -> Result<Option<(u32, usize)>, Error> {
        let streams = &self.streams;
        let extended = |id: u32| streams.get(&id).and_then(|stream| stream.extended);
        let Some(header) = header::parse(input, extended) else {
            return Ok(None);
        };
        let (at, limits) = (self.at, self.limits);
        let chunk_stream = header.chunk_stream;
        if !self.streams.contains_key(&chunk_stream) && self.streams.len() >= limits.chunk_streams {
            let limit = limits.chunk_streams;
            return Err(Error::TooManyChunkStreams { limit, at });
        }
        let stream = match self.streams.get_mut(&chunk_stream) {
            Some(stream) => {
                stream.apply(&header, at)?;
                stream
            }
            None => self
                .streams
                .entry(chunk_stream)
                .or_insert(ChunkStream::first(&header, at)?),
        };
        if stream.length > limits.message {
            let (length, limit) = (stream.length, limits.message);
            return Err(Error::MessageTooLong { length, limit, at });
        }
        let length = stream.length;
        let partial = stream
            .partial
            .get_or_insert_with(|| BytesMut::with_capacity(length.min(FIRST_CAPACITY)));
        let left = length.saturating_sub(partial.len()).min(self.chunk_size);
        self.consume(input, header.length);
        Ok(Some((chunk_stream, left)))
    }

    fn append(&mut self, chunk_stream: u32, input: &mut BytesMut, count: usize) -> Result<(), Error> {
        let unfinished = self.unfinished.saturating_add(count);
        if unfinished > self.limits.buffered {
            let (limit, at) = (self.limits.buffered, self.at);
            return Err(Error::TooMuchUnfinished { limit, at });
        }
        let partial = self
            .streams
            .get_mut(&chunk_stream)
            .and_then(|stream| stream.partial.as_mut());
        if let (Some(partial), Some(bytes)) = (partial, input.get(..count)) {
            partial.extend_from_slice(bytes);
            self.unfinished = unfinished;
        }
        self.consume(input, count);
        Ok(())
    }

    /// The message of a chunk stream, where its last byte has come and it is for others than this reader.
    fn finish(&mut self, chunk_stream: u32) -> Result<Option<Message>, Error> {
        let Some(stream) = self.streams.get_mut(&chunk_stream) else {
            return Ok(None);
        };
        let Some(payload) = stream.partial.take_if(|partial| partial.len() >= stream.length) else {
            return Ok(None);
        };
        self.unfinished = self.unfinished.saturating_sub(payload.len());
        let message = Message {
            kind: stream.kind,
            stream: stream.stream,
            timestamp: stream.timestamp,
            payload: payload.freeze(),
        };
        match message.kind {
            kind::SET_CHUNK_SIZE => self.set_chunk_size(&message)?,
            kind::ABORT => self.abort(&message),
            _ => return Ok(Some(message)),
        }
        Ok(None)
    }

    fn set_chunk_size(&mut self, message: &Message) -> Result<(), Error> {
        let asked = message.payload.first_chunk().copied().map(u32::from_be_bytes);
        match asked {
            // A chunk cannot be longer than a message, whose length has 24 bits.
            Some(size @ 1..=0x7fff_ffff) => {
                self.chunk_size = usize::try_from(size.min(LONGEST_MESSAGE)).unwrap_or(usize::MAX);
                Ok(())
            }
            _ => Err(Error::ChunkSize { at: self.at }),
        }
    }

    fn abort(&mut self, message: &Message) {
        let named = message.payload.first_chunk().copied().map(u32::from_be_bytes);
        let stream = named.and_then(|chunk_stream| self.streams.get_mut(&chunk_stream));
        if let Some(partial) = stream.and_then(|stream| stream.partial.take()) {
            self.unfinished = self.unfinished.saturating_sub(partial.len());
        }
    }

    fn consume(&mut self, input: &mut BytesMut, count: usize) {
        let count = count.min(input.len());
        input.advance(count);
        self.at = self.at.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    }
}

impl ChunkStream {
    /// The first chunk of a chunk stream states everything.
    fn first(header: &Header, at: u64) -> Result<Self, Error> {
        let (time, length, kind, stream) = match header.fields {
            Fields::Full {
                time,
                length,
                kind,
                stream,
            } => (time, length, kind, stream),
            // Some encoders begin the control stream so; there is no other message stream it could mean.
            Fields::SameStream { time, length, kind } => (time, length, kind, 0),
            Fields::TimeOnly { .. } | Fields::Continued => {
                let chunk_stream = header.chunk_stream;
                return Err(Error::NoHeader { chunk_stream, at });
            }
        };
        let mut first = Self {
            timestamp: time.ms,
            step: 0,
            extended: None,
            length: usize_from(length),
            kind,
            stream,
            partial: None,
        };
        first.remember(time);
        Ok(first)
    }

    fn apply(&mut self, header: &Header, at: u64) -> Result<(), Error> {
        if self.partial.is_some() {
            if header.fields == Fields::Continued {
                return Ok(());
            }
            let chunk_stream = header.chunk_stream;
            return Err(Error::Unfinished { chunk_stream, at });
        }
        match header.fields {
            Fields::Full {
                time,
                length,
                kind,
                stream,
            } => {
                self.timestamp = time.ms;
                self.remember(time);
                (self.length, self.kind, self.stream) = (usize_from(length), kind, stream);
            }
            Fields::SameStream { time, length, kind } => {
                self.timestamp = self.timestamp.wrapping_add(time.ms);
                self.remember(time);
                (self.length, self.kind) = (usize_from(length), kind);
            }
            Fields::TimeOnly { time } => {
                self.timestamp = self.timestamp.wrapping_add(time.ms);
                self.remember(time);
            }
            Fields::Continued => self.timestamp = self.timestamp.wrapping_add(self.step),
        }
        Ok(())
    }

    /// A message that states no time comes as much later as this one did: 5.3.1.2.4, also after a full header.
    fn remember(&mut self, time: Time) {
        self.step = time.ms;
        self.extended = time.extended.then_some(time.ms);
    }
}

fn usize_from(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

const LONGEST_MESSAGE: u32 = 0x00ff_ffff;

/// Reserved when a message begins; beyond it, memory follows the bytes that have come.
const FIRST_CAPACITY: usize = 4096;

#[cfg(test)]
mod tests;
