//! One chunk's header: 1 to 18 bytes.
//!
//! Adobe RTMP 1.0, 5.3.1.

use crate::reader::Reader;

/// A header as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) chunk_stream: u32,
    pub(super) fields: Fields,
    /// Bytes that the header took.
    pub(super) length: usize,
}

/// What the four formats state; the rest is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fields {
    /// Type 0.
    Full {
        time: Time,
        length: u32,
        kind: u8,
        stream: u32,
    },
    /// Type 1: the same message stream.
    SameStream { time: Time, length: u32, kind: u8 },
    /// Type 2: the same length and kind too.
    TimeOnly { time: Time },
    /// Type 3: nothing is stated.
    Continued,
}

/// A time, or a difference of times, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) ms: u32,
    /// Whether it took the extended field.
    pub(super) extended: bool,
}

/// What stands at the start of `bytes`; `None` where more bytes are needed to know.
///
/// `extended` tells the extended time that a chunk stream last stated, where it did.
pub(super) fn parse(bytes: &[u8], extended: impl FnOnce(u32) -> Option<u32>) -> Option<Header> {
    let mut reader = Reader::new(bytes);
    let first = reader.u8()?;
    let chunk_stream = match first & 0x3f {
        0 => u32::from(reader.u8()?).saturating_add(64),
        // Little-endian, unlike everything else: 5.3.1.1.
        1 => u32::from(u16::from_le_bytes(reader.array()?)).saturating_add(64),
        small => u32::from(small),
    };
    let fields = match first >> 6 {
        0 => {
            let (ms, length, kind) = (reader.u24()?, reader.u24()?, reader.u8()?);
            let stream = reader.array().map(u32::from_le_bytes)?;
            Fields::Full {
                time: time(&mut reader, ms)?,
                length,
                kind,
                stream,
            }
        }
        1 => {
            let (ms, length, kind) = (reader.u24()?, reader.u24()?, reader.u8()?);
            Fields::SameStream {
                time: time(&mut reader, ms)?,
                length,
                kind,
            }
        }
        2 => {
            let ms = reader.u24()?;
            Fields::TimeOnly {
                time: time(&mut reader, ms)?,
            }
        }
        _ => {
            if let Some(extended) = extended(chunk_stream) {
                skip_repeated(&mut reader, extended)?;
            }
            Fields::Continued
        }
    };
    Some(Header {
        chunk_stream,
        fields,
        length: bytes.len().saturating_sub(reader.rest().len()),
    })
}

fn time(reader: &mut Reader<'_>, ms: u32) -> Option<Time> {
    let extended = ms == EXTENDED;
    let ms = if extended { reader.u32()? } else { ms };
    Some(Time { ms, extended })
}

/// 5.3.1.3 repeats the extended time in each chunk of type 3, and some encoders do not: it is taken where it stands,
/// and anything else there is payload. `None` while what has come could still be either.
fn skip_repeated(reader: &mut Reader<'_>, extended: u32) -> Option<()> {
    let expected = extended.to_be_bytes();
    let rest = reader.rest();
    if rest.starts_with(&expected) {
        reader.take(expected.len())?;
        return Some(());
    }
    (!expected.starts_with(rest)).then_some(())
}

/// What a three-byte time says when the time itself follows in four.
pub(super) const EXTENDED: u32 = 0x00ff_ffff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_streams_are_numbered_in_one_two_or_three_bytes() {
        for (bytes, chunk_stream, length) in [
            (&[0xc5_u8][..], 5, 1),
            (&[0xc0, 0], 64, 2),
            (&[0xc0, 255], 319, 2),
            (&[0xc1, 0, 1], 320, 3),
            (&[0xc1, 255, 255], 65_599, 3),
        ] {
            let header = parse(bytes, |_| None).unwrap();
            assert_eq!((header.chunk_stream, header.length), (chunk_stream, length));
            assert_eq!(parse(&bytes[..length - 1], |_| None), None);
        }
    }

    #[test]
    fn an_extended_time_may_be_repeated_or_left_away() {
        let extended = |_| Some(0x0100_0002);
        assert_eq!(parse(&[0xc3, 1, 0, 0, 2, 9], extended).unwrap().length, 5);
        assert_eq!(parse(&[0xc3, 9, 9], extended).unwrap().length, 1);
        assert_eq!(parse(&[0xc3, 1, 0], extended), None);
        assert_eq!(parse(&[0xc3, 1, 9], extended).unwrap().length, 1);
    }
}
