//! Audio message bodies.

use bytes::Bytes;

use super::extended::{self, PacketTypes, Part};
use super::{Error, FourCc};
use crate::reader::Reader;

/// One track's part of an audio message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audio {
    /// 0 unless the message says otherwise.
    pub track: u8,
    /// What the payload is coded in.
    pub codec: AudioCodec,
    /// Added to the message's time.
    pub nanoseconds: u32,
    /// What it carries.
    pub payload: AudioPayload,
}

/// Audio codecs that a message can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AudioCodec {
    /// AAC.
    Aac,
    /// Opus.
    Opus,
    /// MP3.
    Mp3,
    /// FLAC.
    Flac,
    /// Dolby Digital.
    Ac3,
    /// Dolby Digital Plus.
    Eac3,
    /// FLV's own numbers: PCM, ADPCM, Nellymoser, G.711, Speex.
    Legacy(u8),
    /// A name that this list lacks.
    Unknown(FourCc),
}

/// What an audio message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudioPayload {
    /// The decoder configuration: `AudioSpecificConfig`, `OpusHead`.
    Config(Bytes),
    /// One coded frame.
    Frame(Bytes),
    /// The encoder has ended this sequence.
    End,
    /// Where the channels of the frames belong.
    Channels(Bytes),
}

/// Parses the body of an RTMP message of type 8. An empty body has no track.
pub fn audio(body: &Bytes) -> Result<Vec<Audio>, Error> {
    let mut reader = Reader::new(body);
    let Some(first) = reader.u8() else {
        return Ok(Vec::new());
    };
    let (codec, payload) = match first >> 4 {
        EXTENDED => return enhanced(body, &mut reader, first & 0x0f),
        10 => {
            let packet_type = reader.u8().ok_or(Error::Truncated)?;
            let data = body.slice_ref(reader.rest());
            let payload = match packet_type {
                0 => AudioPayload::Config(data),
                1 => AudioPayload::Frame(data),
                other => return Err(Error::PacketType(other)),
            };
            (AudioCodec::Aac, payload)
        }
        other => {
            let codec = match other {
                2 | 14 => AudioCodec::Mp3,
                other => AudioCodec::Legacy(other),
            };
            (codec, AudioPayload::Frame(body.slice_ref(reader.rest())))
        }
    };
    Ok(vec![Audio {
        track: 0,
        codec,
        nanoseconds: 0,
        payload,
    }])
}

fn enhanced(body: &Bytes, reader: &mut Reader<'_>, packet_type: u8) -> Result<Vec<Audio>, Error> {
    let (packet_type, nanoseconds) = extended::modifiers(reader, &TYPES, packet_type)?;
    extended::parts(body, reader, &TYPES, packet_type, nanoseconds)?
        .into_iter()
        .map(one)
        .collect()
}

fn one(part: Part) -> Result<Audio, Error> {
    let payload = match part.packet_type {
        SEQUENCE_START => AudioPayload::Config(part.body),
        CODED_FRAMES => AudioPayload::Frame(part.body),
        SEQUENCE_END => AudioPayload::End,
        MULTICHANNEL_CONFIG => AudioPayload::Channels(part.body),
        other => return Err(Error::PacketType(other)),
    };
    Ok(Audio {
        track: part.track,
        codec: AudioCodec::from(part.codec),
        nanoseconds: part.nanoseconds,
        payload,
    })
}

impl From<FourCc> for AudioCodec {
    fn from(name: FourCc) -> Self {
        match &name {
            b"mp4a" => Self::Aac,
            b"Opus" => Self::Opus,
            b".mp3" => Self::Mp3,
            b"fLaC" => Self::Flac,
            b"ac-3" => Self::Ac3,
            b"ec-3" => Self::Eac3,
            _ => Self::Unknown(name),
        }
    }
}

const EXTENDED: u8 = 9;

const SEQUENCE_START: u8 = 0;
const CODED_FRAMES: u8 = 1;
const SEQUENCE_END: u8 = 2;
const MULTICHANNEL_CONFIG: u8 = 4;
const TYPES: PacketTypes = PacketTypes {
    multitrack: 5,
    modifier: 7,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &'static [u8]) -> Result<Vec<Audio>, Error> {
        audio(&Bytes::from_static(body))
    }

    #[test]
    fn classic_and_enhanced_aac_are_the_same_thing() {
        let config = AudioPayload::Config(Bytes::from_static(b"\x11\x90"));
        let frame = AudioPayload::Frame(Bytes::from_static(b"raw"));
        for (body, payload) in [
            (&b"\xaf\x00\x11\x90"[..], &config),
            (b"\x90mp4a\x11\x90", &config),
            (b"\xaf\x01raw", &frame),
            (b"\x91mp4araw", &frame),
        ] {
            let parsed = parse(body).unwrap();
            assert_eq!(parsed[0].codec, AudioCodec::Aac);
            assert_eq!(&parsed[0].payload, payload);
        }
    }

    #[test]
    fn other_codecs_are_recognised() {
        assert_eq!(parse(b"\x91Opusx").unwrap()[0].codec, AudioCodec::Opus);
        assert_eq!(parse(b"\x2fx").unwrap()[0].codec, AudioCodec::Mp3);
        assert_eq!(parse(b"\xbfx").unwrap()[0].codec, AudioCodec::Legacy(11));
        let tracks = parse(b"\x95\x11Opus\x00\x00\x00\x01a\x01\x00\x00\x01b").unwrap();
        assert_eq!(tracks.len(), 2);
        assert_eq!(tracks[1].track, 1);
    }

    #[test]
    fn what_is_short_is_an_error_and_nothing_is_nothing() {
        assert_eq!(parse(b""), Ok(vec![]));
        assert_eq!(parse(b"\xaf"), Err(Error::Truncated));
        assert_eq!(parse(b"\x95\x11Opus\x00\x00\x00\x02a"), Err(Error::Truncated));
    }
}
