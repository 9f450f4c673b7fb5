//! A file of rules is one change: all of it comes into force at once, and what others change meanwhile does not wait for it.

use guard::{
    Update,
    policy::Subject,
    rules::{Action, Kind},
};
use ids::RuleId;
use link::Delivery;

use super::{
    client::{Got, Player},
    rules::rule,
    stage::{NAME, OTHER, Stage, now, organisation, revoked},
};

/// As many slices that it takes a while.
const MANY: u64 = 20_000;

/// Networks where nobody watches.
fn elsewhere() -> impl Iterator<Item = Update> {
    (1..MANY).map(|number| {
        let [.., second, third] = number.to_be_bytes();
        rule(
            number,
            Action::Deny,
            Kind::Ip,
            &format!("10.{second}.{third}.0/24"),
            None,
        )
    })
}

async fn watching(stage: &Stage, jti: &str) -> Player {
    let token = stage.token(jti, serde_json::json!({}));
    let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={token}")).await;
    player.play(2).await;
    player
}

fn ended(delivery: &Delivery) -> u32 {
    delivery.acknowledged[0].sessions_ended
}

#[tokio::test]
async fn another_organisations_change_does_not_wait_for_a_file_of_rules() {
    let stage = Stage::open().await;
    let mut file = stage.begin(elsewhere().collect());
    for number in 0..10 {
        let update = Update::Revoked {
            organisation: organisation(2),
            subject: Subject::Token(format!("token{number}").into()),
            at: now(),
        };
        let other = stage.change(vec![update]).await;
        assert_eq!(other.acknowledged.len(), 1);
        assert!(
            file.try_recv().is_err(),
            "the file is in force before the other's {number}"
        );
    }
    assert_eq!(file.await.unwrap().acknowledged.len(), 1);
    // What came meanwhile is part of the policy, and so is the file.
    let token = stage.foreign_token();
    let mut player = Player::connect(stage.http, &format!("/live/{OTHER}/ws?token={token}")).await;
    player.play(2).await;
}

#[tokio::test]
async fn changes_of_one_organisation_keep_their_order_however_large_they_are() {
    let stage = Stage::open().await;
    let mut player = watching(&stage, "one").await;
    let here = rule(MANY, Action::Deny, Kind::Ip, "127.0.0.1", None);
    let mut file = stage.begin(elsewhere().chain([here]).collect());
    // It waits for the file, whose last rule ends the session first.
    let mut revoked = stage.begin(vec![revoked(Subject::Token("one".into()))]);
    let lifted = stage.begin(vec![Update::RuleRemoved {
        organisation: organisation(1),
        id: RuleId::mint(MANY, [0; 10]),
    }]);
    let lifted = lifted.await.unwrap();
    assert_eq!(ended(&file.try_recv().unwrap()), 1);
    assert_eq!(ended(&revoked.try_recv().unwrap()), 0);
    assert_eq!(ended(&lifted), 0);
    assert_eq!(player.last_word().await, (4430, "GUARDIAN_IP".to_owned()));
    watching(&stage, "two").await;
}

#[tokio::test]
async fn a_file_of_rules_comes_into_force_all_at_once() {
    let stage = Stage::open().await;
    let mut player = watching(&stage, "one").await;
    let nobody = rule(MANY, Action::Deny, Kind::Ip, "0.0.0.0/0", None);
    let but_here = rule(MANY + 1, Action::Allow, Kind::Ip, "127.0.0.0/8", None);
    let all = [nobody].into_iter().chain(elsewhere()).chain([but_here]);
    let mut file = stage.begin(all.collect());
    while file.try_recv().is_err() {
        // Whoever is let in by the last rule is never kept out by the first.
        watching(&stage, "another").await;
    }
    for _ in 0..50 {
        assert!(matches!(player.next().await, Got::Media(_)));
    }
}
