//! A whole media node under a control plane that does what the test says: two organisations, each with a key and a
//! stream that the test source publishes.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use guard::{
    IngestKeyDigest, Timestamp, Update, VerifyingKey,
    policy::{
        Asks, IngestAuthorisation, Judges, Organisation, Package, SecurePlayback, Standing, Stream, StreamIngest,
        StreamStanding, Subject,
    },
    signature,
};
use ids::{ChangeId, OrganisationId, StreamId};
use link::{Clock, Delivery, Entropy, Event, Waiting, in_process};
use media::{
    Node,
    geoip::Geoip,
    http::{Door, Front},
    proxies::Networks,
};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

pub(crate) const NAME: &str = "7KQ2M-STAGE";
pub(crate) const OTHER: &str = "XYZ23-STAGE";
/// A stream of the first organisation that nobody publishes yet.
pub(crate) const IDLE: &str = "7KQ2M-IDLE";
pub(crate) const KEY: &str = "k3y";

pub(crate) struct Stage {
    pub(crate) http: SocketAddr,
    pub(crate) rtmp: SocketAddr,
    pub(crate) node: Node,
    first: Vec<u8>,
    second: Vec<u8>,
    changes: mpsc::UnboundedSender<(Vec<Update>, oneshot::Sender<Delivery>)>,
    away: mpsc::UnboundedSender<Absence>,
    events: mpsc::Receiver<Event>,
    /// What the node asks; nobody answers but the test.
    pub(crate) questions: mpsc::Receiver<Waiting>,
    stop: CancellationToken,
}

/// Told when the control plane is noticed to be gone; tells that it is back, and what changed meanwhile.
type Absence = (oneshot::Sender<()>, oneshot::Receiver<Vec<Update>>);

impl Stage {
    pub(crate) async fn open() -> Self {
        Self::open_behind(Front::default(), None).await
    }

    /// The same, with files that say where addresses are.
    pub(crate) async fn open_knowing(geoip: Geoip) -> Self {
        Self::open_with(geoip, |_| Front::default(), None).await
    }

    /// The same, with something before the HTTP door, which may be an HTTPS door.
    pub(crate) async fn open_behind(front: Front, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        Self::open_with(Geoip::default(), |_| front, tls).await
    }

    /// The same, with a clock that the test moves.
    pub(crate) async fn open_at(clock: Clock) -> Self {
        Self::build(clock, Geoip::default(), |_| Front::default(), None).await
    }

    /// The same, with all of it.
    pub(crate) async fn open_with(
        geoip: Geoip,
        front: impl FnOnce(&Node) -> Front,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Self {
        Self::build(Clock::System, geoip, front, tls).await
    }

    async fn build(
        clock: Clock,
        geoip: Geoip,
        front: impl FnOnce(&Node) -> Front,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Self {
        let (first, first_key) = pair("key_first");
        let (second, second_key) = pair("key_second");
        let mut updates = tenant(1, NAME, first_key);
        updates.extend(tenant(2, OTHER, second_key));
        updates.push(Update::Stream(Stream {
            test_source: false,
            ..stream(3, 1, IDLE)
        }));

        let (mut control, connector) = in_process(1024);
        let events = control.take_events().unwrap();
        let questions = control.take_questions().unwrap();
        let (changes, mut asked) = mpsc::unbounded_channel::<(Vec<Update>, oneshot::Sender<Delivery>)>();
        let (away, mut leaves) = mpsc::unbounded_channel::<Absence>();
        tokio::spawn(async move {
            let join = control.next_join().await.unwrap();
            control.admit(join, updates.clone());
            let mut number = 0;
            loop {
                tokio::select! {
                    change = asked.recv() => {
                        let Some((updates, done)) = change else { return };
                        number += 1;
                        let change = link::Change {
                            id: ChangeId::mint(number, [0; 10]),
                            at: now(),
                            updates,
                        };
                        let sent = control.send(&change);
                        tokio::spawn(async move { done.send(sent.acknowledged(Duration::from_mins(1)).await) });
                    }
                    Some((gone, back)) = leaves.recv() => {
                        control.let_go();
                        // Whoever joins again has noticed.
                        let join = control.next_join().await.unwrap();
                        gone.send(()).unwrap();
                        let meanwhile = back.await.unwrap_or_default();
                        control.admit(join, updates.iter().cloned().chain(meanwhile).collect());
                    }
                }
            }
        });

        let settings = media::Settings {
            rtmp: "127.0.0.1:0".parse().unwrap(),
            rtmp_proxies: Networks::default(),
            geoip,
            stale_policy_max: Duration::from_hours(1),
        };
        let node = Node::start(&settings, clock, Entropy::system(), &connector)
            .await
            .unwrap();
        let listener = media::http::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let http = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let door = Door {
            front: front(&node).into(),
            tls,
            ..Door::new(listener, node.router())
        };
        tokio::spawn(media::http::serve(door, stop.clone(), Duration::from_secs(1)));
        Self {
            http,
            rtmp: node.rtmp(),
            node,
            first,
            second,
            changes,
            away,
            events,
            questions,
            stop,
        }
    }

    /// Applies a change on the node; how far it got.
    pub(crate) async fn change(&self, updates: Vec<Update>) -> Delivery {
        self.begin(updates).await.unwrap()
    }

    /// The same; it is under way at once.
    pub(crate) fn begin(&self, updates: Vec<Update>) -> oneshot::Receiver<Delivery> {
        let (done, delivery) = oneshot::channel();
        self.changes.send((updates, done)).unwrap();
        delivery
    }

    /// Takes the control plane away, which the node has noticed then; it is back, as it was at first but for what it is
    /// told of meanwhile, once what this gives is used.
    pub(crate) async fn lose_control(&self) -> oneshot::Sender<Vec<Update>> {
        let (gone, noticed) = oneshot::channel();
        let (back, returns) = oneshot::channel();
        self.away.send((gone, returns)).unwrap();
        noticed.await.unwrap();
        back
    }

    pub(crate) async fn revoke(&self, jti: &str) -> Delivery {
        self.change(vec![revoked(Subject::Token(jti.into()))]).await
    }

    /// A token of the first organisation, for the stream that is live and the idle one, with `more` claims.
    #[expect(clippy::needless_pass_by_value, reason = "a test states claims in place")]
    pub(crate) fn token(&self, jti: &str, more: Value) -> String {
        sign(&self.first, "key_first", 1, jti, &json!([NAME, IDLE]), &more)
    }

    /// A token of the second organisation for the first one's stream.
    pub(crate) fn foreign_token(&self) -> String {
        sign(
            &self.second,
            "key_second",
            2,
            "foreign",
            &json!([NAME, OTHER]),
            &json!({}),
        )
    }

    pub(crate) async fn event(&mut self, mut wanted: impl FnMut(&Event) -> bool) -> Event {
        let found = async {
            loop {
                let event = self.events.recv().await.unwrap();
                if wanted(&event) {
                    return event;
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(1), found)
            .await
            .expect("the event comes")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) fn revoked(subject: Subject) -> Update {
    Update::Revoked {
        organisation: organisation(1),
        subject,
        at: now(),
    }
}

pub(crate) fn now() -> Timestamp {
    Clock::System.now()
}

pub(crate) fn organisation(number: u64) -> OrganisationId {
    OrganisationId::mint(number, [0; 10])
}

pub(crate) fn stream(number: u64, owner: u64, name: &str) -> Stream {
    Stream {
        id: StreamId::mint(number, [0; 10]),
        name: name.parse().unwrap(),
        organisation: organisation(owner),
        standing: StreamStanding::Active,
        secure_playback: SecurePlayback::Inherit,
        ingest: StreamIngest::Inherit,
        ingest_key: IngestKeyDigest::of(KEY),
        test_source: true,
        static_tokens: None,
        backend: None,
        needs_mfa: false,
        takeover: false,
        group: None,
    }
}

pub(crate) fn settings(number: u64, name: &str) -> Organisation {
    Organisation {
        id: organisation(number),
        hash: name[..5].parse().unwrap(),
        standing: Standing::Active,
        packages: Package::ALL.into_iter().collect(),
        secure_playback: true,
        ingest: IngestAuthorisation::Key,
        force_disconnect: false,
        viewers: None,
        bandwidth_mbit_s: None,
        judges: Judges::default(),
        asks: Asks::default(),
        encrypted_ingest: false,
        origins: vec![],
    }
}

fn tenant(number: u64, name: &str, key: VerifyingKey) -> Vec<Update> {
    vec![
        Update::Organisation(settings(number, name)),
        Update::Key {
            organisation: organisation(number),
            key,
        },
        Update::Stream(stream(number, number, name)),
    ]
}

pub(crate) fn pair(kid: &str) -> (Vec<u8>, VerifyingKey) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let pkcs8 = pair.to_pkcs8().unwrap().as_ref().to_vec();
    let material = pair.public_key().as_ref().to_vec();
    (pkcs8, VerifyingKey::ours(kid, material).unwrap())
}

pub(crate) fn sign(pkcs8: &[u8], kid: &str, number: u64, jti: &str, streams: &Value, more: &Value) -> String {
    let mut claims = json!({
        "sub": organisation(number), "aud": "play", "jti": jti, "streams": streams,
        "iat": now().s(), "exp": now().s() + 3600,
    });
    let (claims_map, more) = (claims.as_object_mut().unwrap(), more.as_object().unwrap());
    for (name, value) in more {
        if value.is_null() {
            claims_map.remove(name);
        } else {
            claims_map.insert(name.clone(), value.clone());
        }
    }
    signature::sign(&claims, kid, pkcs8).unwrap()
}
