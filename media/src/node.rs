//! A media node: joins the link, keeps the policy, serves the doors, drains.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    io,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use futures_util::{StreamExt, stream::FuturesUnordered};
use guard::Update;
use ids::{NodeId, OrganisationId};
use link::{Attached, Clock, Connector, Delivered, Entropy, LinkError};
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
    /// For how long after the control plane is gone somebody new is let in.
    pub stale_policy_max: Duration,
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

/// Whether a node lets in whom it may, for whoever has to say so.
#[derive(Clone, Debug)]
pub struct Health(Shared);

impl Health {
    /// Whether there is a policy, and none that is too old.
    pub fn is_well(&self) -> bool {
        self.0.gate.ready()
    }
}

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
            settings.stale_policy_max,
        ));
        gate.adopt(attached.take_policy()).await;
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
        inner.tasks.spawn(follow(inner.clone(), connector.clone(), attached));
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

    /// Whether it lets in whom it may, from now on.
    pub fn health(&self) -> Health {
        Health(self.inner.clone())
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

/// Does what the control plane says. Without it the node goes on with the policy that it has, and joins again where it can.
async fn follow(node: Shared, connector: Connector, attached: Attached) {
    tokio::select! {
        () = node.drain.cancelled() => {}
        () = stay_joined(&node, &connector, attached) => {}
    }
}

/// The same, for ever.
async fn stay_joined(node: &Shared, connector: &Connector, mut attached: Attached) {
    loop {
        ingest::test_source::reconcile(node);
        follow_changes(node, &mut attached).await;
        attached = join_again(connector, attached.node()).await;
        node.gate.adopt(attached.take_policy()).await;
        tracing::info!("the control plane is back");
    }
}

/// Joins, as often as it takes.
async fn join_again(connector: &Connector, node: NodeId) -> Attached {
    loop {
        if let Ok(attached) = connector.join(node).await {
            return attached;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Applies changes as they come: those of one organisation one after the other, others beside each other, so that a change
/// that takes long keeps nobody else's waiting. Ends once the control plane is gone and all that it said is in force.
async fn follow_changes(node: &Shared, attached: &mut Attached) {
    let mut under_way = FuturesUnordered::new();
    // What waits for one that is under way.
    let mut waiting: HashMap<Option<OrganisationId>, VecDeque<Delivered>> = HashMap::new();
    loop {
        tokio::select! {
            delivered = attached.next_change() => {
                let Some(delivered) = delivered else { break };
                match waiting.entry(whose(&delivered)) {
                    Entry::Occupied(mut before) => before.get_mut().push_back(delivered),
                    Entry::Vacant(vacant) => {
                        vacant.insert(VecDeque::new());
                        under_way.push(put_in_force(node, delivered));
                    }
                }
            }
            Some(whose) = under_way.next() => match waiting.get_mut(&whose).and_then(VecDeque::pop_front) {
                Some(next) => under_way.push(put_in_force(node, next)),
                None => _ = waiting.remove(&whose),
            },
        }
    }
    node.gate.lose_control();
    tracing::warn!("the control plane is gone; the last policy stays in force, and lets somebody new in for a while");
    while let Some(whose) = under_way.next().await {
        if let Some(next) = waiting.get_mut(&whose).and_then(VecDeque::pop_front) {
            under_way.push(put_in_force(node, next));
        }
    }
}

/// Applies a change, and says so; whose it was.
async fn put_in_force(node: &Shared, delivered: Delivered) -> Option<OrganisationId> {
    let (whose, change) = (whose(&delivered), delivered.change());
    let acknowledgement = node.gate.apply(change).await;
    tracing::info!(
        change.id = %change.id,
        sessions.ended = acknowledgement.sessions_ended,
        took_us = acknowledgement.took.as_micros(),
        "a change is in force"
    );
    count::in_force(acknowledgement.took);
    // Only these can let a test source begin that could not before; all streams are looked at.
    let begins = |update: &Update| {
        matches!(
            update,
            Update::Organisation(_) | Update::Stream(_) | Update::Rule { .. } | Update::RuleRemoved { .. }
        )
    };
    let begins = change.updates.iter().any(begins);
    delivered.acknowledge(acknowledgement);
    if begins {
        ingest::test_source::reconcile(node);
    }
    whose
}

/// Whose change it is; it is of one organisation.
fn whose(delivered: &Delivered) -> Option<OrganisationId> {
    delivered.change().updates.first().map(Update::organisation)
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
/// How long after a control plane that does not answer it is looked for again.
const AGAIN: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use guard::{Credential, Door};
    use link::{Clock, Entropy, Kind, Protocol};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };
    use tokio_tungstenite::tungstenite::Message;

    use super::*;
    use crate::gate::Asked;

    /// What a node is between its start and its first policy; no policy comes.
    async fn unready() -> (Shared, tokio::sync::mpsc::Receiver<link::Event>) {
        let (mut control, connector) = link::in_process(64);
        let events = control.take_events().unwrap();
        let admit = async {
            let join = control.next_join().await.unwrap();
            control.admit(join, Vec::<Update>::new());
        };
        let id = NodeId::mint(1, [0; 10]);
        let (attached, ()) = tokio::join!(connector.join(id), admit);
        let attached = attached.unwrap();
        let (clock, entropy) = (Clock::System, Entropy::seeded(1));
        let hub = Hub::new(clock.clone(), id, attached.events());
        let patience = Duration::from_hours(1);
        let gate = Gate::new(Geoip::default(), hub.clone(), clock, entropy, &attached, patience);
        let inner = Inner {
            gate: Arc::new(gate),
            hub,
            visits: play::Visits::default(),
            test_sources: ingest::test_source::Running::default(),
            drain: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        (Arc::new(inner), events)
    }

    async fn within<T>(what: impl Future<Output = T>) -> T {
        tokio::time::timeout(Duration::from_mins(1), what)
            .await
            .expect("an answer")
    }

    #[tokio::test]
    async fn a_node_without_a_policy_admits_nobody_and_says_so_at_each_door() {
        let (node, mut events) = unready().await;
        assert!(!node.gate.ready());
        let listener = crate::http::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let http = listener.local_addr().unwrap();
        let door = crate::http::Door::new(listener, play::router(&node));
        let stop = CancellationToken::new();
        tokio::spawn(crate::http::serve(door, stop.clone(), Duration::from_secs(1)));

        for path in [
            "index.m3u8",
            "stream.mp4",
            "init/0.mp4",
            "segment/0.m4s",
            "index.m3u8?token=x",
        ] {
            let mut connection = TcpStream::connect(http).await.unwrap();
            let head = format!("GET /live/BENCH-x/{path} HTTP/1.1\r\nhost: {http}\r\nconnection: close\r\n\r\n");
            connection.write_all(head.as_bytes()).await.unwrap();
            let mut answer = String::new();
            within(connection.read_to_string(&mut answer)).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 503 "), "{path}: {answer}");
            assert!(answer.contains("x-deny-reason: NOT_READY\r\n"), "{path}: {answer}");
        }
        let (mut socket, _) = within(tokio_tungstenite::connect_async(format!("ws://{http}/live/BENCH-x/ws")))
            .await
            .unwrap();
        let Some(Ok(Message::Text(why))) = within(socket.next()).await else {
            panic!("it is told why")
        };
        assert!(why.contains("NOT_READY"), "{why}");
        let Some(Ok(Message::Close(Some(last)))) = within(socket.next()).await else {
            panic!("it is told why")
        };
        assert_eq!((u16::from(last.code), last.reason.as_str()), (4490, "NOT_READY"));

        let asked = Asked {
            name: "BENCH-x".to_owned(),
            credential: Credential::Missing,
            address: [127, 0, 0, 1].into(),
            protocol: Protocol::Rtmp,
            user_agent: None,
            referrer: None,
            encrypted: false,
            parameters: Vec::new(),
        };
        let denial = node.gate.publish(&asked).await.unwrap_err();
        assert_eq!((denial.reason.as_str(), denial.decision.is_some()), ("NOT_READY", true));
        assert!(!node.gate.would_admit(Door::Playback, &asked));
        // Nobody's organisation is known yet: what is told of it is nobody's.
        let Kind::Denied {
            organisation, reason, ..
        } = within(events.recv()).await.unwrap().kind
        else {
            panic!("a refusal is told")
        };
        assert_eq!((organisation, reason.as_str()), (None, "NOT_READY"));

        // The first policy is all that was missing.
        node.gate.adopt(Vec::new()).await;
        assert!(node.gate.ready());
        let denial = node.gate.publish(&asked).await.unwrap_err();
        assert_ne!(denial.reason.as_str(), "NOT_READY");
        stop.cancel();
    }
}
