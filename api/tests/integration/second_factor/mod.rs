//! Second factors: set up, asked for, attacked, lost; and organisations that want one.

pub(crate) mod authenticator;
mod passkeys;
mod told;

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Kind;

use crate::harness::{Answer, Client, World};

use authenticator::{Device, code};

const SIGN_IN: &str = "mutation($e: String!, $p: String!, $c: String, $k: PasskeyProof) {
    signIn(input: {email: $e, password: $p, code: $c, passkey: $k}) {
        viewer { email } challenge { totp recoveryCode passkey { options state } } errors { code field } } }";
const BEGIN: &str = "mutation($p: String) { beginTotp(input: {password: $p}) { secret uri errors { code field } } }";
const CONFIRM: &str = "mutation($c: String!) { confirmTotp(input: {code: $c}) { recoveryCodes errors { code } } }";
const REMOVE: &str = "mutation($p: String!) { removeTotp(input: {password: $p}) { errors { code } } }";
const RENEW: &str =
    "mutation($p: String!) { renewRecoveryCodes(input: {password: $p}) { recoveryCodes errors { code } } }";
const BEGIN_PASSKEY: &str =
    "mutation($p: String) { beginPasskey(input: {password: $p}) { ceremony { options state } errors { code } } }";
const ADD_PASSKEY: &str =
    "mutation($s: String!, $c: JSON!) { addPasskey(input: {state: $s, credential: $c, name: \"Key\"}) {
    passkey { id name } recoveryCodes errors { code } } }";
const MINE: &str = "{ viewer { signIns { id secondFactor how } secondFactor { totp recoveryCodesLeft passkeyOrigin
    passkeys { id name createdAt lastUsedAt } } } }";
const REQUIRE: &str =
    "mutation($on: Boolean!) { updateSettings(input: {secondFactorRequired: $on}) { errors { code } } }";
const CLOSED: &str = "{ viewer { organisation { hash } memberships { closed organisation { hash } } } }";

/// Somebody with an authenticator app.
pub(crate) struct Holder {
    pub(crate) client: Client,
    email: String,
    password: String,
    secret: String,
    codes: Vec<String>,
}

impl World {
    /// What comes of signing in as the demo's person `user` with what they show.
    async fn shows(&self, user: usize, shown: Value) -> Answer {
        let user = &self.demo.users[user];
        tries(&self.anonymous(), &user.email, &user.password, shown).await
    }

    /// The demo's person `user`, signed in anew, with an authenticator app set up.
    async fn holder(&self, user: usize) -> Holder {
        let user = &self.demo.users[user];
        self.holder_of(&user.email, &user.password).await
    }

    /// Somebody, signed in anew, with an authenticator app set up.
    pub(crate) async fn holder_of(&self, email: &str, password: &str) -> Holder {
        let mut client = self.anonymous();
        client.cookie = client.sign_in(email, password).await.cookie();
        let begun = client.data(BEGIN, json!({})).await["beginTotp"].clone();
        let secret = begun["secret"].as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
        let confirmed = client
            .data(CONFIRM, json!({ "c": code(&secret, self.clock.now()) }))
            .await;
        let codes = confirmed["confirmTotp"]["recoveryCodes"].as_array().unwrap();
        Holder {
            client,
            email: email.to_owned(),
            password: password.to_owned(),
            secret,
            codes: codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect(),
        }
    }

    /// The demo's person `user`, signed in anew, with a passkey.
    async fn with_passkey(&self, user: usize, device: &mut Device) -> Client {
        let user = &self.demo.users[user];
        let mut client = self.anonymous();
        client.cookie = client.sign_in(&user.email, &user.password).await.cookie();
        make_passkey(&client, device).await;
        client
    }

    /// The challenge for the demo's person `user`; time passes before, so that it is younger than what was used.
    async fn challenge(&self, user: usize) -> Value {
        self.pass(Duration::from_secs(1));
        let answer = self.shows(user, json!({})).await;
        answer.body["data"]["signIn"]["challenge"]["passkey"].clone()
    }

    /// What all of these tables hold, as text.
    async fn dump(&self, tables: &[&str]) -> String {
        use sea_orm::{FromQueryResult, JsonValue, Statement};
        let database = self.tables().await;
        let mut text = String::new();
        for table in tables {
            let statement = Statement::from_string(database.get_database_backend(), format!("SELECT * FROM {table}"));
            for row in JsonValue::find_by_statement(statement).all(&database).await.unwrap() {
                text.push_str(&row.to_string());
            }
        }
        text
    }
}

/// Makes a passkey, and gives back its id.
pub(crate) async fn make_passkey(client: &Client, device: &mut Device) -> String {
    let begun = client.data(BEGIN_PASSKEY, json!({})).await["beginPasskey"]["ceremony"].clone();
    let made = device.create(&begun["options"]);
    let added = client
        .data(ADD_PASSKEY, json!({ "s": begun["state"], "c": made }))
        .await["addPasskey"]
        .clone();
    assert_eq!(added["errors"], json!([]));
    added["passkey"]["id"].as_str().unwrap().to_owned()
}

impl Holder {
    async fn shows(&self, world: &World, shown: &str) -> Answer {
        tries(&world.anonymous(), &self.email, &self.password, json!({ "c": shown })).await
    }
}

async fn tries(client: &Client, email: &str, password: &str, shown: Value) -> Answer {
    let mut variables = json!({ "e": email, "p": password });
    variables
        .as_object_mut()
        .unwrap()
        .extend(shown.as_object().unwrap().clone());
    client.ask(SIGN_IN, variables).await
}

/// What a sign-in came to: `in`, `challenge`, or the code of what was wrong.
fn outcome(answer: &Answer) -> String {
    if let Some(code) = answer.code() {
        return code;
    }
    let payload = &answer.body["data"]["signIn"];
    match payload["errors"][0]["code"].as_str() {
        Some(code) => code.to_owned(),
        None if payload["challenge"].is_object() => {
            assert!(
                answer.cookie().is_none() && payload["viewer"].is_null(),
                "{}",
                answer.text
            );
            "challenge".to_owned()
        }
        None => {
            assert!(answer.cookie().is_some(), "{}", answer.text);
            "in".to_owned()
        }
    }
}

fn error(payload: &Value) -> &str {
    payload["errors"][0]["code"].as_str().unwrap_or("none")
}

async fn an_app_is_set_up_and_asked_for(kind: Kind) {
    let world = World::on(kind).await;
    let other = world.as_role("nanoUser").await;
    let outsider = world.outsider().await;
    world.pass(Duration::from_secs(1));
    let holder = world.holder(1).await;
    assert_eq!(holder.codes.len(), 10);
    // What the person had open elsewhere has shown no second factor, and ends; other people's does not.
    assert_eq!(other.code(MINE, json!({})).await, "UNAUTHENTICATED");
    outsider.data(MINE, json!({})).await;
    let mine = holder.client.data(MINE, json!({})).await["viewer"].clone();
    assert_eq!(
        (
            &mine["secondFactor"]["totp"],
            &mine["secondFactor"]["recoveryCodesLeft"]
        ),
        (&json!(true), &json!(10))
    );
    assert_eq!(mine["signIns"].as_array().unwrap().len(), 1);
    assert_eq!(mine["signIns"][0]["secondFactor"], true);

    // The password alone is answered with the ways there are.
    let answer = world.shows(1, json!({})).await;
    assert_eq!(outcome(&answer), "challenge");
    let challenge = &answer.body["data"]["signIn"]["challenge"];
    assert_eq!(
        *challenge,
        json!({ "totp": true, "recoveryCode": true, "passkey": null })
    );
    // To who does not know it, nothing is told.
    let stranger = tries(&world.anonymous(), &holder.email, "wrong", json!({ "c": "123456" })).await;
    assert_eq!(outcome(&stranger), "SIGN_IN_FAILED");

    // The code that set it up was used by that; the next one serves once, and so does a late one.
    let at = |seconds: u64| code(&holder.secret, world.clock.now().plus(Duration::from_secs(seconds)));
    assert_eq!(outcome(&holder.shows(&world, &at(0)).await), "CODE_WRONG");
    let next = at(30);
    assert_eq!(outcome(&holder.shows(&world, &at(60)).await), "CODE_WRONG");
    assert_eq!(outcome(&holder.shows(&world, &next).await), "in");
    assert_eq!(outcome(&holder.shows(&world, &next).await), "CODE_WRONG");
    let late = at(60);
    world.pass(Duration::from_secs(90));
    assert_eq!(outcome(&holder.shows(&world, &late).await), "in");
    assert_eq!(outcome(&holder.shows(&world, &late).await), "CODE_WRONG");
    let spaced = format!(" {} {} ", &at(0)[..3], &at(0)[3..]);
    assert_eq!(outcome(&holder.shows(&world, &spaced).await), "in");

    // Nothing secret is in the log, nor readable in the tables.
    let text = world.dump(&["audit_entry", "totp", "recovery_code", "sign_in"]).await;
    for secret in holder.codes.iter().chain([&holder.secret, &holder.password]) {
        assert!(!text.contains(secret.as_str()));
    }
    for action in ["totp.begin", "totp.confirm", "sign_in.challenged", "password+totp"] {
        assert!(text.contains(action), "{action}");
    }
}

#[tokio::test]
async fn a_code_is_wanted_with_the_password_and_serves_once() {
    an_app_is_set_up_and_asked_for(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_code_is_wanted_with_the_password_and_serves_once_on_postgresql() {
    an_app_is_set_up_and_asked_for(Kind::Postgres).await;
}

async fn one_of_two_at_once_is_in(kind: Kind) {
    let world = World::on(kind).await;
    let holder = world.holder(1).await;
    world.pass(Duration::from_secs(30));
    for shown in [code(&holder.secret, world.clock.now()), holder.codes[0].clone()] {
        let both = tokio::join!(holder.shows(&world, &shown), holder.shows(&world, &shown));
        let mut outcomes = [outcome(&both.0), outcome(&both.1)];
        outcomes.sort();
        assert_eq!(outcomes, ["CODE_WRONG", "in"], "{shown}");
    }
}

#[tokio::test]
async fn of_two_who_show_one_code_at_once_one_is_in() {
    one_of_two_at_once_is_in(Kind::Sqlite).await;
}

#[tokio::test]
async fn of_two_who_show_one_code_at_once_one_is_in_on_postgresql() {
    one_of_two_at_once_is_in(Kind::Postgres).await;
}

#[tokio::test]
async fn a_code_of_another_person_opens_nothing() {
    let world = World::new().await;
    let holder = world.holder(1).await;
    // Of the same organisation, and of another one.
    for user in [0, 3] {
        let other = world.holder(user).await;
        world.pass(Duration::from_secs(30));
        for theirs in [code(&other.secret, world.clock.now()), other.codes[0].clone()] {
            assert_eq!(outcome(&holder.shows(&world, &theirs).await), "CODE_WRONG", "{theirs}");
            assert_eq!(outcome(&other.shows(&world, &theirs).await), "in", "{theirs}");
        }
    }
}

#[tokio::test]
async fn a_recovery_code_serves_once_and_new_ones_end_the_old() {
    let world = World::new().await;
    let holder = world.holder(1).await;
    let (first, second) = (&holder.codes[0], &holder.codes[1]);
    assert_eq!(
        outcome(&holder.shows(&world, &first.to_uppercase().replace('-', " ")).await),
        "in"
    );
    assert_eq!(outcome(&holder.shows(&world, first).await), "CODE_WRONG");
    let mine = holder.client.data(MINE, json!({})).await["viewer"].clone();
    assert_eq!(mine["secondFactor"]["recoveryCodesLeft"], 9);
    let ways = mine["signIns"].as_array().unwrap().iter().map(|one| &one["how"]);
    assert!(ways.into_iter().any(|how| how == "password+recovery_code"));

    let renewed = holder.client.data(RENEW, json!({ "p": "wrong" })).await["renewRecoveryCodes"].clone();
    assert_eq!(
        (error(&renewed), &renewed["recoveryCodes"]),
        ("PASSWORD_WRONG", &Value::Null)
    );
    let renewed = holder.client.data(RENEW, json!({ "p": holder.password })).await["renewRecoveryCodes"].clone();
    assert_eq!(renewed["recoveryCodes"].as_array().unwrap().len(), 10);
    assert_eq!(outcome(&holder.shows(&world, second).await), "CODE_WRONG");
    let new = renewed["recoveryCodes"][9].as_str().unwrap();
    assert_eq!(outcome(&holder.shows(&world, new).await), "in");

    // They stand in for a second factor, and are none.
    let removed = holder.client.data(REMOVE, json!({ "p": holder.password })).await;
    assert_eq!(error(&removed["removeTotp"]), "none");
    let mine = holder.client.data(MINE, json!({})).await["viewer"].clone();
    assert_eq!(mine["secondFactor"]["recoveryCodesLeft"], 0);
    assert!(
        mine["signIns"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["secondFactor"] == false)
    );
    assert_eq!(outcome(&world.shows(1, json!({})).await), "in");
    let renewed = holder.client.data(RENEW, json!({ "p": holder.password })).await;
    assert_eq!(error(&renewed["renewRecoveryCodes"]), "NO_SECOND_FACTOR");
}

#[tokio::test]
async fn a_right_password_without_a_code_neither_counts_nor_forgets_and_a_wrong_code_counts() {
    let world = World::new().await;
    let holder = world.holder(1).await;
    for _ in 0..4 {
        assert_eq!(outcome(&holder.shows(&world, "000000").await), "CODE_WRONG");
    }
    for _ in 0..8 {
        assert_eq!(outcome(&world.shows(1, json!({})).await), "challenge");
    }
    assert_eq!(
        outcome(&holder.shows(&world, "aaaa-aaaa-aaaa-aaaa").await),
        "CODE_WRONG"
    );
    // Five were wrong: now even the right one waits.
    world.pass(Duration::from_millis(1));
    assert_eq!(outcome(&holder.shows(&world, &holder.codes[0]).await), "RATE_LIMITED");
    world.pass(Duration::from_secs(1));
    assert_eq!(outcome(&holder.shows(&world, &holder.codes[0]).await), "in");
}

#[tokio::test]
async fn setting_up_needs_a_young_sign_in_or_the_password_and_removing_the_password() {
    let world = World::new().await;
    let user = &world.demo.users[1];
    let client = world.as_role("nanoUser").await;
    world.pass(Duration::from_mins(10));
    for (query, name) in [(BEGIN, "beginTotp"), (BEGIN_PASSKEY, "beginPasskey")] {
        let begun = client.data(query, json!({})).await[name].clone();
        assert_eq!(error(&begun), "PASSWORD_NEEDED");
        let begun = client.data(query, json!({ "p": "wrong" })).await[name].clone();
        assert_eq!(error(&begun), "PASSWORD_WRONG");
        let begun = client.data(query, json!({ "p": user.password })).await[name].clone();
        assert_eq!(error(&begun), "none");
    }
    // What was shown is confirmed by a right code, in time.
    let begun = client.data(BEGIN, json!({ "p": user.password })).await["beginTotp"].clone();
    let secret = begun["secret"].as_str().unwrap();
    let uri = begun["uri"].as_str().unwrap();
    assert!(
        uri.starts_with("otpauth://totp/Portcullis:") && uri.contains(secret),
        "{uri}"
    );
    let confirmed = client.data(CONFIRM, json!({ "c": "000000" })).await["confirmTotp"].clone();
    assert_eq!(error(&confirmed), "CODE_WRONG");
    assert_eq!(outcome(&world.shows(1, json!({})).await), "in");
    world.pass(Duration::from_mins(10));
    let confirmed = client
        .data(CONFIRM, json!({ "c": code(secret, world.clock.now()) }))
        .await["confirmTotp"]
        .clone();
    assert_eq!(error(&confirmed), "BEGIN_AGAIN");

    // Another app in place of one that serves needs the password, however young the sign-in is.
    let holder = world.holder(1).await;
    let begun = holder.client.data(BEGIN, json!({})).await["beginTotp"].clone();
    assert_eq!((error(&begun), &begun["secret"]), ("PASSWORD_NEEDED", &Value::Null));
    let begun = holder.client.data(BEGIN, json!({ "p": user.password })).await["beginTotp"].clone();
    let secret = begun["secret"].as_str().unwrap();
    world.pass(Duration::from_secs(30));
    // Until it is confirmed the old one serves.
    assert_eq!(
        outcome(&holder.shows(&world, &code(secret, world.clock.now())).await),
        "CODE_WRONG"
    );
    assert_eq!(
        outcome(&holder.shows(&world, &code(&holder.secret, world.clock.now())).await),
        "in"
    );
    let confirmed = holder
        .client
        .data(CONFIRM, json!({ "c": code(secret, world.clock.now()) }))
        .await["confirmTotp"]
        .clone();
    assert_eq!((error(&confirmed), &confirmed["recoveryCodes"]), ("none", &Value::Null));
    world.pass(Duration::from_secs(30));
    assert_eq!(
        outcome(&holder.shows(&world, &code(&holder.secret, world.clock.now())).await),
        "CODE_WRONG"
    );
    assert_eq!(
        outcome(&holder.shows(&world, &code(secret, world.clock.now())).await),
        "in"
    );
    let removed = holder.client.data(REMOVE, json!({ "p": "wrong" })).await["removeTotp"].clone();
    assert_eq!(error(&removed), "PASSWORD_WRONG");
    assert_eq!(outcome(&world.shows(1, json!({})).await), "challenge");
}

async fn an_organisation_wants_a_second_factor(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let (own, other) = (&world.demo.users[0].organisation, &world.demo.users[3].organisation);
    world.join(&world.demo.users[1].email, other, "nanoReadOnly").await;
    let member = world.as_role("nanoUser").await;
    let refused = admin.data(REQUIRE, json!({ "on": true })).await["updateSettings"].clone();
    assert_eq!(error(&refused), "SECOND_FACTOR_FIRST");

    world.pass(Duration::from_secs(1));
    let switcher = world.holder(0).await;
    let required = switcher.client.data(REQUIRE, json!({ "on": true })).await["updateSettings"].clone();
    assert_eq!(error(&required), "none");
    // Whoever switched it on is in, now and the next time.
    switcher.client.data("{ organisation { hash } }", json!({})).await;
    world.pass(Duration::from_secs(30));
    let mut again = world.anonymous();
    again.cookie = switcher
        .shows(&world, &code(&switcher.secret, world.clock.now()))
        .await
        .cookie();
    again.data("{ organisation { hash } }", json!({})).await;

    // Who has none is told so there, and goes on elsewhere.
    let mut named = member.clone();
    named.organisation = Some(own.clone());
    let closed = named.ask("{ organisation { hash } }", json!({})).await;
    assert_eq!(closed.code().as_deref(), Some("FORBIDDEN"));
    assert_eq!(
        closed.body["errors"][0]["extensions"]["reason"],
        "SECOND_FACTOR_REQUIRED"
    );
    let viewer = member.data(CLOSED, json!({})).await["viewer"].clone();
    assert_eq!(viewer["organisation"]["hash"], *other);
    let mut memberships = viewer["memberships"].as_array().unwrap().clone();
    memberships.sort_by_key(|one| one["closed"].is_null());
    assert_eq!(memberships[0]["closed"], "SECOND_FACTOR_REQUIRED");
    assert_eq!(
        (&memberships[0]["organisation"]["hash"], &memberships[1]["closed"]),
        (&json!(own), &Value::Null)
    );

    // They set one up, wherever they are, and are in with the same sign-in.
    let holder = world.holder(1).await;
    let mut inside = holder.client.clone();
    inside.organisation = Some(own.clone());
    inside.data("{ organisation { hash } }", json!({})).await;
    // Without it they are out again.
    let removed = inside.data(REMOVE, json!({ "p": holder.password })).await;
    assert_eq!(error(&removed["removeTotp"]), "none");
    assert_eq!(inside.code("{ organisation { hash } }", json!({})).await, "FORBIDDEN");
}

#[tokio::test]
async fn an_organisation_that_wants_a_second_factor_is_closed_without_one_and_says_so() {
    an_organisation_wants_a_second_factor(Kind::Sqlite).await;
}

#[tokio::test]
async fn an_organisation_that_wants_a_second_factor_is_closed_without_one_and_says_so_on_postgresql() {
    an_organisation_wants_a_second_factor(Kind::Postgres).await;
}

#[tokio::test]
async fn a_lost_second_factor_is_reset_on_the_machine_and_signs_out() {
    let world = World::new().await;
    let holder = world.holder(1).await;
    let other = world.holder(3).await;
    let reset = async |email: &str| {
        let settings = crate::harness::settings(&world.database);
        let entropy = link::Entropy::seeded(4_000);
        api::operator::reset_second_factor(&settings, world.clock.clone(), entropy, email).await
    };
    assert!(reset("nobody@example.com").await.is_err());
    reset(&holder.email.to_uppercase()).await.unwrap();
    assert_eq!(holder.client.code(MINE, json!({})).await, "UNAUTHENTICATED");
    assert_eq!(outcome(&world.shows(1, json!({})).await), "in");
    assert_eq!(outcome(&world.shows(3, json!({})).await), "challenge");
    other.client.data(MINE, json!({})).await;
    // The organisation's administrator reads that it was done.
    let log = "{ organisation { auditLog(filter: {action: \"second_factor.reset\"}) { nodes { actorKind } } } }";
    let told = world.as_role("nanoAdmin").await.data(log, json!({})).await;
    assert_eq!(
        told["organisation"]["auditLog"]["nodes"],
        json!([{ "actorKind": "PLATFORM" }])
    );
    assert_eq!(
        other.client.data(log, json!({})).await["organisation"]["auditLog"]["nodes"],
        json!([])
    );
}
