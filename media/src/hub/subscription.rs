//! A viewer's place in a stream.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{Fragment, Stream, stream::Head};

/// Reads a stream in order. Who falls too far behind loses whole groups of pictures, never the stream's memory.
#[derive(Debug)]
pub struct Subscription {
    stream: Arc<Stream>,
    head: watch::Receiver<Head>,
    place: Option<u64>,
}

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// Fragments in order, at least one; a gap before them only where groups were lost.
    Fragments(Vec<Arc<Fragment>>),
    /// The stream is over.
    Ended,
}

impl Subscription {
    pub(super) fn new(stream: Arc<Stream>, head: watch::Receiver<Head>) -> Self {
        Self {
            stream,
            head,
            place: None,
        }
    }

    /// Waits for what comes next, `most` fragments at a time. Cancellation loses nothing.
    pub async fn next(&mut self, most: usize) -> Next {
        loop {
            let head = *self.head.borrow_and_update();
            self.catch_up(&head);
            let fragments = self.take(&head, most);
            if !fragments.is_empty() {
                return Next::Fragments(fragments);
            }
            if head.ended || self.head.changed().await.is_err() {
                return Next::Ended;
            }
        }
    }

    /// Finds the place to begin at, or the one to go on at after falling behind.
    fn catch_up(&mut self, head: &Head) {
        let Some(place) = self.place else {
            self.place = head.group.filter(|group| *group >= head.first);
            return;
        };
        let lost = place < head.first;
        let behind = || {
            let newest = self.stream.ring.get(head.next.checked_sub(1)?)?;
            let mine = self.stream.ring.get(place)?;
            Some(newest.begins.saturating_sub(mine.begins) > PATIENCE)
        };
        if lost || (place < head.next && behind().unwrap_or(true)) {
            match head.group.filter(|group| *group >= head.first) {
                Some(group) if group > place => self.place = Some(group),
                None if lost => self.place = None,
                _ if lost => self.place = head.group,
                _ => {}
            }
        }
    }

    fn take(&mut self, head: &Head, most: usize) -> Vec<Arc<Fragment>> {
        let Some(place) = self.place else { return Vec::new() };
        let fragments: Vec<_> = (place..head.next)
            .take(most)
            .map_while(|sequence| self.stream.ring.get(sequence))
            .collect();
        self.place = Some(place.saturating_add(fragments.len() as u64));
        fragments
    }
}

/// How far a viewer may fall behind before it is moved to the newest group.
const PATIENCE: Duration = Duration::from_secs(6);
