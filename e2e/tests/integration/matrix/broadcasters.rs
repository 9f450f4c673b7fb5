//! {everything that ends who publishes}: by one answer the broadcaster is out and told why, is not let in again, and
//! whoever it is not about publishes on.

use std::{net::IpAddr, time::Duration};

use serde_json::json;
use tokio::{
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{
    ELSEWHERE, HERE,
    causes::{Authority, By, Cause, Subject},
    cells::somebody,
    placed,
    viewers::operator,
};
use crate::stage::{Broadcaster, Film, Home, Person, Server, publish, refusal, until};

/// What ends them, and what they are told.
const ROWS: [(Cause, &str); 23] = [
    (Cause::Expiry, "TOKEN_EXPIRED"),
    // A revocation of all covers what customers sign for half a minute more.
    (Cause::KeyRemoved, "TOKEN_KEY"),
    (Cause::Revoked(By::Token), "TOKEN_REVOKED"),
    (Cause::Revoked(By::Jti), "TOKEN_REVOKED"),
    (Cause::Revoked(By::User), "TOKEN_REVOKED"),
    (Cause::Revoked(By::Tag), "TOKEN_REVOKED"),
    (Cause::Revoked(By::Stream), "TOKEN_REVOKED"),
    (Cause::Revoked(By::SigningKey), "TOKEN_REVOKED"),
    (Cause::Revoked(By::Organisation), "TOKEN_REVOKED"),
    (Cause::Banned, "TOKEN_USER_BANNED"),
    (Cause::Rule("IP", "127.32.0.0/16"), "GUARDIAN_IP"),
    (Cause::Rule("ASN", "64501"), "GUARDIAN_ASN"),
    (Cause::Rule("COUNTRY", "FR"), "GUARDIAN_COUNTRY"),
    (Cause::Rule("REFERRER", "none"), "GUARDIAN_REFERRER"),
    (Cause::Rule("USER_AGENT", "Thief/*"), "GUARDIAN_USER_AGENT"),
    (Cause::Ended, "SESSION_ENDED"),
    (Cause::Locked, "STREAM_LOCKED"),
    (Cause::Stopped, "STREAM_STOPPED"),
    (Cause::Deleted, "STREAM_UNKNOWN"),
    (Cause::Keyed, "INGEST_KEY"),
    (Cause::Encrypted, "ENCRYPTION_REQUIRED"),
    (Cause::PackageTaken, "PACKAGE_REQUIRED"),
    (Cause::Suspended, "ORGANISATION_SUSPENDED"),
];

/// Somebody who publishes, until they are sent away: then what they were told.
async fn publishes(server: &Server, network: &str, subject: &Subject, film: &Film) -> JoinHandle<String> {
    let mut broadcaster = until(&format!("{} is let in", subject.user), async || {
        asks(server, network, subject).await.ok()
    })
    .await;
    broadcaster.show(film).await;
    tokio::spawn(broadcaster.last_word())
}

async fn asks(server: &Server, network: &str, subject: &Subject) -> Result<Broadcaster, String> {
    let from: IpAddr = match network {
        // What is ended is kept out from there.
        ELSEWHERE => format!("{ELSEWHERE}.255.1").parse().expect("an address"),
        _ => somebody(network).parse().expect("an address"),
    };
    let name = match subject.token.as_str() {
        "" => subject.stream.clone(),
        token => format!("{}?token={token}", subject.stream),
    };
    let encoder = if network == ELSEWHERE {
        "Thief/1.0"
    } else {
        "NoThief/1.0"
    };
    Broadcaster::open_as(server.rtmp_address(), from, encoder, "live", &name).await
}

#[tokio::test]
async fn whatever_ends_a_broadcaster_ends_them_with_its_reason_and_nobody_else() {
    let home = Home::new();
    let server = placed(&home).await;
    let (admin, outsider) = (Person::admin(&server).await, Person::outsider(&server).await);
    let operator = operator(&server).await;
    let hash = server.test().name()[..5].to_owned();
    let authority = |admin| Authority {
        admin,
        operator: &operator,
        hash: &hash,
        door: "INGEST",
    };
    let (ours, theirs) = (authority(&admin), authority(&outsider));
    let by = |wanted: &str| json!({ "ingestAuthorisation": wanted });
    let film = Film::make(home.path("film.flv")).await;
    let begun = Instant::now();
    for (number, (cause, reason)) in ROWS.into_iter().enumerate() {
        let wanted = if cause == Cause::Keyed { "OPEN" } else { "TOKEN" };
        let (stream, _) = admin.create_stream(by(wanted)).await;
        let subject = ours.subject(&stream, &format!("{number}"), cause).await;
        let publishing = publishes(&server, ELSEWHERE, &subject, &film).await;
        let label = format!("{number}-beside");
        let beside = if cause.is_wide() {
            let (beside, _) = outsider.create_stream(by("TOKEN")).await;
            theirs.subject(&beside, &label, Cause::Locked).await
        } else {
            let (beside, _) = admin.create_stream(by("TOKEN")).await;
            ours.subject(&beside, &label, Cause::Locked).await
        };
        let other = publishes(&server, HERE, &beside, &film).await;

        let payload = ours.bring(cause, &subject).await;
        if let Some(payload) = &payload {
            let change = &payload["change"];
            // Organisations and their test sources are more than one.
            let all = matches!(cause, Cause::PackageTaken | Cause::Suspended);
            let ended = change["sessionsEnded"].as_u64().expect("a number");
            assert!(if all { ended >= 2 } else { ended == 1 }, "{cause:?}: {payload}");
            let found = (&change["bytesAfter"], &change["nodes"]);
            assert_eq!(found, (&json!(0.0), &json!([{ "acknowledged": true }])), "{cause:?}");
        }
        let told = timeout(PATIENCE, publishing)
            .await
            .expect("it is ended")
            .expect("an end");
        assert!(told.contains(&format!("{reason}: ")), "{cause:?}: {told}");
        let again = asks(&server, ELSEWHERE, &subject).await.err();
        let again = again.unwrap_or_else(|| panic!("{cause:?}: let in again"));
        // What does not exist answers as a stream whose key is wrong.
        let reason = if cause == Cause::Deleted { "INGEST_KEY" } else { reason };
        assert!(again.contains(&format!("{reason}: ")), "{cause:?}: {again}");
        assert!(!other.is_finished(), "{cause:?}: who is beside was ended");
        ours.undo(cause, &payload.unwrap_or_default()).await;
        other.abort();
    }
    eprintln!("ingest: {} causes in {:?}", ROWS.len(), begun.elapsed());
}

/// By its own word, and by its organisation's.
#[tokio::test]
async fn an_open_stream_takes_an_encoder_without_a_key_until_one_is_wanted() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let viewer = admin.token(json!({ "organisation": true })).await;
    let change = "change { sessionsEnded bytesAfter nodes { acknowledged } }";
    let bare = |name: &str| format!("rtmp://{}/live/{name}", server.rtmp_address());
    for of_organisation in [false, true] {
        let wants = async |name: &str, wanted: &str| {
            let mut input = json!({ "ingestAuthorisation": wanted });
            let mutation = if of_organisation {
                "updateSettings"
            } else {
                input["name"] = name.into();
                "updateStream"
            };
            admin.change(mutation, &input, change).await["change"].clone()
        };
        let (name, url) = admin.create_stream(json!({})).await;
        assert!(refusal(&bare(&name)).await.contains("INGEST_KEY: "));
        wants(&name, "OPEN").await;
        let encoder = publish(&bare(&name));
        admin.until_playable(&name, &viewer).await;
        let (beside, beside_url) = admin.create_stream(json!({})).await;
        let _beside = publish(&beside_url);
        admin.until_live(&beside).await;

        let changed = wants(&name, "KEY").await;
        assert_eq!(
            (&changed["sessionsEnded"], &changed["bytesAfter"]),
            (&json!(1), &json!(0.0))
        );
        assert_eq!(changed["nodes"], json!([{ "acknowledged": true }]));
        let ended = encoder.end().await;
        assert!(!ended.status.success());
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(said.contains("INGEST_KEY: "), "{said}");
        assert!(refusal(&bare(&name)).await.contains("INGEST_KEY: "));
        // Whoever shows the key may come back, and who showed it never left.
        let _encoder = publish(&url);
        admin.until_live(&name).await;
        admin.until_live(&beside).await;
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
