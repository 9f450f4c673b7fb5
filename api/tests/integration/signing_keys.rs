//! Signing keys: the organisation's own are taken or refused with a sentence, ours are rotated with overlap.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use guard::Reason;
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    credentials::HANDLE,
    harness::{Client, T0, World},
};

pub(crate) const ADD: &str = "mutation($i: AddSigningKeyInput!) { addSigningKey(input: $i) {
    signingKey { id kid algorithm ours signs dialect claimMap jwksUrl keys { kid algorithm } fetchedAt fetchError tokens }
    change { sessionsEnded nodes { node } } errors { code message field } } }";
const ROTATE: &str = "mutation($e: Boolean!) { rotateSigningKey(input: {endOld: $e}) {
    signingKey { id kid signs } change { id } errors { code } } }";
pub(crate) const REMOVE: &str =
    "mutation($i: ID!) { removeSigningKey(input: {id: $i}) { id change { id } errors { code message } } }";
const KEYS: &str = "{ organisation { signingKeys { id kid algorithm ours signs retiresAt endsAt tokens jwksUrl fetchError keys { kid } } } }";

pub(crate) const ED: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
/// RFC 8037's, whose public half is above.
const ED_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
const P384: &str = "-----BEGIN PUBLIC KEY-----\nMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEPbHwyxVczpADZI04HxHYrR9iBTrpvDz6\nKSJahS0kY075xgZiBM5kT2iVsDLQjPmq2GIiGsgf9fRgHJOWygKmkg2aIRQGrhrr\nBLzF0hupKYleYI0EzviW6qmxT0/4hFBx\n-----END PUBLIC KEY-----\n";
const RSA_1024: &str = "-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC8PkeCodq3c8wqlnHpKcHAQoaZ\nSbghcPc1XSSTM6NsZG+MMacj+TVmabX4SW+efe/nqN+A93y+iP6uilWLDFM3IO5a\nxK/mUyBA9m1v5SbwGV+o0/M5J5+Ni5a+/6B0pFS9M7l4XZLgCDe+NZkkOgD7+zqc\nc6QaD9ImXgCbBZwZ+wIDAQAB\n-----END PUBLIC KEY-----\n";

pub(crate) async fn add(client: &Client, input: Value) -> Value {
    client.data(ADD, json!({ "i": input })).await["addSigningKey"].clone()
}

pub(crate) async fn keys(client: &Client) -> Vec<Value> {
    let keys = client.data(KEYS, json!({})).await["organisation"]["signingKeys"].clone();
    keys.as_array().unwrap().clone()
}

/// A token signed with a shared secret.
pub(crate) fn hs256(secret: &str, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

const SECRET: &str = "thirty-two bytes and some more, shared";

#[tokio::test]
async fn what_is_no_key_is_refused_with_a_sentence_that_never_repeats_it() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let short = "x".repeat(31);
    let two = format!("{ED}{ED}");
    let both = format!("{ED_PRIVATE}{ED}");
    for (input, field, code) in [
        (json!({}), "publicKeyPem", "INVALID"),
        (
            json!({ "publicKeyPem": ED, "hs256Secret": SECRET }),
            "publicKeyPem",
            "INVALID",
        ),
        (json!({ "publicKeyPem": "" }), "publicKeyPem", "INVALID"),
        (json!({ "publicKeyPem": "ssh-ed25519 AAAA" }), "publicKeyPem", "INVALID"),
        (json!({ "publicKeyPem": ED_PRIVATE }), "publicKeyPem", "PRIVATE_KEY"),
        (json!({ "publicKeyPem": both }), "publicKeyPem", "PRIVATE_KEY"),
        (
            json!({ "publicKeyPem": ED_PRIVATE.replace("PRIVATE", "ENCRYPTED PRIVATE") }),
            "publicKeyPem",
            "PRIVATE_KEY",
        ),
        (
            json!({ "publicKeyPem": ED_PRIVATE.replace("PRIVATE", "RSA PRIVATE") }),
            "publicKeyPem",
            "PRIVATE_KEY",
        ),
        (json!({ "publicKeyPem": two }), "publicKeyPem", "INVALID"),
        (
            json!({ "publicKeyPem": ED.replace("PUBLIC KEY", "CERTIFICATE") }),
            "publicKeyPem",
            "INVALID",
        ),
        (json!({ "publicKeyPem": P384 }), "publicKeyPem", "UNSUPPORTED"),
        (json!({ "publicKeyPem": RSA_1024 }), "publicKeyPem", "TOO_SHORT"),
        (json!({ "hs256Secret": short }), "hs256Secret", "TOO_SHORT"),
        (json!({ "hs256Secret": ED }), "hs256Secret", "INVALID"),
        (json!({ "hs256Secret": ED_PRIVATE }), "hs256Secret", "PRIVATE_KEY"),
        (
            json!({ "hs256Secret": format!("{SECRET}\n") }),
            "hs256Secret",
            "INVALID",
        ),
        (json!({ "publicKeyPem": ED, "kid": "" }), "kid", "INVALID"),
        (json!({ "publicKeyPem": ED, "kid": "key_of_ours" }), "kid", "INVALID"),
        (json!({ "publicKeyPem": ED, "kid": "x".repeat(257) }), "kid", "INVALID"),
        (json!({ "publicKeyPem": ED, "claimMap": {} }), "claimMap", "INVALID"),
        (
            json!({ "publicKeyPem": ED, "claimMap": { "video": "nothing_of_ours" } }),
            "claimMap",
            "INVALID",
        ),
        (
            json!({ "publicKeyPem": ED, "claimMap": { "a": "user", "b": "user" } }),
            "claimMap",
            "INVALID",
        ),
        (
            json!({ "publicKeyPem": ED, "claimMap": { "a": 1 } }),
            "claimMap",
            "INVALID",
        ),
        (
            json!({ "publicKeyPem": ED, "claimMap": { "a": "user" }, "dialect": "ANT_MEDIA" }),
            "claimMap",
            "INVALID",
        ),
        (json!({ "jwksUrl": "ftp://keys.example/" }), "jwksUrl", "INVALID"),
        (json!({ "jwksUrl": "nonsense" }), "jwksUrl", "INVALID"),
        (
            json!({ "jwksUrl": "https://ann:hunter22@keys.example/" }),
            "jwksUrl",
            "INVALID",
        ),
    ] {
        let answer = admin.ask(ADD, json!({ "i": input })).await;
        let refused = &answer.body["data"]["addSigningKey"];
        assert_eq!(refused["errors"][0]["code"], code, "{input}: {}", answer.text);
        assert_eq!(
            refused["errors"][0]["field"],
            json!(["input", field]),
            "{input}: {}",
            answer.text
        );
        assert_eq!(refused["signingKey"], Value::Null);
        for secret in ["MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v", &SECRET[..20], "hunter22"] {
            assert!(!answer.text.contains(secret), "{}", answer.text);
        }
    }
    assert_eq!(keys(&admin).await.len(), 1, "nothing was added");
}

#[tokio::test]
async fn a_shared_secret_lets_in_what_it_signed_and_is_nowhere_to_be_read() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::on(kind).await;
        let admin = world.as_role("nanoAdmin").await;
        let added = add(&admin, json!({ "hs256Secret": SECRET, "kid": "theirs" })).await;
        assert_eq!(added["errors"], json!([]), "{added}");
        assert_eq!(added["signingKey"]["algorithm"], "HS256");
        assert_eq!(added["signingKey"]["ours"], false);
        let claims = json!({ "aud": "play", "exp": T0.s() + 600, "streams": [world.stream()] });
        let token = hs256(SECRET, &json!({ "alg": "HS256", "kid": "theirs" }), &claims);
        assert_eq!(world.node.denies(world.stream(), &token, T0), None);
        // Without a name each of the organisation's keys is tried.
        let unnamed = hs256(SECRET, &json!({ "alg": "HS256" }), &claims);
        assert_eq!(world.node.denies(world.stream(), &unnamed, T0), None);
        let wrong = hs256(
            "another secret of thirty-two bytes",
            &json!({ "kid": "theirs" }),
            &claims,
        );
        assert_eq!(
            world.node.denies(world.stream(), &wrong, T0),
            Some(Reason::TokenSignature)
        );

        // Neither in the table, nor on its way to the nodes, nor in the log of what was done.
        let database = Database::connect(world.database.url()).await.unwrap();
        for table in ["signing_key", "outbox", "audit_entry", "change"] {
            let all = Statement::from_string(database.get_database_backend(), format!("SELECT * FROM {table}"));
            for row in database.query_all_raw(all).await.unwrap() {
                let text = format!("{row:?}");
                let hex = hex::encode(SECRET);
                let bytes = format!("{:?}", SECRET.as_bytes());
                let numbers = bytes.trim_matches(['[', ']']);
                let found = [SECRET, &hex, numbers, &numbers.replace(", ", ",")]
                    .iter()
                    .any(|form| text.contains(*form));
                assert!(!found, "{table} holds the secret: {text}");
            }
        }

        // A node that joins later knows it as well.
        let world = world.restarted().await;
        assert_eq!(world.node.denies(world.stream(), &unnamed, T0), None);
    }
}

#[tokio::test]
async fn a_removed_key_is_worth_nothing_at_once_and_its_name_is_free() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        a_name_is_free_on(kind).await;
    }
}

/// A key `theirs`, a token that it signed, and that token's handle.
async fn handled(world: &World, admin: &Client) -> (Value, String, String) {
    let added = add(admin, json!({ "hs256Secret": SECRET, "kid": "theirs" })).await;
    let claims = json!({ "aud": "play", "exp": T0.s() + 600, "streams": [world.stream()] });
    let token = hs256(SECRET, &json!({ "kid": "theirs" }), &claims);
    let handle = admin.data(HANDLE, json!({ "t": token })).await["createHandle"]["handle"].clone();
    (added, token, handle.as_str().unwrap().to_owned())
}

async fn a_name_is_free_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let (added, token, handle) = handled(&world, &admin).await;
    let handle = handle.as_str();
    for text in [handle, &token] {
        assert_eq!(world.node.denies(world.stream(), text, T0), None);
    }
    let removed = admin.data(REMOVE, json!({ "i": added["signingKey"]["id"] })).await;
    assert_eq!(removed["removeSigningKey"]["errors"], json!([]));
    for text in [handle, &token] {
        assert_eq!(world.node.denies(world.stream(), text, T0), Some(Reason::TokenKey));
    }
    assert_eq!(
        admin.code(REMOVE, json!({ "i": added["signingKey"]["id"] })).await,
        "NOT_FOUND"
    );
    let again = add(&admin, json!({ "publicKeyPem": ED, "kid": "theirs" })).await;
    assert_eq!(again["errors"], json!([]));
    // The name is another key's now: the algorithm is the key's, whatever the token says, and a handle is its token's.
    let refused = [(handle, Reason::TokenKey), (&*token, Reason::TokenSignature)];
    for (text, reason) in refused {
        assert_eq!(world.node.denies(world.stream(), text, T0), Some(reason));
    }
    let world = world.restarted().await;
    for (text, reason) in refused {
        assert_eq!(world.node.denies(world.stream(), text, T0), Some(reason));
    }
}

#[tokio::test]
async fn a_handle_of_an_earlier_version_is_of_the_key_that_had_the_name_by_then() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::on(kind).await;
        let admin = world.as_role("nanoAdmin").await;
        let (added, _, handle) = handled(&world, &admin).await;
        let handle = handle.as_str();
        let database = Database::connect(world.database.url()).await.unwrap();
        let forget = "UPDATE token_handle SET key_fingerprint_sealed = NULL";
        assert_eq!(database.execute_unprepared(forget).await.unwrap().rows_affected(), 1);

        let world = world.restarted().await;
        assert_eq!(world.node.denies(world.stream(), handle, T0), None);
        world.pass(Duration::from_secs(1));
        let admin = world.as_role("nanoAdmin").await;
        admin.data(REMOVE, json!({ "i": added["signingKey"]["id"] })).await;
        let other = format!("{SECRET} of somebody else");
        let again = add(&admin, json!({ "hs256Secret": other, "kid": "theirs" })).await;
        assert_eq!(again["errors"], json!([]));
        assert_eq!(world.node.denies(world.stream(), handle, T0), Some(Reason::TokenKey));
        let world = world.restarted().await;
        assert_eq!(
            world.node.denies(world.stream(), handle, T0),
            Some(Reason::TokenMalformed)
        );
    }
}

#[tokio::test]
async fn an_organisation_has_eight_keys_of_its_own_and_each_name_once() {
    let world = World::new().await;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    for n in 0..8 {
        let input = json!({ "hs256Secret": format!("{SECRET} {n}"), "kid": format!("k{n}") });
        assert_eq!(add(&admin, input).await["errors"], json!([]));
        if n == 0 {
            let taken = add(&admin, json!({ "publicKeyPem": ED, "kid": "k0" })).await;
            assert_eq!(taken["errors"][0]["code"], "TAKEN");
        }
    }
    let ninth = add(&admin, json!({ "publicKeyPem": ED })).await;
    assert_eq!(ninth["errors"][0]["code"], "TOO_MANY");
    // What one organisation calls its key is nothing to another.
    let theirs = add(&outsider, json!({ "hs256Secret": SECRET, "kid": "k0" })).await;
    assert_eq!(theirs["errors"], json!([]));
    let claims = json!({ "aud": "play", "exp": T0.s() + 600, "org": true });
    let foreign = hs256(SECRET, &json!({ "kid": "k0" }), &claims);
    assert_eq!(
        world.node.denies(world.stream(), &foreign, T0),
        Some(Reason::TokenSignature)
    );
}

#[tokio::test]
async fn tokens_signed_before_a_rotation_stay_good_and_their_key_stays_published_until_their_end() {
    let world = World::new().await;
    // Of the second organisation, which has no tokens of a demo.
    let admin = world.outsider().await;
    let make = "mutation { createStream(input: {}) { stream { name } } }";
    let stream = admin.data(make, json!({})).await["createStream"]["stream"]["name"].clone();
    let stream = stream.as_str().unwrap();
    let before = admin
        .make_token(json!({ "streams": [stream], "ttlSeconds": 3600 }))
        .await;
    let old = keys(&admin).await[0].clone();
    let rotated = admin.data(ROTATE, json!({ "e": false })).await["rotateSigningKey"].clone();
    assert_eq!(rotated["errors"], json!([]));
    let after = admin.make_token(json!({ "streams": [stream] })).await;
    for token in [&before, &after] {
        assert_eq!(world.node.denies(stream, token["token"].as_str().unwrap(), T0), None);
    }
    let signed_by = |token: &Value| {
        guard::Token::parse(token["token"].as_str().unwrap())
            .unwrap()
            .kid
            .unwrap()
    };
    assert_eq!(*signed_by(&before), *old["kid"].as_str().unwrap());
    assert_eq!(*signed_by(&after), *rotated["signingKey"]["kid"].as_str().unwrap());

    let all = keys(&admin).await;
    let (signing, retired): (Vec<_>, Vec<_>) = all.iter().partition(|key| key["signs"] == true);
    assert_eq!((signing.len(), retired.len()), (1, 1));
    assert_eq!((&retired[0]["kid"], &retired[0]["tokens"]), (&old["kid"], &json!(1)));
    let published = async || world.anonymous().get("/.well-known/jwks.json").await.body;
    let holds = |set: &Value| {
        set["keys"]
            .as_array()
            .unwrap()
            .iter()
            .any(|key| key["kid"] == old["kid"])
    };
    assert!(holds(&published().await));
    assert_eq!(
        admin.data(REMOVE, json!({ "i": signing[0]["id"] })).await["removeSigningKey"]["errors"][0]["code"],
        "IN_USE"
    );

    // A session may outlive its token by a day; then nothing is left of it.
    world.pass(Duration::from_secs(3600 + 24 * 3600 - 1));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(holds(&published().await));
    world.pass(Duration::from_hours(24));
    tokio::time::timeout(Duration::from_mins(1), async {
        while holds(&published().await) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the old key to end");
    assert_eq!(keys(&admin).await.len(), 1);
    let log = "{ organisation { auditLog(filter: {action: \"signing_key.*\"}) { nodes { action actorKind } } } }";
    let log = admin.data(log, json!({})).await["organisation"]["auditLog"]["nodes"].clone();
    assert_eq!(
        log,
        json!([{ "action": "signing_key.end", "actorKind": "PLATFORM" }, { "action": "signing_key.rotate", "actorKind": "USER" }])
    );
}

#[tokio::test]
async fn a_key_that_others_may_have_is_ended_at_once() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let before = admin.make_token(json!({ "streams": [world.stream()] })).await;
    let old = keys(&admin).await[0].clone();
    admin.data(ROTATE, json!({ "e": true })).await;
    let token = before["token"].as_str().unwrap();
    assert_eq!(world.node.denies(world.stream(), token, T0), Some(Reason::TokenKey));
    let published = world.anonymous().get("/.well-known/jwks.json").await;
    assert!(!published.text.contains(old["kid"].as_str().unwrap()));
    let after = admin.make_token(json!({ "streams": [world.stream()] })).await;
    assert_eq!(
        world.node.denies(world.stream(), after["token"].as_str().unwrap(), T0),
        None
    );
}

#[tokio::test]
async fn what_customers_sign_is_revoked_by_token_id_and_key() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let added = add(&admin, json!({ "hs256Secret": SECRET, "kid": "theirs" })).await;
    let token = |claims: Value| {
        let mut all = json!({ "aud": "play", "exp": T0.s() + 600, "iat": T0.s(), "streams": [world.stream()] });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        hs256(SECRET, &json!({ "kid": "theirs" }), &all)
    };
    let (by_text, by_jti, by_key) = (
        token(json!({ "user": "a" })),
        token(json!({ "jti": "mine" })),
        token(json!({ "user": "c" })),
    );
    let all = [&by_text, &by_jti, &by_key];
    let revoked = |n: usize| {
        for (at, token) in all.iter().enumerate() {
            let reason = (at < n).then_some(Reason::TokenRevoked);
            assert_eq!(world.node.denies(world.stream(), token, T0), reason, "{at} after {n}");
        }
    };
    revoked(0);
    for newly in [1, 0] {
        let done = admin.revoke(json!({ "token": by_text })).await;
        assert_eq!((&done["errors"], &done["revoked"]), (&json!([]), &json!(newly)));
    }
    revoked(1);
    for newly in [1, 0] {
        let done = admin.revoke(json!({ "jti": "mine" })).await;
        assert_eq!((&done["errors"], &done["revoked"]), (&json!([]), &json!(newly)));
    }
    revoked(2);
    assert_eq!(
        admin.revoke(json!({ "signingKey": added["signingKey"]["id"] })).await["errors"],
        json!([])
    );
    revoked(3);
    let kept = token(json!({ "revocable": false, "jti": "kept" }));
    let refused = admin.revoke(json!({ "token": kept })).await;
    assert_eq!(refused["errors"][0]["code"], "NOT_REVOCABLE");
    // A signature that fits no key says nothing of whose it is.
    let forged = format!("{}AAAA", &by_text[..by_text.len() - 4]);
    let query = crate::harness::REVOKE;
    assert_eq!(
        admin.code(query, json!({ "i": { "token": forged } })).await,
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn customers_names_for_claims_are_understood() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let map = json!({ "video_id": "streams", "viewer": "user" });
    let mapped = add(
        &admin,
        json!({ "hs256Secret": SECRET, "kid": "mapped", "claimMap": map }),
    )
    .await;
    assert_eq!(mapped["signingKey"]["claimMap"], map, "{mapped}");
    let ant = format!("{SECRET} of the other");
    let added = add(
        &admin,
        json!({ "hs256Secret": ant, "kid": "ant", "dialect": "ANT_MEDIA" }),
    )
    .await;
    assert_eq!(added["signingKey"]["dialect"], "ANT_MEDIA");
    let exp = T0.s() + 600;
    let claims = json!({ "aud": "play", "exp": exp, "video_id": world.stream(), "viewer": "ann" });
    let token = hs256(SECRET, &json!({ "kid": "mapped" }), &claims);
    assert_eq!(world.node.denies(world.stream(), &token, T0), None);
    let ban = "mutation { banUser(input: {user: \"ann\"}) { errors { code } } }";
    admin.data(ban, json!({})).await;
    assert_eq!(
        world.node.denies(world.stream(), &token, T0),
        Some(Reason::TokenUserBanned)
    );
    let claims = json!({ "streamId": world.stream(), "type": "play", "exp": exp, "sub": "whatever" });
    let token = hs256(&ant, &json!({ "alg": "HS256" }), &claims);
    assert_eq!(world.node.denies(world.stream(), &token, T0), None);
    let publish = json!({ "streamId": world.stream(), "type": "publish", "exp": exp });
    let token = hs256(&ant, &json!({ "alg": "HS256" }), &publish);
    assert_eq!(
        world.node.denies(world.stream(), &token, T0),
        Some(Reason::TokenAudience)
    );
}
