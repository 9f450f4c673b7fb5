//! A person's own account: changed by themselves, with what it takes, and by nobody else.

use std::time::Duration;

use serde_json::json;
use testkit::Kind;

use crate::harness::{Client, World};

const PASSWORD: &str =
    "mutation($c: String!, $n: String!) { changePassword(input: {current: $c, new: $n}) { errors { code field } } }";
const NAME: &str = "mutation($n: String!) { changeName(input: {name: $n}) { errors { code } } }";
const VIEWER: &str = "{ viewer { name } }";

/// Every operation that changes something of an account.
pub(crate) const CHANGES: [&str; 10] = [
    "mutation { changeName(input: {name: \"Other\"}) { errors { code } } }",
    "mutation { changePassword(input: {current: \"x\", new: \"long enough for it\"}) { errors { code } } }",
    "mutation { beginTotp(input: {}) { secret } }",
    "mutation { confirmTotp(input: {code: \"123456\"}) { recoveryCodes } }",
    "mutation { removeTotp(input: {password: \"x\"}) { errors { code } } }",
    "mutation { renewRecoveryCodes(input: {password: \"x\"}) { recoveryCodes } }",
    "mutation { beginPasskey(input: {}) { ceremony { state } } }",
    "mutation { addPasskey(input: {state: \"x\", credential: {}, name: \"x\"}) { errors { code } } }",
    "mutation { renamePasskey(input: {id: \"x\", name: \"x\"}) { errors { code } } }",
    "mutation { removePasskey(input: {id: \"x\", password: \"x\"}) { errors { code } } }",
];

async fn a_password_is_changed(kind: Kind) {
    let world = World::on(kind).await;
    let user = &world.demo.users[1];
    let (here, elsewhere) = (world.as_role("nanoUser").await, world.as_role("nanoUser").await);
    let outsider = world.outsider().await;
    let change = async |current: &str, new: &str| {
        let done = here.data(PASSWORD, json!({ "c": current, "n": new })).await;
        done["changePassword"]["errors"][0].clone()
    };
    assert_eq!(
        change("wrong", "a longer one").await,
        json!({ "code": "PASSWORD_WRONG", "field": ["input", "current"] })
    );
    assert_eq!(
        change(&user.password, "short").await,
        json!({ "code": "WEAK", "field": ["input", "new"] })
    );
    elsewhere.data(VIEWER, json!({})).await;
    // A way to a new password that lies in a mailbox ends too.
    let ask = "mutation($e: String!) { requestPasswordReset(input: {email: $e}) { errors { code } } }";
    world.anonymous().data(ask, json!({ "e": user.email })).await;
    let link = world.mailed("reset", &user.email).await;
    world.pass(Duration::from_secs(1));
    assert!(change(&user.password, "a longer one").await.is_null());
    here.data(VIEWER, json!({})).await;
    outsider.data(VIEWER, json!({})).await;
    assert_eq!(elsewhere.code(VIEWER, json!({})).await, "UNAUTHENTICATED");
    assert!(
        world
            .anonymous()
            .sign_in(&user.email, &user.password)
            .await
            .cookie()
            .is_none()
    );
    assert!(
        world
            .anonymous()
            .sign_in(&user.email, "a longer one")
            .await
            .cookie()
            .is_some()
    );
    let reset = "mutation($s: String!) { resetPassword(input: {secret: $s, password: \"mine from now\"}) { done } }";
    assert_eq!(world.anonymous().code(reset, json!({ "s": link })).await, "NOT_FOUND");
}

#[tokio::test]
async fn a_changed_password_ends_the_persons_other_sign_ins_and_ways_to_a_new_one() {
    a_password_is_changed(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_changed_password_ends_the_persons_other_sign_ins_and_ways_to_a_new_one_on_postgresql() {
    a_password_is_changed(Kind::Postgres).await;
}

#[tokio::test]
async fn guessing_the_password_from_a_stolen_sign_in_is_slowed_like_signing_in() {
    let world = World::new().await;
    let client = world.as_role("nanoUser").await;
    for _ in 0..5 {
        client
            .data(PASSWORD, json!({ "c": "wrong", "n": "a longer one" }))
            .await;
    }
    let slowed = client.ask(PASSWORD, json!({ "c": "wrong", "n": "a longer one" })).await;
    assert_eq!(slowed.code().as_deref(), Some("RATE_LIMITED"));
    assert_eq!(slowed.headers["retry-after"], "1");
    let user = &world.demo.users[1];
    let elsewhere = world.anonymous().sign_in(&user.email, &user.password).await;
    assert_eq!(elsewhere.code().as_deref(), Some("RATE_LIMITED"));
}

#[tokio::test]
async fn a_person_is_called_what_they_say() {
    let world = World::new().await;
    let client = world.as_role("nanoReadOnly").await;
    client.data(NAME, json!({ "n": "  Rea Reader " })).await;
    assert_eq!(client.data(VIEWER, json!({})).await["viewer"]["name"], "Rea Reader");
    for name in ["", " ", "a\nb", &"a".repeat(101)] {
        let refused = client.data(NAME, json!({ "n": name })).await;
        assert_eq!(refused["changeName"]["errors"][0]["code"], "INVALID", "{name}");
    }
    assert_eq!(client.data(VIEWER, json!({})).await["viewer"]["name"], "Rea Reader");
}

#[tokio::test]
async fn software_and_nobody_change_nothing_of_an_account() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let make = "mutation { createApiToken(input: {name: \"a\", role: nanoAdmin}) { secret } }";
    let secret = admin.data(make, json!({})).await["createApiToken"]["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut software: Client = world.anonymous();
    software.bearer = Some(secret);
    let mine = "{ viewer { secondFactor { totp } } }";
    assert!(software.data(mine, json!({})).await["viewer"]["secondFactor"].is_null());
    let mut both = admin.clone();
    both.bearer.clone_from(&software.bearer);
    for change in CHANGES {
        assert_eq!(software.code(change, json!({})).await, "FORBIDDEN", "{change}");
        // The token counts, whoever is signed in beside it.
        assert_eq!(both.code(change, json!({})).await, "FORBIDDEN", "{change}");
        assert_eq!(
            world.anonymous().code(change, json!({})).await,
            "UNAUTHENTICATED",
            "{change}"
        );
    }
    assert_eq!(admin.data(VIEWER, json!({})).await["viewer"]["name"], "Ada Admin");
}
