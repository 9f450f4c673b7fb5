//! How many events a control plane takes in, beside a dashboard that looks at them: sessions that begin, are heard of and
//! end, and viewers who are refused.
//!
//! Events are offered at a rate; what does not fit into the queue between the planes is dropped, heartbeats first, and
//! counted. What is recorded is over with the last of them written.

use std::{
    error::Error,
    io::{Write as _, stdout},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use api::Settings;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, header},
};
use guard::{Asn, Door, Grant, Place, Policy, Reason, Timestamp, Word, lint::Marks, policy::Stream};
use ids::{DecisionId, NodeId, SessionId};
use link::{Clock, Entropy, Event, Events, Kind as What, Protocol, SessionEnd, SessionFacts};
use serde_json::{Value, json};
use testkit::{Database, Kind};
use tokio::time::Instant;
use tower::ServiceExt as _;

/// As long as an installation's.
const QUEUE: usize = 16_384;
/// Who watches all the while.
const VIEWERS: u32 = 50_000;
/// Offered, in events a second.
const RATES: [u64; 4] = [5_000, 10_000, 20_000, 40_000];
const TIME: Duration = Duration::from_secs(15);
/// To so many more addresses.
const PASSED_ON: u64 = 5;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // Another part of the process may have done so.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut out = stdout();
    writeln!(out, "| database | offered | recorded | dropped | dashboard's answers |")?;
    writeln!(out, "| --- | --- | --- | --- | --- |")?;
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for rate in RATES {
            let row = measure(kind, rate).await?;
            writeln!(out, "{row}")?;
        }
    }
    Ok(())
}

/// A row of the table.
async fn measure(kind: Kind, rate: u64) -> Result<String, Failure> {
    let database = Database::new(kind);
    let clock = Clock::System;
    let (control, connector) = link::in_process(QUEUE);
    let running = api::start(settings(&database)?, clock.clone(), Entropy::seeded(1), control).await?;
    let node = NodeId::mint(1, [7; 10]);
    let mut attached = connector.join(node).await?;
    let demo = api::seed_demo(&running).await?;
    let name = demo.streams[0].name.parse()?;
    let mut policy = Policy::from_updates(attached.take_policy());
    while policy.stream(&name).is_none() {
        let delivered = attached.next_change().await.ok_or("the control plane is gone")?;
        policy = delivered
            .change()
            .updates
            .iter()
            .fold(policy, |policy, update| policy.with(update));
    }
    let stream = policy.stream(&name).ok_or("no stream")?.clone();
    let mut traffic = Traffic {
        events: attached.events(),
        node,
        stream,
        clock,
        begun: 0,
        ended: 0,
        turn: 0,
    };
    let dashboard = Dashboard::open(running.router(), &demo.users[0]).await?;
    while traffic.begun < VIEWERS.into() {
        if !traffic.begin() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    while traffic.events.flush() > 0 || dashboard.viewers().await? < f64::from(VIEWERS) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (before, begun) = (traffic.dropped(), Instant::now());
    let answers = Arc::new(AtomicU64::new(0));
    let looking = tokio::spawn(dashboard.look(answers.clone()));
    let mut told = 0;
    while begun.elapsed() < TIME {
        let due = rate.saturating_mul(u64::try_from(begun.elapsed().as_millis())?) / 1_000;
        while told < due {
            traffic.go_on();
            told += 1;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    looking.abort();
    // What waits is written first.
    while traffic.events.flush() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let dropped = traffic.dropped() - before;
    running.shutdown().await;
    let took = begun.elapsed();
    let recorded = u128::from(told - dropped) * 1_000 / took.as_millis();
    let lost = dropped * 100 / told;
    let answers = answers.load(Ordering::Relaxed);
    Ok(format!(
        "| {kind:?} | {rate}/s | {recorded}/s | {lost} % | {answers} in {} s |",
        TIME.as_secs()
    ))
}

/// Viewers of one stream.
struct Traffic {
    events: Events,
    node: NodeId,
    stream: Arc<Stream>,
    clock: Clock,
    /// How many sessions began so far, and how many of them ended: the first first.
    begun: u64,
    ended: u64,
    turn: u64,
}

impl Traffic {
    /// Of twelve events ten are heartbeats of one after the other, one begins a session, one ends one; now and then
    /// somebody is refused.
    fn go_on(&mut self) {
        self.turn += 1;
        match self.turn % 12 {
            0 if self.turn.is_multiple_of(120) => self.refuse(),
            0 => drop(self.begin()),
            1 => self.end(),
            _ => {
                let session = session(self.ended + self.turn % (self.begun - self.ended));
                let bytes = self.turn * 1_000;
                self.tell(What::Beat {
                    session,
                    organisation: self.stream.organisation,
                    bytes,
                    requests: 1,
                });
            }
        }
    }

    fn begin(&mut self) -> bool {
        let n = self.begun;
        let [.., third, second, first] = n.to_be_bytes();
        // Of a thousand tokens one is passed on.
        let holder = n - if n % 1_000 < PASSED_ON { n % 1_000 } else { 0 };
        let grant = Grant {
            jti: format!("tok_of_{holder}").into(),
            kid: None,
            user: Some(format!("viewer-{holder}").into()),
            tag: Some("web".into()),
            issued: None,
            expires: self.clock.now().plus(Duration::from_hours(1)),
            revocable: true,
            word: Word::Signed { ours: true },
            marks: Marks::default(),
        };
        let facts = SessionFacts {
            session: session(n),
            organisation: self.stream.organisation,
            stream: self.stream.id,
            name: self.stream.name.clone(),
            door: Door::Playback,
            protocol: Protocol::Hls,
            address: IpAddr::V4(Ipv4Addr::new(11, third, second, first)),
            place: Place {
                country: "DE".parse().ok(),
                asn: Some(Asn::new(64_500)),
            },
            provider: Some("Telecom".into()),
            encrypted: true,
            grant: Some(grant),
            user_agent: Some("Player/1".into()),
            referrer: Some("shop.example".into()),
        };
        let told = self.tell(What::Started(facts));
        self.begun += u64::from(told);
        told
    }

    fn end(&mut self) {
        let end = SessionEnd {
            session: session(self.ended),
            organisation: self.stream.organisation,
            stream: self.stream.id,
            bytes: self.turn * 1_000,
            requests: 1,
            reason: None,
        };
        self.ended += u64::from(self.tell(What::Ended(end)));
    }

    fn refuse(&self) {
        let refusal = What::Denied {
            organisation: Some(self.stream.organisation),
            stream: self.stream.name.clone(),
            door: Door::Playback,
            protocol: Protocol::Hls,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            reason: Reason::TokenExpired,
            decision: DecisionId::mint(self.turn, [3; 10]),
            trace: vec![],
            visitor: link::Visitor::default(),
        };
        self.tell(refusal);
    }

    fn dropped(&self) -> u64 {
        self.events.dropped().map(|(_, count)| count).sum()
    }

    fn tell(&self, kind: What) -> bool {
        self.events.tell(Event {
            at: self.clock.now(),
            node: self.node,
            kind,
        })
    }
}

/// The `n`th session.
fn session(n: u64) -> SessionId {
    SessionId::mint(1_700_000_000_000 + n, [1; 10])
}

/// Somebody who looks at the overview and the two views, again as soon as everything is there.
struct Dashboard {
    router: Router,
    cookie: String,
    organisation: String,
}

impl Dashboard {
    async fn open(router: Router, user: &api::DemoUser) -> Result<Self, Failure> {
        let mut dashboard = Self {
            router,
            cookie: String::new(),
            organisation: user.organisation.clone(),
        };
        let query = "mutation($i: SignInInput!) { signIn(input: $i) { errors { code } } }";
        let variables = json!({ "i": { "email": user.email, "password": user.password } });
        let (_, cookie) = dashboard.ask(query, variables).await?;
        dashboard.cookie = cookie.ok_or("no cookie")?;
        Ok(dashboard)
    }

    async fn viewers(&self) -> Result<f64, Failure> {
        let query = "query($r: TimeRange!) { organisation { analytics(range: $r) {
            breakdown(metric: SESSIONS, by: PROVIDER) { value } } } }";
        let (answer, _) = self
            .ask(query, json!({ "r": { "from": "2020-01-01T00:00:00Z" } }))
            .await?;
        let value = answer.pointer("/data/organisation/analytics/breakdown/0/value");
        Ok(value.and_then(Value::as_f64).unwrap_or(0.0))
    }

    async fn look(self, answers: Arc<AtomicU64>) -> Result<(), Failure> {
        let query = "query($r: TimeRange!) { organisation { analytics(range: $r) {
            byToken(first: 50) { nodes { jti user sessions ips topCountries { name } maxConcurrency score } }
            byAddress(first: 50) { nodes { ip sessions tokens maxConcurrency score } }
            timeseries(metric: VIEWERS, interval: MINUTE) { points { at value } }
            world { country value } denials { name value } findings { nodes { evidence } } } } }";
        loop {
            let from = Timestamp::from_us(Clock::System.now().us() - 3_600_000_000);
            let from = chrono::DateTime::from_timestamp_micros(from.us())
                .ok_or("no time")?
                .to_rfc3339();
            let (answer, _) = self.ask(query, json!({ "r": { "from": from } })).await?;
            if answer.get("errors").is_some_and(|errors| !errors.is_null()) {
                return Err(answer.to_string().into());
            }
            answers.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn ask(&self, query: &str, variables: Value) -> Result<(Value, Option<String>), Failure> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut request = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-organisation", &self.organisation)
            .header(header::COOKIE, &self.cookie)
            .body(Body::from(body))?;
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 1))));
        let response = self.router.clone().oneshot(request).await?;
        let cookie = response
            .headers()
            .get(header::SET_COOKIE)
            .and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        let body = to_bytes(response.into_body(), usize::MAX).await?;
        Ok((serde_json::from_slice(&body)?, cookie))
    }
}

fn settings(database: &Database) -> Result<Settings, Failure> {
    Ok(Settings {
        database_url: database.url().to_owned(),
        master_key_file: database.file("master.key"),
        mail: api::Mail::new("portcullis@localhost", api::Way::Folder(database.file("mail")))?,
        search: None,
        places: api::Places::default(),
        audit_heads: database.file("audit-heads"),
        demo: true,
        tools: api::Tools {
            introspection: false,
            graphiql: false,
        },
        public_http: "http://live.example.com".to_owned(),
        public_rtmp: "rtmp://live.example.com:1935".to_owned(),
        rates: api::Rates {
            token: 10_000.try_into()?,
            organisation: 10_000.try_into()?,
        },
        danger_allow_private_networks: true,
    })
}
