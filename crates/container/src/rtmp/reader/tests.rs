use bytes::Bytes;

use super::*;
use crate::rtmp::{Writer, control};

const LIMITS: Limits = Limits {
    message: 1000,
    buffered: 1500,
    chunk_streams: 4,
};

fn read_all(reader: &mut Reader, bytes: &[u8]) -> Result<Vec<Message>, Error> {
    let mut input = BytesMut::from(bytes);
    let mut messages = Vec::new();
    while let Some(message) = reader.read(&mut input)? {
        messages.push(message);
    }
    Ok(messages)
}

fn message(kind: u8, timestamp: u32, payload: &[u8]) -> Message {
    Message {
        kind,
        stream: 1,
        timestamp,
        payload: Bytes::copy_from_slice(payload),
    }
}

/// A type 0 header.
fn full(chunk_stream: u8, timestamp: u8, length: u16, kind: u8) -> Vec<u8> {
    let [high, low] = length.to_be_bytes();
    vec![chunk_stream, 0, 0, timestamp, 0, high, low, kind, 1, 0, 0, 0]
}

#[test]
fn what_the_writer_cut_is_put_together_whatever_the_pieces() {
    let mut out = BytesMut::new();
    let mut writer = Writer::default();
    let sent = [
        message(20, 0, &[1; 300]),
        message(9, 0x0100_0000, &[2; 999]),
        message(8, 0x00ff_ffff, &[]),
        message(8, 7, &[3; 128]),
    ];
    for message in &sent[..2] {
        writer.write(3, message, &mut out);
    }
    writer.set_chunk_size(50, &mut out);
    for message in &sent[2..] {
        writer.write(4, message, &mut out);
    }
    for size in [1, 7, 64, out.len()] {
        let mut reader = Reader::new(LIMITS);
        let mut input = BytesMut::new();
        let mut read = Vec::new();
        for piece in out.chunks(size) {
            input.extend_from_slice(piece);
            while let Some(message) = reader.read(&mut input).unwrap() {
                read.push(message);
            }
        }
        assert_eq!(read, sent, "in pieces of {size}");
        assert!(input.is_empty());
    }
}

#[test]
fn messages_of_two_chunk_streams_may_interleave() {
    let mut bytes = full(4, 10, 200, 9);
    bytes.extend([b'v'; 128]);
    bytes.extend(full(5, 11, 150, 8));
    bytes.extend([b'a'; 128]);
    bytes.push(0xc4);
    bytes.extend([b'v'; 72]);
    bytes.push(0xc5);
    bytes.extend([b'a'; 22]);
    let read = read_all(&mut Reader::new(LIMITS), &bytes).unwrap();
    assert_eq!(read, [message(9, 10, &[b'v'; 200]), message(8, 11, &[b'a'; 150])]);
}

#[test]
fn shorter_headers_state_differences() {
    let mut bytes = full(4, 10, 1, 9);
    bytes.push(b'a');
    bytes.extend([0x44, 0, 0, 20, 0, 0, 2, 8, b'b', b'b']);
    bytes.extend([0x84, 0, 0, 5, b'c', b'c']);
    bytes.extend([0xc4, b'd', b'd']);
    let read = read_all(&mut Reader::new(LIMITS), &bytes).unwrap();
    let expected = [
        message(9, 10, b"a"),
        message(8, 30, b"bb"),
        message(8, 35, b"cc"),
        message(8, 40, b"dd"),
    ];
    assert_eq!(read, expected);
}

#[test]
fn an_extended_time_holds_for_every_chunk_of_its_message() {
    let mut header = full(4, 0, 200, 9);
    header[1..4].copy_from_slice(&[0xff; 3]);
    for repeated in [true, false] {
        let mut bytes = header.clone();
        bytes.extend([0x12, 0x34, 0x56, 0x78]);
        bytes.extend([7; 128]);
        bytes.push(0xc4);
        if repeated {
            bytes.extend([0x12, 0x34, 0x56, 0x78]);
        }
        bytes.extend([7; 72]);
        let read = read_all(&mut Reader::new(LIMITS), &bytes).unwrap();
        assert_eq!(read, [message(9, 0x1234_5678, &[7; 200])], "repeated: {repeated}");
    }
}

#[test]
fn an_abort_drops_the_message_and_nothing_else() {
    let mut bytes = full(4, 0, 200, 9);
    bytes.extend([1; 128]);
    let mut out = BytesMut::new();
    let abort = Message {
        kind: kind::ABORT,
        payload: Bytes::from_static(&[0, 0, 0, 4]),
        ..message(0, 0, &[])
    };
    Writer::default().write(control::CHUNK_STREAM, &abort, &mut out);
    bytes.extend(&out);
    bytes.extend(full(4, 3, 1, 8));
    bytes.push(2);
    let mut reader = Reader::new(LIMITS);
    assert_eq!(read_all(&mut reader, &bytes).unwrap(), [message(8, 3, &[2])]);
    assert_eq!(reader.unfinished, 0);
}

#[test]
fn a_length_beyond_the_limit_is_refused_before_a_byte_of_it_comes() {
    let error = read_all(&mut Reader::new(LIMITS), &full(4, 0, 1001, 9)).unwrap_err();
    assert_eq!(
        error,
        Error::MessageTooLong {
            length: 1001,
            limit: 1000,
            at: 0
        }
    );
}

#[test]
fn unfinished_messages_are_bounded_together() {
    let mut reader = Reader::new(LIMITS);
    let mut out = BytesMut::new();
    Writer::default().set_chunk_size(900, &mut out);
    let mut bytes = out.to_vec();
    for chunk_stream in [4, 5] {
        bytes.extend(full(chunk_stream, 0, 1000, 9));
        bytes.extend([0; 900]);
    }
    let error = read_all(&mut reader, &bytes).unwrap_err();
    assert!(matches!(error, Error::TooMuchUnfinished { limit: 1500, .. }));
}

#[test]
fn chunk_streams_are_counted() {
    let bytes: Vec<_> = (3..8).flat_map(|id| full(id, 0, 0, 9)).collect();
    let error = read_all(&mut Reader::new(LIMITS), &bytes).unwrap_err();
    assert_eq!(error, Error::TooManyChunkStreams { limit: 4, at: 48 });
}

#[test]
fn headers_that_refer_to_nothing_or_break_in_are_refused() {
    let error = read_all(&mut Reader::new(LIMITS), &[0xc4, 0]).unwrap_err();
    assert_eq!(error, Error::NoHeader { chunk_stream: 4, at: 0 });
    let mut bytes = full(4, 0, 200, 9);
    bytes.extend([0; 128]);
    bytes.extend(full(4, 0, 200, 9));
    let error = read_all(&mut Reader::new(LIMITS), &bytes).unwrap_err();
    assert_eq!(
        error,
        Error::Unfinished {
            chunk_stream: 4,
            at: 140
        }
    );
}

#[test]
fn impossible_chunk_sizes_are_refused_and_great_ones_taken() {
    for (size, taken) in [(0_u32, false), (0x8000_0000, false), (1, true), (0x7fff_ffff, true)] {
        let mut out = BytesMut::new();
        Writer::default().write(2, &control::set_chunk_size(size), &mut out);
        let result = read_all(&mut Reader::new(LIMITS), &out);
        assert_eq!(result.is_ok(), taken, "{size}");
    }
}
