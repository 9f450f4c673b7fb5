//! API tokens and the API key: software acts with them, with their role, until they are taken back.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Kind;

use crate::harness::{Client, World};

const CREATE: &str = "mutation($i: CreateApiTokenInput!) { createApiToken(input: $i) {
    apiToken { id name role kind prefix status expiresAt lastUsedAt } secret errors { code field } } }";
const REVOKE: &str = "mutation($id: ID!) { revokeApiToken(input: {id: $id}) { apiToken { status } errors { code } } }";
const LIST: &str = "query($f: ApiTokenFilter) { organisation { apiTokens(filter: $f) { totalCount nodes {
    id kind name prefix status lastUsedAt lastUsedAddress createdBy { name kind } } } } }";

/// Software with a token that `maker` made.
async fn software(world: &World, maker: &Client, role: &str) -> (Client, String) {
    let made = create(maker, json!({ "name": "backend", "role": role })).await;
    let mut client = world.anonymous();
    client.bearer = Some(made["secret"].as_str().expect("a secret").to_owned());
    (client, made["apiToken"]["id"].as_str().unwrap().to_owned())
}

async fn create(maker: &Client, input: Value) -> Value {
    maker.data(CREATE, json!({ "i": input })).await["createApiToken"].clone()
}

async fn list(client: &Client) -> Value {
    client.data(LIST, json!({})).await["organisation"]["apiTokens"].clone()
}

#[tokio::test]
async fn software_acts_with_its_tokens_role_and_under_each_of_its_headers() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::on(kind).await;
        let admin = world.as_role("nanoAdmin").await;
        let (backend, _) = software(&world, &admin, "nanoUser").await;
        let viewer = "{ viewer { kind name email role operator organisation { hash } memberships { role } } }";
        let seen = backend.data(viewer, json!({})).await["viewer"].clone();
        assert_eq!(
            seen,
            json!({ "kind": "API_TOKEN", "name": "backend", "email": null, "role": "nanoUser", "operator": false,
                "organisation": { "hash": world.demo.users[0].organisation }, "memberships": [{ "role": "nanoUser" }] })
        );
        let made = backend
            .make_token(json!({ "streams": [world.stream()], "user": "ann" }))
            .await;
        let token = made["token"].as_str().unwrap();
        assert_eq!(world.node.denies(world.stream(), token, world.clock.now()), None);
        let stop = "mutation($n: String!) { stopStream(input: {name: $n}) { errors { code } } }";
        assert_eq!(backend.code(stop, json!({ "n": world.stream() })).await, "FORBIDDEN");
        let secret = backend.bearer.clone().unwrap();
        let body = json!({ "query": "{ viewer { role } }" });
        for header in ["x-bintu-token", "x-bintu-apikey"] {
            let answer = world.anonymous().send(&body, &[(header, &secret)]).await;
            assert_eq!(
                answer.body["data"]["viewer"]["role"], "nanoUser",
                "{header}: {}",
                answer.text
            );
        }
        let two = world
            .anonymous()
            .send(&body, &[("x-bintu-token", &secret), ("x-bintu-apikey", "another")])
            .await;
        assert_eq!(two.code().as_deref(), Some("UNAUTHENTICATED"));
    }
}

#[tokio::test]
async fn a_secret_is_shown_once_and_kept_as_a_hash_only() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let made = create(&admin, json!({ "name": "backend", "role": "nanoAdmin" })).await;
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("portcullis_token_"), "{secret}");
    assert_eq!(
        made["apiToken"]["expiresAt"], "2027-02-14T08:00:00+00:00",
        "30 days unless said"
    );
    let prefix = made["apiToken"]["prefix"].as_str().unwrap();
    assert!(secret.starts_with(prefix) && prefix.len() < secret.len() - 30);
    let listed = admin.ask(LIST, json!({})).await;
    assert!(
        listed.text.contains(prefix) && !listed.text.contains(secret),
        "{}",
        listed.text
    );
    for file in std::fs::read_dir(world.database.folder()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let rest = secret.strip_prefix(prefix).unwrap().as_bytes();
        assert!(
            !bytes.windows(rest.len()).any(|window| window == rest),
            "the secret is in the database"
        );
    }
}

#[tokio::test]
async fn its_last_use_is_shown() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let (mut backend, _) = software(&world, &admin, "nanoReadOnly").await;
    assert_eq!(list(&admin).await["nodes"][0]["lastUsedAt"], Value::Null);
    backend.address = ([198, 51, 100, 7], 1234).into();
    backend.data("{ viewer { id } }", json!({})).await;
    world.pass(Duration::from_secs(61));
    backend.data("{ viewer { id } }", json!({})).await;
    let seen = list(&admin).await["nodes"][0].clone();
    assert_eq!(seen["lastUsedAt"], "2027-01-15T08:01:01+00:00");
    assert_eq!(seen["lastUsedAddress"], "198.51.100.7");
    assert_eq!(seen["createdBy"], json!({ "name": "Ada Admin", "kind": "USER" }));
}

#[tokio::test]
async fn a_token_never_exceeds_its_maker_nor_a_year_and_software_makes_none() {
    let world = World::new().await;
    let user = world.as_role("nanoUser").await;
    for (input, code) in [
        (json!({ "name": "x", "role": "nanoAdmin" }), "ROLE_TOO_HIGH"),
        (json!({ "name": " ", "role": "nanoUser" }), "INVALID"),
        (
            json!({ "name": "x", "role": "nanoUser", "ttlSeconds": 365 * 86_400 + 1 }),
            "TOO_LONG",
        ),
        (json!({ "name": "x", "role": "nanoUser", "ttlSeconds": 0 }), "INVALID"),
    ] {
        let made = create(&user, input.clone()).await;
        assert_eq!(made["errors"][0]["code"], code, "{input}");
        assert_eq!(made["secret"], Value::Null);
    }
    let (backend, _) = software(&world, &user, "nanoUser").await;
    let input = json!({ "i": { "name": "x", "role": "nanoUser" } });
    assert_eq!(backend.code(CREATE, input).await, "FORBIDDEN");
    assert_eq!(
        backend
            .code("mutation { signOut { errors { code } } }", json!({}))
            .await,
        "FORBIDDEN"
    );
}

#[tokio::test]
async fn a_revoked_or_expired_token_is_worth_nothing_from_the_next_request_on() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let (backend, id) = software(&world, &admin, "nanoUser").await;
    let (other, _) = software(&world, &admin, "nanoUser").await;
    let revoked = admin.data(REVOKE, json!({ "id": id })).await;
    assert_eq!(revoked["revokeApiToken"]["apiToken"]["status"], "REVOKED");
    assert_eq!(backend.code("{ viewer { id } }", json!({})).await, "UNAUTHENTICATED");
    other.data("{ viewer { id } }", json!({})).await;
    world.pass(Duration::from_hours(30 * 24));
    assert_eq!(other.code("{ viewer { id } }", json!({})).await, "UNAUTHENTICATED");
    let mut nonsense = admin.clone();
    nonsense.bearer = Some("portcullis_token_nonsense".to_owned());
    // A token that is worth nothing does not fall back to the cookie beside it.
    assert_eq!(nonsense.code("{ viewer { id } }", json!({})).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn everybody_sees_and_revokes_their_own_tokens_and_administrators_all() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let user = world.as_role("nanoUser").await;
    let (_, admins) = software(&world, &admin, "nanoUser").await;
    let (_, users) = software(&world, &user, "nanoUser").await;
    assert_eq!(list(&admin).await["totalCount"], 2);
    let mine = admin.data(LIST, json!({ "f": { "mine": true } })).await;
    assert_eq!(mine["organisation"]["apiTokens"]["totalCount"], 1);
    let own = list(&user).await;
    assert_eq!((&own["totalCount"], &own["nodes"][0]["id"]), (&json!(1), &json!(users)));
    // A colleague's and a foreign one answer as one that never was.
    let never = format!("{}0000", &admins[..admins.len() - 4]);
    let theirs = user.ask(REVOKE, json!({ "id": admins })).await;
    assert_eq!(theirs.code().as_deref(), Some("NOT_FOUND"));
    assert_eq!(theirs.text, user.ask(REVOKE, json!({ "id": never })).await.text);
    let outsider = world.outsider().await;
    assert_eq!(outsider.ask(REVOKE, json!({ "id": admins })).await.text, theirs.text);
    assert_eq!(list(&outsider).await["totalCount"], 0);
    admin.data(REVOKE, json!({ "id": users })).await;
    assert_eq!(list(&user).await["nodes"][0]["status"], "REVOKED");
}

#[tokio::test]
async fn a_token_acts_in_its_own_organisation_only() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let (mut backend, _) = software(&world, &admin, "nanoAdmin").await;
    let query = "{ organisation { hash } }";
    backend.organisation = Some(world.demo.users[0].organisation.clone());
    backend.data(query, json!({})).await;
    backend.organisation = Some(world.demo.users[3].organisation.clone());
    let theirs = backend.ask(query, json!({})).await;
    backend.organisation = Some("22222".to_owned());
    assert_eq!(theirs.code().as_deref(), Some("NOT_FOUND"));
    assert_eq!(theirs.text, backend.ask(query, json!({})).await.text);
}

#[tokio::test]
async fn the_api_key_is_one_is_an_administrators_and_is_replaced_at_each_rotation() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let rotate = "mutation { rotateApiKey { apiToken { kind role expiresAt } secret errors { code } } }";
    let user = world.as_role("nanoUser").await;
    assert_eq!(user.code(rotate, json!({})).await, "FORBIDDEN");
    let first = admin.data(rotate, json!({})).await["rotateApiKey"].clone();
    assert_eq!(
        first["apiToken"],
        json!({ "kind": "API_KEY", "role": "nanoAdmin", "expiresAt": null })
    );
    let mut old = world.anonymous();
    old.bearer = first["secret"].as_str().map(str::to_owned);
    world.pass(Duration::from_hours(400 * 24));
    // The key itself may replace itself.
    let second = old.data(rotate, json!({})).await["rotateApiKey"].clone();
    assert_eq!(old.code("{ viewer { id } }", json!({})).await, "UNAUTHENTICATED");
    let mut new = world.anonymous();
    new.bearer = second["secret"].as_str().map(str::to_owned);
    let seen = new.data("{ viewer { kind role } }", json!({})).await;
    assert_eq!(seen["viewer"], json!({ "kind": "API_KEY", "role": "nanoAdmin" }));
}

#[tokio::test]
async fn software_that_asks_too_much_is_slowed_and_told_so_and_people_are_not() {
    let world = World::tuned(Kind::Sqlite, |settings| {
        settings.rates.token = 3.try_into().unwrap();
        settings.rates.organisation = 5.try_into().unwrap();
    })
    .await;
    let admin = world.as_role("nanoAdmin").await;
    let (one, _) = software(&world, &admin, "nanoUser").await;
    let (two, _) = software(&world, &admin, "nanoUser").await;
    let (three, _) = software(&world, &admin, "nanoUser").await;
    let ask = |client: Client| async move { client.ask("{ viewer { id } }", json!({})).await };
    let header = |answer: &crate::harness::Answer, name: &str| {
        answer
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap().parse::<u64>().unwrap())
    };
    let first = ask(one.clone()).await;
    assert_eq!(header(&first, "ratelimit-limit"), Some(3));
    assert_eq!(header(&first, "ratelimit-remaining"), Some(2));
    assert!((1..=20).contains(&header(&first, "ratelimit-reset").unwrap()));
    ask(one.clone()).await;
    ask(one.clone()).await;
    let refused = ask(one).await;
    assert_eq!(refused.status.as_u16(), 429);
    assert_eq!(refused.code().as_deref(), Some("RATE_LIMITED"));
    let wait = header(&refused, "retry-after").unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    // Another token has its own limit, and the organisation one over all.
    let fourth = ask(two.clone()).await;
    assert_eq!(header(&fourth, "ratelimit-limit"), Some(5), "the nearer one is told");
    ask(two).await;
    assert_eq!(ask(three).await.status.as_u16(), 429);
    // What one organisation used up is not another's.
    let (elsewhere, _) = software(&world, &world.outsider().await, "nanoUser").await;
    assert_eq!(ask(elsewhere).await.status.as_u16(), 200);
    for _ in 0..10 {
        let answer = ask(admin.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), header(&answer, "ratelimit-limit")),
            (200, None)
        );
    }
}
