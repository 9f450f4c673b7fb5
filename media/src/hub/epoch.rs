//! An epoch: the time during which a stream's tracks stay the same. Each has an init segment of its own.

use bytes::Bytes;
use container::cmaf::{self, Media, Track};
use serde_json::json;

use crate::play::ws::frame;

/// The tracks of a stream for a while, and everything that a player needs before their first fragment.
#[derive(Debug)]
pub struct Epoch {
    /// Rises by one with each change of tracks.
    pub number: u64,
    /// RFC 6381, as in `avc1.64001f,mp4a.40.2`.
    pub codecs: String,
    /// The CMAF init segment.
    pub init: Bytes,
    /// The info and the init segment as two WebSocket messages.
    pub(crate) messages: Bytes,
}

impl Epoch {
    pub(crate) fn new(number: u64, tracks: &[Track]) -> Result<Self, cmaf::Error> {
        let init = cmaf::init(tracks)?;
        let codecs = cmaf::codecs(tracks);
        let info = json!({
            "type": "info",
            "epoch": number,
            "codecs": codecs,
            "mime": format!("video/mp4; codecs=\"{codecs}\""),
            "tracks": tracks.iter().map(describe).collect::<Vec<_>>(),
        });
        let messages = [frame::text(&info.to_string()), frame::binary(&init)].concat().into();
        Ok(Self {
            number,
            codecs,
            init,
            messages,
        })
    }
}

fn describe(track: &Track) -> serde_json::Value {
    match &track.media {
        Media::Avc(config) => json!({
            "kind": "video",
            "codec": track.codec(),
            "width": config.picture.width,
            "height": config.picture.height,
        }),
        Media::Aac(config) => json!({
            "kind": "audio",
            "codec": track.codec(),
            "rate": config.rate,
            "channels": config.channels,
        }),
    }
}
