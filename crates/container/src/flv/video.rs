//! Video message bodies.

use bytes::Bytes;

use super::extended::{self, PacketTypes, Part};
use super::{Error, FourCc};
use crate::reader::Reader;

/// One track's part of a video message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    /// 0 unless the message says otherwise.
    pub track: u8,
    /// What the payload is coded in.
    pub codec: VideoCodec,
    /// What it carries.
    pub payload: VideoPayload,
}

/// Video codecs that a message can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VideoCodec {
    /// H.264.
    Avc,
    /// H.265.
    Hevc,
    /// H.266.
    Vvc,
    /// AV1.
    Av1,
    /// VP8.
    Vp8,
    /// VP9.
    Vp9,
    /// FLV's own numbers below H.264: Sorenson, Screen, VP6.
    Legacy(u8),
    /// A name that this list lacks.
    Unknown(FourCc),
}

/// What a video message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VideoPayload {
    /// The decoder configuration record: `avcC`, `hvcC`, `av1C`.
    Config(Bytes),
    /// One coded picture.
    Frame(VideoFrame),
    /// The encoder has ended this sequence.
    End,
    /// Metadata of the picture, such as its colours, as AMF0.
    Metadata(Bytes),
    /// A command to a player that is of no use to a server.
    Command,
}

/// One coded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoFrame {
    /// Whether decoding can begin here.
    pub keyframe: bool,
    /// Presentation minus decode time.
    pub composition_offset_ms: i32,
    /// Added to the message's time.
    pub nanoseconds: u32,
    /// Length-prefixed NAL units for H.264 and H.265.
    pub data: Bytes,
}

/// Parses the body of an RTMP message of type 9. An empty body has no track.
pub fn video(body: &Bytes) -> Result<Vec<Video>, Error> {
    let mut reader = Reader::new(body);
    let Some(first) = reader.u8() else {
        return Ok(Vec::new());
    };
    if first & EXTENDED != 0 {
        return enhanced(body, &mut reader, first);
    }
    let (frame_type, codec) = (first >> 4, first & 0x0f);
    let codec = match codec {
        7 => VideoCodec::Avc,
        // Not in the specification, but what encoders without enhanced RTMP send.
        12 => VideoCodec::Hevc,
        13 => VideoCodec::Av1,
        other => VideoCodec::Legacy(other),
    };
    let payload = if frame_type == COMMAND {
        VideoPayload::Command
    } else if let VideoCodec::Legacy(_) = codec {
        VideoPayload::Frame(VideoFrame {
            keyframe: is_key(frame_type),
            composition_offset_ms: 0,
            nanoseconds: 0,
            data: body.slice_ref(reader.rest()),
        })
    } else {
        let packet_type = reader.u8().ok_or(Error::Truncated)?;
        let composition_offset_ms = reader.i24().ok_or(Error::Truncated)?;
        let data = body.slice_ref(reader.rest());
        match packet_type {
            0 => VideoPayload::Config(data),
            1 => VideoPayload::Frame(VideoFrame {
                keyframe: is_key(frame_type),
                composition_offset_ms,
                nanoseconds: 0,
                data,
            }),
            2 => VideoPayload::End,
            other => return Err(Error::PacketType(other)),
        }
    };
    Ok(vec![Video {
        track: 0,
        codec,
        payload,
    }])
}

fn enhanced(body: &Bytes, reader: &mut Reader<'_>, first: u8) -> Result<Vec<Video>, Error> {
    let frame_type = (first >> 4) & 0x07;
    let (packet_type, nanoseconds) = extended::modifiers(reader, &TYPES, first & 0x0f)?;
    if frame_type == COMMAND && packet_type != METADATA {
        return Ok(Vec::new());
    }
    extended::parts(body, reader, &TYPES, packet_type, nanoseconds)?
        .into_iter()
        .map(|part| one(part, frame_type))
        .collect()
}

fn one(part: Part, frame_type: u8) -> Result<Video, Error> {
    let codec = VideoCodec::from(part.codec);
    let payload = match part.packet_type {
        SEQUENCE_START | MPEG2TS_SEQUENCE_START => VideoPayload::Config(part.body),
        CODED_FRAMES | CODED_FRAMES_X => {
            let mut reader = Reader::new(&part.body);
            let timed = matches!(codec, VideoCodec::Avc | VideoCodec::Hevc | VideoCodec::Vvc);
            let composition_offset_ms = if timed && part.packet_type == CODED_FRAMES {
                reader.i24().ok_or(Error::Truncated)?
            } else {
                0
            };
            VideoPayload::Frame(VideoFrame {
                keyframe: is_key(frame_type),
                composition_offset_ms,
                nanoseconds: part.nanoseconds,
                data: part.body.slice_ref(reader.rest()),
            })
        }
        SEQUENCE_END => VideoPayload::End,
        METADATA => VideoPayload::Metadata(part.body),
        other => return Err(Error::PacketType(other)),
    };
    Ok(Video {
        track: part.track,
        codec,
        payload,
    })
}

const fn is_key(frame_type: u8) -> bool {
    // 4 is "generated key frame", which only servers make.
    matches!(frame_type, 1 | 4)
}

impl From<FourCc> for VideoCodec {
    fn from(name: FourCc) -> Self {
        match &name {
            b"avc1" => Self::Avc,
            b"hvc1" => Self::Hevc,
            b"vvc1" => Self::Vvc,
            b"av01" => Self::Av1,
            b"vp08" => Self::Vp8,
            b"vp09" => Self::Vp9,
            _ => Self::Unknown(name),
        }
    }
}

const EXTENDED: u8 = 0x80;
const COMMAND: u8 = 5;

const SEQUENCE_START: u8 = 0;
const CODED_FRAMES: u8 = 1;
const SEQUENCE_END: u8 = 2;
const CODED_FRAMES_X: u8 = 3;
const METADATA: u8 = 4;
const MPEG2TS_SEQUENCE_START: u8 = 5;
const TYPES: PacketTypes = PacketTypes {
    multitrack: 6,
    modifier: 7,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &'static [u8]) -> Result<Vec<Video>, Error> {
        video(&Bytes::from_static(body))
    }

    fn frame(keyframe: bool, offset: i32, data: &'static [u8]) -> VideoPayload {
        VideoPayload::Frame(VideoFrame {
            keyframe,
            composition_offset_ms: offset,
            nanoseconds: 0,
            data: Bytes::from_static(data),
        })
    }

    #[test]
    fn classic_h264_is_read() {
        let config = parse(b"\x17\x00\x00\x00\x00rec").unwrap();
        assert_eq!(config[0].payload, VideoPayload::Config(Bytes::from_static(b"rec")));
        let picture = parse(b"\x27\x01\xff\xff\xd8nal").unwrap();
        assert_eq!(picture[0].codec, VideoCodec::Avc);
        assert_eq!(picture[0].payload, frame(false, -40, b"nal"));
        assert_eq!(parse(b"\x17\x02\x00\x00\x00").unwrap()[0].payload, VideoPayload::End);
    }

    #[test]
    fn enhanced_h264_is_the_same_thing_in_another_header() {
        let start = parse(b"\x90avc1rec").unwrap();
        assert_eq!(start[0].codec, VideoCodec::Avc);
        assert_eq!(start[0].payload, VideoPayload::Config(Bytes::from_static(b"rec")));
        let timed = parse(b"\x91avc1\x00\x00\x28nal").unwrap();
        assert_eq!(timed[0].payload, frame(true, 40, b"nal"));
        let untimed = parse(b"\xa3hvc1nal").unwrap();
        assert_eq!(untimed[0].codec, VideoCodec::Hevc);
        assert_eq!(untimed[0].payload, frame(false, 0, b"nal"));
        let av1 = parse(b"\x91av01obu").unwrap();
        assert_eq!(av1[0].payload, frame(true, 0, b"obu"));
        assert_eq!(parse(b"\x92avc1").unwrap()[0].payload, VideoPayload::End);
        assert!(matches!(
            parse(b"\xd4avc1\x02\x00\x01a").unwrap()[0].payload,
            VideoPayload::Metadata(_)
        ));
    }

    #[test]
    fn modifiers_and_several_tracks_are_read() {
        let nano = parse(b"\x97\x02\x00\x01\x00\x01avc1\x00\x00\x00nal").unwrap();
        let VideoPayload::Frame(frame) = &nano[0].payload else {
            panic!("no frame");
        };
        assert_eq!((frame.nanoseconds, &frame.data[..]), (256, &b"nal"[..]));

        let many = parse(b"\x96\x23av01\x00\x00\x00\x03onehvc1\x05\x00\x00\x03two").unwrap();
        let named: Vec<_> = many.iter().map(|part| (part.track, part.codec)).collect();
        assert_eq!(named, [(0, VideoCodec::Av1), (5, VideoCodec::Hevc)]);
    }

    #[test]
    fn what_is_short_or_unknown_is_an_error_and_nothing_is_nothing() {
        assert_eq!(parse(b""), Ok(vec![]));
        assert_eq!(parse(b"\x17\x01\x00"), Err(Error::Truncated));
        assert_eq!(parse(b"\x90av"), Err(Error::Truncated));
        assert_eq!(parse(b"\x17\x09\x00\x00\x00"), Err(Error::PacketType(9)));
        assert_eq!(parse(b"\x96\x36avc1"), Err(Error::Multitrack(3)));
    }
}
