//! What a change costs a node that serves very many sessions, beside one that serves few: the index finds whom the change
//! names, and nobody else is looked at.
//!
//! A whole node behind its HTTP door. Its sessions are viewers of HLS, each admitted over a connection with a signed token
//! of their own and from an address of their own, as a trusted proxy names it. The node's clock stands still, so that no
//! session ends by silence. A change is timed from the control plane's side: from call to acknowledgement.

use std::{
    error::Error,
    io::{Write as _, stdout},
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use guard::{
    IngestKeyDigest, Timestamp, Update, VerifyingKey,
    policy::{
        Asks, IngestAuthorisation, Judges, Organisation, Package, SecurePlayback, Standing, Stream, StreamIngest,
        StreamStanding, Subject,
    },
    rules::{Action, Doors, Matcher, Mode, Rule, RuleScope},
    signature,
};
use ids::{ChangeId, OrganisationId, RuleId, StreamId};
use ipnet::Ipv4Net;
use link::{Change, Clock, Control, Entropy, in_process};
use media::{
    Node, Settings,
    geoip::Geoip,
    http::{Door, Front},
    proxies::Networks,
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

const MANY: u32 = 100_000;
/// As few as there have to be, so that each change finds its own.
const FEW: u32 = CROWD * (TWICE + 1);
/// So many sessions has each network of 16 bits, and each user that has many.
const CROWD: u32 = 1_000;
/// How many networks are denied, and how many users are taken all tokens from.
const CROWDS: u32 = 5;
const TWICE: u32 = 2 * CROWDS;
/// How many single tokens are revoked.
const TOKENS: u32 = 101;
/// Connections that admit at the same time.
const CONNECTIONS: u32 = 4;
const NAME: &str = "BENCH-STAGE";
const KID: &str = "key_bench";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let few = Stage::open(FEW).await?.measure().await?;
    let many = Stage::open(MANY).await?.measure().await?;
    let mut out = stdout();
    writeln!(
        out,
        "\nFrom call to acknowledgement, median; the worst in brackets.\n\n\
         | change | times | sessions ended | among {FEW} | among {MANY} | ratio |\n\
         | --- | --- | --- | --- | --- | --- |"
    )?;
    for (few, many) in few.iter().zip(&many) {
        let ratio = many.median().as_secs_f64() / few.median().as_secs_f64();
        writeln!(
            out,
            "| {} | {} | {} | {few} | {many} | {ratio:.2} |",
            many.name,
            many.times.len(),
            many.ended
        )?;
    }
    Ok(())
}

/// A node that serves so many sessions.
struct Stage {
    control: Control,
    clock: Clock,
    changes: u64,
    /// Kept, since they are the node and its door.
    _node: Node,
    stop: CancellationToken,
}

/// One kind of change.
struct Measured {
    name: &'static str,
    ended: u32,
    times: Vec<Duration>,
}

impl Stage {
    async fn open(sessions: u32) -> Result<Self, Box<dyn Error>> {
        let pair = Ed25519KeyPair::generate()?;
        let private = pair.to_pkcs8()?.as_ref().to_vec();
        let key = VerifyingKey::ours(KID, pair.public_key().as_ref().to_vec())?;
        let clock = Clock::manual(Clock::System.now());
        // Nobody looks at what the node tells; what does not fit is dropped.
        let (mut control, connector) = in_process(1024);
        let settings = Settings {
            rtmp: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            rtmp_proxies: Networks::default(),
            geoip: Geoip::default(),
            stale_policy_max: Duration::from_hours(1),
        };
        let joining = async {
            let join = control.next_join().await.ok_or("nobody joined")?;
            control.admit(join, tenant(key)?);
            Ok::<_, Box<dyn Error>>(())
        };
        let (node, joined) = tokio::join!(
            Node::start(&settings, clock.clone(), Entropy::system(), &connector),
            joining
        );
        joined?;
        let node = node?;
        let listener = media::http::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let http = listener.local_addr()?;
        let stop = CancellationToken::new();
        let door = Door {
            front: Front {
                trusted: Networks::parse(&["127.0.0.1".to_owned()])?,
                ..Front::default()
            }
            .into(),
            ..Door::new(listener, node.router())
        };
        tokio::spawn(media::http::serve(door, stop.clone(), Duration::from_secs(1)));
        while !node.plays(NAME) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let mut crowds = tokio::task::JoinSet::new();
        for first in 0..CONNECTIONS {
            let (private, now) = (private.clone(), clock.now());
            crowds.spawn(async move {
                let mut viewers = Viewers::connect(http).await.map_err(|error| error.to_string())?;
                for number in (first..sessions).step_by(CONNECTIONS as usize) {
                    let token = token(number, now, &private).map_err(|error| error.to_string())?;
                    viewers.play(number, &token).await.map_err(|error| error.to_string())?;
                }
                Ok::<_, String>(())
            });
        }
        while let Some(done) = crowds.join_next().await {
            done??;
        }
        Ok(Self {
            control,
            clock,
            changes: 0,
            _node: node,
            stop,
        })
    }

    /// Each change as often as is wanted, each on others than the ones before.
    async fn measure(mut self) -> Result<Vec<Measured>, Box<dyn Error>> {
        let mut all = Vec::new();
        for (name, times, update) in [
            (
                "a token that nobody shows is revoked",
                TOKENS,
                nobody as fn(u32, Timestamp) -> Update,
            ),
            ("a token is revoked", TOKENS, of_token),
            ("all tokens of a user are revoked", CROWDS, of_user),
            ("a rule denies a network of 16 bits", CROWDS, of_network),
        ] {
            let mut measured = Measured {
                name,
                ended: 0,
                times: Vec::new(),
            };
            for time in 0..times {
                let (ended, took) = self.change(update(time, self.clock.now())).await?;
                measured.ended = measured.ended.max(ended);
                measured.times.push(took);
            }
            measured.times.sort_unstable();
            all.push(measured);
        }
        Ok(all)
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time as it passes")]
    async fn change(&mut self, update: Update) -> Result<(u32, Duration), Box<dyn Error>> {
        self.changes += 1;
        let change = Change {
            id: ChangeId::mint(self.changes, [0; 10]),
            at: self.clock.now(),
            updates: vec![update],
        };
        let start = Instant::now();
        let delivery = self.control.deliver(change, Duration::from_secs(10)).await;
        let took = start.elapsed();
        let [acknowledged] = delivery.acknowledged.as_slice() else {
            return Err("the node did not acknowledge".into());
        };
        Ok((acknowledged.sessions_ended, took))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Measured {
    fn median(&self) -> Duration {
        self.times.get(self.times.len() / 2).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let worst = self.times.last().copied().unwrap_or_default();
        write!(f, "{:.0?} ({worst:.0?})", self.median())
    }
}

/// A connection of a proxy that stands before viewers.
struct Viewers {
    connection: TcpStream,
    read: Vec<u8>,
}

impl Viewers {
    async fn connect(http: SocketAddr) -> Result<Self, Box<dyn Error>> {
        let connection = TcpStream::connect(http).await?;
        connection.set_nodelay(true)?;
        Ok(Self {
            connection,
            read: Vec::new(),
        })
    }

    /// Begins a session, by asking for the playlist.
    async fn play(&mut self, number: u32, token: &str) -> Result<(), Box<dyn Error>> {
        let address = address(number);
        let request = format!(
            "GET /live/{NAME}/index.m3u8 HTTP/1.1\r\nhost: bench.test\r\nx-forwarded-for: {address}\r\n\
             authorization: Bearer {token}\r\n\r\n"
        );
        self.connection.write_all(request.as_bytes()).await?;
        self.read.clear();
        let head = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.connection.read_buf(&mut self.read).await? == 0 {
                return Err("the node hung up".into());
            }
        };
        let text = String::from_utf8_lossy(&self.read[..head]).to_ascii_lowercase();
        if !text.starts_with("http/1.1 200") {
            return Err(format!("viewer {number} was not let in: {text}").into());
        }
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let whole = head + length.ok_or("no content-length")?.trim().parse::<usize>()?;
        while self.read.len() < whole {
            if self.connection.read_buf(&mut self.read).await? == 0 {
                return Err("the node hung up".into());
            }
        }
        Ok(())
    }
}

fn nobody(time: u32, now: Timestamp) -> Update {
    revoked(Subject::Token(format!("nobody-{time}").as_str().into()), now)
}

/// Of those beside the crowds.
fn of_token(time: u32, now: Timestamp) -> Update {
    revoked(Subject::Token(jti(TWICE * CROWD + time).as_str().into()), now)
}

fn of_user(time: u32, now: Timestamp) -> Update {
    revoked(Subject::User(user((CROWDS + time) * CROWD).as_str().into()), now)
}

fn of_network(time: u32, _: Timestamp) -> Update {
    let mut random = [0; 10];
    random[..4].copy_from_slice(&time.to_be_bytes());
    Update::Rule {
        organisation: organisation(),
        rule: Rule {
            id: RuleId::mint(1, random),
            matcher: Matcher::Ip(Ipv4Net::new_assert(address(time * CROWD), 16).trunc().into()),
            action: Action::Deny,
            scope: RuleScope::Organisation,
            doors: Doors::Both,
            mode: Mode::Enforce,
            expires: None,
        },
    }
}

/// Each network of 16 bits has a crowd.
fn address(number: u32) -> Ipv4Addr {
    let network = (10 << 24) | ((number / CROWD) << 16);
    Ipv4Addr::from_bits(network | (number % CROWD))
}

fn jti(number: u32) -> String {
    format!("tok_{number}")
}

/// One for each crowd of the second five networks; each other viewer is one.
fn user(number: u32) -> String {
    match number / CROWD {
        crowd @ CROWDS..TWICE => format!("crowd-{crowd}"),
        _ => format!("viewer-{number}"),
    }
}

fn token(number: u32, now: Timestamp, private: &[u8]) -> Result<String, signature::SignError> {
    let claims = json!({
        "aud": "play", "sub": organisation(), "jti": jti(number), "streams": [NAME],
        "iat": now.s(), "exp": now.s() + 3600, "user": user(number), "tag": "bench",
    });
    signature::sign(&claims, KID, private)
}

fn organisation() -> OrganisationId {
    OrganisationId::mint(1, [0; 10])
}

/// An organisation with all packages and a stream that the test source publishes.
fn tenant(key: VerifyingKey) -> Result<Vec<Update>, Box<dyn Error>> {
    Ok(vec![
        Update::Organisation(Organisation {
            id: organisation(),
            hash: NAME[..5].parse()?,
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
        Update::Key {
            organisation: organisation(),
            key,
        },
        Update::Stream(Stream {
            id: StreamId::mint(1, [0; 10]),
            name: NAME.parse()?,
            organisation: organisation(),
            standing: StreamStanding::Active,
            secure_playback: SecurePlayback::Inherit,
            ingest: StreamIngest::Inherit,
            ingest_key: IngestKeyDigest::of("bench"),
            test_source: true,
            group: None,
            static_tokens: None,
            backend: None,
            needs_mfa: false,
            takeover: false,
        }),
    ])
}

fn revoked(subject: Subject, at: Timestamp) -> Update {
    Update::Revoked {
        organisation: organisation(),
        subject,
        at,
    }
}
