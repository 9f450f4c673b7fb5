//! Customers sign tokens in their own backends, with the libraries that they have; what they sign lets in, what is spoilt
//! does not, and a key that is taken back ends what runs on it.

use std::{fmt::Write, time::Duration};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::stage::{Home, Person, Server, Viewer, foreign, get, python, until};

/// What a customer's token says: for one stream, an hour from now.
async fn claims(person: &Person, stream: &str) -> String {
    let made = person
        .change(
            "createPlaybackToken",
            &json!({ "streams": [stream] }),
            "record { claims }",
        )
        .await;
    let now = made["record"]["claims"]["iat"].as_i64().expect("a time");
    json!({ "aud": "play", "iat": now, "exp": now + 3600, "streams": [stream], "user": "ann" }).to_string()
}

async fn node(claims: &str) -> Value {
    let output = Command::new("node").arg(foreign("mint.mjs")).arg(claims).output().await;
    let output = output.expect("node");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

async fn pyjwt(claims: &str) -> Value {
    let program = std::fs::read_to_string(foreign("mint.py")).expect("a program");
    serde_json::from_str(&python(&program, &[claims]).await).expect("JSON")
}

async fn add(person: &Person, key: &Value) -> String {
    let added = person.change("addSigningKey", &key["input"], "signingKey { id }").await;
    added["signingKey"]["id"].as_str().expect("an id").to_owned()
}

async fn remove(person: &Person, id: &str) -> Value {
    let wanted = "change { sessionsEnded bytesAfter nodes { acknowledged } }";
    person.change("removeSigningKey", &json!({ "id": id }), wanted).await["change"].clone()
}

/// What a token is told at the playlist's door: nothing where it lets in.
async fn told(server: &Server, stream: &str, token: &str) -> Option<String> {
    let answer = get(&server.door(stream, "index.m3u8", &encoded(token))).await;
    let reason = answer.reason();
    assert_eq!(reason.is_none(), answer.status == 200, "{answer:?}");
    reason
}

fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().fold(String::new(), |mut out, byte| {
        if plain(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[tokio::test]
async fn tokens_of_pyjwt_jose_and_jsonwebtoken_let_in_with_and_without_their_keys_name() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let stream = server.test().name();
    admin.until_playable(stream, server.test().token()).await;
    let said = claims(&admin, stream).await;
    let mut keys = node(&said).await.as_array().expect("a list").clone();
    keys.extend(pyjwt(&said).await["good"].as_array().expect("a list").clone());
    assert_eq!(keys.len(), 4 + 3 + 4);
    for key in &keys {
        let kid = key["input"]["kid"].as_str().expect("a name");
        let text = |which: &str| key[which].as_str().expect("a token").to_owned();
        assert_eq!(
            told(&server, stream, &text("named")).await.as_deref(),
            Some("TOKEN_KEY"),
            "{kid}"
        );
        let id = add(&admin, key).await;
        for which in ["named", "unnamed"] {
            assert_eq!(told(&server, stream, &text(which)).await, None, "{which} by {kid}");
        }
        // Eight at most.
        remove(&admin, &id).await;
        assert_eq!(
            told(&server, stream, &text("named")).await.as_deref(),
            Some("TOKEN_KEY"),
            "{kid}"
        );
    }
    let log = home.log();
    for key in &keys {
        for secret in [&key["named"], &key["unnamed"], &key["input"]["hs256Secret"]] {
            assert!(
                !secret.as_str().is_some_and(|secret| log.contains(secret)),
                "in the log: {secret}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_spoilt_of_a_customers_token_is_refused_with_its_reason() {
    let home = Home::new();
    let server = home.demo().await;
    let (admin, outsider) = (Person::admin(&server).await, Person::outsider(&server).await);
    let stream = server.test().name();
    admin.until_playable(stream, server.test().token()).await;
    let said = claims(&admin, stream).await;
    let made = pyjwt(&said).await;
    let others = node(&said).await;
    let good = &made["good"][0];
    add(&admin, good).await;
    assert_eq!(
        told(&server, stream, good["named"].as_str().expect("a token")).await,
        None
    );
    // That the organisation has a key of that name is nobody's business.
    for (what, reason) in [
        ("none", "TOKEN_KEY"),
        ("none, unnamed", "TOKEN_KEY"),
        ("the public key as a secret", "TOKEN_KEY"),
        ("the public key as a secret, trimmed", "TOKEN_KEY"),
        ("the public key as a secret, unnamed", "TOKEN_KEY"),
        ("other claims", "TOKEN_KEY"),
        ("another key's signature", "TOKEN_KEY"),
        ("no signature", "TOKEN_KEY"),
        ("two signatures", "TOKEN_MALFORMED"),
        ("two signatures, as JSON", "TOKEN_MALFORMED"),
        ("crit", "TOKEN_MALFORMED"),
        ("oversize", "TOKEN_MALFORMED"),
        ("no expiry", "TOKEN_MALFORMED"),
        ("an unknown key", "TOKEN_KEY"),
        ("publish", "TOKEN_AUDIENCE"),
        ("both audiences", "TOKEN_AUDIENCE"),
    ] {
        let token = made["bad"][what]
            .as_str()
            .unwrap_or_else(|| panic!("no token with {what}"));
        assert_eq!(told(&server, stream, token).await.as_deref(), Some(reason), "{what}");
    }
    // A key of another organisation, by its own name and by the name that a key has here.
    let mut theirs = others[0].clone();
    add(&outsider, &theirs).await;
    let named = theirs["named"].as_str().expect("a token").to_owned();
    assert_eq!(told(&server, stream, &named).await.as_deref(), Some("TOKEN_KEY"));
    theirs = others[1].clone();
    theirs["input"]["kid"] = good["input"]["kid"].clone();
    add(&outsider, &theirs).await;
    let unnamed = theirs["unnamed"].as_str().expect("a token");
    assert_eq!(told(&server, stream, unnamed).await.as_deref(), Some("TOKEN_KEY"));
}

#[tokio::test]
async fn a_key_that_is_removed_cuts_off_exactly_whom_it_let_in() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let stream = server.test().name();
    admin.until_playable(stream, server.test().token()).await;
    let made = node(&claims(&admin, stream).await).await;
    let (doomed, kept) = (add(&admin, &made[0]).await, add(&admin, &made[1]).await);
    let text = |n: usize, which: &str| made[n][which].as_str().expect("a token").to_owned();
    let mut cut = Vec::new();
    for which in ["named", "unnamed"] {
        let mut viewer = Viewer::open(&server.socket(stream, &text(0, which))).await;
        viewer.watch(3).await;
        cut.push(viewer);
    }
    let handle = admin
        .change("createHandle", &json!({ "token": text(0, "unnamed") }), "handle")
        .await;
    let mut viewer = Viewer::open(&server.socket(stream, handle["handle"].as_str().expect("a handle"))).await;
    viewer.watch(3).await;
    cut.push(viewer);
    let mut others = Vec::new();
    for token in [text(1, "named"), text(1, "unnamed"), server.test().token().to_owned()] {
        let mut viewer = Viewer::open(&server.socket(stream, &token)).await;
        viewer.watch(3).await;
        others.push(viewer);
    }
    let playlist = server.door(stream, "index.m3u8", &text(0, "unnamed"));
    assert_eq!(get(&playlist).await.status, 200);

    let change = remove(&admin, &doomed).await;
    assert_eq!(
        (&change["sessionsEnded"], &change["bytesAfter"]),
        (&json!(4), &json!(0.0)),
        "{change}"
    );
    for mut viewer in cut {
        let (code, reason, _) = viewer.last_word().await;
        assert_eq!((code, reason.as_str()), (4411, "TOKEN_KEY"));
    }
    assert_ne!(get(&playlist).await.status, 200);
    for viewer in &mut others {
        viewer.watch(20).await;
    }
    // Ours is rotated beside them, and cuts off nobody.
    let rotated = admin
        .change("rotateSigningKey", &json!({}), "change { sessionsEnded }")
        .await;
    assert_eq!(rotated["change"]["sessionsEnded"], 0);
    for viewer in &mut others {
        viewer.watch(20).await;
    }
    let ended = admin
        .change(
            "rotateSigningKey",
            &json!({ "endOld": true }),
            "change { sessionsEnded }",
        )
        .await;
    assert_eq!(
        ended["change"]["sessionsEnded"], 0,
        "the demo's token was signed by the key before"
    );
    remove(&admin, &kept).await;
    let (code, ..) = others[0].last_word().await;
    assert_eq!(code, 4411);
    tokio::time::timeout(Duration::from_secs(20), others[2].watch(20))
        .await
        .expect("ours goes on");
}

#[tokio::test]
async fn what_a_customer_signs_is_linted_when_it_is_seen_at_a_door() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let stream = server.test().name();
    admin.until_playable(stream, server.test().token()).await;
    let key = pyjwt(&claims(&admin, stream).await).await["good"][0].clone();
    add(&admin, &key).await;
    let kid = key["input"]["kid"].as_str().expect("a name");
    let token = key["named"].as_str().expect("a token");
    assert_eq!(told(&server, stream, token).await, None);
    let query = "{ organisation { weakTokens { kid ours sessions jti advice { code severity } } } }";
    let seen = until("it is seen", async || {
        let found = admin.ask(query, &json!({})).await["organisation"]["weakTokens"].clone();
        let theirs = |one: &&Value| one["kid"] == kid;
        let found: Vec<_> = found.as_array()?.iter().filter(theirs).cloned().collect();
        (!found.is_empty()).then_some(found)
    })
    .await;
    let mut codes: Vec<_> = seen
        .iter()
        .map(|one| (one["advice"]["code"].as_str(), one["advice"]["severity"].as_str()))
        .collect();
    codes.sort_unstable();
    // An hour's life, from anywhere, on any site. That it has no label is only good to know.
    let expected = ["LIFETIME", "NO_DOMAINS", "NO_IP"].map(|code| (Some(code), Some("WARN")));
    assert_eq!(codes, expected);
    for one in &seen {
        assert_eq!((&one["ours"], &one["sessions"]), (&json!(false), &json!(1)), "{one}");
        assert!(!token.contains(one["jti"].as_str().expect("an id")) && !one.to_string().contains(token));
    }
    let jti = seen[0]["jti"].clone();
    let query =
        "query($jti: ID) { organisation { sessions(filter: { jti: $jti }) { nodes { tokenAdvice { code } } } } }";
    let session = admin.ask(query, &json!({ "jti": jti })).await["organisation"]["sessions"]["nodes"][0].clone();
    let all = ["LIFETIME", "NO_IP", "NO_DOMAINS", "NO_TAG", "NO_FORCE_DISCONNECT"];
    assert_eq!(session["tokenAdvice"], json!(all.map(|code| json!({ "code": code }))));
}
