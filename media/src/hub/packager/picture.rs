//! Pictures: one fragment each.

use container::{
    cmaf::{Sample, Track},
    flv::VideoFrame,
};

use super::{Packaged, package};

/// The picture track of an epoch.
#[derive(Debug)]
pub(super) struct Pictures {
    track: Track,
    held: Option<Held>,
    last_duration: u64,
    ends: u64,
}

/// A picture whose length is not known yet.
#[derive(Debug)]
struct Held {
    begins: u64,
    frame: VideoFrame,
}

impl Pictures {
    pub(super) fn new(track: Track) -> Self {
        let last_duration = u64::from(track.timescale) / 25;
        Self {
            track,
            held: None,
            last_duration,
            ends: 0,
        }
    }

    pub(super) fn track(&self) -> &Track {
        &self.track
    }

    /// Takes a picture whose decode time is `ms`; gives the one before.
    pub(super) fn push(&mut self, ms: u64, frame: VideoFrame, sequence: &mut u32) -> Option<Packaged> {
        // Decode times never stand still: two pictures of one millisecond are one unit apart.
        let earliest = self.held.as_ref().map_or(self.ends, |held| held.begins + 1);
        let begins = self.track.units(ms).max(earliest);
        let done = self.held.take().and_then(|held| {
            self.last_duration = begins - held.begins;
            self.emit(held, sequence)
        });
        self.held = Some(Held { begins, frame });
        done
    }

    /// Gives the last picture, with the length of the one before.
    pub(super) fn flush(&mut self, sequence: &mut u32) -> Option<Packaged> {
        let held = self.held.take()?;
        self.emit(held, sequence)
    }

    /// Where the track ends so far, in ms.
    pub(super) fn ends_ms(&self) -> u64 {
        (self.ends * 1000).div_ceil(u64::from(self.track.timescale.max(1)))
    }

    fn emit(&mut self, held: Held, sequence: &mut u32) -> Option<Packaged> {
        let Held { begins, frame } = held;
        self.ends = begins + self.last_duration;
        let offset = i64::from(frame.composition_offset_ms) * i64::from(self.track.timescale) / 1000;
        let sample = Sample {
            duration: u32::try_from(self.last_duration).unwrap_or(u32::MAX),
            size: u32::try_from(frame.data.len()).ok()?,
            keyframe: frame.keyframe,
            composition_offset: i32::try_from(offset).unwrap_or(0),
        };
        package(sequence, &self.track, begins, &[sample], &[frame.data], frame.keyframe)
    }
}
