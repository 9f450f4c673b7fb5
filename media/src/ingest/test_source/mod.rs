//! The built-in test source: a short film with a running counter and a tone, played in a loop without a seam in time.
//!
//! A stream's policy says that it wants one. It passes the gate like any broadcaster, and a change of policy ends it.

mod film;

use std::{
    collections::HashSet,
    net::Ipv6Addr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use film::Film;
use guard::{Credential, Door};
use ids::{StreamId, StreamName};
use link::Protocol;
use tokio::time::Instant;

use crate::{gate::Asked, hub::Publisher, node::Shared};

/// The streams that the test source publishes on this node.
#[derive(Debug, Default)]
pub(crate) struct Running(Mutex<HashSet<StreamId>>);

impl Running {
    fn enter(&self, stream: StreamId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(stream)
    }

    fn leave(&self, stream: StreamId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&stream);
    }
}

/// Starts the test source wherever the policy wants one and none runs.
pub(crate) fn reconcile(node: &Shared) {
    let Some(policy) = node.gate.policy() else { return };
    let is_free = |id| node.hub.stream(id).is_none_or(|stream| stream.publisher().is_none());
    // An encoder that is there already is not in the way: a later look finds it gone.
    for stream in policy
        .streams()
        .filter(|stream| stream.test_source && is_free(stream.id))
    {
        let asked = asked(&stream.name);
        if node.gate.would_admit(Door::Ingest, &asked) && node.test_sources.enter(stream.id) {
            node.tasks.spawn(publish(node.clone(), asked, stream.id));
        }
    }
}

async fn publish(node: Shared, asked: Asked, stream: StreamId) {
    if let Ok(admitted) = node.gate.publish(&asked).await {
        match (node.hub.publish(admitted).await, Film::built_in()) {
            (Ok(publisher), Ok(film)) => play(&node, publisher, &film).await,
            (Err(reason), _) => tracing::info!(stream.name = asked.name, %reason, "the test source has to wait"),
            (_, Err(error)) => tracing::error!(%error, "the built-in film cannot be read"),
        }
    }
    node.test_sources.leave(stream);
}

async fn play(node: &Shared, mut publisher: Publisher, film: &Film) {
    let begun = Instant::now();
    for (at_ms, frame) in film.looped() {
        let due = begun + Duration::from_millis(u64::try_from(at_ms).unwrap_or(0));
        tokio::select! {
            biased;
            _ = publisher.stay().over() => return,
            () = node.drain.cancelled() => return publisher.leave_for_good(),
            () = tokio::time::sleep_until(due) => {}
        }
        publisher.stay().session().received(frame.len());
        frame.publish(at_ms, &mut publisher);
    }
}

fn asked(name: &StreamName) -> Asked {
    Asked {
        name: name.to_string(),
        credential: Credential::TestSource,
        address: Ipv6Addr::LOCALHOST.into(),
        protocol: Protocol::TestSource,
        user_agent: None,
        referrer: None,
        // It never leaves this process.
        encrypted: true,
        parameters: Vec::new(),
    }
}
