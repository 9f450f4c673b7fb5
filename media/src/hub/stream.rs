//! A live stream: its tracks, its last fragments, its segments.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use guard::{Admitted, Permit, Timestamp};
use ids::{OrganisationId, StreamId, StreamName};
use tokio::sync::watch;

use super::{Epoch, Fragment, Subscription, Window, packager::Packaged, ring::Ring, segments::Segments};
use crate::{
    gate::{Glance, Play},
    session::Shared,
};

/// One stream while it is live, and for a moment after its encoder left.
#[derive(Debug)]
pub struct Stream {
    /// Its id.
    pub id: StreamId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Its public name.
    pub name: StreamName,
    pub(super) ring: Ring,
    head: watch::Sender<Head>,
    segments: Segments,
    /// Who publishes it.
    publisher: watch::Sender<Option<Shared>>,
    epochs: AtomicU64,
    resumes_ms: AtomicU64,
}

/// Where a stream is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Head {
    /// The number that the next fragment will have.
    pub(super) next: u64,
    /// The oldest that is kept.
    pub(super) first: u64,
    /// The newest that a player can begin with.
    pub(super) group: Option<u64>,
    /// No fragment will come any more.
    pub(super) ended: bool,
    /// Whether any media came at all.
    pub(super) live: bool,
}

impl Stream {
    pub(super) fn new(permit: &Permit) -> Self {
        Self {
            id: permit.stream(),
            organisation: permit.organisation(),
            name: permit.name().clone(),
            ring: Ring::new(),
            head: watch::Sender::default(),
            segments: Segments::default(),
            publisher: watch::Sender::default(),
            epochs: AtomicU64::new(0),
            resumes_ms: AtomicU64::new(0),
        }
    }

    /// Begins to watch, at the last group of pictures.
    pub fn subscribe(self: &Arc<Self>, _: &Admitted<Play>) -> Subscription {
        Subscription::new(self.clone(), self.head.subscribe())
    }

    /// The segments as they stand, and as they come.
    pub fn segments(&self, _: &Admitted<Glance>) -> watch::Receiver<Arc<Window>> {
        self.segments.watch()
    }

    /// Whether the first segment is cut.
    pub(crate) fn has_segment(&self) -> bool {
        !self.segments.watch().borrow().segments.is_empty()
    }

    /// Whose encoder is connected.
    pub(crate) fn publisher(&self) -> Option<Shared> {
        self.publisher.borrow().clone()
    }

    /// Whether media came.
    pub fn is_live(&self) -> bool {
        self.head.borrow().live
    }

    /// Takes hold of it for a session; who has it, where somebody does.
    pub(super) fn take(&self, session: &Shared) -> Option<Shared> {
        let mut held = None;
        self.publisher.send_if_modified(|publisher| {
            held.clone_from(publisher);
            let free = held.is_none();
            if free {
                *publisher = Some(session.clone());
            }
            free
        });
        held
    }

    /// Waits until a session publishes it no more. Another may do so by then.
    pub(super) async fn let_go(&self, session: &Shared) {
        let is_other = |publisher: &Option<Shared>| publisher.as_ref().is_none_or(|one| one.id != session.id);
        // The sender lives as long as the stream: waiting cannot fail.
        let _ = self.publisher.subscribe().wait_for(is_other).await;
    }

    /// Where on the stream's time line the next encoder goes on.
    pub(super) fn resumes_at(&self) -> Duration {
        Duration::from_millis(self.resumes_ms.load(Ordering::SeqCst))
    }

    /// The encoder is gone, after media up to `at`.
    pub(super) fn leave(&self, at: Duration) {
        self.resumes_ms
            .store(u64::try_from(at.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
        self.publisher.send_replace(None);
    }

    pub(super) fn next_epoch(&self) -> u64 {
        self.epochs.fetch_add(1, Ordering::SeqCst)
    }

    /// Takes one fragment in; whether it is the stream's first.
    pub(super) fn push(&self, epoch: &Arc<Epoch>, packaged: &Packaged, now: Timestamp) -> bool {
        let sequence = self.head.borrow().next;
        let fragment = Arc::new(Fragment::new(sequence, epoch.clone(), packaged));
        self.segments.push(&fragment, now);
        let opens_group = fragment.opens_group;
        let first = self.ring.push(fragment);
        let mut was_live = true;
        self.head.send_modify(|head| {
            was_live = std::mem::replace(&mut head.live, true);
            head.next = sequence.saturating_add(1);
            head.first = first;
            if opens_group {
                head.group = Some(sequence);
            }
        });
        !was_live
    }

    /// No more will come. Whether media ever came, the first time; false after.
    pub(super) fn end(&self) -> bool {
        self.segments.end();
        let mut first = false;
        self.head
            .send_modify(|head| first = !std::mem::replace(&mut head.ended, true) && head.live);
        first
    }
}
