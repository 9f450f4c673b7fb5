//! WebSocket frames: server frames are unmasked and whole, client frames are masked and small. RFC 6455 5.2.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// A text message.
pub(crate) fn text(payload: &str) -> Bytes {
    whole(TEXT, payload.as_bytes())
}

/// A binary message.
pub(crate) fn binary(payload: &[u8]) -> Bytes {
    whole(BINARY, payload)
}

/// A close message; `reason` is cut to what fits a control frame.
pub(crate) fn close(code: u16, reason: &str) -> Bytes {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason.bytes().take(CONTROL - 2));
    whole(0x8, &payload)
}

/// The answer to a ping.
pub(crate) fn pong(payload: &[u8]) -> Bytes {
    whole(0xA, payload)
}

fn whole(opcode: u8, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + 10);
    frame.put_u8(0x80 | opcode);
    match payload.len() {
        short @ 0..=125 => frame.put_u8(u8::try_from(short).unwrap_or(0)),
        medium @ 126..=0xFFFF => {
            frame.put_u8(126);
            frame.put_u16(u16::try_from(medium).unwrap_or(0));
        }
        long => {
            frame.put_u8(127);
            frame.put_u64(long as u64);
        }
    }
    frame.extend_from_slice(payload);
    frame.freeze()
}

/// What a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A whole text message.
    Text(String),
    /// Answered with the same payload.
    Ping(Bytes),
    /// It leaves.
    Close,
    /// Nothing that needs an answer.
    Nothing,
}

/// The client broke the protocol; the code says how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misbehaved {
    /// A frame that is not masked, is reserved, or is out of order.
    #[error("a frame that the protocol does not allow")]
    Protocol,
    /// A text message beyond what anybody needs to say.
    #[error("a text message of more than 16384 bytes")]
    TooLong,
    /// Any other message beyond that.
    #[error("a message of more than 16384 bytes")]
    TooBig,
    /// Text that is not UTF-8.
    #[error("a text message that is not UTF-8")]
    NotText,
}

impl Misbehaved {
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::Protocol => 1002,
            Self::TooLong | Self::TooBig => 1009,
            Self::NotText => 1007,
        }
    }
}

/// Takes client frames out of a buffer.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    message: Vec<u8>,
    opcode: u8,
}

impl Decoder {
    /// The next frame, once it is whole.
    pub(crate) fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Heard>, Misbehaved> {
        let Some((head, length, mask, opcode, last)) = header(buffer)? else {
            return Ok(None);
        };
        if length > LONGEST {
            return Err(too_much(self.kind(opcode)?));
        }
        if buffer.len() < head + length {
            return Ok(None);
        }
        buffer.advance(head);
        let mut payload = buffer.split_to(length);
        for (byte, key) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= key;
        }
        match opcode {
            0x8 => Ok(Some(Heard::Close)),
            0x9 => Ok(Some(Heard::Ping(payload.freeze()))),
            0xA => Ok(Some(Heard::Nothing)),
            _ => self.data(opcode, &payload, last).map(Some),
        }
    }

    fn data(&mut self, opcode: u8, payload: &[u8], last: bool) -> Result<Heard, Misbehaved> {
        self.opcode = self.kind(opcode)?;
        if self.message.len() + payload.len() > LONGEST {
            return Err(too_much(self.opcode));
        }
        self.message.extend_from_slice(payload);
        if !last {
            return Ok(Heard::Nothing);
        }
        let (message, opcode) = (std::mem::take(&mut self.message), std::mem::take(&mut self.opcode));
        if opcode == BINARY {
            return Ok(Heard::Nothing);
        }
        String::from_utf8(message)
            .map(Heard::Text)
            .map_err(|_| Misbehaved::NotText)
    }

    /// Of which kind the message is that a frame of data begins or goes on with.
    fn kind(&self, opcode: u8) -> Result<u8, Misbehaved> {
        match (opcode, self.opcode) {
            (TEXT | BINARY, 0) => Ok(opcode),
            (0x0, begun @ (TEXT | BINARY)) => Ok(begun),
            _ => Err(Misbehaved::Protocol),
        }
    }
}

/// A message of that kind is longer than any may be.
fn too_much(kind: u8) -> Misbehaved {
    if kind == TEXT {
        Misbehaved::TooLong
    } else {
        Misbehaved::TooBig
    }
}

/// Length of the head, length of the payload, mask, opcode, whether it is the last of its message.
type Header = (usize, usize, [u8; 4], u8, bool);

fn header(buffer: &[u8]) -> Result<Option<Header>, Misbehaved> {
    let &[first, second, ref rest @ ..] = buffer else {
        return Ok(None);
    };
    let (opcode, last) = (first & 0x0F, first & 0x80 != 0);
    let control = opcode >= 0x8;
    let reserved = first & 0x70 != 0 || matches!(opcode, 0x3..=0x7 | 0xB..);
    let short = usize::from(second & 0x7F);
    if reserved || second & 0x80 == 0 || (control && (!last || short > CONTROL)) {
        return Err(Misbehaved::Protocol);
    }
    let (length, rest, head) = match short {
        126 => {
            let Some((medium, rest)) = rest.split_first_chunk() else {
                return Ok(None);
            };
            (usize::from(u16::from_be_bytes(*medium)), rest, 4)
        }
        127 => {
            let Some((long, rest)) = rest.split_first_chunk() else {
                return Ok(None);
            };
            (
                usize::try_from(u64::from_be_bytes(*long)).unwrap_or(usize::MAX),
                rest,
                10,
            )
        }
        short => (short, rest, 2),
    };
    let Some(mask) = rest.first_chunk() else {
        return Ok(None);
    };
    Ok(Some((head + 4, length, *mask, opcode, last)))
}

/// Opcodes of data, as a message begins.
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
/// Payload of a control frame.
const CONTROL: usize = 125;
/// What a client may say at once: a token and a few words.
const LONGEST: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use proptest::prelude::*;

    use super::{Decoder, Heard, Misbehaved};

    fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode, 0x80 | u8::try_from(payload.len()).unwrap(), 1, 2, 3, 4];
        frame.extend(
            payload
                .iter()
                .zip([1, 2, 3, 4].iter().cycle())
                .map(|(byte, key)| byte ^ key),
        );
        frame
    }

    #[test]
    fn a_text_message_is_heard_whole_however_it_is_cut() {
        let frame = masked(1, b"{\"command\":\"play\"}");
        let (mut decoder, mut buffer) = (Decoder::default(), BytesMut::new());
        for byte in &frame[..frame.len() - 1] {
            buffer.extend_from_slice(&[*byte]);
            assert_eq!(decoder.next(&mut buffer), Ok(None));
        }
        buffer.extend_from_slice(&frame[frame.len() - 1..]);
        assert_eq!(
            decoder.next(&mut buffer),
            Ok(Some(Heard::Text("{\"command\":\"play\"}".into())))
        );
    }

    #[test]
    fn an_unmasked_frame_breaks_the_protocol() {
        let mut buffer = BytesMut::from(&[0x81, 0x01, b'a'][..]);
        assert_eq!(Decoder::default().next(&mut buffer), Err(Misbehaved::Protocol));
    }

    #[test]
    fn a_message_beyond_need_is_refused_before_it_is_kept() {
        let long = |opcode: u8| BytesMut::from(&[opcode, 0xFF, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4][..]);
        let first = |opcode| Decoder::default().next(&mut long(opcode));
        assert_eq!(first(0x81), Err(Misbehaved::TooLong));
        assert_eq!(first(0x82), Err(Misbehaved::TooBig));
        assert_eq!(first(0x80), Err(Misbehaved::Protocol), "it goes on with nothing");

        // It is of the kind that its first frame is of, however it is cut.
        let begun = |opcode: u8| {
            let mut decoder = Decoder::default();
            let mut buffer = BytesMut::from(&[opcode, 0x81, 1, 2, 3, 4, b'a'][..]);
            assert_eq!(decoder.next(&mut buffer), Ok(Some(Heard::Nothing)));
            decoder
        };
        for (opcode, told) in [(0x01, Misbehaved::TooLong), (0x02, Misbehaved::TooBig)] {
            assert_eq!(begun(opcode).next(&mut long(0x80)), Err(told));
            let mut decoder = begun(opcode);
            let mut rest = BytesMut::from(&[0x80, 0xFE, 0x40, 0, 1, 2, 3, 4][..]);
            rest.extend_from_slice(&[b'a'; 0x4000]);
            assert_eq!(decoder.next(&mut rest), Err(told));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_heard_without_panic(bytes: Vec<u8>) {
            let (mut decoder, mut buffer) = (Decoder::default(), BytesMut::from(&bytes[..]));
            while let Ok(Some(_)) = decoder.next(&mut buffer) {}
        }
    }
}
