//! What is taken away is gone at once, on every door.

use guard::policy::{Standing, Stream, StreamStanding, Subject};
use guard::{Reason, Update};
use link::Kind;
use serde_json::json;
use tokio::io::AsyncReadExt;

use super::{
    client::{Got, Player, get, open},
    stage::{NAME, Stage, now, organisation, revoked, settings, stream},
};

#[tokio::test]
async fn a_revoked_viewer_gets_no_further_fragment_and_others_go_on() {
    let stage = Stage::open().await;
    let (thief, honest) = (stage.token("thief", json!({})), stage.token("honest", json!({})));
    let mut cut = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={thief}")).await;
    let mut kept = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={honest}")).await;
    cut.play(5).await;
    kept.play(5).await;
    let delivery = stage.revoke("thief").await;
    assert_eq!(delivery.acknowledged.len(), 1);
    assert_eq!(delivery.acknowledged[0].sessions_ended, 1);
    assert_eq!(delivery.acknowledged[0].bytes_after, 0);
    assert_eq!(cut.last_word().await, (4416, "TOKEN_REVOKED".to_owned()));
    for _ in 0..50 {
        assert!(matches!(kept.next().await, Got::Media(_)));
    }
    let mut back = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={thief}")).await;
    assert_eq!(back.last_word().await, (4416, "TOKEN_REVOKED".to_owned()));
}

#[tokio::test]
async fn a_progressive_viewer_is_broken_off_and_told_at_the_next_request() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let path = format!("/live/{NAME}/stream.mp4?token={token}");
    let mut response = open(stage.http, "GET", &path, &[]).await;
    let mut bytes = vec![0; 20_000];
    response.read_exact(&mut bytes).await.unwrap();
    stage.revoke("t").await;
    let mut rest = Vec::new();
    _ = response.read_to_end(&mut rest).await;
    assert!(rest.len() <= 256 * 1024, "only what was in flight: {}", rest.len());
    assert!(!rest.ends_with(b"0\r\n\r\n"), "a cut is no clean end");
    let told = get(stage.http, &path, &[]).await;
    assert_eq!((told.status, told.reason()), (403, "TOKEN_REVOKED"));
}

#[tokio::test]
async fn a_revoked_hls_viewer_gets_no_playlist_no_map_and_no_segment() {
    let mut stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let playlist = get(stage.http, &format!("/live/{NAME}/index.m3u8?token={token}"), &[])
        .await
        .text();
    let segment = playlist
        .lines()
        .find(|line| line.starts_with("segment/"))
        .unwrap()
        .to_owned();
    assert_eq!(
        get(stage.http, &format!("/live/{NAME}/{segment}"), &[]).await.status,
        200
    );
    let delivery = stage.revoke("t").await;
    assert_eq!(
        delivery.acknowledged[0].sessions_ended, 1,
        "three requests were one session"
    );
    for path in ["index.m3u8", "init/0.mp4", segment.split('?').next().unwrap()] {
        let answer = get(stage.http, &format!("/live/{NAME}/{path}?token={token}"), &[]).await;
        assert_eq!((answer.status, answer.reason()), (403, "TOKEN_REVOKED"), "{path}");
    }
    let ended = stage.event(|event| matches!(event.kind, Kind::Ended(_))).await;
    assert!(matches!(ended.kind, Kind::Ended(end) if end.reason == Some(Reason::TokenRevoked)));
}

#[tokio::test]
async fn a_bulk_revocation_ends_what_it_covers_and_nothing_else() {
    let stage = Stage::open().await;
    let claims = |user: &str, tag: &str| json!({"user": user, "tag": tag, "iat": now().s() - 5});
    for (number, (subject, reaches_b)) in [
        (Subject::User("a".into()), false),
        (Subject::Tag("x".into()), false),
        (Subject::Key("key_first".into()), true),
        (Subject::Everything, true),
    ]
    .into_iter()
    .enumerate()
    {
        let path = |token: &str| format!("/live/{NAME}/ws?token={token}");
        // Issued after the revocations before this one.
        let issued = json!({"iat": now().s() + 20 + i64::try_from(number).unwrap()});
        let with = |mut claims: serde_json::Value| {
            if number > 0 {
                claims["iat"] = issued["iat"].clone();
            }
            claims
        };
        let a = stage.token(&format!("a{number}"), with(claims("a", "x")));
        let b = stage.token(&format!("b{number}"), with(claims("b", "y")));
        let (mut player_a, mut player_b) = (
            Player::connect(stage.http, &path(&a)).await,
            Player::connect(stage.http, &path(&b)).await,
        );
        player_a.play(2).await;
        player_b.play(2).await;
        let at = now().plus(std::time::Duration::from_secs(20 + u64::try_from(number).unwrap()));
        let delivery = stage
            .change(vec![Update::Revoked {
                organisation: organisation(1),
                subject,
                at,
            }])
            .await;
        assert_eq!(delivery.acknowledged[0].sessions_ended, if reaches_b { 2 } else { 1 });
        assert_eq!(player_a.last_word().await.0, 4416);
        if !reaches_b {
            assert!(matches!(player_b.next().await, Got::Media(_)));
        }
    }
}

#[tokio::test]
async fn locking_suspending_and_stopping_reach_running_viewers() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let path = format!("/live/{NAME}/ws?token={token}");

    let mut player = Player::connect(stage.http, &path).await;
    player.play(2).await;
    let mut suspended = settings(1, NAME);
    suspended.standing = Standing::Suspended;
    stage.change(vec![Update::Organisation(suspended)]).await;
    assert_eq!(player.last_word().await, (4470, "ORGANISATION_SUSPENDED".to_owned()));
    stage.change(vec![Update::Organisation(settings(1, NAME))]).await;
    playing_again(&stage, &path).await;

    let mut player = Player::connect(stage.http, &path).await;
    player.play(2).await;
    let standing = |standing| {
        vec![Update::Stream(Stream {
            standing,
            ..stream(1, 1, NAME)
        })]
    };
    stage.change(standing(StreamStanding::Locked)).await;
    assert_eq!(player.last_word().await, (4461, "STREAM_LOCKED".to_owned()));
    stage.change(standing(StreamStanding::Active)).await;
    playing_again(&stage, &path).await;

    let mut player = Player::connect(stage.http, &path).await;
    player.play(2).await;
    stage.change(standing(StreamStanding::Stopped)).await;
    assert_eq!(player.last_word().await, (4000, "STREAM_ENDED".to_owned()));
}

#[tokio::test]
async fn a_key_that_is_removed_ends_what_it_signed() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={token}")).await;
    player.play(2).await;
    stage
        .change(vec![Update::KeyRemoved {
            organisation: organisation(1),
            kid: "key_first".into(),
        }])
        .await;
    assert_eq!(player.last_word().await, (4411, "TOKEN_KEY".to_owned()));
}

#[tokio::test]
async fn a_session_ends_at_its_tokens_end_where_it_must_and_only_there() {
    let stage = Stage::open().await;
    let soon = now().s() + 3;
    let forced = stage.token("forced", json!({"exp": soon, "forceDisconnect": true}));
    let lasting = stage.token("lasting", json!({"exp": soon}));
    let path = |token: &str| format!("/live/{NAME}/ws?token={token}");
    let mut ends = Player::connect(stage.http, &path(&forced)).await;
    let mut goes_on = Player::connect(stage.http, &path(&lasting)).await;
    goes_on.play(2).await;
    assert_eq!(ends.last_word().await, (4415, "TOKEN_EXPIRED".to_owned()));
    // A change that touches the session decides it again, and its time is still not up.
    stage
        .change(vec![
            revoked(Subject::User("nobody".into())),
            Update::Organisation(settings(1, NAME)),
        ])
        .await;
    for _ in 0..30 {
        assert!(matches!(goes_on.next().await, Got::Media(_)));
    }
    let mut late = Player::connect(stage.http, &path(&lasting)).await;
    assert_eq!(late.last_word().await, (4415, "TOKEN_EXPIRED".to_owned()));
}

#[tokio::test]
async fn a_draining_node_says_so() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={token}")).await;
    player.play(2).await;
    let (word, ()) = tokio::join!(player.last_word(), stage.node.drain(std::time::Duration::from_secs(5)));
    assert_eq!(word.0, 1001);
}

/// Waits until the test source is back.
async fn playing_again(stage: &Stage, path: &str) {
    loop {
        let mut player = Player::connect(stage.http, path).await;
        match player.next().await {
            Got::Info(_) => return,
            Got::Closed(4405 | 4000, _) => tokio::task::yield_now().await,
            other => panic!("unexpected {other:?}"),
        }
    }
}
