//! What is done about whom misuse is found in: by two persons, by itself, for a while, and taken back.

mod cut;
mod forgotten;
mod held;
mod told;
mod wider;

use std::time::Duration;

use guard::Reason;
use link::{Kind as Event, SessionFacts};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    analytics::{viewing, watched},
    cases::thief,
    harness::{Client, Node, World, granted},
    organisations::operator,
    privacy::{database, eventually, texts},
};

const WHOLE: &str =
    "id state kind jti user ip value code weight evidence lengthSeconds note proposedBy { name } decidedBy { name }
    byItself until rule undoneBy { name } endedAt isOwn";

async fn changed(client: &Client, name: &str, input: Value) -> Value {
    let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let query =
        format!("mutation($i: {kind}!) {{ {name}(input: $i) {{ response {{ {WHOLE} }} errors {{ code field }} }} }}");
    client.data(&query, json!({ "i": input })).await[name].clone()
}

async fn all(client: &Client) -> Vec<Value> {
    let query = format!("{{ organisation {{ responses(first: 100) {{ totalCount nodes {{ {WHOLE} }} }} }} }}");
    let all = client.data(&query, json!({})).await["organisation"]["responses"]["nodes"].clone();
    all.as_array().unwrap().clone()
}

/// What was found of somebody, as `field` names them.
async fn found(client: &Client, field: &str, name: &str) -> Option<Value> {
    let query = "{ organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\", to: \"2029-01-01T00:00:00Z\"}) {
        findings(first: 100) { nodes { id jti user ip code } } } } }";
    let found = client.data(query, json!({})).await["organisation"]["analytics"]["findings"]["nodes"].clone();
    let mut all = found.as_array().unwrap().iter();
    all.find(|one| one[field] == name).cloned()
}

/// The one about the token.
async fn of(client: &Client, jti: &str) -> Value {
    let all = all(client).await;
    all.iter().find(|one| one["jti"] == jti).unwrap().clone()
}

async fn in_state(client: &Client, state: &str) -> usize {
    let query = "query($s: ResponseState) { organisation { responses(state: $s) { totalCount } } }";
    let found = client.data(query, json!({ "s": state })).await;
    usize::try_from(found["organisation"]["responses"]["totalCount"].as_u64().unwrap()).unwrap()
}

async fn rules(client: &Client) -> Vec<Value> {
    let query = "{ organisation { guardianRules { nodes { id kind value action door mode expiresAt note } } } }";
    let rules = client.data(query, json!({})).await["organisation"]["guardianRules"]["nodes"].clone();
    rules.as_array().unwrap().clone()
}

/// What the audit log says of responses, in order.
fn steps(log: &Value, of: impl Fn(&Value) -> bool) -> Vec<String> {
    let mut entries: Vec<_> = log.as_array().unwrap().iter().collect();
    entries.retain(|entry| entry["action"] == "response.write" && of(entry));
    entries.sort_by_key(|entry| entry["sequence"].as_i64());
    let text = |entry: &Value| entry["detail"]["response"].as_str().unwrap().to_owned();
    entries.into_iter().map(text).collect()
}

fn code(payload: &Value) -> &str {
    payload["errors"][0]["code"].as_str().unwrap_or("none")
}

async fn an_address_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    let (finding, _) = thief(&world, &admin).await;
    let wish = json!({ "finding": finding["id"], "lengthSeconds": 600, "note": "forges tokens" });
    let suggested = changed(&user, "suggestResponse", wish.clone()).await;
    assert_eq!(suggested["errors"], json!([]));
    let suggested = &suggested["response"];
    assert_eq!(
        (
            &suggested["state"],
            &suggested["kind"],
            &suggested["ip"],
            &suggested["isOwn"]
        ),
        (
            &json!("SUGGESTED"),
            &json!("BLOCK_ADDRESS"),
            &finding["ip"],
            &json!(true)
        )
    );
    for field in ["code", "weight", "evidence"] {
        assert_eq!(suggested[field], finding[field], "{field}");
    }
    assert_eq!(rules(&admin).await.len(), 0, "nothing is done yet");
    assert_eq!(code(&changed(&admin, "suggestResponse", wish.clone()).await), "ALREADY");
    for (wrong, field) in [
        (json!(59), json!(["input", "lengthSeconds"])),
        (json!(2_592_001), json!(["input", "lengthSeconds"])),
    ] {
        let wrong = json!({ "finding": finding["id"], "lengthSeconds": wrong });
        let refused = changed(&admin, "suggestResponse", wrong).await;
        assert_eq!((code(&refused), &refused["errors"][0]["field"]), ("INVALID", &field));
    }

    // Nobody approves what they suggested, with software of theirs as little.
    let id = json!({ "id": suggested["id"] });
    assert_eq!(
        code(&changed(&user, "approveResponse", id.clone()).await),
        "SAME_PERSON"
    );
    let software = "mutation { createApiToken(input: {name: \"mine\", role: nanoUser}) { secret } }";
    let secret = user.data(software, json!({})).await["createApiToken"]["secret"].clone();
    let mut software = world.anonymous();
    software.bearer = secret.as_str().map(str::to_owned);
    assert_eq!(
        code(&changed(&software, "approveResponse", id.clone()).await),
        "SAME_PERSON"
    );
    let rotate = "mutation { rotateApiKey { secret } }";
    let secret = admin.data(rotate, json!({})).await["rotateApiKey"]["secret"].clone();
    let mut key = world.anonymous();
    key.bearer = secret.as_str().map(str::to_owned);
    assert_eq!(
        code(&changed(&key, "approveResponse", id.clone()).await),
        "PERSON_REQUIRED"
    );
    assert_eq!(code(&changed(&user, "undoResponse", id.clone()).await), "NOT_APPLIED");

    let applied = changed(&admin, "approveResponse", id.clone()).await["response"].clone();
    assert_eq!(
        (&applied["state"], &applied["isOwn"]),
        (&json!("APPLIED"), &json!(false))
    );
    let there = rules(&admin).await;
    assert_eq!(
        there,
        [
            json!({ "id": applied["rule"], "kind": "IP", "value": finding["ip"], "action": "DENY", "door": "PLAYBACK",
            "mode": "ENFORCE", "expiresAt": applied["until"], "note": "Response to DENIALS" })
        ]
    );
    assert_eq!(applied["until"], json!("2027-01-15T08:10:00+00:00"));
    for name in ["approveResponse", "refuseResponse"] {
        assert_eq!(code(&changed(&admin, name, id.clone()).await), "DECIDED", "{name}");
    }
    assert_eq!(code(&changed(&admin, "suggestResponse", wish.clone()).await), "ALREADY");

    let undone = changed(&user, "undoResponse", id.clone()).await["response"].clone();
    assert_eq!(
        (&undone["state"], &undone["until"]),
        (&json!("UNDONE"), &applied["until"])
    );
    assert_eq!(rules(&admin).await, Vec::<Value>::new());
    assert_eq!(code(&changed(&user, "undoResponse", id).await), "NOT_APPLIED");

    // Another one is refused, and the rule of one is changed and deleted by hand.
    let again = changed(&user, "suggestResponse", wish.clone()).await["response"]["id"].clone();
    let refused = changed(&admin, "refuseResponse", json!({ "id": again })).await["response"].clone();
    assert_eq!(refused["state"], "REFUSED");
    let again = changed(&user, "suggestResponse", wish).await["response"]["id"].clone();
    let applied = changed(&admin, "approveResponse", json!({ "id": again })).await["response"].clone();
    let keep = "mutation($i: ID!) { updateGuardianRule(input: {id: $i, expiresAt: null}) { errors { code } } }";
    admin.data(keep, json!({ "i": applied["rule"] })).await;
    let mine = changed(&user, "undoResponse", json!({ "id": again })).await;
    assert_eq!(
        code(&mine),
        "RULE_CHANGED",
        "a rule that somebody made their own is theirs"
    );
    assert_eq!(rules(&admin).await.len(), 1);
    let delete = "mutation($i: ID!) { deleteGuardianRule(input: {id: $i}) { errors { code } } }";
    admin.data(delete, json!({ "i": applied["rule"] })).await;
    assert_eq!(
        all(&admin).await[0]["state"],
        "UNDONE",
        "nobody is kept out by a rule that is gone"
    );

    let log = "{ organisation { auditLog(first: 100) { nodes { sequence action actorKind detail } } } }";
    let log = admin.data(log, json!({})).await["organisation"]["auditLog"]["nodes"].clone();
    let steps = steps(&log, |_| true);
    assert_eq!(
        steps,
        [
            "suggested",
            "applied",
            "undone",
            "suggested",
            "refused",
            "suggested",
            "applied"
        ]
    );
}

#[tokio::test]
async fn an_address_is_kept_out_for_a_while_by_two_persons() {
    an_address_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn an_address_is_kept_out_for_a_while_by_two_persons_on_postgresql() {
    an_address_on(Kind::Postgres).await;
}

/// A token watched from four networks at once for a minute: whoever has it is called a thief.
fn shared(world: &World, first: u64, jti: &str) {
    watched_from(
        world,
        first,
        jti,
        &["198.51.100.1", "203.0.113.1", "192.0.2.1", "2001:db8::1"],
    );
}

/// A token watched from there at once.
fn watched_from(world: &World, first: u64, jti: &str, places: &[&str]) {
    let session = |(n, address): (u32, &&str)| SessionFacts {
        grant: Some(granted(jti)),
        ..viewing(world, first + u64::from(n), jti, address, "DE", 64_500 + n)
    };
    together(world, &(0..).zip(places).map(session).collect::<Vec<_>>());
}

/// Sessions that go on beside each other for a minute, as nodes tell it afterwards.
fn together(world: &World, sessions: &[SessionFacts]) {
    let begin = world.clock.now().minus(Duration::from_secs(70));
    for facts in sessions {
        world.node.tell(begin, Event::Started(facts.clone()));
    }
    for second in (10..70).step_by(10) {
        for facts in sessions {
            world
                .node
                .beats(begin.plus(Duration::from_secs(second)), facts, second * 1_000);
        }
    }
}

async fn settings(admin: &Client, responses: Value) -> Value {
    let query = "mutation($r: ResponseSettingsInput) { updateSettings(input: {responses: $r}) { errors { code field }
        organisation { settings { responses { suggest apply lengthSeconds perHour } } } } }";
    admin.data(query, json!({ "r": responses })).await["updateSettings"].clone()
}

/// A token of the platform's own, and its id.
async fn token(world: &World, admin: &Client) -> (String, String) {
    let made = admin.make_token(json!({ "streams": [world.stream()] })).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["token"]), text(&made["record"]["jti"]))
}

async fn by_itself_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    let set = settings(
        &admin,
        json!({ "apply": ["ADDRESSES"], "suggest": ["ADDRESSES", "COUNTRIES"], "lengthSeconds": 120, "perHour": 1 }),
    )
    .await;
    assert_eq!(
        set["organisation"]["settings"]["responses"],
        json!({ "suggest": ["COUNTRIES"], "apply": ["ADDRESSES"], "lengthSeconds": 120, "perHour": 1 })
    );
    for (wrong, why) in [
        (json!({ "perHour": 0 }), "an hour"),
        (json!({ "lengthSeconds": 1 }), "a second"),
    ] {
        assert_eq!(code(&settings(&admin, wrong).await), "INVALID", "{why}");
    }
    let (first, first_jti) = token(&world, &admin).await;
    let (second, second_jti) = token(&world, &admin).await;
    let now = world.clock.now();
    assert_eq!(world.node.denies(world.stream(), &first, now), None);
    shared(&world, 1, &first_jti);
    // What the platform does by itself waits for no node.
    eventually("it is applied by itself", async || {
        world.node.denies(world.stream(), &first, now) == Some(Reason::SessionEnded)
    })
    .await;
    assert_eq!(in_state(&user, "APPLIED").await, 1);
    let applied = of(&user, &first_jti).await;
    assert_eq!(
        (
            &applied["kind"],
            &applied["jti"],
            &applied["byItself"],
            &applied["proposedBy"],
            &applied["decidedBy"]
        ),
        (
            &json!("HOLD_TOKEN"),
            &json!(first_jti),
            &json!(true),
            &Value::Null,
            &Value::Null
        )
    );
    // So many an hour; what is more waits for a person.
    shared(&world, 11, &second_jti);
    eventually("the next one is suggested", async || {
        in_state(&user, "SUGGESTED").await == 1
    })
    .await;
    assert_eq!(world.node.denies(world.stream(), &second, now), None);
    // Whoever joins later knows, as does a plane that starts again.
    let later = Node::join(&world.connector, 8).await;
    assert_eq!(later.denies(world.stream(), &first, now), Some(Reason::SessionEnded));
    let over = now.plus(Duration::from_mins(2));
    assert_eq!(later.denies(world.stream(), &first, over), None, "it ends by itself");

    let suggested = of(&user, &second_jti).await;
    assert_eq!(
        (&suggested["jti"], &suggested["isOwn"]),
        (&json!(second_jti), &json!(false))
    );
    let approved = changed(&user, "approveResponse", json!({ "id": suggested["id"] })).await;
    assert_eq!(
        (&approved["response"]["state"], &approved["response"]["byItself"]),
        (&json!("APPLIED"), &json!(false))
    );
    assert_eq!(
        world.node.denies(world.stream(), &second, now),
        Some(Reason::SessionEnded)
    );
    changed(&user, "undoResponse", json!({ "id": suggested["id"] })).await;
    assert_eq!(world.node.denies(world.stream(), &second, now), None);

    // Whom somebody let in again the platform leaves alone: the next one is seen to, and they are not.
    settings(&admin, json!({ "perHour": 3 })).await;
    shared(&world, 31, &second_jti);
    let (_, third_jti) = token(&world, &admin).await;
    shared(&world, 41, &third_jti);
    eventually("the next one is kept out", async || {
        in_state(&user, "APPLIED").await == 2
    })
    .await;
    assert_eq!(world.node.denies(world.stream(), &second, now), None);

    // Its time is over: it says so, and the nodes forget it.
    world.pass(Duration::from_mins(3));
    assert_eq!(in_state(&user, "OVER").await, 2);
    let database = database(&world).await;
    eventually("nodes are told that it is over", async || {
        texts(&database, "SELECT state FROM response WHERE state = 'over'")
            .await
            .len()
            == 2
    })
    .await;
    let log = "{ organisation { auditLog(first: 100) { nodes { sequence action actorKind detail } } } }";
    let log = admin.data(log, json!({})).await["organisation"]["auditLog"]["nodes"].clone();
    let by_platform = steps(&log, |entry| entry["actorKind"] == "PLATFORM");
    assert_eq!(by_platform, ["applied", "suggested", "applied", "over", "over"]);

    // Without the package nothing happens by itself.
    let take = "mutation($o: String!) { setPackage(input: { organisation: $o, package: ANALYTICS, enabled: false }) {
        errors { code } } }";
    let hash = world.stream().split('-').next().unwrap();
    operator(&world).await.data(take, json!({ "o": hash })).await;
    world.pass(Duration::from_hours(2));
    let (fourth, fourth_jti) = token(&world, &admin).await;
    shared(&world, 21, &fourth_jti);
    eventually("what was found is seen to", async || {
        let found = texts(&database, "SELECT subject FROM finding").await;
        let due = texts(&database, "SELECT subject FROM response WHERE state = 'due'").await;
        found.iter().any(|row| row[0] == fourth_jti) && due.is_empty()
    })
    .await;
    assert_eq!(world.node.denies(world.stream(), &fourth, world.clock.now()), None);
    assert!(!all(&user).await.iter().any(|one| one["jti"] == *fourth_jti));
}

#[tokio::test]
async fn what_an_organisation_chose_is_applied_by_itself_so_often_an_hour_and_ends_by_itself() {
    by_itself_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_an_organisation_chose_is_applied_by_itself_so_often_an_hour_and_ends_by_itself_on_postgresql() {
    by_itself_on(Kind::Postgres).await;
}

#[tokio::test]
async fn what_was_noted_before_a_crash_is_seen_to_after_it() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "suggest": ["ADDRESSES"] })).await;
    shared(&world, 1, "shared");
    eventually("it is suggested", async || in_state(&admin, "SUGGESTED").await == 1).await;
    // As a crash leaves it that comes right after the finding was written.
    let database = database(&world).await;
    texts(&database, "UPDATE response SET state = 'due' RETURNING state").await;
    assert_eq!(in_state(&admin, "SUGGESTED").await, 0);
    let world = world.restarted().await;
    let admin = world.as_role("nanoAdmin").await;
    eventually("it is suggested again", async || {
        in_state(&admin, "SUGGESTED").await == 1
    })
    .await;
    // A suggestion that nobody takes up goes after a day.
    world.pass(Duration::from_hours(25));
    eventually("nobody took it up", async || in_state(&admin, "SUGGESTED").await == 0).await;
}

#[tokio::test]
async fn an_address_needs_the_package_of_rules_and_waits_for_a_person_without_it() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "apply": ["DENIALS"] })).await;
    let take = "mutation($o: String!) { setPackage(input: { organisation: $o, package: GUARDIAN, enabled: false }) {
        errors { code } } }";
    let hash = world.stream().split('-').next().unwrap();
    operator(&world).await.data(take, json!({ "o": hash })).await;
    thief(&world, &admin).await;
    eventually("it is suggested", async || in_state(&admin, "SUGGESTED").await == 1).await;
    let id = all(&admin).await[0]["id"].clone();
    let approve = "mutation($i: ID!) { approveResponse(input: {id: $i}) { errors { code } } }";
    assert_eq!(admin.code(approve, json!({ "i": id })).await, "PACKAGE_REQUIRED");
}

#[tokio::test]
async fn whom_nobody_calls_a_thief_is_left_alone() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    settings(
        &admin,
        json!({ "apply": ["ADDRESSES"], "suggest": ["COUNTRIES", "SESSIONS", "RECONNECTS"] }),
    )
    .await;
    let begin = world.clock.now().minus(Duration::from_mins(9));
    // At home, in the train, at work: a sign, with few points.
    let places = ["198.51.100.1", "203.0.113.1", "192.0.2.1", "2001:db8::1"];
    for (n, place) in (0_u32..).zip(places) {
        let facts = viewing(&world, u64::from(n) + 1, "roams", place, "DE", 64_500 + n);
        watched(&world, &facts, begin.plus(Duration::from_mins(2) * n), 60);
    }
    let found = "{ organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\", to: \"2029-01-01T00:00:00Z\"}) {
        findings(first: 100) { nodes { jti code weight } } } } }";
    eventually("it is a sign", async || {
        let found = admin.data(found, json!({})).await;
        let all = found["organisation"]["analytics"]["findings"]["nodes"].clone();
        let mut all = all.as_array().unwrap().iter();
        all.any(|one| one["jti"] == "roams" && one["code"] == "ADDRESSES" && one["weight"].as_i64() < Some(50))
    })
    .await;
    shared(&world, 11, "shared");
    eventually("a thief is kept out", async || in_state(&admin, "APPLIED").await == 1).await;
    assert_eq!(all(&admin).await.len(), 1);
}
