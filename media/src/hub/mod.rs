//! The hub: every live stream of a node, packaged once and shared by all its viewers.
//!
//! ```text
//! Publisher ─ packager ─▶ Stream: ring of fragments ─▶ Subscription (one per viewer, no lock, no copy)
//!                              └─▶ segments ─────────▶ playlists
//! ```
//! Nobody publishes or subscribes without an `Admitted`.

mod epoch;
mod fragment;
mod packager;
mod publisher;
mod ring;
mod segments;
mod stream;
mod subscription;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub use epoch::Epoch;
pub use fragment::Fragment;
use guard::{Admitted, Permit, Reason};
use ids::{NodeId, StreamId};
use link::{Clock, Events};
pub use publisher::Publisher;
pub use segments::{Segment, Window};
pub use stream::Stream;
pub use subscription::{Next, Subscription};

use crate::{gate::Publish, session::Shared};

/// The live streams of a node.
#[derive(Clone, Debug)]
pub struct Hub {
    streams: Arc<Mutex<HashMap<StreamId, Arc<Stream>>>>,
    clock: Clock,
    node: NodeId,
    events: Events,
}

impl Hub {
    pub(crate) fn new(clock: Clock, node: NodeId, events: Events) -> Self {
        Self {
            streams: Arc::default(),
            clock,
            node,
            events,
        }
    }

    /// The stream of that id, while it is live or its encoder may still come back.
    pub fn stream(&self, id: StreamId) -> Option<Arc<Stream>> {
        self.lock().get(&id).cloned()
    }

    /// Begins to publish. Whoever publishes already is replaced where the stream allows it: its session is over, and it
    /// has left before this returns. Otherwise the gate has found the stream free, and where two came at once, the second
    /// is refused here.
    pub async fn publish(&self, admitted: Admitted<Publish>) -> Result<Publisher, Reason> {
        let target = admitted.target();
        loop {
            let (stream, held) = self.take(admitted.permit(), target.stay.session());
            let Some(held) = held else {
                return Ok(Publisher::new(admitted, stream, self.clone()));
            };
            if !target.takes_over {
                return Err(Reason::StreamInUse);
            }
            held.end(Reason::PublisherReplaced);
            tokio::select! {
                biased;
                reason = target.stay.over() => return Err(reason),
                () = stream.let_go(&held) => {}
            }
        }
    }

    /// Takes hold of the stream, or finds out who has it.
    fn take(&self, permit: &Permit, session: &Shared) -> (Arc<Stream>, Option<Shared>) {
        let mut streams = self.lock();
        let stream = streams
            .entry(permit.stream())
            .or_insert_with(|| Arc::new(Stream::new(permit)))
            .clone();
        // INVARIANT: whoever takes or closes a stream holds the lock, so that nobody takes one that is being closed.
        let held = stream.take(session);
        (stream, held)
    }

    /// Forgets the stream and tells its viewers, unless a publisher has come back.
    fn close(&self, stream: &Arc<Stream>) {
        let mut streams = self.lock();
        if stream.publisher().is_some() {
            return;
        }
        let known = streams.get(&stream.id).is_some_and(|known| Arc::ptr_eq(known, stream));
        if known {
            streams.remove(&stream.id);
        }
        drop(streams);
        if stream.end() {
            let kind = link::Kind::Offline {
                stream: stream.id,
                organisation: stream.organisation,
            };
            self.events.tell(link::Event {
                at: self.clock.now(),
                node: self.node,
                kind,
            });
        }
    }

    fn live(&self, stream: &Stream) {
        let kind = link::Kind::Live {
            stream: stream.id,
            organisation: stream.organisation,
        };
        self.events.tell(link::Event {
            at: self.clock.now(),
            node: self.node,
            kind,
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StreamId, Arc<Stream>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long viewers are kept when an encoder goes without having been sent away.
pub(crate) const LINGER: Duration = Duration::from_secs(5);
