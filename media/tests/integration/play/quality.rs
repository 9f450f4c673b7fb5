//! How well it plays is told by the player on its own session, and counts for that alone.

use link::{Event, Kind, Quality};
use serde_json::json;

use super::{
    client::{Player, ask, get, post},
    stage::{NAME, Stage},
};

/// What is told of a session next, whichever it is.
async fn told(stage: &mut Stage) -> Quality {
    let event = stage
        .event(|event: &Event| matches!(event.kind, Kind::Quality { .. }))
        .await;
    match event.kind {
        Kind::Quality { quality, .. } => quality,
        other => panic!("{other:?}"),
    }
}

async fn opened() -> Stage {
    let stage = Stage::open().await;
    while !stage.node.plays(NAME) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    stage
}

#[tokio::test]
async fn what_a_player_says_on_its_socket_is_told_while_it_plays_and_when_it_leaves() {
    let mut stage = opened().await;
    let token = stage.token("t", json!({}));
    let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={token}")).await;
    player.play(2).await;
    let says = json!({ "command": "quality", "attempt": true, "startMs": 420, "playedMs": 800, "latencyMs": 900 });
    player.say(&says.to_string()).await;
    let first = told(&mut stage).await;
    assert_eq!((first.attempt, first.start_ms), (true, Some(420)));
    assert_eq!((first.played_ms, first.latency_ms), (800, Some(900)));

    // What is no report is none, and ends nothing.
    for nonsense in [
        r#"{"command":"quality","playedMs":-1}"#,
        r#"{"command":"quality","playedMs":"long"}"#,
        r#"{"command":"quality","failures":"LOST"}"#,
        r#"{"command":"quality"}"#,
    ] {
        player.say(nonsense).await;
    }
    let says = json!({ "command": "quality", "attempt": true, "startMs": 1, "stalls": 1, "stalledMs": 70, "failures": ["LOST"] });
    player.say(&says.to_string()).await;
    player.leave().await;
    let last = told(&mut stage).await;
    let expected = Quality {
        stalls: 1,
        stalled_ms: 70,
        lost: 1,
        ..Quality::default()
    };
    assert_eq!(last, expected, "it set out once, and saw its first picture once");
}

#[tokio::test]
async fn a_player_of_hls_posts_it_and_nobody_else_can_for_it() {
    let mut stage = opened().await;
    let token = stage.token("t", json!({}));
    let path = format!("/live/{NAME}/session/quality?token={token}");
    let report = json!({ "attempt": true, "startMs": 1500 }).to_string();
    // Nobody plays yet.
    assert_eq!(post(stage.http, &path, &report, &[]).await.status, 404);
    let playlist = get(stage.http, &format!("/live/{NAME}/index.m3u8?token={token}"), &[]).await;
    assert_eq!(playlist.status, 200, "{}", playlist.text());

    let without = format!("/live/{NAME}/session/quality");
    let refused = post(stage.http, &without, &report, &[]).await;
    assert_eq!((refused.status, refused.reason()), (401, "TOKEN_MISSING"));
    let another = [("user-agent", "another player")];
    assert_eq!(post(stage.http, &path, &report, &another).await.status, 404);
    let foreign = format!("{without}?token={}", stage.foreign_token());
    assert_eq!(post(stage.http, &foreign, &report, &[]).await.status, 403);
    assert_eq!(ask(stage.http, "GET", &path, &[]).await.status, 405);
    assert_eq!(
        post(stage.http, &path, &report, &[("content-type", "text/plain")])
            .await
            .status,
        415
    );
    for wrong in ["", "7", "{\"startMs\":-1}", "{\"attempt\":true", &"x".repeat(20_000)] {
        assert_eq!(post(stage.http, &path, wrong, &[]).await.status, 400, "{wrong:.20}");
    }

    let answer = post(stage.http, &path, &report, &[]).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    let quality = told(&mut stage).await;
    let expected = Quality {
        attempt: true,
        start_ms: Some(1500),
        ..Quality::default()
    };
    assert_eq!(quality, expected);
}
