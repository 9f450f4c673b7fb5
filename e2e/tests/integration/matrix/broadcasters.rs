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
use crate::stage::{Broadcaster, Film, Home, Person, Server, until};

/// What ends them, and what they are told.
const ROWS: [(Cause, &str); 19] = [
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
    (Cause::Ended, "SESSION_ENDED"),
    (Cause::Locked, "STREAM_LOCKED"),
    (Cause::Stopped, "STREAM_STOPPED"),
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
    let name = format!("{}?token={}", subject.stream, subject.token);
    Broadcaster::open(server.rtmp_address(), from, "live", &name).await
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
    let by_token = json!({ "ingestAuthorisation": "TOKEN" });
    let film = Film::make(home.path("film.flv")).await;
    let begun = Instant::now();
    for (number, (cause, reason)) in ROWS.into_iter().enumerate() {
        let (stream, _) = admin.create_stream(by_token.clone()).await;
        let subject = ours.subject(&stream, &format!("{number}"), cause).await;
        let publishing = publishes(&server, ELSEWHERE, &subject, &film).await;
        let label = format!("{number}-beside");
        let beside = if cause.is_wide() {
            let (beside, _) = outsider.create_stream(by_token.clone()).await;
            theirs.subject(&beside, &label, Cause::Locked).await
        } else {
            let (beside, _) = admin.create_stream(by_token.clone()).await;
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
            assert_eq!(change["nodes"], json!([{ "acknowledged": true }]), "{cause:?}");
        }
        let told = timeout(PATIENCE, publishing)
            .await
            .expect("it is ended")
            .expect("an end");
        assert!(told.contains(&format!("{reason}: ")), "{cause:?}: {told}");
        let again = asks(&server, ELSEWHERE, &subject).await.err();
        let again = again.unwrap_or_else(|| panic!("{cause:?}: let in again"));
        assert!(again.contains(&format!("{reason}: ")), "{cause:?}: {again}");
        assert!(!other.is_finished(), "{cause:?}: who is beside was ended");
        ours.undo(cause, &payload.unwrap_or_default()).await;
        other.abort();
    }
    eprintln!("ingest: {} causes in {:?}", ROWS.len(), begun.elapsed());
}

const PATIENCE: Duration = Duration::from_secs(30);
