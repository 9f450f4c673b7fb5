//! Signing in with an organisation's identity provider, an honest one and a hostile one.

mod browser;
mod foreign;
mod hostile;
mod issuer;
mod silent;
mod squatted;

use std::time::Duration;

use browser::Browser;
use issuer::Issuer;
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use testkit::Kind;

use crate::harness::{Client, World};

const SECRET: &str = "client-secret-of-northwind-and-of-nobody-else";

const SET: &str = "mutation($i: SetIdentityProviderInput!) { setIdentityProvider(input: $i) {
    identityProvider { id issuer clientId domains groupClaim roleMap { group role } defaultRole redirectUrl }
    errors { code field } } }";
const REMOVE: &str = "mutation { removeIdentityProvider { removed errors { code } } }";
const VIEWER: &str =
    "{ viewer { id email name role operator organisation { hash } memberships { organisation { hash } } } }";

/// A provider of the first organisation, with its people.
struct Stage {
    world: World,
    issuer: Issuer,
    admin: Client,
    provider: String,
}

impl Stage {
    async fn new() -> Self {
        Self::on(Kind::Sqlite).await
    }

    async fn on(kind: Kind) -> Self {
        let world = World::on(kind).await;
        let issuer = Issuer::start().await;
        let admin = world.as_role("nanoAdmin").await;
        let provider = set(&admin, wish(&issuer)).await["identityProvider"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        Self {
            world,
            issuer,
            admin,
            provider,
        }
    }

    /// What an honest provider says of a person with this name of its own, and this address.
    fn says(&self, subject: &str, email: &str) -> Value {
        let now = self.world.clock.now().us() / 1_000_000;
        json!({
            "iss": self.issuer.url, "aud": "portcullis", "sub": subject, "iat": now, "exp": now + 300,
            "email": email, "email_verified": true, "name": "Nora New", "groups": ["staff"],
        })
    }

    /// Signs in with the provider, which says what `claims` makes of the nonce.
    async fn sign_in(&self, browser: &mut Browser, mut claims: Value) -> String {
        let (_, asked) = browser.begin(&self.provider).await;
        {
            let mut will = self.issuer.will();
            will.challenge.clone_from(&asked["code_challenge"]);
            if claims["nonce"].is_null() {
                claims["nonce"] = json!(asked["nonce"]);
            }
            will.claims = claims;
        }
        browser
            .go(&format!("/sign-in/callback?code=c&state={}", asked["state"]))
            .await
    }

    /// Signs in as an honest provider would have it, and gives back the person.
    async fn signed_in(&self, subject: &str, email: &str) -> Client {
        let mut browser = Browser::new(&self.world);
        let at = self.sign_in(&mut browser, self.says(subject, email)).await;
        assert_eq!(at, "/streams");
        browser.client(&self.world)
    }

    /// What comes of claims that an honest provider would not make.
    async fn tries(&self, claims: Value) -> String {
        let mut browser = Browser::new(&self.world);
        let at = self.sign_in(&mut browser, claims).await;
        assert!(browser.cookies.is_empty(), "{at}: {:?}", browser.cookies);
        at
    }
}

fn wish(issuer: &Issuer) -> Value {
    json!({
        "issuer": issuer.url, "clientId": "portcullis", "clientSecret": SECRET, "domains": ["Northwind.example"],
        "groupClaim": "groups", "roleMap": [
            { "group": "staff", "role": "nanoReadOnly" }, { "group": "video", "role": "nanoUser" },
            { "group": "chiefs", "role": "nanoAdmin" },
        ],
    })
}

async fn set(admin: &Client, wish: Value) -> Value {
    admin.data(SET, json!({ "i": wish })).await["setIdentityProvider"].clone()
}

fn problem(code: &str) -> String {
    format!("/sign-in?problem={code}")
}

async fn a_new_person_signs_in(kind: Kind) {
    let stage = Stage::on(kind).await;
    let mut browser = Browser::new(&stage.world);
    let (url, asked) = browser.begin(&stage.provider).await;
    assert!(url.as_str().starts_with(&format!("{}/auth?", stage.issuer.url)));
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["redirect_uri"], "http://live.example.com/sign-in/callback");
    assert_eq!(asked["scope"], "openid email profile");
    let cookie = browser.set[0].clone();
    for part in ["HttpOnly", "SameSite=Lax", "Max-Age=600", "Path=/sign-in/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    // What the browser keeps tells nothing of the secrets.
    assert!(!cookie.contains(&asked["state"]) && !cookie.contains(&asked["nonce"]));

    let at = stage
        .sign_in(&mut browser, stage.says("s-1", "Nora@Northwind.example"))
        .await;
    assert_eq!(at, "/streams");
    assert!(!browser.cookies.contains_key("portcullis_provider"));
    assert_eq!(stage.issuer.will().sent["grant_type"], "authorization_code");
    assert!(stage.issuer.will().authorization.starts_with("Basic "));
    let viewer = browser.client(&stage.world).data(VIEWER, json!({})).await["viewer"].clone();
    assert_eq!(viewer["email"], "nora@northwind.example");
    assert_eq!(viewer["name"], "Nora New");
    assert_eq!(viewer["role"], "nanoReadOnly");
    assert_eq!(viewer["organisation"]["hash"], stage.world.demo.users[0].organisation);

    // The next time it is the same person, whatever the address is by then.
    let again = stage.signed_in("s-1", "nora.newer@northwind.example").await;
    assert_eq!(again.data(VIEWER, json!({})).await["viewer"]["id"], viewer["id"]);
}

#[tokio::test]
async fn a_person_signs_in_with_the_organisations_provider() {
    a_new_person_signs_in(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_person_signs_in_with_the_organisations_provider_on_postgresql() {
    a_new_person_signs_in(Kind::Postgres).await;
}

#[tokio::test]
async fn an_id_token_that_does_not_hold_signs_nobody_in() {
    let stage = Stage::new().await;
    let honest = || stage.says("s-1", "nora@northwind.example");
    let with = |name: &str, value: Value| {
        let mut claims = honest();
        claims[name] = value;
        claims
    };
    let now = stage.world.clock.now().us() / 1_000_000;
    for (claims, code) in [
        (with("nonce", json!("another")), "PROVIDER_ANSWER"),
        (with("iss", json!("https://evil.test")), "PROVIDER_ANSWER"),
        (with("aud", json!("another-client")), "PROVIDER_ANSWER"),
        (with("aud", json!(["portcullis", "another-client"])), "PROVIDER_ANSWER"),
        (with("exp", json!(now - 1)), "PROVIDER_ANSWER"),
        (with("exp", Value::Null), "PROVIDER_ANSWER"),
        (with("iat", json!(now + 3600)), "PROVIDER_ANSWER"),
        (with("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")), "PROVIDER_ANSWER"),
        (with("sub", json!("")), "PROVIDER_ANSWER"),
        (with("sub", json!("s".repeat(300))), "PROVIDER_ANSWER"),
        (with("email_verified", json!(false)), "EMAIL_NOT_VERIFIED"),
        (with("email_verified", Value::Null), "EMAIL_NOT_VERIFIED"),
        (with("email", json!("nora@southgate.example")), "DOMAIN_NOT_ALLOWED"),
        (
            with("email", json!("nora@evil.test@northwind.example")),
            "DOMAIN_NOT_ALLOWED",
        ),
        (with("email", json!("nora@sub.northwind.example")), "DOMAIN_NOT_ALLOWED"),
        (with("groups", json!(["strangers"])), "NO_ROLE"),
        (with("groups", Value::Null), "NO_ROLE"),
    ] {
        let text = claims.to_string();
        assert_eq!(stage.tries(claims).await, problem(code), "{text}");
    }
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "none", "kid": "one" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "EdDSA", "kid": "another" }),
        json!({ "alg": "RS256", "kid": "one" }),
    ] {
        stage.issuer.will().header = header.clone();
        assert_eq!(stage.tries(honest()).await, problem("PROVIDER_ANSWER"), "{header}");
    }
    stage.issuer.will().header = json!({ "alg": "EdDSA", "kid": "one" });
    stage.issuer.will().signs_with = 9;
    assert_eq!(stage.tries(honest()).await, problem("PROVIDER_ANSWER"));
    // The provider's people know of every attempt. And the same claims, in order, do sign in.
    stage.issuer.will().signs_with = 1;
    stage.signed_in("s-1", "nora@northwind.example").await;
}

#[tokio::test]
async fn a_key_that_the_provider_changed_is_known_at_once_and_the_old_one_is_not() {
    let stage = Stage::new().await;
    stage.signed_in("s-1", "nora@northwind.example").await;
    stage.issuer.will().publishes = 2;
    let old = stage.says("s-1", "nora@northwind.example");
    assert_eq!(stage.tries(old).await, problem("PROVIDER_ANSWER"));
    stage.issuer.will().signs_with = 2;
    stage.signed_in("s-1", "nora@northwind.example").await;
}

#[tokio::test]
async fn a_sign_in_that_another_browser_began_or_that_is_old_or_was_used_is_worth_nothing() {
    let stage = Stage::new().await;
    let expired = problem("SIGN_IN_EXPIRED");
    let mut browser = Browser::new(&stage.world);
    let (_, asked) = browser.begin(&stage.provider).await;
    let back = format!("/sign-in/callback?code=c&state={}", asked["state"]);
    assert_eq!(Browser::new(&stage.world).go(&back).await, expired, "another browser");
    let mut other = Browser::new(&stage.world);
    other.begin(&stage.provider).await;
    assert_eq!(other.go(&back).await, expired, "another sign-in's cookie");
    assert_eq!(browser.clone().go("/sign-in/callback?code=c&state=x").await, expired);
    assert_eq!(browser.clone().go("/sign-in/callback?code=c").await, expired);
    let mut forged = browser.clone();
    forged
        .cookies
        .insert("portcullis_provider".to_owned(), "AAAA".to_owned());
    assert_eq!(forged.go(&back).await, expired);

    let denied = format!("/sign-in/callback?error=access_denied&state={}", asked["state"]);
    assert_eq!(browser.clone().go(&denied).await, problem("PROVIDER_REFUSED"));
    let mixed = format!("{back}&iss=https://evil.test");
    assert_eq!(browser.clone().go(&mixed).await, problem("PROVIDER_ANSWER"));
    // A code that somebody else asked for: their verifier is not ours.
    stage.issuer.will().challenge = "another".to_owned();
    assert_eq!(browser.clone().go(&back).await, problem("PROVIDER_ANSWER"));

    stage.world.pass(Duration::from_mins(10));
    assert_eq!(browser.go(&back).await, expired, "ten minutes later");
    assert_eq!(browser.go(&back).await, expired, "without a cookie");
    let unknown = Browser::new(&stage.world)
        .go("/sign-in/provider/idp_00000000000000000000000000")
        .await;
    assert_eq!(unknown, problem("PROVIDER_UNKNOWN"));
}

#[tokio::test]
async fn an_account_is_one_persons_at_a_provider() {
    let stage = Stage::new().await;
    stage.signed_in("s-1", "nora@northwind.example").await;
    let other = stage.says("s-2", "nora@northwind.example");
    assert_eq!(stage.tries(other).await, problem("ACCOUNT_TAKEN"));
}

#[tokio::test]
async fn the_role_follows_the_groups_at_every_sign_in_and_the_last_administrator_stays_one() {
    let stage = Stage::new().await;
    let role = async |email: &str, subject: &str, groups: Value| {
        let mut claims = stage.says(subject, email);
        claims["groups"] = groups;
        let mut browser = Browser::new(&stage.world);
        assert_eq!(stage.sign_in(&mut browser, claims).await, "/streams");
        let viewer = browser.client(&stage.world).data(VIEWER, json!({})).await;
        viewer["viewer"]["role"].as_str().unwrap().to_owned()
    };
    let nora = "nora@northwind.example";
    assert_eq!(role(nora, "s-1", json!(["staff", "video"])).await, "nanoUser");
    assert_eq!(role(nora, "s-1", json!("staff")).await, "nanoReadOnly");
    // The one administrator signs in with a provider that does not know of it.
    let ada = "admin@northwind.example";
    assert_eq!(role(ada, "s-2", json!(["staff"])).await, "nanoAdmin");
    assert_eq!(role(nora, "s-1", json!(["video", "chiefs"])).await, "nanoAdmin");
    assert_eq!(role(ada, "s-2", json!(["staff"])).await, "nanoReadOnly");
    assert_eq!(
        stage.admin.data(VIEWER, json!({})).await["viewer"]["role"],
        "nanoReadOnly"
    );
}

#[tokio::test]
async fn a_demotion_by_the_provider_revokes_the_api_tokens_above_the_new_role() {
    let stage = Stage::new().await;
    let mut claims = stage.says("s-1", "nora@northwind.example");
    claims["groups"] = json!(["video"]);
    let mut browser = Browser::new(&stage.world);
    stage.sign_in(&mut browser, claims).await;
    let create = "mutation { createApiToken(input: {name: \"a\", role: nanoUser}) { secret } }";
    let made = browser.client(&stage.world).data(create, json!({})).await;
    assert!(made["createApiToken"]["secret"].is_string());
    stage.signed_in("s-1", "nora@northwind.example").await;
    let all = "{ organisation { apiTokens { nodes { status } } } }";
    let nodes = stage.admin.data(all, json!({})).await["organisation"]["apiTokens"]["nodes"].clone();
    assert_eq!(nodes, json!([{ "status": "REVOKED" }]));
}

#[tokio::test]
async fn a_provider_that_is_removed_or_becomes_another_ends_what_it_vouched_for() {
    let stage = Stage::new().await;
    let nora = stage.signed_in("s-1", "nora@northwind.example").await;
    let mut wish = wish(&stage.issuer);
    // The same provider with other settings goes on, and keeps its secret.
    wish["clientSecret"] = Value::Null;
    wish["defaultRole"] = json!("nanoUser");
    let changed = set(&stage.admin, wish.clone()).await;
    assert_eq!(changed["identityProvider"]["id"], stage.provider);
    nora.data(VIEWER, json!({})).await;
    stage.signed_in("s-1", "nora@northwind.example").await;

    wish["clientId"] = json!("another");
    assert_eq!(set(&stage.admin, wish.clone()).await["errors"][0]["code"], "REQUIRED");
    wish["clientSecret"] = json!(SECRET);
    let other = set(&stage.admin, wish).await["identityProvider"]["id"].clone();
    assert_ne!(other, stage.provider);
    assert_eq!(nora.code(VIEWER, json!({})).await, "UNAUTHENTICATED");
    let gone = Browser::new(&stage.world)
        .go(&format!("/sign-in/provider/{}", stage.provider))
        .await;
    assert_eq!(gone, problem("PROVIDER_UNKNOWN"));

    // Whoever signed in with a password is not concerned.
    let removed = stage.admin.data(REMOVE, json!({})).await["removeIdentityProvider"].clone();
    assert_eq!(removed["removed"], true);
    assert_eq!(
        stage.admin.data(REMOVE, json!({})).await["removeIdentityProvider"]["removed"],
        false
    );
}

#[tokio::test]
async fn a_provider_removed_while_it_is_asked_signs_nobody_in() {
    let stage = Stage::new().await;
    let mut browser = Browser::new(&stage.world);
    let (_, asked) = browser.begin(&stage.provider).await;
    stage.admin.data(REMOVE, json!({})).await;
    let back = format!("/sign-in/callback?code=c&state={}", asked["state"]);
    assert_eq!(browser.go(&back).await, problem("PROVIDER_UNKNOWN"));
}

#[tokio::test]
async fn a_domain_leads_to_the_one_provider_that_names_it_and_tells_nothing_of_accounts() {
    let stage = Stage::new().await;
    let query = "query($e: String!) { signInMethods(email: $e) { password provider { name url } } }";
    let ask = async |email: &str| {
        let data = stage.world.anonymous().data(query, json!({ "e": email })).await;
        data["signInMethods"].clone()
    };
    let there = json!({
        "password": true, "provider": { "name": "127.0.0.1", "url": format!("/sign-in/provider/{}", stage.provider) },
    });
    assert_eq!(ask("Admin@Northwind.Example").await, there);
    assert_eq!(ask("nobody@northwind.example").await, there);
    let none = json!({ "password": true, "provider": null });
    for email in [
        "a@elsewhere.example",
        "northwind.example",
        "a@sub.northwind.example",
        "",
    ] {
        assert_eq!(ask(email).await, none, "{email}");
    }
    // A second organisation that names the domain takes nobody there, and neither does the first any more.
    set(&stage.world.outsider().await, wish(&stage.issuer)).await;
    assert_eq!(ask("admin@northwind.example").await, none);
}

#[tokio::test]
async fn a_provider_is_checked_and_its_secret_is_never_shown() {
    let stage = Stage::new().await;
    for (name, value, code) in [
        ("issuer", json!("ftp://id.example.com"), "INVALID"),
        ("issuer", json!("https://id.example.com?x=1"), "INVALID"),
        ("issuer", json!("https://a:b@id.example.com"), "INVALID"),
        ("domains", json!([]), "INVALID"),
        ("domains", json!(["*.example.com"]), "INVALID"),
        (
            "domains",
            json!(
                vec!["a.example"; 1]
                    .into_iter()
                    .chain(["b@c.example"])
                    .collect::<Vec<_>>()
            ),
            "INVALID",
        ),
        (
            "domains",
            json!((0..11).map(|n| format!("d{n}.example")).collect::<Vec<_>>()),
            "INVALID",
        ),
        ("groupClaim", Value::Null, "REQUIRED"),
        ("roleMap", json!([]), "REQUIRED"),
        ("clientId", json!(""), "INVALID"),
    ] {
        let mut wish = wish(&stage.issuer);
        wish[name] = value.clone();
        let payload = set(&stage.admin, wish).await;
        assert_eq!(payload["errors"][0]["code"], code, "{name}: {value}");
        assert_eq!(payload["identityProvider"], Value::Null);
    }
    for role in ["nanoUser", "nanoReadOnly"] {
        let client = stage.world.as_role(role).await;
        assert_eq!(client.code(SET, json!({ "i": wish(&stage.issuer) })).await, "FORBIDDEN");
        assert_eq!(client.code(REMOVE, json!({})).await, "FORBIDDEN");
        let read = "{ organisation { identityProvider { id } } }";
        assert_eq!(client.code(read, json!({})).await, "FORBIDDEN");
    }
    let read = "{ organisation { identityProvider { issuer domains roleMap { role } redirectUrl } } }";
    let outsider = stage.world.outsider().await;
    assert_eq!(
        outsider.data(read, json!({})).await["organisation"]["identityProvider"],
        Value::Null
    );
    let shown = stage.admin.data(read, json!({})).await["organisation"]["identityProvider"].clone();
    assert_eq!(shown["domains"], json!(["northwind.example"]));
    assert_eq!(shown["redirectUrl"], "http://live.example.com/sign-in/callback");
}

#[tokio::test]
async fn what_a_provider_tells_apart_from_the_id_token_is_about_the_same_person() {
    let stage = Stage::new().await;
    let mut claims = stage.says("s-1", "");
    claims.as_object_mut().unwrap().remove("email");
    claims.as_object_mut().unwrap().remove("email_verified");
    let told = json!({ "sub": "s-1", "email": "nora@northwind.example", "email_verified": true });
    stage.issuer.will().told = told.clone();
    let mut browser = Browser::new(&stage.world);
    assert_eq!(stage.sign_in(&mut browser, claims.clone()).await, "/streams");
    stage.issuer.will().told["sub"] = json!("s-2");
    assert_eq!(stage.tries(claims).await, problem("PROVIDER_ANSWER"));
}

#[tokio::test]
async fn a_sign_in_that_a_provider_vouched_for_changes_nothing_of_the_account() {
    let stage = Stage::new().await;
    // Of somebody who has an account with a password here, and of somebody who has none.
    for (subject, email) in [
        ("s-1", stage.world.demo.users[1].email.clone()),
        ("s-2", "new@northwind.example".to_owned()),
    ] {
        let client = stage.signed_in(subject, &email).await;
        let shown = client
            .data("{ viewer { name secondFactor { totp } } }", json!({}))
            .await["viewer"]
            .clone();
        assert_eq!(shown["secondFactor"], Value::Null);
        for change in crate::account::CHANGES {
            let refused = client.ask(change, json!({})).await;
            assert_eq!(
                refused.code().as_deref(),
                Some("FORBIDDEN"),
                "{change}: {}",
                refused.text
            );
            assert_eq!(
                refused.body["errors"][0]["extensions"]["reason"], "VOUCHED_FOR",
                "{change}"
            );
        }
        assert_eq!(
            client.data("{ viewer { name } }", json!({})).await["viewer"]["name"],
            shown["name"]
        );
    }
}

#[tokio::test]
async fn a_second_factor_shown_to_the_provider_counts_in_its_organisation() {
    let stage = Stage::new().await;
    let with_both = async |subject: &str, email: &str, group: &str| {
        let mut claims = stage.says(subject, email);
        claims["amr"] = json!(["pwd", "mfa"]);
        claims["groups"] = json!([group]);
        let mut browser = Browser::new(&stage.world);
        assert_eq!(stage.sign_in(&mut browser, claims).await, "/streams");
        browser.client(&stage.world)
    };
    let require = "mutation { updateSettings(input: {secondFactorRequired: true}) { errors { code } } }";
    let chief = with_both("s-2", "chief@northwind.example", "chiefs").await;
    let required = chief.data(require, json!({})).await;
    assert_eq!(required["updateSettings"]["errors"], json!([]));
    let one = stage.signed_in("s-1", "nora@northwind.example").await;
    assert_eq!(one.code("{ organisation { hash } }", json!({})).await, "FORBIDDEN");
    let both = with_both("s-1", "nora@northwind.example", "staff").await;
    both.data("{ organisation { hash } }", json!({})).await;
}

#[tokio::test]
async fn an_installation_that_does_not_allow_it_asks_no_private_network() {
    let world = World::tuned(Kind::Sqlite, |settings| settings.danger_allow_private_networks = false).await;
    let admin = world.as_role("nanoAdmin").await;
    let issuer = Issuer::start().await;
    assert_eq!(set(&admin, wish(&issuer)).await["errors"][0]["code"], "INVALID");
    let mut named = wish(&issuer);
    named["issuer"] = json!("https://localhost:4430");
    assert_eq!(set(&admin, named.clone()).await["errors"][0]["code"], "INVALID");
    // One that leads there all the same is not asked either.
    named["issuer"] = json!("https://issuer.example:4430");
    let id = set(&admin, named).await["identityProvider"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let database = Database::connect(world.database.url()).await.unwrap();
    let leads_here = "UPDATE identity_provider SET issuer = 'https://localhost:4430'";
    database.execute_unprepared(leads_here).await.unwrap();
    let at = Browser::new(&world).go(&format!("/sign-in/provider/{id}")).await;
    assert_eq!(at, problem("PROVIDER_UNREACHABLE"));
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be() {
    let stage = Stage::new().await;
    stage.issuer.will().metadata = json!({ "issuer": "https://evil.test" });
    let at = Browser::new(&stage.world)
        .go(&format!("/sign-in/provider/{}", stage.provider))
        .await;
    assert_eq!(at, problem("PROVIDER_UNREACHABLE"));
}
