//! Killed at random moments, again and again: no answered change is lost, and the door says what GraphQL says.
//!
//! Ten lives in the tests; as many as one likes with `cargo xtask trial`.
#![expect(clippy::print_stdout, reason = "a trial says what it saw, and how to see it again")]

use std::{collections::BTreeMap, env, sync::Arc, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

use crate::stage::{Answer, Home, JSON, Person, Server, curl};

#[tokio::test(flavor = "multi_thread")]
async fn no_answered_change_is_lost_whenever_the_process_is_killed() {
    let lives = setting("PORTCULLIS_LIVES").unwrap_or(10);
    let seed = setting("PORTCULLIS_SEED").unwrap_or_else(|| StdRng::from_os_rng().random());
    println!("{lives} lives, PORTCULLIS_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let home = Home::new();
    let mut known: Vec<Promise> = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut server = home.demo().await;
    for life in 0..lives {
        let admin = Arc::new(Person::admin(&server).await);
        let mut hands = JoinSet::new();
        for hand in 0..HANDS {
            hands.spawn(work(admin.clone(), life, hand));
        }
        sleep(Duration::from_millis(random.random_range(LIFE_MS))).await;
        server.kill().await;
        let done: Vec<Done> = hands.join_all().await;
        server = home.demo().await;

        let admin = Person::admin(&server).await;
        let eye = Eye {
            server: &server,
            admin: &admin,
            from: format!("127.3.{}.{}", life / 250, life % 250 + 1),
        };
        for Done { promises, cut } in done {
            for promise in &promises {
                *counts.entry(promise.what).or_default() += 1;
                eye.holds(life, promise).await;
            }
            if let Some(token) = cut {
                *counts.entry("cut short").or_default() += 1;
                eye.is_whole(&token).await;
            }
            known.extend(promises);
        }
        // What was promised in earlier lives.
        for promise in known.choose_multiple(&mut random, OLDER) {
            eye.holds(life, promise).await;
        }
        // A key is promised by the last answer only, and lives change it again and again.
        known.retain(|promise| !matches!(promise.sight, Sight::Key { .. }));
    }
    server.stop().await;
    let verified = home.command(&["audit", "verify"], &[]).await;
    assert!(verified.status.success(), "{verified:?}");
    println!("{lives} kills, nothing lost of what was answered: {counts:?}");
}

/// What one hand was answered, and what it had asked when there was no answer any more.
#[derive(Default)]
struct Done {
    promises: Vec<Promise>,
    /// The token that it was about to take back.
    cut: Option<Token>,
}

#[derive(Clone)]
struct Token {
    text: String,
    jti: String,
    /// Where it is shown; unless said, at the test stream.
    stream: Option<String>,
}

/// A change that was answered, and how it is seen.
struct Promise {
    what: &'static str,
    sight: Sight,
}

enum Sight {
    /// A token is refused for that reason, or lets in.
    Token { token: Token, reason: Option<&'static str> },
    /// Whoever comes from that address is refused, or not.
    Address { address: String, blocked: bool },
    /// A stream has this key.
    Key { stream: String, key: String },
    /// An API token acts, or does not.
    Software { secret: String, acts: bool },
}

/// Makes changes of one kind until nobody answers.
async fn work(admin: Arc<Person>, life: u64, hand: u64) -> Done {
    let mut done = Done::default();
    for turn in 0_u64.. {
        let mark = format!("life{life}-{hand}-{turn}");
        let more = match hand {
            0 | 1 => take_back(&admin, &mut done, &mark, hand == 1).await,
            2 => ban(&admin, &mut done, &mark).await,
            3 => block(&admin, &mut done, life, turn).await,
            4 => lock(&admin, &mut done).await,
            5 => rotate(&admin, &mut done).await,
            _ => hire(&admin, &mut done, &mark).await,
        };
        if more.is_none() {
            break;
        }
    }
    done
}

/// Makes a token, and takes it back, by itself or with all of its viewer.
async fn take_back(admin: &Person, done: &mut Done, user: &str, all: bool) -> Option<()> {
    let token = make(admin, json!({ "organisation": true, "user": user })).await?;
    let input = if all {
        json!({ "user": user })
    } else {
        json!({ "token": token.text })
    };
    done.cut = Some(token.clone());
    admin.change_if_there("revokeTokens", &input, "revoked").await?;
    done.cut = None;
    done.token("token revoked", token, Some("TOKEN_REVOKED"));
    // One that is left as it is.
    let token = make(admin, json!({ "organisation": true, "user": format!("{user} stays") })).await?;
    done.token("token made", token, None);
    Some(())
}

async fn ban(admin: &Person, done: &mut Done, user: &str) -> Option<()> {
    let token = make(admin, json!({ "organisation": true, "user": user })).await?;
    admin
        .change_if_there("banUser", &json!({ "user": user }), "change { id }")
        .await?;
    done.token("user banned", token, Some("TOKEN_USER_BANNED"));
    Some(())
}

/// Denies an address; every second one is let in again.
async fn block(admin: &Person, done: &mut Done, life: u64, turn: u64) -> Option<()> {
    let number = life * 64 + turn % 64;
    let address = format!(
        "127.{}.{}.{}",
        16 + number / 65_025,
        number / 255 % 255,
        number % 255 + 1
    );
    let rule = json!({ "kind": "IP", "action": "DENY", "value": address });
    let payload = admin
        .change_if_there("createGuardianRule", &rule, "rule { id }")
        .await?;
    let address_is = |blocked| Sight::Address {
        address: address.clone(),
        blocked,
    };
    if turn.is_multiple_of(2) {
        done.promise("rule made", address_is(true));
        return Some(());
    }
    let id = json!({ "id": payload["rule"]["id"] });
    admin
        .change_if_there("deleteGuardianRule", &id, "change { id }")
        .await?;
    done.promise("rule deleted", address_is(false));
    Some(())
}

async fn lock(admin: &Person, done: &mut Done) -> Option<()> {
    let payload = admin
        .change_if_there("createStream", &json!({}), "stream { name }")
        .await?;
    let name = payload["stream"]["name"].as_str()?.to_owned();
    let token = make(admin, json!({ "streams": [name] })).await?;
    admin
        .change_if_there("lockStream", &json!({ "name": name }), "change { id }")
        .await?;
    let stream = Some(name);
    done.token("stream locked", Token { stream, ..token }, Some("STREAM_LOCKED"));
    Some(())
}

/// Makes a stream, and gives it another key.
async fn rotate(admin: &Person, done: &mut Done) -> Option<()> {
    let payload = admin
        .change_if_there("createStream", &json!({}), "stream { name ingestKey }")
        .await?;
    let stream = payload["stream"]["name"].as_str()?.to_owned();
    let input = json!({ "name": stream });
    let payload = admin
        .change_if_there("rotateIngestKey", &input, "stream { ingestKey }")
        .await?;
    let key = payload["stream"]["ingestKey"].as_str()?.to_owned();
    done.promise("key rotated", Sight::Key { stream, key });
    Some(())
}

/// Makes an API token and takes it back, and makes another.
async fn hire(admin: &Person, done: &mut Done, name: &str) -> Option<()> {
    let input = json!({ "name": name, "role": "nanoUser" });
    let payload = admin
        .change_if_there("createApiToken", &input, "secret apiToken { id }")
        .await?;
    let secret = payload["secret"].as_str()?.to_owned();
    let id = json!({ "id": payload["apiToken"]["id"] });
    admin.change_if_there("revokeApiToken", &id, "apiToken { id }").await?;
    done.promise("API token revoked", Sight::Software { secret, acts: false });
    let input = json!({ "name": format!("{name} again"), "role": "nanoUser" });
    let payload = admin.change_if_there("createApiToken", &input, "secret").await?;
    let secret = payload["secret"].as_str()?.to_owned();
    done.promise("API token made", Sight::Software { secret, acts: true });
    Some(())
}

async fn make(admin: &Person, input: Value) -> Option<Token> {
    let payload = admin
        .change_if_there("createPlaybackToken", &input, "token record { jti }")
        .await?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(Token {
        text: text(&payload["token"])?,
        jti: text(&payload["record"]["jti"])?,
        stream: None,
    })
}

impl Done {
    fn promise(&mut self, what: &'static str, sight: Sight) {
        self.promises.push(Promise { what, sight });
    }

    fn token(&mut self, what: &'static str, token: Token, reason: Option<&'static str>) {
        self.promise(what, Sight::Token { token, reason });
    }
}

/// Who looks, after a restart.
struct Eye<'a> {
    server: &'a Server,
    admin: &'a Person,
    /// From where: of many denials an address is slowed.
    from: String,
}

impl Eye<'_> {
    /// Fails where what was answered is not so.
    async fn holds(&self, life: u64, Promise { what, sight }: &Promise) {
        match sight {
            Sight::Token { token, reason } => {
                let said = self.knock(Some(token), &self.from).await;
                assert_eq!(said.as_deref(), *reason, "life {life}: {what}");
            }
            Sight::Address { address, blocked } => {
                let said = self.knock(None, address).await;
                let wanted = if *blocked { "GUARDIAN_IP" } else { "TOKEN_MISSING" };
                assert_eq!(said.as_deref(), Some(wanted), "life {life}: {what}, {address}");
            }
            Sight::Key { stream, key } => {
                let query = "query($name: String!) { stream(name: $name) { ingestKey } }";
                let data = self.admin.ask(query, &json!({ "name": stream })).await;
                assert_eq!(data["stream"]["ingestKey"], **key, "life {life}: {what}");
            }
            Sight::Software { secret, acts } => {
                let url = format!("{}/graphql", self.server.http());
                let bearer = format!("authorization: Bearer {secret}");
                let body = json!({ "query": "{ organisation { hash } }" }).to_string();
                let answer: Answer = curl(&["--header", JSON, "--header", &bearer, &url], Some(&body)).await;
                let acted = answer.json()["data"]["organisation"]["hash"].is_string();
                assert_eq!(acted, *acts, "life {life}: {what}: {}", answer.text());
            }
        }
    }

    /// What was asked and not answered is there whole, or not at all: the door says what GraphQL says.
    async fn is_whole(&self, token: &Token) {
        let query = "query($jti: ID!) { playbackToken(jti: $jti) { status } }";
        let data = self.admin.ask(query, &json!({ "jti": token.jti })).await;
        let is_revoked = data["playbackToken"]["status"] == "REVOKED";
        let said = self.knock(Some(token), &self.from).await;
        assert_eq!(said.as_deref(), is_revoked.then_some("TOKEN_REVOKED"), "{data}");
    }

    /// Why the door refuses; nothing where it does not, whether or not somebody publishes.
    async fn knock(&self, token: Option<&Token>, from: &str) -> Option<String> {
        let stream = token.and_then(|token| token.stream.as_deref());
        let stream = stream.unwrap_or_else(|| self.server.test().name());
        let url = self
            .server
            .door(stream, "index.m3u8", token.map_or("", |token| &token.text));
        let answer = curl(&["--interface", from, &url], None).await;
        answer.reason().filter(|reason| reason != "STREAM_OFFLINE")
    }
}

#[expect(clippy::disallowed_methods, reason = "how long it goes on is said from outside")]
fn setting(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not `{text}`")),
    )
}

/// How many make changes at the same time: one for each kind.
const HANDS: u64 = 7;
/// How long a process lives, once everybody has begun.
const LIFE_MS: std::ops::Range<u64> = 20..1000;
/// How many promises of earlier lives are looked at after each.
const OLDER: usize = 10;
