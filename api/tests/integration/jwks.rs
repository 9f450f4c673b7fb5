//! Sets of keys that customers keep elsewhere, on a server that does what servers do: change, hang, lie, redirect, shrink.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use guard::Reason;
use link::Question;
use serde_json::{Value, json};
use testkit::Kind;
use tokio::net::TcpListener;

use crate::{
    credentials::HANDLE,
    harness::{Client, T0, World},
    signing_keys::{ADD, add, keys},
};

/// What the server answers.
#[derive(Clone)]
enum Says {
    Set(Vec<u8>),
    Text(String),
    Status(u16),
    Redirect,
    Nothing,
}

/// A server of the customer's.
struct Elsewhere {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    says: Mutex<Says>,
    asked: AtomicUsize,
}

impl Elsewhere {
    async fn new() -> Self {
        let shared = Arc::new(Shared {
            says: Mutex::new(Says::Set(vec![1])),
            asked: AtomicUsize::new(0),
        });
        let routes = Router::new().route("/keys", get(answer)).with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, shared }
    }

    fn url(&self) -> String {
        format!("http://{}/keys", self.address)
    }

    fn says(&self, says: Says) {
        *self.shared.says.lock().unwrap() = says;
    }

    fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// Waits until it was asked once more than `before`.
    async fn hears(&self, before: usize) {
        until("the server to be asked", async || self.asked() > before).await;
    }
}

async fn answer(State(shared): State<Arc<Shared>>) -> Response {
    shared.asked.fetch_add(1, Ordering::SeqCst);
    let says = shared.says.lock().unwrap().clone();
    match says {
        Says::Set(seeds) => {
            let keys: Vec<_> = seeds.into_iter().map(jwk).collect();
            axum::Json(json!({ "keys": keys })).into_response()
        }
        Says::Text(text) => text.into_response(),
        Says::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Says::Redirect => (StatusCode::FOUND, [(header::LOCATION, "/keys")]).into_response(),
        Says::Nothing => std::future::pending().await,
    }
}

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn jwk(seed: u8) -> Value {
    let x = URL_SAFE_NO_PAD.encode(pair(seed).public_key().as_ref());
    json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": format!("k{seed}"), "use": "sig", "alg": "EdDSA" })
}

/// A token that a key of the set signed.
fn token(world: &World, seed: u8) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "alg": "EdDSA", "kid": format!("k{seed}") });
    let claims = json!({ "aud": "play", "exp": T0.s() + 7 * 24 * 3600, "iat": T0.s(), "streams": [world.stream()] });
    let signed = format!("{}.{}", part(&header), part(&claims));
    let signature = URL_SAFE_NO_PAD.encode(pair(seed).sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn lets_in(world: &World, seed: u8) -> bool {
    let denial = world
        .node
        .denies(world.stream(), &token(world, seed), world.clock.now());
    assert!(matches!(denial, None | Some(Reason::TokenKey)), "{denial:?}");
    denial.is_none()
}

async fn until(what: &str, mut fact: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_mins(1), async {
        while !fact().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain for {what}");
}

async fn trouble(admin: &Client) -> Value {
    let all = keys(admin).await;
    all.iter().find(|key| key["ours"] == false).unwrap()["fetchError"].clone()
}

/// As a node asks for a key that it does not know.
async fn wanted(world: &World, kid: &str) {
    let organisation = world.viewing(world.stream(), 1).organisation;
    let kid = kid.into();
    world.node.questions.ask(Question::Key { organisation, kid }).await;
}

async fn a_set_is_followed_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let elsewhere = Elsewhere::new().await;
    elsewhere.says(Says::Set(vec![1, 2]));
    let added = add(&admin, json!({ "jwksUrl": elsewhere.url() })).await;
    assert_eq!(added["errors"], json!([]), "{added}");
    assert_eq!(
        added["signingKey"]["keys"],
        json!([{ "kid": "k1", "algorithm": "EdDSA" }, { "kid": "k2", "algorithm": "EdDSA" }])
    );
    assert!(lets_in(&world, 1) && lets_in(&world, 2) && !lets_in(&world, 3));

    // One comes, one goes: five minutes later both are so here.
    elsewhere.says(Says::Set(vec![2, 3]));
    let before = elsewhere.asked();
    world.pass(Duration::from_mins(4));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(elsewhere.asked(), before, "it is believed for five minutes");
    world.pass(Duration::from_mins(1));
    until("the new key", async || lets_in(&world, 3)).await;
    assert!(!lets_in(&world, 1) && lets_in(&world, 2));
    let log = "{ organisation { auditLog(filter: {action: \"signing_key.fetch\"}) { nodes { actorKind detail } } } }";
    let log = admin.data(log, json!({})).await["organisation"]["auditLog"]["nodes"].clone();
    assert_eq!(
        log,
        json!([{ "actorKind": "PLATFORM", "detail": { "added": ["k3"], "removed": ["k1"] } }])
    );

    // A control plane that starts while the server is away knows what it knew.
    elsewhere.says(Says::Nothing);
    let world = world.restarted().await;
    assert!(lets_in(&world, 2) && lets_in(&world, 3));

    let admin = world.as_role("nanoAdmin").await;
    let set = keys(&admin).await.into_iter().find(|key| key["ours"] == false).unwrap();
    admin.data(crate::signing_keys::REMOVE, json!({ "i": set["id"] })).await;
    assert!(!lets_in(&world, 2) && !lets_in(&world, 3));
}

#[tokio::test]
async fn a_set_of_keys_is_followed_and_what_is_taken_out_of_it_is_worth_nothing() {
    a_set_is_followed_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_set_of_keys_is_followed_and_what_is_taken_out_of_it_is_worth_nothing_on_postgresql() {
    a_set_is_followed_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_set_that_gives_a_keys_name_to_another_ends_the_handles_of_the_first() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let elsewhere = Elsewhere::new().await;
    add(&admin, json!({ "jwksUrl": elsewhere.url() })).await;
    let handle = admin.data(HANDLE, json!({ "t": token(&world, 1) })).await["createHandle"]["handle"].clone();
    let handle = handle.as_str().unwrap();
    assert_eq!(world.node.denies(world.stream(), handle, T0), None);
    let mut other = jwk(2);
    other["kid"] = json!("k1");
    elsewhere.says(Says::Text(json!({ "keys": [other] }).to_string()));
    world.pass(Duration::from_mins(5));
    until("the other key", async || {
        world.node.denies(world.stream(), handle, T0).is_some()
    })
    .await;
    let theirs = token(&world, 1);
    for (text, reason) in [(handle, Reason::TokenKey), (&*theirs, Reason::TokenSignature)] {
        assert_eq!(world.node.denies(world.stream(), text, T0), Some(reason));
    }
}

#[tokio::test]
async fn a_set_that_hangs_lies_or_redirects_stays_as_it_was_for_a_day() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let elsewhere = Elsewhere::new().await;
    add(&admin, json!({ "jwksUrl": elsewhere.url() })).await;
    for (says, why) in [
        (Says::Status(503), "status 503"),
        (Says::Redirect, "redirects are not followed"),
        (Says::Text("<html>".to_owned()), "no set of keys"),
        (
            Says::Text("{\"keys\": [{\"kty\": \"oct\", \"k\": \"AAAA\"}]}".to_owned()),
            "none of the set's keys",
        ),
        (Says::Text("x".repeat(100_000)), "64 KB"),
        (Says::Text("x".repeat(2_000_000)), "is too large"),
        (Says::Nothing, "no answer"),
    ] {
        elsewhere.says(says);
        // A machine that is busy may not have heard all of it in time: then it is asked again.
        let told = async || trouble(&admin).await.as_str().unwrap_or_default().to_owned();
        for _ in 0..5 {
            let before = elsewhere.asked();
            world.pass(Duration::from_mins(5));
            elsewhere.hears(before).await;
            until(why, async || {
                let told = told().await;
                told.contains(why) || told.contains("no answer")
            })
            .await;
            if told().await.contains(why) {
                break;
            }
        }
        assert!(told().await.contains(why), "{why}");
        assert!(lets_in(&world, 1), "{why}");
    }
    world.pass(Duration::from_hours(24));
    until("its keys to end", async || !lets_in(&world, 1)).await;
    assert!(trouble(&admin).await.as_str().unwrap().contains("verify no more"));
    // It is asked on, and believed once it answers.
    elsewhere.says(Says::Set(vec![1]));
    world.pass(Duration::from_mins(5));
    until("its keys to be back", async || lets_in(&world, 1)).await;
    assert_eq!(trouble(&admin).await, Value::Null);
}

#[tokio::test]
async fn a_set_without_keys_takes_all_of_them_back() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let elsewhere = Elsewhere::new().await;
    add(&admin, json!({ "jwksUrl": elsewhere.url() })).await;
    elsewhere.says(Says::Set(vec![]));
    world.pass(Duration::from_mins(5));
    until("its key to end", async || !lets_in(&world, 1)).await;
    assert_eq!(trouble(&admin).await, Value::Null);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_asks_once_and_a_new_key_lets_in_at_the_first_attempt() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let elsewhere = Elsewhere::new().await;
    add(&admin, json!({ "jwksUrl": elsewhere.url() })).await;
    let before = elsewhere.asked();
    // It was asked a moment ago.
    wanted(&world, "k2").await;
    assert_eq!(elsewhere.asked(), before);
    world.pass(Duration::from_secs(31));
    elsewhere.says(Says::Set(vec![1, 2]));
    let flood: Vec<_> = (0..200).map(|n| format!("nobody's {n}")).collect();
    let asked = flood.iter().map(|kid| wanted(&world, kid));
    futures_util::future::join_all(asked).await;
    // What was found was in force before any of them was answered.
    assert!(lets_in(&world, 2));
    assert_eq!(elsewhere.asked(), before + 1);
}

#[tokio::test]
async fn a_set_that_hangs_delays_nobody_elses() {
    let world = World::new().await;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    let (hanging, quick) = (Elsewhere::new().await, Elsewhere::new().await);
    add(&outsider, json!({ "jwksUrl": hanging.url() })).await;
    add(&admin, json!({ "jwksUrl": quick.url() })).await;
    hanging.says(Says::Nothing);
    quick.says(Says::Set(vec![1, 2]));
    let before = hanging.asked();
    world.pass(Duration::from_mins(5));
    hanging.hears(before).await;
    until("the other's key", async || lets_in(&world, 2)).await;
    assert_eq!(trouble(&outsider).await, Value::Null, "it has not even given up yet");
}

#[tokio::test]
async fn a_set_has_no_more_room_than_there_is_and_says_so() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let elsewhere = Elsewhere::new().await;
    elsewhere.says(Says::Set((1..=9).collect()));
    let nine = add(&admin, json!({ "jwksUrl": elsewhere.url() })).await;
    assert_eq!(nine["errors"][0]["code"], "TOO_MANY");
    elsewhere.says(Says::Set((1..=8).collect()));
    assert_eq!(
        add(&admin, json!({ "jwksUrl": elsewhere.url() })).await["errors"],
        json!([])
    );
    // The ninth that comes later is left out, and what is known stays.
    elsewhere.says(Says::Set((0..=8).collect()));
    world.pass(Duration::from_mins(5));
    until("word of it", async || {
        trouble(&admin)
            .await
            .as_str()
            .is_some_and(|text| text.contains("no room for 1"))
    })
    .await;
    let all = keys(&admin).await;
    let set = all.iter().find(|key| key["ours"] == false).unwrap();
    assert_eq!(set["keys"].as_array().unwrap().len(), 8);
    assert!((1..=8).all(|seed| lets_in(&world, seed)) && !lets_in(&world, 0));
}

#[tokio::test]
async fn a_set_that_cannot_be_fetched_is_not_added_and_says_why() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let elsewhere = Elsewhere::new().await;
    for (says, code) in [
        (Says::Status(404), "INVALID"),
        (Says::Redirect, "INVALID"),
        (Says::Text("{}".to_owned()), "INVALID"),
        (Says::Set(vec![]), "INVALID"),
        (Says::Nothing, "UNREACHABLE"),
    ] {
        elsewhere.says(says);
        let refused = add(&admin, json!({ "jwksUrl": elsewhere.url() })).await;
        assert_eq!(refused["errors"][0]["code"], code, "{refused}");
        assert_eq!(refused["errors"][0]["field"], json!(["input", "jwksUrl"]));
    }
    let named = add(&admin, json!({ "jwksUrl": elsewhere.url(), "kid": "mine" })).await;
    assert_eq!(named["errors"][0]["field"], json!(["input", "kid"]));
}

#[tokio::test]
async fn a_set_on_a_private_network_is_not_asked_for() {
    let world = World::tuned(Kind::Sqlite, |settings| settings.danger_allow_private_networks = false).await;
    let admin = world.as_role("nanoAdmin").await;
    let elsewhere = Elsewhere::new().await;
    for url in [
        elsewhere.url(),
        elsewhere.url().replace("http", "https"),
        format!("https://localhost:{}/keys", elsewhere.address.port()),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://[::1]/".to_owned(),
    ] {
        let refused = admin.data(ADD, json!({ "i": { "jwksUrl": url } })).await["addSigningKey"].clone();
        assert!(refused["errors"][0]["code"].is_string(), "{url}: {refused}");
    }
    assert_eq!(elsewhere.asked(), 0);
}
