//! The chunk writer.

use bytes::{BufMut as _, BytesMut};

use super::header::EXTENDED;
use super::{DEFAULT_CHUNK_SIZE, Message, control};

/// Cuts messages into chunks, each message with a full header.
#[derive(Clone, Copy, Debug)]
pub struct Writer {
    chunk_size: u32,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            chunk_size: DEFAULT_CHUNK_SIZE,
        }
    }
}

impl Writer {
    /// Tells the peer of a chunk size, and uses it from then on.
    pub fn set_chunk_size(&mut self, size: u32, out: &mut BytesMut) {
        let size = size.clamp(1, 0x00ff_ffff);
        self.write(control::CHUNK_STREAM, &control::set_chunk_size(size), out);
        self.chunk_size = size;
    }

    /// Appends `message` as chunks of the chunk stream `chunk_stream`, which is 2 to 63.
    pub fn write(&self, chunk_stream: u8, message: &Message, out: &mut BytesMut) {
        let chunk_stream = chunk_stream.clamp(2, 63);
        let extended = message.timestamp >= EXTENDED;
        let length = u32::try_from(message.payload.len()).unwrap_or(u32::MAX);
        out.put_u8(chunk_stream);
        put_u24(out, message.timestamp.min(EXTENDED));
        put_u24(out, length);
        out.put_u8(message.kind);
        out.put_u32_le(message.stream);
        let size = usize::try_from(self.chunk_size).unwrap_or(usize::MAX);
        for (number, chunk) in message.payload.chunks(size.max(1)).enumerate() {
            if number > 0 {
                out.put_u8(CONTINUED | chunk_stream);
            }
            if extended {
                out.put_u32(message.timestamp);
            }
            out.put_slice(chunk);
        }
        if extended && message.payload.is_empty() {
            out.put_u32(message.timestamp);
        }
    }
}

fn put_u24(out: &mut BytesMut, value: u32) {
    let [_, bytes @ ..] = value.to_be_bytes();
    out.put_slice(&bytes);
}

const CONTINUED: u8 = 0xc0;
