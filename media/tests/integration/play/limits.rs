//! An organisation has as many viewers at once as its package says, and not one more.

use std::time::Duration;

use guard::{Timestamp, Update};
use link::{Clock, Kind};
use serde_json::json;

use super::{
    client::{Got, Player, get},
    stage::{NAME, Stage, now, settings},
};

async fn limited(viewers: u32) -> Stage {
    let stage = Stage::open().await;
    let mut organisation = settings(1, NAME);
    organisation.viewers = Some(viewers);
    stage.change(vec![Update::Organisation(organisation)]).await;
    stage
}

#[tokio::test]
async fn one_viewer_too_many_is_told_so_and_a_place_that_is_left_is_free() {
    let mut stage = limited(2).await;
    let path = |jti: &str| format!("/live/{NAME}/ws?token={}", stage.token(jti, json!({})));
    let (first, second, third) = (path("a"), path("b"), path("c"));
    let mut kept = Player::connect(stage.http, &first).await;
    kept.play(3).await;
    let mut leaves = Player::connect(stage.http, &second).await;
    leaves.play(3).await;
    let mut late = Player::connect(stage.http, &third).await;
    assert_eq!(late.last_word().await, (4441, "VIEWER_LIMIT".to_owned()));
    let hls = third.replace("/ws?", "/index.m3u8?");
    let told = get(stage.http, &hls, &[]).await;
    assert_eq!((told.status, told.reason()), (429, "VIEWER_LIMIT"));
    drop(leaves);
    stage.event(|event| matches!(event.kind, Kind::Ended(_))).await;
    let mut late = Player::connect(stage.http, &third).await;
    late.play(3).await;
    assert!(matches!(kept.next().await, Got::Media(_)));
}

#[tokio::test]
async fn many_at_once_are_not_one_more_than_may_be() {
    let stage = limited(3).await;
    let http = stage.http;
    let mut asked = tokio::task::JoinSet::new();
    for n in 0..20 {
        let path = format!(
            "/live/{NAME}/index.m3u8?token={}",
            stage.token(&format!("t{n}"), json!({}))
        );
        asked.spawn(async move { get(http, &path, &[]).await.status });
    }
    let statuses = asked.join_all().await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        3,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 429).count(),
        17,
        "{statuses:?}"
    );
}

#[tokio::test]
async fn a_viewer_whose_player_asks_again_and_again_is_one() {
    let stage = limited(1).await;
    let path = format!("/live/{NAME}/index.m3u8?token={}", stage.token("a", json!({})));
    for _ in 0..3 {
        assert_eq!(get(stage.http, &path, &[]).await.status, 200);
    }
    // Lowering the limit sends nobody away who watches already.
    let mut none = settings(1, NAME);
    none.viewers = Some(0);
    stage.change(vec![Update::Organisation(none)]).await;
    assert_eq!(get(stage.http, &path, &[]).await.status, 200);
    let other = format!("/live/{NAME}/index.m3u8?token={}", stage.token("b", json!({})));
    assert_eq!(get(stage.http, &other, &[]).await.reason(), "VIEWER_LIMIT");
}

#[tokio::test]
async fn a_viewer_is_refused_while_as_much_goes_out_as_may() {
    let stage = Stage::open().await;
    let path = format!("/live/{NAME}/ws?token={}", stage.token("first", json!({})));
    let mut watching = Player::connect(stage.http, &path).await;
    let mut organisation = settings(1, NAME);
    organisation.bandwidth_mbit_s = Some(1_000);
    stage.change(vec![Update::Organisation(organisation.clone())]).await;
    let late = async |n: u32| {
        let token = stage.token(&format!("late{n}"), json!({}));
        get(stage.http, &format!("/live/{NAME}/index.m3u8?token={token}"), &[]).await
    };
    assert_eq!(late(0).await.status, 200, "far from the limit");
    organisation.bandwidth_mbit_s = Some(0);
    stage.change(vec![Update::Organisation(organisation)]).await;
    assert_eq!(late(1).await.reason(), "VIEWER_LIMIT");
    assert!(matches!(watching.next().await, Got::Info(_) | Got::Media(_)));
}

#[tokio::test]
async fn whoever_is_slowed_is_told_for_how_long_yet() {
    let clock = Clock::manual(Timestamp::from_s(now().s()));
    let stage = Stage::open_at(clock.clone()).await;
    let path = format!("/live/{NAME}/index.m3u8");
    let begun = clock.now();
    for _ in 0..300 {
        assert_eq!(get(stage.http, &path, &[]).await.reason(), "TOKEN_MISSING");
    }
    for (after_ms, left) in [(0, "300"), (240_500, "60"), (299_999, "1")] {
        clock.set(begun.plus(Duration::from_millis(after_ms)));
        let slowed = get(stage.http, &path, &[]).await;
        assert_eq!((slowed.status, slowed.reason()), (429, "THROTTLED"), "{after_ms}");
        assert_eq!(slowed.header("retry-after"), left, "{after_ms}");
    }
    clock.set(begun.plus(Duration::from_mins(5)));
    let told = get(stage.http, &path, &[]).await;
    assert_eq!((told.reason(), told.header("retry-after")), ("TOKEN_MISSING", ""));
}
