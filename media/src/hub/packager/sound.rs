//! Sound: frames gathered into batches, timed by counting samples.
//!
//! RTMP cuts times to milliseconds, which would tear tiny gaps between frames; so samples are counted, and the
//! encoder's time is believed again only when the two are further apart than anybody could call rounding.

use bytes::Bytes;
use container::cmaf::{Media, Sample, Track};

use super::{Packaged, package};

/// The sound track of an epoch.
#[derive(Debug)]
pub(super) struct Sound {
    track: Track,
    frame_samples: u64,
    /// Without pictures, players begin at sound.
    alone: bool,
    last_group: Option<u64>,
    expected: Option<u64>,
    begins: u64,
    batch: Vec<Bytes>,
    ends: u64,
}

impl Sound {
    pub(super) fn new(track: Track, alone: bool) -> Self {
        let frame_samples = match &track.media {
            Media::Aac(config) => u64::from(config.frame_samples),
            Media::Avc(_) => 1024,
        };
        Self {
            track,
            frame_samples,
            alone,
            last_group: None,
            expected: None,
            begins: 0,
            batch: Vec::new(),
            ends: 0,
        }
    }

    pub(super) fn track(&self) -> &Track {
        &self.track
    }

    /// Takes a frame that begins at `ms`; gives a batch when one is full.
    pub(super) fn push(&mut self, ms: u64, data: Bytes, sequence: &mut u32) -> Option<Packaged> {
        let told = self.track.units(ms);
        let slack = u64::from(self.track.timescale) * SLACK_MS / 1000;
        let counted = self.expected.unwrap_or(told);
        if told + slack < counted {
            // The encoder repeats itself: this was heard already.
            return None;
        }
        let gap = told > counted + slack;
        let done = if gap { self.flush(sequence) } else { None };
        let begins = if gap { told } else { counted };
        if self.batch.is_empty() {
            self.begins = begins;
        }
        self.batch.push(data);
        self.expected = Some(begins + self.frame_samples);
        let full = self.batch.len() as u64 * self.frame_samples * 1000 >= u64::from(self.track.timescale) * BATCH_MS;
        done.or_else(|| if full { self.flush(sequence) } else { None })
    }

    /// Gives what was gathered.
    pub(super) fn flush(&mut self, sequence: &mut u32) -> Option<Packaged> {
        if self.batch.is_empty() {
            return None;
        }
        let payload = std::mem::take(&mut self.batch);
        let samples: Option<Vec<_>> = payload
            .iter()
            .map(|data| {
                Some(Sample {
                    duration: u32::try_from(self.frame_samples).ok()?,
                    size: u32::try_from(data.len()).ok()?,
                    keyframe: true,
                    composition_offset: 0,
                })
            })
            .collect();
        self.ends = self.begins + payload.len() as u64 * self.frame_samples;
        let opens_group = self.alone
            && self
                .last_group
                .is_none_or(|group| self.begins.saturating_sub(group) >= u64::from(self.track.timescale));
        if opens_group {
            self.last_group = Some(self.begins);
        }
        package(sequence, &self.track, self.begins, &samples?, &payload, opens_group)
    }

    /// Where the track ends so far, in ms.
    pub(super) fn ends_ms(&self) -> u64 {
        (self.ends * 1000).div_ceil(u64::from(self.track.timescale.max(1)))
    }
}

const BATCH_MS: u64 = 60;
const SLACK_MS: u64 = 30;
