//! AAC's `AudioSpecificConfig`: what an encoder says once, before the first frame.
//!
//! ISO/IEC 14496-3, 1.6.2.1.

use bytes::Bytes;

use crate::bits::Bits;

/// A parsed `AudioSpecificConfig`, with the bytes it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The bytes themselves, as they go into `esds`.
    pub record: Bytes,
    /// 2 is AAC-LC, 5 HE-AAC (SBR), 29 HE-AAC v2 (SBR and PS).
    pub object_type: u8,
    /// Samples per second of the core coder, which frames are counted in.
    pub rate: u32,
    /// Samples per second that come out; twice `rate` where SBR is signalled.
    pub output_rate: u32,
    /// Output channels; 2 where the configuration leaves them to the bit stream.
    pub channels: u8,
    /// Samples of the core coder in one frame: 1024, or 960.
    pub frame_samples: u32,
}

/// Why an `AudioSpecificConfig` cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Fewer bits than the fields need.
    #[error("audio configuration ends early")]
    Truncated,
    /// A reserved value.
    #[error("audio configuration has a reserved sampling frequency or channel layout")]
    Reserved,
}

impl Config {
    /// Parses what follows the AAC packet type 0 of an FLV audio message.
    pub fn parse(record: Bytes) -> Result<Self, Error> {
        let mut bits = Bits::new(&record);
        let object_type = object_type(&mut bits).ok_or(Error::Truncated)?;
        let rate = frequency(&mut bits)?;
        let layout = bits.bits(4).ok_or(Error::Truncated)?;
        let mut channels = channels(layout)?;
        let mut output_rate = rate;
        let mut core = object_type;
        if matches!(object_type, SBR | PS) {
            output_rate = frequency(&mut bits)?;
            core = self::object_type(&mut bits).ok_or(Error::Truncated)?;
        }
        if object_type == PS && channels == 1 {
            channels = 2;
        }
        // GASpecificConfig begins with frameLengthFlag for the coders that share it.
        let short = matches!(core, 1..=4 | 6 | 7 | 17 | 19..=23) && bits.bit().unwrap_or(false);
        Ok(Self {
            object_type,
            rate,
            output_rate,
            channels,
            frame_samples: if short { 960 } else { 1024 },
            record,
        })
    }

    /// RFC 6381: `mp4a.40.2`.
    pub fn codec(&self) -> String {
        format!("mp4a.40.{}", self.object_type)
    }
}

fn object_type(bits: &mut Bits<'_>) -> Option<u8> {
    let short = bits.bits(5)?;
    let value = if short == 31 {
        bits.bits(6)?.checked_add(32)?
    } else {
        short
    };
    u8::try_from(value).ok()
}

fn frequency(bits: &mut Bits<'_>) -> Result<u32, Error> {
    let index = bits.bits(4).ok_or(Error::Truncated)?;
    let rate = if index == 15 {
        bits.bits(24).ok_or(Error::Truncated)?
    } else {
        usize::try_from(index)
            .ok()
            .and_then(|index| FREQUENCIES.get(index).copied())
            .ok_or(Error::Reserved)?
    };
    if rate == 0 {
        return Err(Error::Reserved);
    }
    Ok(rate)
}

const fn channels(layout: u32) -> Result<u8, Error> {
    Ok(match layout {
        0 | 2 => 2,
        1 => 1,
        3 => 3,
        4 => 4,
        5 => 5,
        6 => 6,
        11 => 7,
        7 | 12 | 14 => 8,
        _ => return Err(Error::Reserved),
    })
}

const SBR: u8 = 5;
const PS: u8 = 29;

const FREQUENCIES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_aac_is_read() {
        let config = Config::parse(Bytes::from_static(&[0x12, 0x10])).unwrap();
        assert_eq!((config.object_type, config.rate, config.channels), (2, 44_100, 2));
        assert_eq!(config.codec(), "mp4a.40.2");
        let config = Config::parse(Bytes::from_static(&[0x11, 0x90, 0x56, 0xe5, 0])).unwrap();
        assert_eq!((config.rate, config.frame_samples), (48_000, 1024));
    }

    #[test]
    fn explicit_sbr_doubles_the_output_rate_only() {
        // Object type 5, 24 kHz, stereo, extension 48 kHz, core object type 2.
        let config = Config::parse(Bytes::from_static(&[0x2b, 0x11, 0x88, 0x00])).unwrap();
        assert_eq!(
            (config.object_type, config.rate, config.output_rate),
            (5, 24_000, 48_000)
        );
    }

    #[test]
    fn what_is_short_or_reserved_is_refused() {
        assert_eq!(Config::parse(Bytes::new()), Err(Error::Truncated));
        assert_eq!(Config::parse(Bytes::from_static(&[0x12])), Err(Error::Truncated));
        assert_eq!(Config::parse(Bytes::from_static(&[0x16, 0x90])), Err(Error::Reserved));
    }
}
