//! A fragment: one video frame or one batch of audio, packaged once.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::Epoch;
use crate::play::ws::frame;

/// One `moof` and `mdat`, framed as a WebSocket message already. Every viewer shares these bytes.
#[derive(Debug)]
pub struct Fragment {
    /// Rises by one with each fragment of the stream.
    pub sequence: u64,
    /// The tracks that it belongs to.
    pub epoch: Arc<Epoch>,
    /// Whether a player can begin here.
    pub opens_group: bool,
    /// Where it begins on the stream's time line.
    pub begins: Duration,
    /// How long it lasts.
    pub lasts: Duration,
    message: Bytes,
    header: usize,
}

impl Fragment {
    pub(crate) fn new(sequence: u64, epoch: Arc<Epoch>, packaged: &super::packager::Packaged) -> Self {
        let message = frame::binary(&packaged.media);
        let header = message.len().saturating_sub(packaged.media.len());
        Self {
            sequence,
            epoch,
            opens_group: packaged.opens_group,
            begins: packaged.begins,
            lasts: packaged.lasts,
            message,
            header,
        }
    }

    /// As a WebSocket message, header included.
    pub fn message(&self) -> Bytes {
        self.message.clone()
    }

    /// As it stands in a file.
    pub fn media(&self) -> Bytes {
        self.message.slice(self.header..)
    }

    /// Bytes that it occupies.
    pub(crate) fn len(&self) -> usize {
        self.message.len()
    }
}
