//! Signing in with a provider that others wrote: npm `oidc-provider`, as `e2e/foreign/oidc.mjs` runs it.

use std::{collections::BTreeMap, process::Stdio, time::Duration};

use link::Clock;
use reqwest::{Url, redirect};
use serde_json::{Value, json};
use testkit::{Database, Kind};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::{SECRET, VIEWER, browser::Browser, problem, set};
use crate::harness::{Client, World};

/// A running provider; ends with this value.
struct Foreign {
    issuer: String,
    /// A program whose standard output is closed dies of its next word.
    _said: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Foreign {
    async fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/foreign/oidc.mjs");
        let mut child = Command::new("node")
            .args([script, "http://live.example.com/sign-in/callback", SECRET])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("`cargo xtask setup` brings Node.js and the provider");
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let issuer = tokio::time::timeout(Duration::from_mins(1), said.next_line()).await;
        Self {
            issuer: issuer.expect("it starts").unwrap().expect("its address"),
            _said: said,
            _child: child,
        }
    }

    fn wish(&self) -> Value {
        json!({
            "issuer": self.issuer, "clientId": "portcullis", "clientSecret": SECRET, "domains": ["northwind.example"],
            "groupClaim": "groups", "roleMap": [
                { "group": "staff", "role": "nanoReadOnly" }, { "group": "video", "role": "nanoUser" },
                { "group": "chiefs", "role": "nanoAdmin" },
            ],
        })
    }
}

/// With the machine's clock, for the provider has no other.
async fn world() -> World {
    World::with(Database::new(Kind::Sqlite), Clock::System).await
}

/// Goes through the provider's pages as that person; gives back the path to which it sends the browser in the end.
async fn through(question: &Url, person: &str) -> String {
    let client = reqwest::Client::builder().redirect(redirect::Policy::none()).no_proxy();
    let client = client.build().unwrap();
    let mut cookies: BTreeMap<String, String> = BTreeMap::new();
    let mut at = question.clone();
    at.query_pairs_mut().append_pair("login_hint", person);
    for _ in 0..10 {
        let jar: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = client
            .get(at.clone())
            .header("cookie", jar.join("; "))
            .send()
            .await
            .unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let status = answer.status();
        let location = answer
            .headers()
            .get("location")
            .map(|to| to.to_str().unwrap().to_owned());
        let Some(location) = location else {
            panic!("{at}: {status} {}", answer.text().await.unwrap());
        };
        at = at.join(&location).unwrap();
        if at.host_str() == Some("live.example.com") {
            return format!("{}?{}", at.path(), at.query().unwrap());
        }
    }
    panic!("the provider sends the browser round and round, at last to {at}");
}

/// Signs in as that person; where the browser ends, and the browser.
async fn sign_in(world: &World, provider: &str, person: &str) -> (String, Browser) {
    let mut browser = Browser::new(world);
    let (question, _) = browser.begin(provider).await;
    let back = through(&question, person).await;
    (browser.go(&back).await, browser)
}

fn id(payload: &Value) -> String {
    assert_eq!(payload["errors"], json!([]));
    payload["identityProvider"]["id"].as_str().unwrap().to_owned()
}

async fn viewer(client: &Client) -> Value {
    client.data(VIEWER, json!({})).await["viewer"].clone()
}

#[tokio::test]
async fn people_sign_in_with_a_foreign_provider_and_get_the_role_of_their_groups() {
    let (world, foreign) = tokio::join!(world(), Foreign::start());
    let admin = world.as_role("nanoAdmin").await;
    let provider = id(&set(&admin, foreign.wish()).await);
    for (person, name, role) in [
        ("nora", "Nora New", "nanoReadOnly"),
        ("vera", "Vera Video", "nanoUser"),
        ("carl", "Carl Chief", "nanoAdmin"),
    ] {
        let (at, browser) = sign_in(&world, &provider, person).await;
        assert_eq!(at, "/streams", "{person}");
        let viewer = viewer(&browser.client(&world)).await;
        assert_eq!((&viewer["name"], &viewer["role"]), (&json!(name), &json!(role)));
        assert_eq!(viewer["email"], format!("{person}@northwind.example"));
    }
    for (person, code) in [
        ("otto", "NO_ROLE"),
        ("uwe", "EMAIL_NOT_VERIFIED"),
        ("eve", "DOMAIN_NOT_ALLOWED"),
        ("sol", "DOMAIN_NOT_ALLOWED"),
    ] {
        let (at, browser) = sign_in(&world, &provider, person).await;
        assert_eq!(at, problem(code), "{person}");
        assert!(browser.cookies.is_empty(), "{person}: {:?}", browser.cookies);
    }
    // A map that says otherwise holds from the next sign-in on.
    let mut wish = foreign.wish();
    wish["roleMap"] = json!([{ "group": "staff", "role": "nanoUser" }]);
    set(&admin, wish).await;
    let (_, browser) = sign_in(&world, &provider, "nora").await;
    assert_eq!(viewer(&browser.client(&world)).await["role"], "nanoUser");
}

#[tokio::test]
async fn a_foreign_provider_of_one_organisation_is_worth_nothing_in_another() {
    let (world, foreign) = tokio::join!(world(), Foreign::start());
    let (admin, mut outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    outsider.organisation = Some(world.demo.users[3].organisation.clone());
    // Whoever runs a provider may claim any domain, and vouch for the administrator of another organisation.
    let mut wish = foreign.wish();
    wish["domains"] = json!(["southgate.example"]);
    let provider = id(&set(&admin, wish).await);
    let (at, browser) = sign_in(&world, &provider, "sol").await;
    assert_eq!(at, "/streams");
    let mut thief = browser.client(&world);
    let (own, theirs) = (&world.demo.users[0].organisation, &world.demo.users[3].organisation);
    assert_eq!(
        viewer(&thief).await["memberships"],
        json!([{ "organisation": { "hash": own } }])
    );
    thief.organisation = Some(theirs.clone());
    let there = thief.ask("{ organisation { name } }", json!({})).await;
    thief.organisation = Some("22222".to_owned());
    let nowhere = thief.ask("{ organisation { name } }", json!({})).await;
    assert_eq!(
        (there.code().as_deref(), &there.text),
        (Some("NOT_FOUND"), &nowhere.text)
    );
    // The other organisation's own wish for that provider is another provider, with its own secret and its own people.
    let mut wish = foreign.wish();
    wish["clientSecret"] = json!("not the secret that the provider knows");
    let other = id(&set(&outsider, wish).await);
    assert_ne!(other, provider);
    let (at, browser) = sign_in(&world, &other, "nora").await;
    assert_eq!(at, problem("PROVIDER_ANSWER"));
    assert!(browser.cookies.is_empty());
}
