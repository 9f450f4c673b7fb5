//! A control plane with two organisations, a node that acts as a media node does, and people who ask.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use api::{Demo, Running, Settings};
use axum::{
    Router,
    body::{Body, BodyDataStream, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode},
    response::Response,
};
use guard::{Door, Grant, Place, Policy, Reason, Timestamp, Word, lint::Marks};
use ids::{DecisionId, NodeId, SessionId};
use link::{Acknowledgement, Clock, Connector, Entropy, Events, Protocol, Questions, SessionFacts};
use serde_json::{Value, json};
use testkit::{Database, Kind};
use tokio::net::TcpListener;
use tower::ServiceExt;

/// The moment at which every test begins.
pub(crate) const T0: Timestamp = Timestamp::from_s(1_800_000_000);

static SEED: AtomicU64 = AtomicU64::new(1);

/// A control plane at work.
pub(crate) struct World {
    /// The way in for more nodes.
    pub(crate) connector: Connector,
    pub(crate) running: Running,
    pub(crate) demo: Demo,
    pub(crate) clock: Clock,
    pub(crate) node: Node,
    pub(crate) database: Database,
}

/// A media node, as far as the control plane can tell.
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) events: Events,
    pub(crate) questions: Questions,
    pub(crate) policy: Arc<Mutex<Policy>>,
}

/// Someone who asks.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    pub(crate) cookie: Option<String>,
    /// The secret of an API token.
    pub(crate) bearer: Option<String>,
    pub(crate) organisation: Option<String>,
    pub(crate) address: SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl World {
    /// A viewer's `n`th session on the stream of that name, as a node tells it; nobody that a token names.
    pub(crate) fn viewing(&self, name: &str, n: u64) -> SessionFacts {
        let policy = self.node.policy.lock().unwrap().clone();
        let stream = policy.stream(&name.parse().unwrap()).unwrap();
        SessionFacts {
            session: SessionId::mint(n, [n.to_le_bytes()[0]; 10]),
            organisation: stream.organisation,
            stream: stream.id,
            name: stream.name.clone(),
            door: Door::Playback,
            protocol: Protocol::Hls,
            address: [203, 0, 113, 9].into(),
            place: Place::default(),
            provider: None,
            encrypted: false,
            grant: None,
            user_agent: None,
            referrer: None,
        }
    }

    /// The `n`th refusal of a viewer, once the control plane knows of it; its id.
    pub(crate) async fn refused(&self, admin: &Client, n: u64) -> String {
        let viewing = self.viewing(self.stream(), 4712);
        let decision = DecisionId::mint(n, [9; 10]);
        let kind = link::Kind::Denied {
            organisation: Some(viewing.organisation),
            stream: viewing.name,
            door: Door::Playback,
            protocol: Protocol::Hls,
            address: viewing.address,
            reason: Reason::TokenExpired,
            decision,
            trace: vec![guard::Step::afterwards(&Reason::TokenExpired.into())],
            visitor: link::Visitor::default(),
        };
        self.node.tell(self.clock.now(), kind);
        let query = "query($id: ID!) { decision(id: $id) { reason } }";
        while admin
            .ask(query, json!({ "id": decision.to_string() }))
            .await
            .code()
            .is_some()
        {
            tokio::task::yield_now().await;
        }
        decision.to_string()
    }

    /// A broadcaster's session that goes on; its id.
    pub(crate) async fn broadcasting(&self, admin: &Client) -> String {
        let facts = SessionFacts {
            door: Door::Ingest,
            protocol: Protocol::Rtmp,
            ..self.viewing(self.stream(), 4711)
        };
        let id = facts.session.to_string();
        self.begins(admin, facts).await;
        id
    }

    /// A session that goes on, once the control plane knows of it.
    pub(crate) async fn begins(&self, admin: &Client, facts: SessionFacts) {
        let id = facts.session.to_string();
        self.node.tell(self.clock.now(), link::Kind::Started(facts));
        let sessions = "{ organisation { sessions(first: 100) { nodes { id } } } }";
        loop {
            let known = admin.data(sessions, json!({})).await["organisation"]["sessions"]["nodes"].clone();
            if known.as_array().unwrap().iter().any(|session| session["id"] == *id) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// On SQLite, which is what most promises need.
    pub(crate) async fn new() -> Self {
        Self::on(Kind::Sqlite).await
    }

    pub(crate) async fn on(kind: Kind) -> Self {
        Self::with(Database::new(kind), Clock::manual(T0)).await
    }

    /// With settings of its own.
    pub(crate) async fn tuned(kind: Kind, tune: impl FnOnce(&mut Settings)) -> Self {
        Self::start(Database::new(kind), Clock::manual(T0), tune).await
    }

    /// On a database that may hold something already.
    pub(crate) async fn with(database: Database, clock: Clock) -> Self {
        Self::start(database, clock, |_| {}).await
    }

    async fn start(database: Database, clock: Clock, tune: impl FnOnce(&mut Settings)) -> Self {
        let (control, connector) = link::in_process(1024);
        let mut settings = settings(&database);
        tune(&mut settings);
        let running = start_with(settings, &clock, control).await;
        let node = Node::join(&connector, 7).await;
        let demo = api::seed_demo(&running).await.expect("the demo");
        Self {
            connector,
            running,
            demo,
            clock,
            node,
            database,
        }
    }

    /// Ends it in order, and starts another one on the same database.
    pub(crate) async fn restarted(self) -> Self {
        self.running.shutdown().await;
        Self::with(self.database, self.clock).await
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.set(self.clock.now().plus(time));
    }

    /// Nobody in particular.
    pub(crate) fn anonymous(&self) -> Client {
        Client::of(&self.running)
    }

    /// The person with that role in the first organisation.
    pub(crate) async fn as_role(&self, role: &str) -> Client {
        self.signed_in(
            self.demo
                .users
                .iter()
                .position(|user| user.role == role)
                .expect("the role"),
        )
        .await
    }

    /// The person of the second organisation, its administrator.
    pub(crate) async fn outsider(&self) -> Client {
        self.signed_in(3).await
    }

    async fn signed_in(&self, user: usize) -> Client {
        let user = &self.demo.users[user];
        let mut client = self.anonymous();
        let answer = client.sign_in(&user.email, &user.password).await;
        client.cookie = answer.cookie();
        assert!(client.cookie.is_some(), "{answer:?}");
        client
    }

    /// The secret of the newest link of a kind (`invitation`, `reset`) that was mailed to an address.
    pub(crate) async fn mailed(&self, kind: &str, address: &str) -> String {
        let mark = format!("/{kind}#");
        for _ in 0..500 {
            for text in self.letters(address).iter().rev() {
                if let Some((_, rest)) = text.split_once(&mark) {
                    return rest
                        .chars()
                        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
                        .collect();
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no {kind} was mailed to {address}");
    }

    /// The newest mail to an address, once there is one.
    pub(crate) async fn letter(&self, address: &str) -> String {
        for _ in 0..500 {
            if let Some(letter) = self.letters(address).pop() {
                return letter;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nothing was mailed to {address}");
    }

    /// Every mail to an address that was sent so far, the oldest first.
    pub(crate) fn letters(&self, address: &str) -> Vec<String> {
        let mut mails: Vec<_> = std::fs::read_dir(self.database.file("mail"))
            .into_iter()
            .flatten()
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        mails.sort();
        let letters = mails.iter().map(|path| {
            // Quoted-printable: soft line ends, the equals sign itself, and quotation marks.
            let marks = [("=\r\n", ""), ("=3D", "="), ("=E2=80=9C", "“"), ("=E2=80=9D", "”")];
            let text = std::fs::read_to_string(path).unwrap();
            marks.iter().fold(text, |text, (coded, mark)| text.replace(coded, mark))
        });
        letters
            .filter(|text| text.contains(&format!("To: {address}")))
            .collect()
    }

    /// The first organisation's stream that needs an encoder.
    pub(crate) fn stream(&self) -> &str {
        &self.demo.streams[1].name
    }

    /// The control plane on a port of its own.
    pub(crate) async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = self
            .running
            .router()
            .into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        address
    }
}

/// A token of that id that a node let somebody in with; ours, and of nobody in particular.
pub(crate) fn granted(jti: &str) -> Grant {
    Grant {
        jti: jti.into(),
        kid: None,
        user: None,
        tag: None,
        issued: Some(T0),
        expires: T0.plus(Duration::from_hours(1)),
        revocable: true,
        word: Word::Signed { ours: true },
        marks: Marks::default(),
    }
}

/// Starts a control plane.
pub(crate) async fn start(database: &Database, clock: &Clock, control: link::Control) -> Running {
    start_with(settings(database), clock, control).await
}

/// What it is told, unless a test says otherwise.
pub(crate) fn settings(database: &Database) -> Settings {
    // Another test of this process may have done so.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Settings {
        database_url: database.url().to_owned(),
        master_key_file: database.file("master.key"),
        mail: api::Mail::new("portcullis@localhost", api::Way::Folder(database.file("mail"))).unwrap(),
        search: None,
        places: api::Places::default(),
        audit_heads: database.file("audit-heads"),
        demo: true,
        tools: api::Tools {
            introspection: true,
            graphiql: true,
        },
        public_http: "http://live.example.com".to_owned(),
        public_rtmp: "rtmp://live.example.com:1935".to_owned(),
        rates: api::Rates {
            token: 10_000.try_into().unwrap(),
            organisation: 10_000.try_into().unwrap(),
        },
        danger_allow_private_networks: true,
    }
}

pub(crate) async fn start_with(settings: Settings, clock: &Clock, control: link::Control) -> Running {
    // Another seed for each start: a control plane that starts again does not draw the same ids.
    let entropy = Entropy::seeded(SEED.fetch_add(1, Ordering::Relaxed));
    api::start(settings, clock.clone(), entropy, control)
        .await
        .expect("the control plane")
}

impl Node {
    /// Joins, applies every change, and says so.
    pub(crate) async fn join(connector: &Connector, number: u64) -> Self {
        let id = NodeId::mint(number, [7; 10]);
        let mut attached = connector.join(id).await.expect("the control plane");
        let policy = Arc::new(Mutex::new(Policy::from_updates(attached.take_policy())));
        let (events, questions) = (attached.events(), attached.questions());
        let shared = policy.clone();
        tokio::spawn(async move {
            while let Some(delivered) = attached.next_change().await {
                let change = delivered.change().clone();
                {
                    let mut policy = shared.lock().unwrap();
                    *policy = change
                        .updates
                        .iter()
                        .fold(policy.clone(), |policy, update| policy.with(update));
                }
                delivered.acknowledge(Acknowledgement {
                    change: change.id,
                    node: id,
                    sessions_ended: 1,
                    took: Duration::from_millis(2),
                    bytes_after: 0,
                });
            }
        });
        Self {
            id,
            events,
            questions,
            policy,
        }
    }

    /// Tells of something that happened at `at`.
    pub(crate) fn tell(&self, at: Timestamp, kind: link::Kind) {
        self.events.tell(link::Event {
            at,
            node: self.id,
            kind,
        });
    }

    /// Tells that a session goes on, with so many bytes by then.
    pub(crate) fn beats(&self, at: Timestamp, facts: &link::SessionFacts, bytes: u64) {
        let beat = link::Kind::Beat {
            session: facts.session,
            organisation: facts.organisation,
            bytes,
            requests: 1,
        };
        self.tell(at, beat);
    }

    /// The pages that may read what their players fetch of a stream.
    pub(crate) fn origins(&self, stream: &str) -> Vec<guard::OriginPattern> {
        let policy = self.policy.lock().unwrap().clone();
        policy
            .tenant_of(&stream.parse().unwrap())
            .unwrap()
            .organisation
            .origins
            .clone()
    }

    /// What a decision at `now` says to a viewer with `token`: `None` where the viewer may pass. A backend that is asked
    /// allows.
    pub(crate) fn denies(&self, stream: &str, token: &str, now: Timestamp) -> Option<guard::Reason> {
        let facts = guard::Facts {
            publisher: guard::Presence::Present,
            ..guard::Facts::default()
        };
        self.judges(stream, token, now, facts)
    }

    /// The same of a viewer whose session goes on.
    pub(crate) fn cuts(&self, stream: &str, token: &str, now: Timestamp) -> Option<guard::Reason> {
        let running = true;
        let facts = guard::Facts {
            running,
            ..guard::Facts::default()
        };
        self.judges(stream, token, now, facts)
    }

    fn judges(&self, stream: &str, token: &str, now: Timestamp, mut facts: guard::Facts) -> Option<guard::Reason> {
        let policy = self.policy.lock().unwrap().clone();
        let mut request = guard::Request::new(
            guard::Door::Playback,
            Some(stream.parse().unwrap()),
            [192, 0, 2, 77].into(),
            guard::Credential::from_token(token),
        );
        loop {
            match guard::decide(&request, &facts, &policy, now) {
                guard::Decision::Admit(_) => return None,
                guard::Decision::Deny(denial) => return Some(denial.reason),
                guard::Decision::Ask(guard::Question::Signature { token, key }) => {
                    request.proofs.add(guard::signature::check(&token, &key));
                }
                guard::Decision::Ask(guard::Question::Backend { .. }) => {
                    facts.backend = Some(guard::Verdict::Allowed { until: None });
                }
                guard::Decision::Ask(question) => panic!("unexpected {question:?}"),
            }
        }
    }
}

impl Client {
    /// Nobody in particular.
    pub(crate) fn of(running: &Running) -> Self {
        Self {
            router: running.router(),
            cookie: None,
            bearer: None,
            organisation: None,
            address: SocketAddr::from(([192, 0, 2, 77], 50_000)),
        }
    }

    /// Asks, and gives back the data; errors fail the test.
    pub(crate) async fn data(&self, query: &str, variables: Value) -> Value {
        let answer = self.ask(query, variables).await;
        assert!(answer.body.get("errors").is_none(), "{}", answer.text);
        answer.body["data"].clone()
    }

    /// Asks, and gives back the one error's code.
    pub(crate) async fn code(&self, query: &str, variables: Value) -> String {
        let answer = self.ask(query, variables).await;
        answer.code().unwrap_or_else(|| panic!("no error: {}", answer.text))
    }

    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Answer {
        self.send(&json!({ "query": query, "variables": variables }), &[]).await
    }

    /// Sends a body with further headers.
    pub(crate) async fn send(&self, body: &Value, headers: &[(&str, &str)]) -> Answer {
        self.post("/graphql", body, headers).await
    }

    /// Sends a body to another door.
    pub(crate) async fn post(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::post(path);
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        if let Some(organisation) = &self.organisation {
            request = request.header("x-organisation", organisation);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_string())).unwrap();
        request.extensions_mut().insert(ConnectInfo(self.address));
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.fetch(path, &[]).await
    }

    /// What a path would be: its head.
    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.request(Request::head(path), &[]).await
    }

    /// Fetches a path as who is signed in, with further headers.
    pub(crate) async fn fetch(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request(Request::get(path), headers).await
    }

    /// What a path answers, as it comes.
    pub(crate) async fn open(&self, path: &str) -> BodyDataStream {
        self.response(Request::get(path), &[])
            .await
            .into_body()
            .into_data_stream()
    }

    async fn request(&self, request: axum::http::request::Builder, headers: &[(&str, &str)]) -> Answer {
        Answer::read(self.response(request, headers).await).await
    }

    async fn response(&self, mut request: axum::http::request::Builder, headers: &[(&str, &str)]) -> Response {
        let own = [("cookie", &self.cookie), ("x-organisation", &self.organisation)];
        for (name, value) in own {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(self.address));
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let query = "mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { viewer { email } errors { code message } } }";
        self.ask(query, json!({ "e": email, "p": password })).await
    }

    /// Makes a token, and gives back the payload.
    pub(crate) async fn make_token(&self, input: Value) -> Value {
        let query = "mutation($i: CreatePlaybackTokenInput!) { createPlaybackToken(input: $i) {
            token record { jti status user tag claims expiresAt } advice { code severity } errors { code field message } } }";
        self.data(query, json!({ "i": input })).await["createPlaybackToken"].clone()
    }

    /// Revokes, and gives back the payload.
    pub(crate) async fn revoke(&self, input: Value) -> Value {
        self.data(REVOKE, json!({ "i": input })).await["revokeTokens"].clone()
    }
}

pub(crate) const REVOKE: &str = "mutation($i: RevokeTokensInput!) { revokeTokens(input: $i) {
    change { id sessionsEnded bytesAfter doneAfterMs nodes { node acknowledged sessionsEnded } } revoked errors { code message } } }";

impl Answer {
    async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> Option<String> {
        let code = &self.body["errors"][0]["extensions"]["code"];
        code.as_str().map(str::to_owned)
    }

    /// What a browser would send back.
    pub(crate) fn cookie(&self) -> Option<String> {
        let set = self.headers.get("set-cookie")?.to_str().ok()?;
        set.split(';').next().map(str::to_owned)
    }
}
