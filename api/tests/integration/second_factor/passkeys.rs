//! Passkeys: made, asked for, attacked.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Kind;

use super::{ADD_PASSKEY, BEGIN_PASSKEY, MINE, authenticator::Device, error, outcome};
use crate::harness::{Client, World};

const RENAME_PASSKEY: &str =
    "mutation($i: ID!) { renamePasskey(input: {id: $i, name: \"Laptop\"}) { passkey { name } errors { code } } }";
const REMOVE_PASSKEY: &str =
    "mutation($i: ID!, $p: String!) { removePasskey(input: {id: $i, password: $p}) { errors { code } } }";

async fn a_passkey_is_made_and_asked_for(kind: Kind) {
    let world = World::on(kind).await;
    let mut device = Device::new(1);
    let client = world.with_passkey(1, &mut device).await;
    let mine = client.data(MINE, json!({})).await["viewer"]["secondFactor"].clone();
    assert_eq!((&mine["totp"], &mine["recoveryCodesLeft"]), (&json!(false), &json!(10)));
    assert_eq!(
        (&mine["passkeys"][0]["name"], &mine["passkeys"][0]["lastUsedAt"]),
        (&json!("Key"), &Value::Null)
    );
    assert_eq!(mine["passkeyOrigin"], "http://live.example.com");

    let challenge = world.challenge(1).await;
    let shown = json!({ "k": { "state": challenge["state"], "credential": device.get(&challenge["options"]) } });
    assert_eq!(outcome(&world.shows(1, shown.clone()).await), "in");
    // Neither the answer serves again, nor another answer to the same challenge.
    assert_eq!(outcome(&world.shows(1, shown).await), "PASSKEY_REFUSED");
    let again = json!({ "k": { "state": challenge["state"], "credential": device.get(&challenge["options"]) } });
    assert_eq!(outcome(&world.shows(1, again).await), "PASSKEY_REFUSED");
    let mine = client.data(MINE, json!({})).await["viewer"].clone();
    assert!(mine["secondFactor"]["passkeys"][0]["lastUsedAt"].is_string());
    assert_eq!(mine["signIns"][0]["how"], "password+passkey");

    let id = mine["secondFactor"]["passkeys"][0]["id"].clone();
    let renamed = client.data(RENAME_PASSKEY, json!({ "i": id })).await;
    assert_eq!(renamed["renamePasskey"]["passkey"]["name"], "Laptop");
    let password = &world.demo.users[1].password;
    let removed = client.data(REMOVE_PASSKEY, json!({ "i": id, "p": "wrong" })).await;
    assert_eq!(error(&removed["removePasskey"]), "PASSWORD_WRONG");
    let challenge = world.challenge(1).await;
    let removed = client.data(REMOVE_PASSKEY, json!({ "i": id, "p": password })).await;
    assert_eq!(error(&removed["removePasskey"]), "none");
    // What was begun with it before is worth nothing, and was not wanted.
    let late = json!({ "k": { "state": challenge["state"], "credential": device.get(&challenge["options"]) } });
    let mut now = world.anonymous();
    now.cookie = world.shows(1, late).await.cookie();
    assert_eq!(
        now.data(MINE, json!({})).await["viewer"]["signIns"][0]["secondFactor"],
        false
    );
}

#[tokio::test]
async fn a_passkey_is_wanted_with_the_password_and_a_ceremony_serves_once() {
    a_passkey_is_made_and_asked_for(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_passkey_is_wanted_with_the_password_and_a_ceremony_serves_once_on_postgresql() {
    a_passkey_is_made_and_asked_for(Kind::Postgres).await;
}

#[tokio::test]
async fn a_passkey_of_another_person_or_another_site_or_another_time_opens_nothing() {
    let world = World::new().await;
    let (mut mine, mut colleagues, mut strangers) = (Device::new(1), Device::new(2), Device::new(3));
    let client = world.with_passkey(1, &mut mine).await;
    world.with_passkey(0, &mut colleagues).await;
    world.with_passkey(3, &mut strangers).await;

    // Another's device with my ceremony, my device with another's, each with its own.
    for (user, other) in [(0, &mut colleagues), (3, &mut strangers)] {
        let (own, theirs) = (world.challenge(1).await, world.challenge(user).await);
        for (state, credential) in [
            (&own, other.get(&own["options"])),
            (&theirs, mine.get(&theirs["options"])),
            (&theirs, other.get(&theirs["options"])),
            (&own, other.get(&theirs["options"])),
        ] {
            let shown = json!({ "k": { "state": state["state"], "credential": credential } });
            assert_eq!(outcome(&world.shows(1, shown).await), "PASSKEY_REFUSED");
            world.pass(Duration::from_mins(1));
        }
    }
    // Another site, a device that does not know who holds it, a forged answer, an old ceremony.
    for attack in 0..5 {
        let own = world.challenge(1).await;
        let credential = match attack {
            0 => {
                mine.origin = "http://live.example.com.evil.test";
                mine.get(&own["options"])
            }
            1 => {
                mine.verifies = false;
                mine.get(&own["options"])
            }
            2 => {
                let mut forged = mine.get(&own["options"]);
                forged["response"]["signature"] = strangers.get(&own["options"])["response"]["signature"].clone();
                forged
            }
            3 => json!({}),
            _ => json!("x"),
        };
        (mine.origin, mine.verifies) = ("http://live.example.com", true);
        let shown = json!({ "k": { "state": own["state"], "credential": credential } });
        assert_eq!(outcome(&world.shows(1, shown).await), "PASSKEY_REFUSED", "{attack}");
        world.pass(Duration::from_mins(1));
    }
    let own = world.challenge(1).await;
    let shown = json!({ "k": { "state": own["state"], "credential": mine.get(&own["options"]) } });
    world.pass(Duration::from_mins(5));
    assert_eq!(outcome(&world.shows(1, shown).await), "PASSKEY_REFUSED");
    world.pass(Duration::from_mins(1));
    let own = world.challenge(1).await;
    let shown = json!({ "k": { "state": own["state"], "credential": mine.get(&own["options"]) } });
    assert_eq!(outcome(&world.shows(1, shown).await), "in");

    // Nobody changes another's, or learns that it is there.
    let others = world.anonymous();
    let id = client.data(MINE, json!({})).await["viewer"]["secondFactor"]["passkeys"][0]["id"].clone();
    let own = world.challenge(3).await;
    let mut outsider = others.clone();
    let shown = json!({ "k": { "state": own["state"], "credential": strangers.get(&own["options"]) } });
    outsider.cookie = world.shows(3, shown).await.cookie();
    let never = json!("pky_00000000000000000000000000");
    for query in [RENAME_PASSKEY, REMOVE_PASSKEY] {
        let password = &world.demo.users[3].password;
        let theirs = outsider.ask(query, json!({ "i": id, "p": password })).await;
        assert_eq!(theirs.code().as_deref(), Some("NOT_FOUND"));
        assert_eq!(
            theirs.text,
            outsider.ask(query, json!({ "i": never, "p": password })).await.text
        );
    }
}

#[tokio::test]
async fn making_a_passkey_is_bound_to_who_began_it_and_one_passkey_is_one_persons() {
    let world = World::new().await;
    let mut device = Device::new(1);
    let client = world.with_passkey(1, &mut device).await;
    let outsider = world.outsider().await;
    let begun = outsider.data(BEGIN_PASSKEY, json!({})).await["beginPasskey"]["ceremony"].clone();
    let taken = device.create(&begun["options"]);
    let mut other = Device::new(2);
    let fresh = other.create(&begun["options"]);
    let add = async |client: &Client, credential: &Value| {
        let added = client
            .data(ADD_PASSKEY, json!({ "s": begun["state"], "c": credential }))
            .await;
        error(&added["addPasskey"]).to_owned()
    };
    // What others have, in another's ceremony, too late, or made elsewhere.
    assert_eq!(add(&outsider, &taken).await, "PASSKEY_REFUSED");
    assert_eq!(add(&client, &fresh).await, "PASSKEY_REFUSED");
    other.origin = "https://evil.test";
    assert_eq!(
        add(&outsider, &other.create(&begun["options"])).await,
        "PASSKEY_REFUSED"
    );
    assert_eq!(add(&outsider, &json!({ "id": 1 })).await, "PASSKEY_REFUSED");
    assert_eq!(add(&outsider, &fresh).await, "none");
    // A second time it is known already.
    assert_eq!(add(&outsider, &fresh).await, "PASSKEY_REFUSED");
    world.pass(Duration::from_mins(5));
    assert_eq!(
        add(&outsider, &Device::new(3).create(&begun["options"])).await,
        "PASSKEY_REFUSED"
    );
}
