//! Segments for playlists: cut at the first key frame after 2 s, of the same bytes that everybody shares.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use guard::Timestamp;
use tokio::sync::watch;

use super::{Epoch, Fragment};

/// One segment.
#[derive(Debug)]
pub struct Segment {
    /// Its place in the playlist, from 0.
    pub number: u64,
    /// The tracks that it belongs to.
    pub epoch: Arc<Epoch>,
    /// Whether time or tracks jump before it.
    pub discontinuity: bool,
    /// As measured.
    pub lasts: Duration,
    /// When its first fragment arrived.
    pub began: Timestamp,
    /// Its media, in order.
    pub parts: Vec<Bytes>,
    /// Bytes in all.
    pub length: usize,
}

/// The segments that a stream has now.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// In order; the last [`Window::LISTED`] are listed, older ones are still served.
    pub segments: VecDeque<Arc<Segment>>,
    /// The longest segment that there ever was, in whole seconds.
    pub target_duration_s: u64,
    /// Discontinuities that left the list.
    pub discontinuity_sequence: u64,
    /// Whether the stream is over.
    pub ended: bool,
}

impl Window {
    /// How many segments a playlist lists.
    pub const LISTED: usize = 6;

    /// The segments that a playlist lists.
    pub fn listed(&self) -> impl Iterator<Item = &Arc<Segment>> {
        self.segments
            .iter()
            .skip(self.segments.len().saturating_sub(Self::LISTED))
    }

    fn add(&mut self, segment: Arc<Segment>) {
        let whole = u64::try_from(segment.lasts.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
        self.target_duration_s = self.target_duration_s.max(whole);
        if self.segments.len() >= Self::LISTED {
            let leaving = self.segments.get(self.segments.len() - Self::LISTED);
            self.discontinuity_sequence += u64::from(leaving.is_some_and(|segment| segment.discontinuity));
        }
        self.segments.push_back(segment);
        if self.segments.len() > KEPT {
            self.segments.pop_front();
        }
    }
}

/// Cuts segments.
#[derive(Debug, Default)]
pub(super) struct Segments {
    window: watch::Sender<Arc<Window>>,
    open: Mutex<Option<Open>>,
}

/// The segment that is being filled.
#[derive(Debug)]
struct Open {
    epoch: Arc<Epoch>,
    begins: Duration,
    ends: Duration,
    began: Timestamp,
    parts: Vec<Bytes>,
    length: usize,
}

impl Segments {
    pub(super) fn watch(&self) -> watch::Receiver<Arc<Window>> {
        self.window.subscribe()
    }

    pub(super) fn push(&self, fragment: &Fragment, now: Timestamp) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(segment) = open.take_if(|segment| segment.is_over(fragment)) {
            self.cut(segment, fragment.begins);
        }
        if open.as_ref().is_some_and(Open::is_endless) {
            tracing::warn!("no key frame within the longest segment; its pictures are left out of playlists");
            *open = None;
        }
        match open.as_mut() {
            Some(segment) => segment.add(fragment),
            None if fragment.opens_group => *open = Some(Open::new(fragment, now)),
            None => {}
        }
    }

    pub(super) fn end(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(segment) = open.take() {
            let ends = segment.ends;
            self.cut(segment, ends);
        }
        self.window.send_modify(|window| Arc::make_mut(window).ended = true);
    }

    fn cut(&self, segment: Open, next: Duration) {
        // A new epoch begins where the old one ended; a lost key frame leaves a gap that belongs to nobody.
        let lasts = if next > segment.begins {
            next.min(segment.ends.max(segment.begins))
        } else {
            segment.ends
        }
        .saturating_sub(segment.begins);
        if lasts > LONG {
            tracing::warn!(
                segment_ms = lasts.as_millis(),
                "the key-frame interval is over 4 s: playback will lag"
            );
        }
        self.window.send_modify(|window| {
            let last = window.segments.back();
            let segment = Arc::new(Segment {
                number: last.map_or(0, |last| last.number + 1),
                discontinuity: last.is_some_and(|last| last.epoch.number != segment.epoch.number),
                epoch: segment.epoch,
                lasts,
                began: segment.began,
                parts: segment.parts,
                length: segment.length,
            });
            Arc::make_mut(window).add(segment);
        });
    }
}

impl Open {
    fn new(fragment: &Fragment, now: Timestamp) -> Self {
        let mut open = Self {
            epoch: fragment.epoch.clone(),
            begins: fragment.begins,
            ends: fragment.begins,
            began: now,
            parts: Vec::new(),
            length: 0,
        };
        open.add(fragment);
        open
    }

    fn add(&mut self, fragment: &Fragment) {
        let media = fragment.media();
        self.ends = self.ends.max(fragment.begins + fragment.lasts);
        self.length = self.length.saturating_add(media.len());
        self.parts.push(media);
    }

    fn is_over(&self, next: &Fragment) -> bool {
        next.epoch.number != self.epoch.number
            || (next.opens_group && next.begins.saturating_sub(self.begins) >= SHORTEST)
    }

    fn is_endless(&self) -> bool {
        self.length > LARGEST || self.ends.saturating_sub(self.begins) > LONGEST
    }
}

/// Segments that are served, listed or not.
const KEPT: usize = Window::LISTED + 4;
const SHORTEST: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_secs(4);
const LONGEST: Duration = Duration::from_secs(30);
const LARGEST: usize = 64 * 1024 * 1024;
