//! H.264's `AVCDecoderConfigurationRecord`: what an encoder says once, before the first frame.
//!
//! ISO/IEC 14496-15, 5.3.3.1. The record is taken apart and rebuilt, never passed on unread:
//! a viewer's decoder sees only what was understood here.

mod sps;

use bytes::Bytes;

pub use self::sps::Sps;

use crate::reader::Reader;

/// A parsed `avcC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The record as it came.
    pub record: Bytes,
    /// 66 Baseline, 77 Main, 100 High.
    pub profile: u8,
    /// The constraint flags.
    pub compatibility: u8,
    /// Ten times the level: 31 is 3.1.
    pub level: u8,
    /// Bytes of the length before each NAL unit: 1, 2 or 4.
    pub length_size: u8,
    /// Sequence parameter sets; at least one.
    pub sps: Vec<Bytes>,
    /// Picture parameter sets; at least one.
    pub pps: Vec<Bytes>,
    /// Chroma format and bit depths, where the record states them.
    pub chroma: Option<Chroma>,
    /// What the first sequence parameter set says.
    pub picture: Sps,
}

/// The extension that High profiles add to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chroma {
    /// 1 is 4:2:0.
    pub format: u8,
    /// Bits per luma sample.
    pub luma_depth: u8,
    /// Bits per chroma sample.
    pub chroma_depth: u8,
}

/// Why a record cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Fewer bytes than its lengths announce.
    #[error("video configuration ends early")]
    Truncated,
    /// Only version 1 is known.
    #[error("video configuration has version {0}")]
    Version(u8),
    /// 3 is reserved.
    #[error("video configuration has NAL lengths of 3 bytes")]
    LengthSize,
    /// No decoder starts without both.
    #[error("video configuration has no parameter sets")]
    NoParameterSets,
    /// The picture's size could not be read or is none.
    #[error("video configuration has an unreadable sequence parameter set")]
    SequenceParameterSet,
}

impl Config {
    /// Parses what follows the AVC packet type 0 of an FLV video message.
    pub fn parse(record: Bytes) -> Result<Self, Error> {
        let mut reader = Reader::new(&record);
        let [version, profile, compatibility, level, lengths, sets] = reader.array().ok_or(Error::Truncated)?;
        if version != 1 {
            return Err(Error::Version(version));
        }
        let length_size = (lengths & 3).saturating_add(1);
        if length_size == 3 {
            return Err(Error::LengthSize);
        }
        let sps = parameter_sets(&record, &mut reader, sets & 0x1f)?;
        let count = reader.u8().ok_or(Error::Truncated)?;
        let pps = parameter_sets(&record, &mut reader, count)?;
        let first = sps.first().ok_or(Error::NoParameterSets)?;
        if pps.is_empty() {
            return Err(Error::NoParameterSets);
        }
        let picture = Sps::parse(first).ok_or(Error::SequenceParameterSet)?;
        let chroma = reader.array().map(|[format, luma, chroma]| Chroma {
            format: format & 3,
            luma_depth: (luma & 7).saturating_add(8),
            chroma_depth: (chroma & 7).saturating_add(8),
        });
        Ok(Self {
            record,
            profile,
            compatibility,
            level,
            length_size,
            sps,
            pps,
            chroma,
            picture,
        })
    }

    /// RFC 6381: `avc1.64001f`.
    pub fn codec(&self) -> String {
        format!("avc1.{:02x}{:02x}{:02x}", self.profile, self.compatibility, self.level)
    }
}

fn parameter_sets(record: &Bytes, reader: &mut Reader<'_>, count: u8) -> Result<Vec<Bytes>, Error> {
    let mut sets = Vec::new();
    for _ in 0..count {
        let length = reader.u16().ok_or(Error::Truncated)?;
        let set = reader.take(usize::from(length)).ok_or(Error::Truncated)?;
        // INVARIANT: `set` was cut from `record`, so `slice_ref` finds it there.
        sets.push(record.slice_ref(set));
    }
    Ok(sets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_record_from_x264_is_read() {
        let config = Config::parse(fixture::avc_record()).unwrap();
        assert_eq!(config.codec(), "avc1.64000c");
        assert_eq!((config.picture.width, config.picture.height), (320, 180));
        assert_eq!(config.picture.frame_rate, Some((25, 1)));
        assert_eq!(config.length_size, 4);
        assert_eq!((config.sps.len(), config.pps.len()), (1, 1));
    }

    #[test]
    fn a_record_cut_before_its_extension_is_an_error() {
        let whole = fixture::avc_record();
        for length in 0..whole.len() {
            let cut = Config::parse(whole.slice(..length));
            assert_eq!(cut.is_ok(), length >= whole.len() - 4, "at {length}");
        }
    }
}
