//! What is taken away is gone at once, on every door.

use axum::{body::Body, http::Request};
use futures_util::StreamExt;
use guard::policy::{
    CredentialDigest, Handle, Held, Hold, Judges, Organisation, Package, SecurePlayback, Standing, StaticScope,
    StaticToken, Stream, StreamStanding, Subject,
};
use guard::{Door, Reason, Update, VerifyingKey};
use link::Kind;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};
use tower::ServiceExt;

use super::{
    client::{Got, Player, get, open},
    stage::{NAME, Stage, now, organisation, pair, revoked, settings, stream},
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
async fn secure_playback_that_is_switched_on_ends_who_has_no_token_whoever_says_so() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let (bare, proven) = (format!("/live/{NAME}/ws"), format!("/live/{NAME}/ws?token={token}"));
    let by_organisation = |secure_playback| {
        Update::Organisation(Organisation {
            secure_playback,
            ..settings(1, NAME)
        })
    };
    let by_stream = |secure_playback| {
        Update::Stream(Stream {
            secure_playback,
            ..stream(1, 1, NAME)
        })
    };
    let by_package = |secure: bool| {
        Update::Organisation(Organisation {
            packages: Package::ALL
                .into_iter()
                .filter(|package| secure || *package != Package::Secure)
                .collect(),
            ..settings(1, NAME)
        })
    };
    for (open, secured) in [
        (by_organisation(false), by_organisation(true)),
        (by_package(false), by_package(true)),
        (by_stream(SecurePlayback::Open), by_stream(SecurePlayback::Inherit)),
        (by_stream(SecurePlayback::Open), by_stream(SecurePlayback::Required)),
    ] {
        stage.change(vec![open]).await;
        let mut player = Player::connect(stage.http, &bare).await;
        let mut kept = Player::connect(stage.http, &proven).await;
        player.play(2).await;
        kept.play(2).await;
        let delivery = stage.change(vec![secured.clone()]).await;
        assert_eq!(delivery.acknowledged[0].sessions_ended, 1, "{secured:?}");
        assert_eq!(player.last_word().await, (4401, "TOKEN_MISSING".to_owned()));
        for _ in 0..50 {
            assert!(matches!(kept.next().await, Got::Media(_)));
        }
        kept.leave().await;
    }
    // What a stream says itself comes before what its organisation says.
    stage
        .change(vec![by_organisation(false), by_stream(SecurePlayback::Open)])
        .await;
    let mut player = Player::connect(stage.http, &bare).await;
    player.play(2).await;
    let delivery = stage.change(vec![by_organisation(true)]).await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 0);
    for _ in 0..50 {
        assert!(matches!(player.next().await, Got::Media(_)));
    }
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
async fn whatever_a_credential_rests_on_ends_running_viewers_with_it_and_nobody_else() {
    let stage = Stage::open().await;
    let organisation = organisation(1);
    let (handle, text) = ("h_0123456789abcdefghij-_", "open-sesame");
    let claims = json!({
        "sub": organisation, "aud": "play", "jti": "tok_handle", "streams": [NAME],
        "iat": now().s(), "exp": now().s() + 3600,
    });
    let mut judged = settings(1, NAME);
    judged.judges = Judges {
        static_tokens: true,
        backend: false,
    };
    stage
        .change(vec![
            Update::Organisation(judged),
            Update::Handle {
                organisation,
                handle: Handle {
                    digest: CredentialDigest::of(handle),
                    kid: "key_first".into(),
                    key: None,
                    jti: "tok_handle".into(),
                    claims: claims.to_string().into(),
                },
            },
            Update::StaticToken {
                organisation,
                token: StaticToken {
                    name: "studio".into(),
                    digest: CredentialDigest::of(text),
                    door: Door::Playback,
                    scope: StaticScope::Organisation,
                    made: None,
                    expires: now().plus(std::time::Duration::from_hours(1)),
                },
            },
        ])
        .await;
    let (anna, bert) = (
        stage.token("a", json!({"user": "anna"})),
        stage.token("b", json!({"user": "bert"})),
    );
    let mut players = Vec::new();
    let chris = stage.token("c", json!({"user": "chris"}));
    for credential in [chris.as_str(), anna.as_str(), handle, text, bert.as_str()] {
        let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={credential}")).await;
        player.play(2).await;
        players.push(player);
    }
    let (digest, name, user, banned) = (CredentialDigest::of(handle), "studio".into(), "anna".into(), true);
    // Another key of the same name: what the old one signed is worth nothing.
    let key = VerifyingKey::ours("key_first", vec![7; 32]).unwrap();
    let hold = Hold {
        who: Held::User("chris".into()),
        until: now().plus(std::time::Duration::from_mins(5)),
    };
    for (number, (update, word)) in [
        (Update::Held { organisation, hold }, (4460, "SESSION_ENDED")),
        (
            Update::Banned {
                organisation,
                user,
                banned,
            },
            (4418, "TOKEN_USER_BANNED"),
        ),
        (
            Update::HandleRemoved { organisation, digest },
            (4410, "TOKEN_MALFORMED"),
        ),
        (
            Update::StaticTokenRemoved { organisation, name },
            (4410, "TOKEN_MALFORMED"),
        ),
        (Update::Key { organisation, key }, (4411, "TOKEN_KEY")),
    ]
    .into_iter()
    .enumerate()
    {
        // Whoever comes later in the list is not concerned yet.
        for player in &mut players[number..] {
            assert!(matches!(player.next().await, Got::Media(_)), "{}", word.1);
        }
        let delivery = stage.change(vec![update]).await;
        assert_eq!(delivery.acknowledged[0].sessions_ended, 1, "{}", word.1);
        assert_eq!(delivery.acknowledged[0].bytes_after, 0, "{}", word.1);
        assert_eq!(players[number].last_word().await, (word.0, word.1.to_owned()));
    }
}

#[tokio::test]
async fn a_key_that_takes_anothers_name_ends_who_watches_by_its_tokens_and_handles() {
    let stage = Stage::open().await;
    let organisation = organisation(1);
    let handle = "h_0123456789abcdefghij-_";
    let claims = json!({
        "sub": organisation, "aud": "play", "jti": "tok_handle", "streams": [NAME],
        "iat": now().s(), "exp": now().s() + 3600,
    });
    stage
        .change(vec![Update::Handle {
            organisation,
            handle: Handle {
                digest: CredentialDigest::of(handle),
                kid: "key_first".into(),
                key: None,
                jti: "tok_handle".into(),
                claims: claims.to_string().into(),
            },
        }])
        .await;
    let path = format!("/live/{NAME}/ws?token={handle}");
    let token = format!("/live/{NAME}/ws?token={}", stage.token("plain", json!({})));
    let mut players = Vec::new();
    for path in [&path, &token] {
        let mut player = Player::connect(stage.http, path).await;
        player.play(2).await;
        players.push(player);
    }
    // In one change, as where a set of keys has another under the same name.
    let (_, key) = pair("key_first");
    let kid = "key_first".into();
    let delivery = stage
        .change(vec![
            Update::KeyRemoved { organisation, kid },
            Update::Key { organisation, key },
        ])
        .await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 2);
    assert_eq!(delivery.acknowledged[0].bytes_after, 0);
    // Both were let in by a key that is gone; nobody forged anything.
    for player in &mut players {
        assert_eq!(player.last_word().await, (4411, "TOKEN_KEY".to_owned()));
    }
    let mut back = Player::connect(stage.http, &path).await;
    assert_eq!(back.last_word().await, (4411, "TOKEN_KEY".to_owned()));
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
async fn a_progressive_viewer_that_is_slow_gets_nothing_after_its_tokens_end() {
    let stage = Stage::open().await;
    let other = stage.token("other", json!({}));
    let mut lively = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={other}")).await;
    lively.play(2).await;
    let token = stage.token("slow", json!({"exp": now().s() + 3, "forceDisconnect": true}));
    let request = Request::get(format!("/live/{NAME}/stream.mp4?token={token}"));
    let router = stage.node.router();
    let answer = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut body = answer.into_body().into_data_stream();
    assert!(body.next().await.unwrap().is_ok());
    // Meanwhile more comes than it is given at once: from now on there is always something to send.
    sleep(std::time::Duration::from_secs(4)).await;
    assert!(body.next().await.is_none_or(|read| read.is_err()));
}

#[tokio::test]
async fn a_session_that_nobody_asks_for_more_is_over_at_its_tokens_end() {
    let stage = Stage::open().await;
    let other = stage.token("other", json!({}));
    let mut lively = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={other}")).await;
    lively.play(2).await;
    let token = stage.token("stuck", json!({"exp": now().s() + 3, "forceDisconnect": true}));
    let request = Request::get(format!("/live/{NAME}/stream.mp4?token={token}"));
    let router = stage.node.router();
    let answer = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    // Its connection is full: the body is held, and never asked for anything again.
    let mut body = answer.into_body().into_data_stream();
    assert!(body.next().await.unwrap().is_ok());
    sleep(std::time::Duration::from_secs(5)).await;
    // There is nothing left of it that a revocation could end.
    let delivery = stage.revoke("stuck").await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 0);
    drop(body);
}

#[tokio::test]
async fn a_progressive_viewer_that_reads_nothing_is_no_viewer_after_its_tokens_end() {
    let mut stage = Stage::open().await;
    let token = stage.token("still", json!({"exp": now().s() + 3, "forceDisconnect": true}));
    let _kept = open(
        stage.http,
        "GET",
        &format!("/live/{NAME}/stream.mp4?token={token}"),
        &[],
    )
    .await;
    let ended = stage.event(|event| matches!(event.kind, Kind::Ended(_))).await;
    assert!(matches!(ended.kind, Kind::Ended(end) if end.reason == Some(Reason::TokenExpired)));
}

/// A viewer by WebSocket who has pinged until nothing more went in, and read none of the answers.
async fn pinging(stage: &Stage, jti: &str) -> TcpStream {
    let token = stage.token(jti, json!({}));
    let mut socket = TcpStream::connect(stage.http).await.unwrap();
    let head = format!(
        "GET /live/{NAME}/ws?token={token} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut switched = [0; 12];
    socket.read_exact(&mut switched).await.unwrap();
    assert_eq!(&switched, b"HTTP/1.1 101");
    // Masked with nothing. Answered until nobody takes the answers in, and then not heard any more.
    let ping = [&[0x89, 0x80 | 0x7d, 0, 0, 0, 0][..], &[b'x'; 125]].concat();
    let pings = ping.repeat(1000);
    while matches!(
        timeout(std::time::Duration::from_secs(2), socket.write_all(&pings)).await,
        Ok(Ok(()))
    ) {}
    socket
}

#[tokio::test]
async fn a_viewer_that_pings_and_does_not_read_is_ended_like_any_other() {
    let mut stage = Stage::open().await;
    let _socket = pinging(&stage, "pings").await;
    let delivery = stage.revoke("pings").await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 1);
    let ended = stage.event(|event| matches!(event.kind, Kind::Ended(_))).await;
    assert!(matches!(ended.kind, Kind::Ended(end) if end.reason == Some(Reason::TokenRevoked)));
}

#[tokio::test]
async fn a_draining_node_does_not_wait_for_a_viewer_that_pings_and_does_not_read() {
    let stage = Stage::open().await;
    let _socket = pinging(&stage, "pings").await;
    let drained = stage.node.drain(std::time::Duration::from_mins(10));
    timeout(super::client::PATIENCE, drained).await.expect("it is drained");
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
