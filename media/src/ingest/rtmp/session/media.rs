//! What a publisher sends: pictures, sound, and words about them.

use container::{
    amf0::{self, Value},
    flv,
    rtmp::{Message, kind},
};

use super::{Session, Stage, without_format};
use crate::ingest::rtmp::Item;

impl Session {
    /// What a message carries; `None` where it is nothing of interest, or comes from someone who was not let in.
    pub(super) fn media(&mut self, message: &Message) -> Option<Item> {
        let Stage::Publishing(_) = self.stage else { return None };
        match message.kind {
            kind::VIDEO => {
                let timestamp_ms = self.timeline.unwrap(message.timestamp);
                Some(match flv::video(&message.payload) {
                    Ok(tracks) => Item::Video { timestamp_ms, tracks },
                    Err(error) => Item::Unreadable(error),
                })
            }
            kind::AUDIO => {
                let timestamp_ms = self.timeline.unwrap(message.timestamp);
                Some(match flv::audio(&message.payload) {
                    Ok(tracks) => Item::Audio { timestamp_ms, tracks },
                    Err(error) => Item::Unreadable(error),
                })
            }
            kind::DATA => metadata(&message.payload),
            kind::DATA_AMF3 => metadata(without_format(&message.payload)),
            _ => None,
        }
    }
}

/// Data that cannot be read is as if it had not come: it is for display only.
fn metadata(body: &[u8]) -> Option<Item> {
    let values = amf0::decode(body.get(..MAX_METADATA).unwrap_or(body), amf0::Limits::default()).ok()?;
    let mut values = values.iter().peekable();
    values.next_if(|value| value.as_str() == Some("@setDataFrame"));
    let name = values.next().and_then(Value::as_str)?;
    let value = values.next().filter(|_| name == "onMetaData")?;
    Some(Item::Metadata(flv::metadata(value)))
}

const MAX_METADATA: usize = 256 * 1024;
