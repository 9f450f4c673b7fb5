//! What enhanced RTMP's audio and video headers share: modifiers, then one track or several.
//!
//! Enhanced RTMP v2, `ExAudioTagHeader` and `ExVideoTagHeader`.

use bytes::Bytes;

use super::{Error, FourCc};
use crate::reader::Reader;

/// Numbers of the packet types that mean the same shape under other numbers.
pub(super) struct PacketTypes {
    pub(super) multitrack: u8,
    pub(super) modifier: u8,
}

/// One track's part of a message, not yet looked into.
pub(super) struct Part {
    pub(super) packet_type: u8,
    pub(super) track: u8,
    pub(super) codec: FourCc,
    /// Added to the message's time, in nanoseconds below one millisecond.
    pub(super) nanoseconds: u32,
    pub(super) body: Bytes,
}

/// Modifiers precede everything else; yields the packet type they modify.
pub(super) fn modifiers(reader: &mut Reader<'_>, types: &PacketTypes, mut packet_type: u8) -> Result<(u8, u32), Error> {
    let mut nanoseconds = 0;
    while packet_type == types.modifier {
        let mut length = usize::from(reader.u8().ok_or(Error::Truncated)?).saturating_add(1);
        if length == 256 {
            length = usize::from(reader.u16().ok_or(Error::Truncated)?).saturating_add(1);
        }
        let mut data = Reader::new(reader.take(length).ok_or(Error::Truncated)?);
        let next = reader.u8().ok_or(Error::Truncated)?;
        if next >> 4 == TIMESTAMP_OFFSET_NANO {
            nanoseconds = data.u24().ok_or(Error::Truncated)?;
        }
        packet_type = next & 0x0f;
    }
    Ok((packet_type, nanoseconds))
}

/// The rest of a message, split into its tracks.
pub(super) fn parts(
    message: &Bytes,
    reader: &mut Reader<'_>,
    types: &PacketTypes,
    packet_type: u8,
    nanoseconds: u32,
) -> Result<Vec<Part>, Error> {
    if packet_type != types.multitrack {
        let codec = reader.array().ok_or(Error::Truncated)?;
        return Ok(vec![Part {
            packet_type,
            track: 0,
            codec,
            nanoseconds,
            body: message.slice_ref(reader.rest()),
        }]);
    }
    let kinds = reader.u8().ok_or(Error::Truncated)?;
    let (kind, packet_type) = (kinds >> 4, kinds & 0x0f);
    if kind > MANY_TRACKS_MANY_CODECS || packet_type == types.multitrack {
        return Err(Error::Multitrack(kind));
    }
    let common: Option<FourCc> = if kind == MANY_TRACKS_MANY_CODECS {
        None
    } else {
        Some(reader.array().ok_or(Error::Truncated)?)
    };
    let mut parts = Vec::new();
    while !reader.is_empty() {
        let codec = match common {
            Some(codec) => codec,
            None => reader.array().ok_or(Error::Truncated)?,
        };
        let track = reader.u8().ok_or(Error::Truncated)?;
        let length = if kind == ONE_TRACK {
            reader.rest().len()
        } else {
            let length = reader.u24().ok_or(Error::Truncated)?;
            usize::try_from(length).map_err(|_| Error::Truncated)?
        };
        let body = reader.take(length).ok_or(Error::Truncated)?;
        parts.push(Part {
            packet_type,
            track,
            codec,
            nanoseconds,
            // INVARIANT: `body` was cut from `message`, so `slice_ref` finds it there.
            body: message.slice_ref(body),
        });
    }
    Ok(parts)
}

const TIMESTAMP_OFFSET_NANO: u8 = 0;
const ONE_TRACK: u8 = 0;
const MANY_TRACKS_MANY_CODECS: u8 = 2;
