//! A media node: joins the link, keeps the policy, serves the doors, drains.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use ids::NodeId;
use link::{Attached, Clock, Connector, Entropy, LinkError};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{count, gate::Gate, geoip::Geoip, hub::Hub, ingest, play, proxies::Networks};

/// What a node is told at start.
#[derive(Debug)]
pub struct Settings {
    /// Where broadcasters push by RTMP.
    pub rtmp: SocketAddr,
    /// Proxies that say by the PROXY protocol whose RTMP connection they hand over.
    pub rtmp_proxies: Networks,
    /// Where addresses are.
    pub geoip: Geoip,
}

/// A node could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No policy: the node would admit nobody.
    #[error("cannot join the control plane")]
    Link(#[from] LinkError),
    /// An address that cannot be listened on.
    #[error("cannot listen on {address} for {protocol}")]
    Listen {
        /// For what.
        protocol: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
}

/// A running node.
#[derive(Debug)]
pub struct Node {
    inner: Shared,
    rtmp: SocketAddr,
    router: Router,
}

/// What every part of a node shares.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) gate: Arc<Gate>,
    pub(crate) hub: Hub,
    pub(crate) visits: play::Visits,
    pub(crate) test_sources: ingest::test_source::Running,
    pub(crate) drain: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

pub(crate) type Shared = Arc<Inner>;

impl Node {
    /// Joins the control plane, takes on its policy and opens the doors.
    pub async fn start(
        settings: &Settings,
        clock: Clock,
        entropy: Entropy,
        connector: &Connector,
    ) -> Result<Self, StartError> {
        let unix_ms = u64::try_from(clock.now().ms()).unwrap_or(0);
        let id = NodeId::mint(unix_ms, entropy.bytes());
        let mut attached = connector.join(id).await?;
        count::describe();
        let hub = Hub::new(clock.clone(), id, attached.events());
        let gate = Arc::new(Gate::new(
            settings.geoip.clone(),
            hub.clone(),
            clock.clone(),
            entropy,
            &attached,
        ));
        gate.adopt(attached.take_policy());
        let inner = Arc::new(Inner {
            gate,
            hub,
            visits: play::Visits::default(),
            test_sources: ingest::test_source::Running::default(),
            drain: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        let rtmp = ingest::listen(&inner, settings.rtmp, settings.rtmp_proxies.clone())
            .await
            .map_err(|source| StartError::Listen {
                protocol: "RTMP",
                address: settings.rtmp,
                source,
            })?;
        inner.tasks.spawn(follow(inner.clone(), attached));
        inner.tasks.spawn(tick(inner.clone(), clock));
        inner.tasks.spawn(follow_files(inner.clone()));
        let router = play::router(&inner);
        Ok(Self { inner, rtmp, router })
    }

    /// The playback doors.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// What refuses those who may not connect at all.
    pub fn away(&self) -> Router {
        play::away(&self.inner)
    }

    /// Where broadcasters push by RTMP; the port is the real one where 0 was asked for.
    pub fn rtmp(&self) -> SocketAddr {
        self.rtmp
    }

    /// Whether the stream of that name is on every door: it is live, and its first segment is cut.
    pub fn plays(&self, name: &str) -> bool {
        let policy = self.inner.gate.policy();
        let stream = policy.and_then(|policy| Some(policy.stream(&name.parse().ok()?)?.id));
        stream
            .and_then(|id| self.inner.hub.stream(id))
            .is_some_and(|stream| stream.has_segment())
    }

    /// Whether there is a policy to decide by.
    pub fn ready(&self) -> bool {
        self.inner.gate.ready()
    }

    /// Tells every session that the node goes, and waits until they are gone, `grace` at most.
    pub async fn drain(&self, grace: Duration) {
        self.inner.drain.cancel();
        self.inner.tasks.close();
        if tokio::time::timeout(grace, self.inner.tasks.wait()).await.is_err() {
            tracing::info!(tasks = self.inner.tasks.len(), "sessions did not end in time");
        }
    }
}

/// Applies changes as they come. Without the control plane the node goes on with the policy that it has.
async fn follow(node: Shared, mut attached: Attached) {
    ingest::test_source::reconcile(&node);
    loop {
        let change = tokio::select! {
            () = node.drain.cancelled() => return,
            change = attached.next_change() => change,
        };
        let Some(change) = change else {
            tracing::warn!("the control plane is gone; the last policy stays in force");
            return;
        };
        let acknowledgement = node.gate.apply(&change);
        tracing::info!(
            change.id = %change.id,
            sessions.ended = acknowledgement.sessions_ended,
            took_us = acknowledgement.took.as_micros(),
            "a change is in force"
        );
        count::in_force(acknowledgement.took);
        attached.acknowledge(acknowledgement);
        ingest::test_source::reconcile(&node);
    }
}

/// Acts on new files that say where addresses are.
async fn follow_files(node: Shared) {
    tokio::select! {
        () = node.drain.cancelled() => {}
        () = node.gate.follow_files() => {}
    }
}

/// What has to be done again and again.
async fn tick(node: Shared, clock: Clock) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    let mut seconds: u64 = 0;
    loop {
        tokio::select! {
            () = node.drain.cancelled() => return node.gate.tell_rules_met(),
            _ = second.tick() => {}
        }
        seconds = seconds.wrapping_add(1);
        node.visits.sweep(clock.now());
        node.gate.measure();
        node.gate.tend(&node.tasks);
        node.gate.tell_rules_met();
        if seconds.is_multiple_of(BEAT_S) {
            node.gate.beat();
            ingest::test_source::reconcile(&node);
        }
    }
}

const BEAT_S: u64 = 10;
