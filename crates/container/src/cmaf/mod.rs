//! CMAF: one init segment for a set of tracks, one fragment per video frame or audio batch.
//!
//! A fragment is complete in itself and addressed relative to its own start, so it can be sent
//! to any viewer, written to any segment and repeated at will. ISO/IEC 14496-12, 23000-19.

mod fragment;
mod init;

pub use self::fragment::{Sample, fragment};
pub use self::init::init;

use crate::{aac, avc};

/// One track of a presentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// From 1, unique within the presentation.
    pub id: u32,
    /// Units per second of all durations and times of the track.
    pub timescale: u32,
    /// What it carries.
    pub media: Media,
}

/// What a track carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Media {
    /// H.264.
    Avc(avc::Config),
    /// AAC.
    Aac(aac::Config),
}

impl Track {
    /// An H.264 track, in units of 1/90000 s.
    pub const fn avc(id: u32, config: avc::Config) -> Self {
        Self {
            id,
            timescale: VIDEO_TIMESCALE,
            media: Media::Avc(config),
        }
    }

    /// An AAC track, in units of one sample.
    pub const fn aac(id: u32, config: aac::Config) -> Self {
        Self {
            id,
            timescale: config.rate,
            media: Media::Aac(config),
        }
    }

    /// Whether it carries pictures.
    pub const fn is_video(&self) -> bool {
        matches!(self.media, Media::Avc(_))
    }

    /// RFC 6381: `avc1.64001f`, `mp4a.40.2`.
    pub fn codec(&self) -> String {
        match &self.media {
            Media::Avc(config) => config.codec(),
            Media::Aac(config) => config.codec(),
        }
    }

    /// Milliseconds in this track's units, rounded down.
    pub const fn units(&self, milliseconds: u64) -> u64 {
        let scaled = (milliseconds as u128).saturating_mul(self.timescale as u128) / 1000;
        if scaled > u64::MAX as u128 {
            return u64::MAX;
        }
        #[expect(clippy::cast_possible_truncation, reason = "compared on the line above")]
        return scaled as u64;
    }
}

/// RFC 6381 codecs of all tracks: `avc1.64001f,mp4a.40.2`.
pub fn codecs(tracks: &[Track]) -> String {
    let names: Vec<_> = tracks.iter().map(Track::codec).collect();
    names.join(",")
}

/// Why no segment could be made. All but the last are the caller's mistakes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An init segment needs a track.
    #[error("a presentation needs at least one track")]
    NoTrack,
    /// A fragment needs a sample.
    #[error("a fragment needs at least one sample")]
    NoSample,
    /// The payload is not as long as its samples together.
    #[error("the samples announce {announced} bytes, the payload has {given}")]
    PayloadLength {
        /// Sum of the samples' sizes.
        announced: u64,
        /// Length of the payload.
        given: u64,
    },
    /// More than a 32-bit box can hold.
    #[error("the fragment is longer than 4 GiB")]
    TooLong,
    /// The box writer refused a value.
    #[error("a box cannot be written")]
    Box(#[from] mp4_atom::Error),
}

/// Units per second of a video track.
pub const VIDEO_TIMESCALE: u32 = 90_000;
