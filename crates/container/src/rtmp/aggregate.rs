//! Aggregate messages: several audio and video messages as FLV tags in one.
//!
//! Adobe RTMP 1.0, 7.1.6.

use super::Message;
use crate::reader::Reader;

/// The messages inside; as many as are complete. Their times count from the aggregate's own.
pub fn aggregate(message: &Message) -> Vec<Message> {
    let mut reader = Reader::new(&message.payload);
    let mut first = None;
    let mut parts = Vec::new();
    while let Some((kind, time, body)) = tag(&mut reader) {
        let first = *first.get_or_insert(time);
        parts.push(Message {
            kind,
            stream: message.stream,
            timestamp: message.timestamp.wrapping_add(time.wrapping_sub(first)),
            // INVARIANT: `body` was cut from the payload, so `slice_ref` finds it there.
            payload: message.payload.slice_ref(body),
        });
    }
    parts
}

fn tag<'a>(reader: &mut Reader<'a>) -> Option<(u8, u32, &'a [u8])> {
    let kind = reader.u8()?;
    let length = usize::try_from(reader.u24()?).ok()?;
    let [a, b, c, high] = reader.array()?;
    reader.u24()?;
    let body = reader.take(length)?;
    // The last tag may lack the length that follows each.
    reader.u32();
    Some((kind, u32::from_be_bytes([high, a, b, c]), body))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn an_aggregate_is_its_parts_at_their_own_times() {
        let payload = b"\x09\0\0\x01\0\0\x0a\0\0\0\0v\0\0\0\x0c\x08\0\0\x02\0\0\x1e\0\0\0\0au";
        let whole = Message {
            kind: 22,
            stream: 1,
            timestamp: 1000,
            payload: Bytes::from_static(payload),
        };
        let parts = aggregate(&whole);
        let seen: Vec<_> = parts
            .iter()
            .map(|part| (part.kind, part.timestamp, &part.payload[..]))
            .collect();
        assert_eq!(seen, [(9, 1000, &b"v"[..]), (8, 1020, b"au")]);
    }
}
