//! Packages that are taken away and given back while viewers watch: what stands without acting ends nobody, and acts on
//! whoever is there from the moment it is given back.

use guard::{
    Update,
    policy::{Organisation, Package},
    rules::{Action, Kind},
};
use serde_json::json;

use super::{
    backend::{allow, asked, judged},
    client::{Got, Player},
    rules::rule,
    stage::{NAME, Stage, settings},
};

/// An organisation as it is, but for one of its packages.
fn without(package: Package, organisation: &Organisation) -> Update {
    Update::Organisation(Organisation {
        packages: Package::ALL.into_iter().filter(|one| *one != package).collect(),
        ..organisation.clone()
    })
}

#[tokio::test]
async fn whom_a_backend_let_in_is_ended_without_webhooks_and_asked_about_anew_with_them() {
    let mut stage = Stage::open().await;
    let judged = judged();
    stage.change(vec![Update::Organisation(judged.clone())]).await;
    let ticket = format!("/live/{NAME}/ws?token=ticket-7");
    let token = format!("/live/{NAME}/ws?token={}", stage.token("t", json!({})));
    let mut guest = Player::connect(stage.http, &ticket).await;
    allow(asked(&mut stage).await.1, None);
    guest.play(2).await;
    let mut kept = Player::connect(stage.http, &token).await;
    kept.play(2).await;

    let delivery = stage.change(vec![without(Package::Webhooks, &judged)]).await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 1);
    assert_eq!(delivery.acknowledged[0].bytes_after, 0);
    assert_eq!(guest.last_word().await, (4410, "TOKEN_MALFORMED".to_owned()));
    for _ in 0..50 {
        assert!(matches!(kept.next().await, Got::Media(_)));
    }
    // Nobody is asked about whoever comes.
    let mut back = Player::connect(stage.http, &ticket).await;
    assert_eq!(back.last_word().await, (4410, "TOKEN_MALFORMED".to_owned()));
    assert!(stage.questions.try_recv().is_err());

    let delivery = stage.change(vec![Update::Organisation(judged)]).await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 0);
    let mut again = Player::connect(stage.http, &ticket).await;
    allow(asked(&mut stage).await.1, None);
    again.play(2).await;
}

#[tokio::test]
async fn rules_end_whom_they_deny_once_guardian_is_given_back_and_let_them_in_without_it() {
    let stage = Stage::open().await;
    let lacking = without(Package::Guardian, &settings(1, NAME));
    let no_curl = rule(1, Action::Deny, Kind::UserAgent, "curl/*", None);
    stage.change(vec![lacking.clone(), no_curl]).await;
    let path = |jti: &str| format!("/live/{NAME}/ws?token={}", stage.token(jti, json!({})));
    let curl = [("user-agent", "curl/8.5.0")];
    let mut denied = Player::connect_with(stage.http, &path("denied"), &curl).await;
    let mut kept = Player::connect_with(stage.http, &path("kept"), &[("user-agent", "VLC/3.0.18")]).await;
    denied.play(2).await;
    kept.play(2).await;

    let delivery = stage.change(vec![Update::Organisation(settings(1, NAME))]).await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 1);
    assert_eq!(delivery.acknowledged[0].bytes_after, 0);
    assert_eq!(denied.last_word().await, (4434, "GUARDIAN_USER_AGENT".to_owned()));
    for _ in 0..50 {
        assert!(matches!(kept.next().await, Got::Media(_)));
    }
    let mut back = Player::connect_with(stage.http, &path("denied"), &curl).await;
    assert_eq!(back.last_word().await, (4434, "GUARDIAN_USER_AGENT".to_owned()));

    stage.change(vec![lacking]).await;
    let mut again = Player::connect_with(stage.http, &path("denied"), &curl).await;
    again.play(2).await;
}
