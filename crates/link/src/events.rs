//! A node's events on their way, and what becomes of them when the control plane falls behind.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::mpsc::{self, error::TrySendError};

use crate::{Event, event::Weight};

/// Where a node's events go. Never blocks: what does not fit is dropped and counted, heartbeats first. That somebody came or
/// went is kept until there is room, up to a bound, for nothing that comes later would say so.
#[derive(Clone, Debug)]
pub struct Events {
    sender: mpsc::Sender<Event>,
    kept: Arc<Mutex<VecDeque<Event>>>,
    dropped: Arc<[AtomicU64; Weight::ALL.len()]>,
}

impl Events {
    pub(crate) fn new(sender: mpsc::Sender<Event>) -> Self {
        let (kept, dropped) = (Arc::default(), Arc::default());
        Self { sender, kept, dropped }
    }

    /// Tells the control plane, unless it is so far behind that there is no room. A quarter of the queue is kept free of
    /// heartbeats, so that starts, ends and denials still fit. Whether it was told, or will be.
    pub fn tell(&self, event: Event) -> bool {
        let weight = event.kind.weight();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.make_up(&mut kept);
        let crowded = self.sender.capacity() < self.sender.max_capacity() / 4;
        let told = if weight == Weight::Standing {
            // Behind those that wait: who went came before.
            let waits = if kept.is_empty() { self.send(event) } else { Some(event) };
            let fits = waits.is_none() || kept.len() < KEPT;
            kept.extend(waits.filter(|_| fits));
            fits
        } else {
            !(crowded && weight.gives_way()) && self.sender.try_send(event).is_ok()
        };
        if !told {
            self.dropped[weight as usize].fetch_add(1, Ordering::Relaxed);
        }
        told
    }

    /// Tells what was kept, as far as there is room now; how much waits still.
    pub fn flush(&self) -> usize {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.make_up(&mut kept);
        kept.len()
    }

    /// How many events were dropped since the node joined, by what they were.
    pub fn dropped(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.dropped.iter().map(|count| count.load(Ordering::Relaxed));
        Weight::ALL.iter().map(|weight| weight.as_str()).zip(counts)
    }

    fn make_up(&self, kept: &mut VecDeque<Event>) {
        while let Some(event) = kept.pop_front() {
            if let Some(back) = self.send(event) {
                kept.push_front(back);
                return;
            }
        }
    }

    /// What there was no room for. Where nobody listens any more nobody will.
    fn send(&self, event: Event) -> Option<Event> {
        match self.sender.try_send(event) {
            Ok(()) | Err(TrySendError::Closed(_)) => None,
            Err(TrySendError::Full(event)) => Some(event),
        }
    }
}

/// As many comings and goings are kept as no control plane should ever be behind: some tens of megabytes.
const KEPT: usize = 100_000;

#[cfg(test)]
mod tests {
    use guard::{Door, Reason, Timestamp};
    use ids::{DecisionId, NodeId, OrganisationId, SessionId, StreamId};

    use super::*;
    use crate::{Kind, Protocol, SessionEnd, Visitor};

    fn event(kind: Kind) -> Event {
        let node = NodeId::mint(1, [1; 10]);
        Event {
            at: Timestamp::from_us(1),
            node,
            kind,
        }
    }

    fn beat(session: SessionId) -> Event {
        let organisation = OrganisationId::mint(1, [2; 10]);
        event(Kind::Beat {
            session,
            organisation,
            bytes: 1,
            requests: 1,
        })
    }

    fn end(session: SessionId) -> Event {
        event(Kind::Ended(SessionEnd {
            session,
            organisation: OrganisationId::mint(1, [2; 10]),
            stream: StreamId::mint(1, [3; 10]),
            bytes: 1,
            requests: 1,
            reason: None,
        }))
    }

    fn denial() -> Event {
        event(Kind::Denied {
            organisation: None,
            stream: "BENCH-x".parse().unwrap(),
            door: Door::Playback,
            protocol: Protocol::Hls,
            address: [127, 0, 0, 1].into(),
            reason: Reason::TokenMissing,
            decision: DecisionId::mint(1, [4; 10]),
            trace: Vec::new(),
            visitor: Visitor::default(),
        })
    }

    #[test]
    fn heartbeats_give_way_and_who_went_is_told_however_full_the_queue_was() {
        let (sender, mut receiver) = mpsc::channel(8);
        let events = Events::new(sender);
        let sessions: Vec<_> = (0..20).map(|n| SessionId::mint(1, [n; 10])).collect();
        let beats = sessions.iter().filter(|session| events.tell(beat(**session))).count();
        assert_eq!(beats, 7, "a quarter is kept free");
        assert!(events.tell(denial()), "where others still fit");
        assert!(!events.tell(denial()), "until it is full");
        assert!(sessions.iter().all(|session| events.tell(end(*session))));

        let dropped: Vec<_> = events.dropped().filter(|(_, count)| *count > 0).collect();
        assert_eq!(dropped, [("heartbeat", 13), ("denial", 1)]);
        let mut gone = Vec::new();
        while gone.len() < sessions.len() {
            while let Ok(event) = receiver.try_recv() {
                if let Kind::Ended(end) = event.kind {
                    gone.push(end.session);
                }
            }
            assert_eq!(events.flush(), (sessions.len() - gone.len()).saturating_sub(8));
        }
        assert_eq!(gone, sessions, "in their order");
    }
}
