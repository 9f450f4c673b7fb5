//! Without the control plane a node goes on by the policy that it has: nobody notices for an hour, then nobody new comes in.

use std::time::Duration;

use guard::{
    Door, Timestamp, Update,
    policy::{Bar, Barred},
};
use link::{Clock, Kind};
use serde_json::json;

use super::{
    client::{Got, PATIENCE, Player, get},
    stage::{NAME, Stage, now, organisation},
};

#[tokio::test]
async fn a_node_without_its_control_plane_lets_nobody_new_in_after_an_hour_and_goes_on_with_who_is_there() {
    let clock = Clock::manual(Timestamp::from_s(now().s()));
    let stage = Stage::open_at(clock.clone()).await;
    while !stage.node.plays(NAME) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let path = |door: &str, jti: &str| {
        let token = stage.token(jti, json!({ "exp": now().s() + 4 * 3600 }));
        format!("/live/{NAME}/{door}?token={token}")
    };
    let (playlist, late) = (path("index.m3u8", "hls"), path("index.m3u8", "late"));
    let mut there = Player::connect(stage.http, &path("ws", "there")).await;
    there.play(2).await;
    assert_eq!(get(stage.http, &playlist, &[]).await.status, 200);

    let back = stage.lose_control().await;
    let lost = clock.now();
    // As often as an HLS player asks.
    for seconds in (5..3599).step_by(5).chain([3599]) {
        clock.set(lost.plus(Duration::from_secs(seconds)));
        let answer = get(stage.http, &playlist, &[]).await;
        assert_eq!((answer.status, answer.reason()), (200, ""), "after {seconds} s");
        if seconds % 240 == 0 {
            assert!(matches!(there.next().await, Got::Media(_)));
        }
    }
    Player::connect(stage.http, &path("ws", "in time")).await.play(1).await;
    assert!(stage.node.health().is_well());

    clock.set(lost.plus(Duration::from_hours(1)));
    assert!(!stage.node.health().is_well());
    let refused = get(stage.http, &late, &[]).await;
    assert_eq!((refused.status, refused.reason()), (503, "NOT_READY"));
    let mut refused = Player::connect(stage.http, &path("ws", "late")).await;
    assert_eq!(refused.last_word().await, (4490, "NOT_READY".to_owned()));
    assert_eq!(get(stage.http, &playlist, &[]).await.status, 200);
    for _ in 0..50 {
        assert!(matches!(there.next().await, Got::Media(_)));
    }

    back.send(Vec::new()).unwrap();
    let well = async {
        while !stage.node.health().is_well() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, well).await.expect("it joins again");
    assert_eq!(get(stage.http, &late, &[]).await.status, 200);
    assert_eq!(get(stage.http, &playlist, &[]).await.status, 200);
    assert!(matches!(there.next().await, Got::Media(_)));
    // It hears of changes again.
    assert_eq!(stage.revoke("there").await.acknowledged[0].sessions_ended, 1);
    assert_eq!(there.last_word().await, (4416, "TOKEN_REVOKED".to_owned()));
}

#[tokio::test]
async fn whom_an_operator_ended_meanwhile_is_gone_once_the_node_joins_again() {
    let mut stage = Stage::open().await;
    let mut watching = Vec::new();
    for (jti, owner) in [("ended", 1), ("stays", 2)] {
        let path = format!("/live/{NAME}/ws?token={}", stage.token(jti, json!({})));
        let mut player = Player::connect(stage.http, &path).await;
        player.play(2).await;
        let its = |event: &link::Event| matches!(&event.kind, Kind::Started(facts) if facts.jti() == Some(jti));
        let Kind::Started(facts) = stage.event(its).await.kind else {
            panic!("it began")
        };
        // Nobody else is kept out therefore, nor is this one: it has a token.
        let (stream, door) = (facts.stream, Door::Playback);
        let bar = Bar {
            session: facts.session,
            who: vec![Barred::Bare { stream, door }],
            address: facts.address,
            at: now(),
        };
        let organisation = organisation(owner);
        watching.push((player, Update::Ended { organisation, bar }));
    }
    let (players, meanwhile): (Vec<_>, Vec<_>) = watching.into_iter().unzip();
    let [mut ended, mut stays] = <[Player; 2]>::try_from(players).ok().unwrap();

    stage.lose_control().await.send(meanwhile).unwrap();
    assert_eq!(ended.last_word().await, (4460, "SESSION_ENDED".to_owned()));
    // Another organisation's word is nothing to it.
    for _ in 0..50 {
        assert!(matches!(stays.next().await, Got::Media(_)));
    }
}

/// However long ago that was, and however often they come back.
#[tokio::test]
async fn who_was_revoked_stays_out() {
    let clock = Clock::manual(Timestamp::from_s(now().s()));
    let stage = Stage::open_at(clock.clone()).await;
    while !stage.node.plays(NAME) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let path = |jti: &str| {
        let token = stage.token(jti, json!({ "exp": now().s() + 48 * 3600 }));
        format!("/live/{NAME}/index.m3u8?token={token}")
    };
    let (revoked, other) = (path("revoked"), path("other"));
    stage.revoke("revoked").await;
    let begin = clock.now();
    for hours in (0..48).chain(0..48) {
        clock.set(begin.plus(Duration::from_hours(hours)));
        assert_eq!(
            get(stage.http, &revoked, &[]).await.reason(),
            "TOKEN_REVOKED",
            "{hours} h"
        );
    }
    clock.set(begin);
    assert_eq!(get(stage.http, &other, &[]).await.status, 200);
}
