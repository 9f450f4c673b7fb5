//! What is pushed over graphql-transport-ws, and when it ends.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use guard::{Door, Reason};
use ids::{DecisionId, OrganisationId, StreamId};
use link::{Kind, Protocol, SessionEnd, SessionFacts};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::{
    harness::{Client, World, granted},
    privacy::eventually,
};

/// A socket that speaks graphql-transport-ws.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn open(address: SocketAddr, client: &Client, origin: Option<&str>) -> Result<Self, u16> {
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        if let Some(cookie) = &client.cookie {
            headers.insert("cookie", cookie.parse().unwrap());
        }
        if let Some(bearer) = &client.bearer {
            headers.insert("authorization", format!("Bearer {bearer}").parse().unwrap());
        }
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => {
                let mut socket = Self(socket);
                let payload = json!({ "x-organisation": client.organisation });
                socket
                    .say(&json!({ "type": "connection_init", "payload": payload }))
                    .await;
                assert_eq!(socket.hear().await["type"], "connection_ack");
                Ok(socket)
            }
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str) {
        self.subscribe_with(id, query, &json!({})).await;
    }

    pub(crate) async fn subscribe_with(&mut self, id: &str, query: &str, variables: &Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(&json!({ "id": id, "type": "subscribe", "payload": payload }))
            .await;
    }

    async fn say(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// Closes it; the code of the answer, if there is one.
    async fn leave(mut self) -> Option<u16> {
        let close = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        self.0.send(Message::Close(Some(close))).await.unwrap();
        self.closed().await
    }

    /// The code that it is closed with, if there is one.
    async fn closed(&mut self) -> Option<u16> {
        while let Some(Ok(message)) = self.0.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| frame.code.into());
            }
        }
        None
    }

    pub(crate) async fn hear(&mut self) -> Value {
        let next = tokio::time::timeout(Duration::from_secs(20), self.0.next());
        let message = next
            .await
            .expect("something is said")
            .expect("the socket is open")
            .unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }

    /// The next value of a subscription.
    pub(crate) async fn next(&mut self, id: &str) -> Value {
        let message = self.hear().await;
        assert_eq!(
            (&message["type"], &message["id"]),
            (&json!("next"), &json!(id)),
            "{message}"
        );
        message["payload"].clone()
    }
}

#[tokio::test]
async fn a_process_that_is_about_to_go_says_so_on_every_socket() {
    let world = World::new().await;
    let address = world.serve().await;
    let admin = world.as_role("nanoAdmin").await;
    let mut socket = Socket::open(address, &admin, None).await.unwrap();
    socket.subscribe("live", "subscription { streamState { name } }").await;
    settled(&mut socket).await;
    world.running.leave();
    let closed = tokio::time::timeout(Duration::from_secs(20), socket.closed());
    assert_eq!(closed.await.expect("it is closed"), Some(1001));
}

/// A viewer's session on the first organisation's second stream.
fn session(world: &World, n: u64) -> SessionFacts {
    SessionFacts {
        protocol: Protocol::WebSocket,
        grant: Some(guard::Grant {
            user: Some("ann".into()),
            tag: Some("web".into()),
            ..granted("tok_x")
        }),
        referrer: Some("example.com".into()),
        ..world.viewing(world.stream(), n)
    }
}

fn of(world: &World) -> (OrganisationId, StreamId) {
    let facts = session(world, 1);
    (facts.organisation, facts.stream)
}

#[tokio::test]
async fn viewers_that_come_and_go_are_pushed_counted_and_recorded() {
    let world = World::new().await;
    let address = world.serve().await;
    let admin = world.as_role("nanoAdmin").await;
    let reader = world.as_role("nanoReadOnly").await;
    let events = "subscription { sessionEvents { kind stream address reason session { user jti bytes endedAt } } }";
    let mut admins = Socket::open(address, &admin, None).await.unwrap();
    admins
        .subscribe(
            "c",
            "subscription { live { viewers ingests byProtocol { protocol viewers } } }",
        )
        .await;
    assert_eq!(
        admins.next("c").await["data"]["live"],
        json!({ "viewers": 0, "ingests": 0, "byProtocol": [] })
    );
    let mut full = Socket::open(address, &admin, None).await.unwrap();
    full.subscribe("e", events).await;
    let mut masked = Socket::open(address, &reader, None).await.unwrap();
    masked.subscribe("e", events).await;
    settled(&mut full).await;
    settled(&mut masked).await;

    let now = world.clock.now();
    let facts = session(&world, 1);
    let (organisation, stream) = of(&world);
    world.node.tell(now, Kind::Started(facts.clone()));
    let event = full.next("e").await["data"]["sessionEvents"].clone();
    assert_eq!(
        (&event["kind"], &event["address"]),
        (&json!("STARTED"), &json!("203.0.113.9"))
    );
    assert_eq!(event["session"]["user"], "ann");
    let event = masked.next("e").await["data"]["sessionEvents"].clone();
    assert_eq!(
        (&event["address"], &event["session"]["user"], &event["session"]["jti"]),
        (&json!("203.0.113.0/24"), &json!(null), &json!(null))
    );
    let counters = admins.next("c").await["data"]["live"].clone();
    assert_eq!(
        counters,
        json!({ "viewers": 1, "ingests": 0, "byProtocol": [{ "protocol": "WEBSOCKET", "viewers": 1 }] })
    );

    world.pass(Duration::from_secs(10));
    let now = world.clock.now();
    let end = SessionEnd {
        session: facts.session,
        organisation,
        stream,
        bytes: 4096,
        requests: 1,
        reason: Some(Reason::TokenRevoked),
    };
    world.node.tell(now, Kind::Ended(end));
    let event = full.next("e").await["data"]["sessionEvents"].clone();
    assert_eq!(
        (&event["kind"], &event["reason"], &event["session"]["bytes"]),
        (&json!("ENDED"), &json!("TOKEN_REVOKED"), &json!(4096.0))
    );
    world.node.tell(
        now,
        Kind::Denied {
            organisation: Some(organisation),
            stream: facts.name.clone(),
            door: Door::Playback,
            protocol: Protocol::Hls,
            address: [203, 0, 113, 9].into(),
            reason: Reason::TokenExpired,
            decision: DecisionId::mint(1, [1; 10]),
            trace: vec![],
            visitor: link::Visitor::default(),
        },
    );
    let event = full.next("e").await["data"]["sessionEvents"].clone();
    assert_eq!(
        (&event["kind"], &event["reason"], &event["session"]),
        (&json!("DENIED"), &json!("TOKEN_EXPIRED"), &json!(null))
    );

    let query =
        "{ organisation { sessions { totalCount nodes { stream address user durationS bytes reason protocol } } } }";
    let rows = admin.data(query, json!({})).await["organisation"]["sessions"]["nodes"].clone();
    assert_eq!(
        rows,
        json!([{ "stream": world.stream(), "address": "203.0.113.9", "user": "ann", "durationS": 10.0, "bytes": 4096.0, "reason": "TOKEN_REVOKED", "protocol": "WEBSOCKET" }])
    );
    let rows = reader.data(query, json!({})).await["organisation"]["sessions"]["nodes"].clone();
    assert_eq!(
        (&rows[0]["address"], &rows[0]["user"]),
        (&json!("203.0.113.0/24"), &json!(null))
    );
    let personal = "{ organisation { sessions(filter: {user: \"ann\"}) { totalCount } } }";
    assert_eq!(reader.code(personal, json!({})).await, "FORBIDDEN");
    assert_eq!(
        world.outsider().await.data(query, json!({})).await["organisation"]["sessions"]["totalCount"],
        0
    );
}

/// Returns when what was said before is understood: operations of one socket are begun in their order.
pub(crate) async fn settled(socket: &mut Socket) {
    socket.subscribe("settled", "{ viewer { id } }").await;
    loop {
        let message = socket.hear().await;
        assert_eq!(message["id"], "settled", "{message}");
        if message["type"] == "complete" {
            return;
        }
    }
}

#[tokio::test]
async fn a_stream_that_goes_live_is_pushed_without_asking_and_others_hear_nothing() {
    let world = World::new().await;
    let address = world.serve().await;
    let admin = world.as_role("nanoAdmin").await;
    let outsider = world.outsider().await;
    let query = "subscription { streamState { name state } }";
    let mut own = Socket::open(address, &admin, None).await.unwrap();
    own.subscribe("s", query).await;
    let mut other = Socket::open(address, &outsider, None).await.unwrap();
    other.subscribe("s", query).await;
    settled(&mut own).await;
    settled(&mut other).await;
    let (organisation, stream) = of(&world);
    let now = world.clock.now();
    world.node.tell(now, Kind::Live { stream, organisation });
    assert_eq!(
        own.next("s").await["data"]["streamState"],
        json!({ "name": world.stream(), "state": "LIVE" })
    );
    let lock = "mutation($n: String!) { lockStream(input: {name: $n}) { errors { code } } }";
    admin.data(lock, json!({ "n": world.stream() })).await;
    assert_eq!(own.next("s").await["data"]["streamState"]["state"], "LOCKED");
    world.node.tell(now, Kind::Offline { stream, organisation });
    assert_eq!(own.next("s").await["data"]["streamState"]["state"], "LOCKED");
    admin
        .data(
            &lock.replace("lockStream", "unlockStream"),
            json!({ "n": world.stream() }),
        )
        .await;
    assert_eq!(own.next("s").await["data"]["streamState"]["state"], "ENDED");

    let mine = "mutation { createStream { stream { name } } }".replace("createStream", "createStream(input: {})");
    let made = outsider.data(&mine, json!({})).await["createStream"]["stream"]["name"].clone();
    // The first that the outsider hears is about their own.
    assert_eq!(other.next("s").await["data"]["streamState"]["name"], made);
    let foreign = format!("subscription {{ live(stream: \"{}\") {{ viewers }} }}", world.stream());
    other.subscribe("f", &foreign).await;
    assert_eq!(other.next("f").await["errors"][0]["extensions"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn a_subscription_ends_with_the_sign_in() {
    let world = World::new().await;
    let address = world.serve().await;
    let admin = world.as_role("nanoAdmin").await;
    let mut socket = Socket::open(address, &admin, None).await.unwrap();
    socket.subscribe("s", "subscription { sessionEvents { kind } }").await;
    settled(&mut socket).await;
    admin.data("mutation { signOut { errors { code } } }", json!({})).await;
    assert_eq!(
        socket.next("s").await["errors"][0]["extensions"]["code"],
        "UNAUTHENTICATED"
    );
    assert_eq!(socket.hear().await["type"], "complete");
    socket.subscribe("again", "{ viewer { id } }").await;
    assert_eq!(
        socket.next("again").await["errors"][0]["extensions"]["code"],
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn a_subscription_ends_when_the_role_changes() {
    use sea_orm::{ConnectionTrait, Database};
    let world = World::new().await;
    let address = world.serve().await;
    let user = world.as_role("nanoUser").await;
    let mut socket = Socket::open(address, &user, None).await.unwrap();
    socket
        .subscribe("s", "subscription { sessionEvents { address } }")
        .await;
    settled(&mut socket).await;
    let connection = Database::connect(world.database.url()).await.unwrap();
    let demoted = "UPDATE member SET role = 'nanoReadOnly' WHERE role = 'nanoUser'";
    connection.execute_unprepared(demoted).await.unwrap();
    assert_eq!(socket.next("s").await["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(socket.hear().await["type"], "complete");
    assert_eq!(
        user.code("mutation { createStream(input: {}) { errors { code } } }", json!({}))
            .await,
        "FORBIDDEN"
    );
}

/// As over HTTP: what was begun is not given up in the midst, whoever wants to hear no more of it.
#[tokio::test]
async fn an_operation_that_is_completed_halfway_is_done_to_its_end() {
    use sea_orm::{ConnectionTrait, Database, DbBackend, Statement, TransactionTrait};
    use sha2::{Digest, Sha256};
    let world = World::on(testkit::Kind::Postgres).await;
    let address = world.serve().await;
    let admin = world.as_role("nanoAdmin").await;
    let mut socket = Socket::open(address, &admin, None).await.unwrap();
    let connection = Database::connect(world.database.url()).await.unwrap();
    let other = connection.begin().await.unwrap();
    let held = "LOCK TABLE guardian_rule IN EXCLUSIVE MODE";
    other.execute_unprepared(held).await.unwrap();
    let make = "mutation Make {
            createGuardianRule(input: {kind: IP, value: \"192.0.2.77\", action: DENY}) { errors { code } }
        }
        subscription Live { live { viewers } }";
    let payload = json!({ "query": make, "operationName": "Make" });
    socket
        .say(&json!({ "id": "m", "type": "subscribe", "payload": payload }))
        .await;
    let waits = "SELECT 1 FROM pg_locks WHERE relation = 'guardian_rule'::regclass AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    eventually("it waits", async || {
        let waits = Statement::from_string(DbBackend::Postgres, waits);
        connection.query_one_raw(waits).await.unwrap().is_some()
    })
    .await;
    socket.say(&json!({ "id": "m", "type": "complete" })).await;
    settled(&mut socket).await;
    // Until then it is one of those at once.
    for n in 0..32 {
        let news = "subscription { streamState { name } }";
        socket.subscribe(&format!("s{n}"), news).await;
    }
    let refused = socket.hear().await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("s31")));
    for n in 0..31 {
        socket.say(&json!({ "id": format!("s{n}"), "type": "complete" })).await;
    }
    settled(&mut socket).await;
    other.rollback().await.unwrap();
    let made = "{ organisation { guardianRules(filter: {text: \"192.0.2.77\"}) { totalCount } } }";
    eventually("the rule is there", async || {
        let data = admin.data(made, json!({})).await;
        data["organisation"]["guardianRules"]["totalCount"] == 1
    })
    .await;

    // Of several, by their hash too, the one that is named is subscribed, and ends when it is told to.
    let hash = hex::encode(Sha256::digest(make));
    for query in [json!(make), Value::Null] {
        let persisted = json!({ "version": 1, "sha256Hash": hash });
        let payload = json!({ "query": query, "operationName": "Live", "extensions": { "persistedQuery": persisted } });
        socket
            .say(&json!({ "id": "l", "type": "subscribe", "payload": payload }))
            .await;
        assert_eq!(socket.next("l").await["data"]["live"]["viewers"], 0);
        socket.say(&json!({ "id": "l", "type": "complete" })).await;
        settled(&mut socket).await;
    }
}

#[tokio::test]
async fn a_socket_is_opened_by_the_own_site_and_by_programs_only() {
    let world = World::new().await;
    let address = world.serve().await;
    let client = world.as_role("nanoAdmin").await;
    let anonymous = world.anonymous();
    for origin in ["https://evil.test", "null"] {
        assert_eq!(Socket::open(address, &client, Some(origin)).await.err(), Some(403));
        assert_eq!(Socket::open(address, &anonymous, Some(origin)).await.err(), Some(403));
    }
    assert!(
        Socket::open(address, &client, Some(&format!("http://{address}")))
            .await
            .is_ok()
    );
    let mut open = Socket::open(address, &anonymous, None).await.unwrap();
    open.subscribe("s", "subscription { live { viewers } }").await;
    assert_eq!(
        open.next("s").await["errors"][0]["extensions"]["code"],
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn a_socket_holds_thirty_two_subscriptions_and_acts_in_the_named_organisation() {
    let world = World::new().await;
    let address = world.serve().await;
    let mut client = world.as_role("nanoAdmin").await;
    let mut socket = Socket::open(address, &client, None).await.unwrap();
    for n in 0..32 {
        socket
            .subscribe(&format!("s{n}"), "subscription { streamState { name } }")
            .await;
    }
    socket.subscribe("more", "subscription { streamState { name } }").await;
    let refused = socket.hear().await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("more")));
    assert!(refused["payload"][0]["message"].as_str().unwrap().contains("32"));
    client.organisation = Some(world.demo.users[3].organisation.clone());
    let mut elsewhere = Socket::open(address, &client, None).await.unwrap();
    elsewhere.subscribe("s", "subscription { live { viewers } }").await;
    assert_eq!(
        elsewhere.next("s").await["errors"][0]["extensions"]["code"],
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn the_progress_of_a_change_is_told_at_once_and_ends_when_it_is_done() {
    let world = World::new().await;
    let address = world.serve().await;
    let admin = world.as_role("nanoAdmin").await;
    let done = admin.revoke(json!({ "tag": "x" })).await["change"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut socket = Socket::open(address, &admin, None).await.unwrap();
    let query = format!(
        "subscription {{ changeProgress(id: \"{done}\") {{ acknowledged nodes sessionsEnded done bytesAfter }} }}"
    );
    socket.subscribe("p", &query).await;
    assert_eq!(
        socket.next("p").await["data"]["changeProgress"],
        json!({ "acknowledged": 1, "nodes": 1, "sessionsEnded": 1, "done": true, "bytesAfter": 0.0 })
    );
    assert_eq!(socket.hear().await["type"], "complete");
}

#[tokio::test]
async fn every_change_is_told_as_it_is_made_and_listed_with_what_it_came_by() {
    let world = World::new().await;
    let address = world.serve().await;
    let admin = world.as_role("nanoAdmin").await;
    let (mut own, mut other) = (
        Socket::open(address, &admin, None).await.unwrap(),
        Socket::open(address, &world.outsider().await, None).await.unwrap(),
    );
    for socket in [&mut own, &mut other] {
        socket
            .subscribe("p", "subscription { changeProgress { id done sessionsEnded } }")
            .await;
        settled(socket).await;
    }
    let mut made = Vec::new();
    for tag in ["x", "y"] {
        world.pass(Duration::from_secs(1));
        let id = admin.revoke(json!({ "tag": tag })).await["change"]["id"].clone();
        let told = own.next("p").await["data"]["changeProgress"].clone();
        assert_eq!((&told["id"], &told["done"]), (&id, &json!(true)));
        made.push(id);
    }
    let list = "{ organisation { changes(first: 2) { nodes { id action sessionsEnded bytesAfter doneAfterMs
        nodes { acknowledged tookMs } } } } }";
    let rows = admin.data(list, json!({})).await["organisation"]["changes"]["nodes"].clone();
    assert_eq!((&rows[0]["id"], &rows[1]["id"]), (&made[1], &made[0]));
    assert_eq!(
        (&rows[0]["action"], &rows[0]["nodes"][0]["acknowledged"]),
        (&json!("token.revoke"), &json!(true))
    );
    assert!(rows[0]["doneAfterMs"].is_number() && rows[0]["nodes"][0]["tookMs"].is_number());
    // Others hear of their own alone.
    let theirs = world.outsider().await;
    theirs
        .data("mutation { createStream(input: {}) { stream { name } } }", json!({}))
        .await;
    let told = other.next("p").await["data"]["changeProgress"]["id"].clone();
    assert!(told.is_string() && !made.contains(&told));
}

#[tokio::test]
async fn sessions_that_a_crash_left_open_are_closed_when_they_were_last_heard_of() {
    let world = World::new().await;
    let facts = session(&world, 1);
    let organisation = facts.organisation;
    let started = world.clock.now();
    world.node.tell(started, Kind::Started(facts.clone()));
    let beat = started.plus(Duration::from_secs(30));
    world.node.tell(
        beat,
        Kind::Beat {
            session: facts.session,
            organisation,
            bytes: 77,
            requests: 1,
        },
    );
    world.pass(Duration::from_hours(1));
    let world = world.restarted().await;
    let query = "{ organisation { sessions { nodes { endedAt durationS bytes } } } }";
    let rows =
        world.as_role("nanoAdmin").await.data(query, json!({})).await["organisation"]["sessions"]["nodes"].clone();
    assert_eq!((&rows[0]["durationS"], &rows[0]["bytes"]), (&json!(30.0), &json!(77.0)));
}

#[tokio::test]
async fn whoever_closes_a_socket_is_answered_so() {
    let world = World::new().await;
    let address = world.serve().await;
    let mut socket = Socket::open(address, &world.as_role("nanoUser").await, None)
        .await
        .unwrap();
    settled(&mut socket).await;
    assert_eq!(socket.leave().await, Some(1000));
}
