//! A server with a door: two streams of two organisations, each with its key.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use guard::{
    Decision, Denial, Door, Facts, IngestKeyDigest, Policy, Presence, Reason, Request, Timestamp, Update,
    policy::{
        Asks, IngestAuthorisation, Judges, Organisation, Package, SecurePlayback, Standing, Stream, StreamIngest,
        StreamStanding,
    },
};
use ids::{OrganisationId, StreamId};
use media::{
    ingest::rtmp::{self, Item, Limits, Server},
    proxies::Networks,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};

pub(crate) const NAME: &str = "7KQ2M-CAMERA";
pub(crate) const KEY: &str = "k3y-0f-7h3-c4m3r4";
pub(crate) const OTHER_NAME: &str = "XYZ23-CAMERA";

/// What the node saw, in order.
#[derive(Debug)]
pub(crate) enum Seen {
    Published { encoder: Option<String>, from: IpAddr },
    Item(Item),
    Unpublished,
    Failed(rtmp::Error),
    Rejected(Reason),
}

pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    seen: mpsc::UnboundedReceiver<Seen>,
    end: watch::Sender<Option<Reason>>,
    task: JoinHandle<()>,
}

impl Node {
    pub(crate) async fn start(limits: Limits) -> Self {
        Self::start_behind(limits, Networks::default()).await
    }

    /// The same, with proxies that say whose connection they hand over.
    pub(crate) async fn start_behind(limits: Limits, proxies: Networks) -> Self {
        let address = "127.0.0.1:0".parse().unwrap();
        let mut server = Server::bind(address, limits, proxies).await.unwrap();
        let (sender, seen) = mpsc::unbounded_channel();
        let (end, ended) = watch::channel(None);
        let address = server.local_addr();
        let task = tokio::spawn(async move {
            while let Some(request) = server.accept().await {
                tokio::spawn(serve(request, sender.clone(), ended.clone()));
            }
        });
        Self {
            address,
            seen,
            end,
            task,
        }
    }

    pub(crate) fn url(&self, name: &str, key: &str) -> String {
        format!("rtmp://{}/live/{name}?key={key}", self.address)
    }

    pub(crate) async fn next(&mut self) -> Seen {
        timeout(PATIENCE, self.seen.recv())
            .await
            .expect("something happens")
            .unwrap()
    }

    /// Everything until a publisher is gone.
    pub(crate) async fn until_over(&mut self) -> Vec<Seen> {
        let mut all = Vec::new();
        loop {
            let seen = self.next().await;
            let over = matches!(seen, Seen::Unpublished | Seen::Failed(_) | Seen::Rejected(_));
            all.push(seen);
            if over {
                return all;
            }
        }
    }

    /// Ends whoever publishes.
    pub(crate) fn end(&self, reason: Reason) {
        self.end.send_replace(Some(reason));
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(request: rtmp::Request, seen: mpsc::UnboundedSender<Seen>, mut ended: watch::Receiver<Option<Reason>>) {
    let decided = decide(&request);
    let admitted = match decided {
        Decision::Admit(permit) => permit.admit(()),
        Decision::Deny(denial) => {
            request.reject(&denial).await;
            _ = seen.send(Seen::Rejected(denial.reason));
            return;
        }
        Decision::Ask(question) => panic!("unexpected question: {question:?}"),
    };
    let (encoder, from) = (request.encoder().map(ToOwned::to_owned), request.address());
    let mut publisher = request.accept(&admitted).await.unwrap();
    _ = seen.send(Seen::Published { encoder, from });
    loop {
        let next = tokio::select! {
            next = publisher.next() => next,
            Ok(()) = ended.changed() => {
                let reason = ended.borrow_and_update().expect("a reason");
                publisher.end(&Denial::from(reason)).await;
                _ = seen.send(Seen::Unpublished);
                return;
            }
        };
        let seen_now = match next {
            Ok(Some(item)) => {
                _ = seen.send(Seen::Item(item));
                continue;
            }
            Ok(None) => {
                publisher.finish().await;
                Seen::Unpublished
            }
            Err(error) => Seen::Failed(error),
        };
        _ = seen.send(seen_now);
        return;
    }
}

fn decide(request: &rtmp::Request) -> Decision {
    let asked = Request::new(
        Door::Ingest,
        request.name().parse().ok(),
        request.address(),
        request.credential(),
    );
    let facts = Facts {
        publisher: Presence::Absent,
        ..Facts::default()
    };
    guard::decide(&asked, &facts, &policy(), Timestamp::from_s(1_800_000_000))
}

fn policy() -> Policy {
    let tenants = [(NAME, KEY, 1), (OTHER_NAME, "another-key", 2)];
    Policy::from_updates(tenants.into_iter().flat_map(|(name, key, number)| {
        let organisation = OrganisationId::mint(number, [0; 10]);
        [
            Update::Organisation(Organisation {
                id: organisation,
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
            }),
            Update::Stream(Stream {
                id: StreamId::mint(number, [0; 10]),
                name: name.parse().unwrap(),
                organisation,
                standing: StreamStanding::Active,
                secure_playback: SecurePlayback::Inherit,
                ingest: StreamIngest::Inherit,
                ingest_key: IngestKeyDigest::of(key),
                test_source: false,
                static_tokens: None,
                backend: None,
                needs_mfa: false,
                takeover: false,
                group: None,
            }),
        ]
    }))
}

/// Far beyond what anything takes that happens at all.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
