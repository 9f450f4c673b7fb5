//! FLV audio and video message bodies, as RTMP carries them: the classic ones and enhanced RTMP's.
//!
//! A body may hold several tracks, so parsing one yields a list. Media bytes are slices of the
//! message, not copies. Adobe FLV 10.1 E.4; Enhanced RTMP v2 "Enhanced Audio", "Enhanced Video".

mod audio;
mod extended;
mod metadata;
mod video;

pub use self::audio::{Audio, AudioCodec, AudioPayload, audio};
pub use self::metadata::{Metadata, metadata};
pub use self::video::{Video, VideoCodec, VideoFrame, VideoPayload, video};

/// Why a body cannot be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A field or a track is longer than the message.
    #[error("media message ends early")]
    Truncated,
    /// A packet type that no specification gives a meaning.
    #[error("media message has packet type {0}")]
    PacketType(u8),
    /// A multitrack message inside another, or of a kind that no specification names.
    #[error("media message has multitrack type {0}")]
    Multitrack(u8),
}

/// What enhanced RTMP names a codec by.
pub type FourCc = [u8; 4];
