//! From an encoder's frames to fragments, one per picture and one per batch of sound.
//!
//! A picture's length is known when the next one comes, so video is one frame behind: exact times are worth 30 ms. An
//! encoder that changes its tracks, or whose clock jumps, begins a new epoch; the stream's time line goes on unbroken.

mod picture;
mod sound;

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use container::{
    aac, avc,
    cmaf::{self, Track},
    flv::{self, AudioCodec, AudioPayload, VideoCodec, VideoPayload},
};
use picture::Pictures;
use sound::Sound;

/// What comes out.
#[derive(Debug)]
pub(crate) enum Output {
    /// New tracks; what follows belongs to them.
    Tracks(Vec<Track>),
    /// One fragment.
    Media(Packaged),
}

/// One fragment, not yet part of a stream.
#[derive(Debug)]
pub(crate) struct Packaged {
    pub(crate) media: Bytes,
    pub(crate) opens_group: bool,
    pub(crate) begins: Duration,
    pub(crate) lasts: Duration,
}

/// Packages what one encoder sends.
#[derive(Debug)]
pub(crate) struct Packager {
    /// Where on the stream's time line the next epoch begins, in ms.
    resumes_ms: i64,
    video: Option<avc::Config>,
    audio: Option<aac::Config>,
    waiting: VecDeque<(i64, Frame)>,
    running: Option<Running>,
    unknown: bool,
}

#[derive(Clone, Debug)]
enum Frame {
    Picture(flv::VideoFrame),
    Sound(Bytes),
}

/// An epoch that has begun.
#[derive(Debug)]
struct Running {
    pictures: Option<Pictures>,
    sound: Option<Sound>,
    /// Added to the encoder's milliseconds.
    offset_ms: i64,
    last_ms: i64,
    sequence: u32,
}

impl Packager {
    /// A packager whose first fragment begins at `resumes_at`.
    pub(crate) fn new(resumes_at: Duration) -> Self {
        Self {
            resumes_ms: i64::try_from(resumes_at.as_millis()).unwrap_or(0),
            video: None,
            audio: None,
            waiting: VecDeque::new(),
            running: None,
            unknown: false,
        }
    }

    /// Takes one part of a video message; only the first track of H.264 is carried.
    pub(crate) fn video(&mut self, ms: i64, video: &flv::Video) -> Vec<Output> {
        if video.track != 0 || video.codec != VideoCodec::Avc {
            self.warn_unknown(&format!("{:?}", video.codec));
            return Vec::new();
        }
        match &video.payload {
            VideoPayload::Config(record) => match avc::Config::parse(record.clone()) {
                Ok(config) if self.video.as_ref() != Some(&config) => {
                    let rest = self.close();
                    self.video = Some(config);
                    rest
                }
                Ok(_) => Vec::new(),
                Err(error) => {
                    tracing::warn!(%error, "the encoder's H.264 configuration cannot be read");
                    Vec::new()
                }
            },
            VideoPayload::Frame(frame) => self.take(ms, Frame::Picture(frame.clone())),
            VideoPayload::End | VideoPayload::Metadata(_) | VideoPayload::Command => Vec::new(),
        }
    }

    /// Takes one part of an audio message; only the first track of AAC is carried.
    pub(crate) fn audio(&mut self, ms: i64, audio: &flv::Audio) -> Vec<Output> {
        if audio.track != 0 || audio.codec != AudioCodec::Aac {
            self.warn_unknown(&format!("{:?}", audio.codec));
            return Vec::new();
        }
        match &audio.payload {
            AudioPayload::Config(record) => match aac::Config::parse(record.clone()) {
                Ok(config) if self.audio.as_ref() != Some(&config) => {
                    let rest = self.close();
                    self.audio = Some(config);
                    rest
                }
                Ok(_) => Vec::new(),
                Err(error) => {
                    tracing::warn!(%error, "the encoder's AAC configuration cannot be read");
                    Vec::new()
                }
            },
            AudioPayload::Frame(data) => self.take(ms, Frame::Sound(data.clone())),
            AudioPayload::End | AudioPayload::Channels(_) => Vec::new(),
        }
    }

    /// What was held back.
    pub(crate) fn finish(&mut self) -> Vec<Output> {
        self.close()
    }

    /// Where on the stream's time line the next encoder goes on.
    pub(crate) fn ends_at(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.resumes_ms).unwrap_or(0))
    }

    fn take(&mut self, ms: i64, frame: Frame) -> Vec<Output> {
        let mut out = Vec::new();
        if self
            .running
            .as_ref()
            .is_some_and(|running| running.jumps(ms) || running.lacks(&frame, self))
        {
            out = self.close();
        }
        if let Some(running) = &mut self.running {
            running.push(ms, frame, &mut out);
            return out;
        }
        self.waiting.push_back((ms, frame));
        self.begin(&mut out);
        out
    }

    /// Begins an epoch once it is clear which tracks it has, at a key frame.
    fn begin(&mut self, out: &mut Vec<Output>) {
        let span = self
            .waiting
            .back()
            .zip(self.waiting.front())
            .map_or(0, |(last, first)| last.0 - first.0);
        let settled = (self.video.is_some() && self.audio.is_some()) || span.abs() >= SETTLE_MS;
        if self.waiting.len() > WAITING {
            self.waiting.clear();
        }
        if !settled || (self.video.is_none() && self.audio.is_none()) {
            return;
        }
        if self.video.is_some() {
            let key = self
                .waiting
                .iter()
                .position(|(_, frame)| matches!(frame, Frame::Picture(picture) if picture.keyframe));
            match key {
                Some(key) => drop(self.waiting.drain(..key)),
                None => return self.waiting.clear(),
            }
        }
        let Some((first_ms, _)) = self.waiting.front() else {
            return;
        };
        let pictures = self
            .video
            .clone()
            .map(|config| Pictures::new(Track::avc(VIDEO, config)));
        let sound = self
            .audio
            .clone()
            .map(|config| Sound::new(Track::aac(AUDIO, config), pictures.is_none()));
        let tracks = [pictures.as_ref().map(Pictures::track), sound.as_ref().map(Sound::track)]
            .into_iter()
            .flatten()
            .cloned();
        out.push(Output::Tracks(tracks.collect()));
        let mut running = Running {
            pictures,
            sound,
            offset_ms: self.resumes_ms.saturating_sub(*first_ms),
            last_ms: *first_ms,
            sequence: 0,
        };
        let first_ms = *first_ms;
        for (ms, frame) in self.waiting.drain(..).filter(|(ms, _)| *ms >= first_ms) {
            running.push(ms, frame, out);
        }
        self.running = Some(running);
    }

    /// Ends the epoch with what was held back.
    fn close(&mut self) -> Vec<Output> {
        let mut out = Vec::new();
        if let Some(mut running) = self.running.take() {
            running.flush(&mut out);
            self.resumes_ms = self.resumes_ms.max(running.ends_ms());
        }
        out
    }

    fn warn_unknown(&mut self, codec: &str) {
        if !std::mem::replace(&mut self.unknown, true) {
            tracing::warn!(
                codec,
                "a track is left out: only the first one of H.264 and of AAC is carried"
            );
        }
    }
}

impl Running {
    /// Whether the encoder's clock broke.
    fn jumps(&self, ms: i64) -> bool {
        let step = ms.saturating_sub(self.last_ms);
        !(-JUMP_BACK_MS..=JUMP_AHEAD_MS).contains(&step)
    }

    /// Whether the frame is of a track that came to be known after the epoch began.
    fn lacks(&self, frame: &Frame, packager: &Packager) -> bool {
        match frame {
            Frame::Picture(_) => self.pictures.is_none() && packager.video.is_some(),
            Frame::Sound(_) => self.sound.is_none() && packager.audio.is_some(),
        }
    }

    fn push(&mut self, ms: i64, frame: Frame, out: &mut Vec<Output>) {
        self.last_ms = self.last_ms.max(ms);
        let ms = u64::try_from(ms.saturating_add(self.offset_ms)).unwrap_or(0);
        match frame {
            Frame::Picture(picture) => {
                let Some(pictures) = &mut self.pictures else { return };
                let keyframe = picture.keyframe;
                let done = pictures.push(ms, picture, &mut self.sequence);
                out.extend(done.map(Output::Media));
                if keyframe && let Some(sound) = &mut self.sound {
                    out.extend(sound.flush(&mut self.sequence).map(Output::Media));
                }
            }
            Frame::Sound(data) => {
                let Some(sound) = &mut self.sound else { return };
                out.extend(sound.push(ms, data, &mut self.sequence).map(Output::Media));
            }
        }
    }

    fn flush(&mut self, out: &mut Vec<Output>) {
        if let Some(pictures) = &mut self.pictures {
            out.extend(pictures.flush(&mut self.sequence).map(Output::Media));
        }
        if let Some(sound) = &mut self.sound {
            out.extend(sound.flush(&mut self.sequence).map(Output::Media));
        }
    }

    fn ends_ms(&self) -> i64 {
        let pictures = self.pictures.as_ref().map_or(0, Pictures::ends_ms);
        let sound = self.sound.as_ref().map_or(0, Sound::ends_ms);
        i64::try_from(pictures.max(sound)).unwrap_or(i64::MAX)
    }
}

/// Packages samples; one that cannot be packaged is lost, and said.
fn package(
    sequence: &mut u32,
    track: &Track,
    begins: u64,
    samples: &[cmaf::Sample],
    payload: &[Bytes],
    opens_group: bool,
) -> Option<Packaged> {
    *sequence = sequence.saturating_add(1);
    let lasts = samples.iter().map(|sample| u64::from(sample.duration)).sum();
    match cmaf::fragment(*sequence, track, begins, samples, payload) {
        Ok(media) => Some(Packaged {
            media,
            opens_group,
            begins: span(begins, track),
            lasts: span(lasts, track),
        }),
        Err(error) => {
            tracing::warn!(%error, "a fragment cannot be packaged");
            None
        }
    }
}

/// A track's units as time.
fn span(units: u64, track: &Track) -> Duration {
    let us = u128::from(units) * 1_000_000 / u128::from(track.timescale.max(1));
    Duration::from_micros(u64::try_from(us).unwrap_or(u64::MAX))
}

const VIDEO: u32 = 1;
const AUDIO: u32 = 2;
/// How much media may pass before a track that was not announced is taken to be absent.
const SETTLE_MS: i64 = 1_000;
/// Frames that may wait for that.
const WAITING: usize = 2_000;
/// Beyond these the encoder's clock was set anew.
const JUMP_AHEAD_MS: i64 = 10_000;
const JUMP_BACK_MS: i64 = 1_000;
