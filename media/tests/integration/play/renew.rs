//! A running session takes a newer token for the same stream and viewer, at every door, and then runs to that one's end.

use std::time::Duration;

use guard::{Reason, Timestamp, Update, Use, policy::Subject};
use link::{Answer, Clock, Event, Kind, Question};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, time::Instant};

use super::{
    client::{Got, PATIENCE, Player, get, open, post},
    stage::{IDLE, NAME, Stage, now, organisation, pair, revoked, sign},
};

/// A token that ends sessions so many seconds from now.
#[expect(clippy::needless_pass_by_value, reason = "a test states claims in place")]
fn ends(stage: &Stage, jti: &str, seconds: i64, more: Value) -> String {
    let mut claims = json!({ "exp": now().s() + seconds, "forceDisconnect": true, "user": "anna" });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    stage.token(jti, claims)
}

fn shows(token: &str) -> String {
    json!({ "command": "token", "token": token }).to_string()
}

/// What a player is told next, whatever media comes before it.
async fn told(player: &mut Player) -> Value {
    loop {
        match player.next().await {
            Got::Info(said) if said["type"] != "info" => return said,
            Got::Info(_) | Got::Media(_) => {}
            over => panic!("{over:?}"),
        }
    }
}

/// With a stream that is on every door.
async fn opened() -> Stage {
    let stage = Stage::open().await;
    while !stage.node.plays(NAME) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stage
}

async fn socket(stage: &Stage, token: &str) -> Player {
    let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={token}")).await;
    player.play(2).await;
    player
}

#[tokio::test]
async fn a_socket_plays_to_the_end_of_its_newest_token() {
    let stage = opened().await;
    let begun = Instant::now();
    let mut player = socket(&stage, &ends(&stage, "t0", 8, json!({}))).await;
    for (number, seconds) in [(1, 10), (2, 12)] {
        player
            .say(&shows(&ends(&stage, &format!("t{number}"), seconds, json!({}))))
            .await;
        let said = told(&mut player).await;
        assert_eq!(said["type"], "token", "{said}");
        assert!(
            said["endsInS"].as_i64().is_some_and(|left| left <= seconds && left > 0),
            "{said}"
        );
    }
    assert_eq!(player.last_word().await, (4415, "TOKEN_EXPIRED".to_owned()));
    assert!(begun.elapsed() > Duration::from_secs(9), "far beyond its first token");
}

/// An hour of the node's clock, five seconds at a time: as often as an HLS player asks.
#[tokio::test]
async fn tokens_of_five_minutes_play_for_an_hour_and_no_longer_than_the_last_of_them() {
    let clock = Clock::manual(Timestamp::from_s(now().s()));
    let stage = Stage::open_at(clock.clone()).await;
    while !stage.node.plays(NAME) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let token = |number: u32| {
        let at = clock.now().s();
        let claims = json!({ "iat": at, "exp": at + 300, "forceDisconnect": true, "user": "anna" });
        stage.token(&format!("t{number}"), claims)
    };
    let first = token(0);
    let mut player = socket(&stage, &first).await;
    let (playlist, _) = uris(&stage, &first).await;
    let mut newest = first.clone();
    for step in 1..=720 {
        clock.set(clock.now().plus(Duration::from_secs(5)));
        // Every four minutes.
        if step % 48 == 0 {
            newest = token(step);
            player.say(&shows(&newest)).await;
            assert_eq!(told(&mut player).await, json!({ "type": "token", "endsInS": 300 }));
        }
        let bearer = format!("Bearer {newest}");
        let answer = get(stage.http, &playlist, &[("authorization", &bearer)]).await;
        assert_eq!((answer.status, answer.reason()), (200, ""), "after {} s", step * 5);
    }
    let expires = clock.now().plus(Duration::from_secs(299));
    for _ in 0..50 {
        assert!(matches!(player.next().await, Got::Media(_)));
    }
    // The first is long over, for whoever is not that session.
    let stranger = get(stage.http, &playlist, &[("user-agent", "another")]).await;
    assert_eq!((stranger.status, stranger.reason()), (403, "TOKEN_EXPIRED"));
    while clock.now() < expires {
        clock.set(clock.now().plus(Duration::from_secs(5)));
        get(stage.http, &playlist, &[]).await;
    }
    clock.set(clock.now().plus(Duration::from_secs(5)));
    assert_eq!(get(stage.http, &playlist, &[]).await.reason(), "TOKEN_EXPIRED");
    assert_eq!(player.last_word().await, (4415, "TOKEN_EXPIRED".to_owned()));
}

#[tokio::test]
async fn a_newer_token_by_a_key_that_is_new_elsewhere_is_taken_at_the_first_attempt() {
    let mut stage = opened().await;
    let mut player = socket(&stage, &ends(&stage, "old", 600, json!({}))).await;
    let (private, key) = pair("new");
    let claims = json!({ "exp": now().s() + 900, "user": "anna" });
    let newer = sign(&private, "new", 1, "newer", &json!([NAME]), &claims);
    player.say(&shows(&newer)).await;
    let waiting = tokio::time::timeout(PATIENCE, stage.questions.recv()).await;
    let waiting = waiting.expect("a question comes").unwrap();
    assert!(matches!(&waiting.question, Question::Key { kid, .. } if **kid == *"new"));
    let organisation = organisation(1);
    stage.change(vec![Update::Key { organisation, key }]).await;
    waiting.answer(Answer::Looked);
    assert_eq!(told(&mut player).await["type"], "token");
}

#[tokio::test]
async fn a_session_takes_no_more_tokens_than_can_be_remembered() {
    let stage = opened().await;
    let mut player = socket(&stage, &ends(&stage, "t0", 600, json!({}))).await;
    for number in 1..500 {
        player
            .say(&shows(&ends(&stage, &format!("t{number}"), 600 + number, json!({}))))
            .await;
        let said = told(&mut player).await;
        assert_eq!(said["type"], "token", "{number}: {said}");
    }
    player.say(&shows(&ends(&stage, "t500", 2000, json!({})))).await;
    assert_eq!(told(&mut player).await["reason"], "THROTTLED");
    // Each of them still ends it.
    let delivery = stage.revoke("t1").await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 1);
    assert_eq!(player.last_word().await, (4416, "TOKEN_REVOKED".to_owned()));
}

#[tokio::test]
async fn a_token_that_is_none_for_the_session_is_refused_and_the_session_goes_on_to_its_end() {
    let mut stage = opened().await;
    let mut player = socket(&stage, &ends(&stage, "t", 15, json!({}))).await;
    stage.change(vec![revoked(Subject::Token("taken-back".into()))]).await;
    for (token, reason) in [
        (ends(&stage, "bert", 60, json!({"user": "bert"})), "TOKEN_MALFORMED"),
        (ends(&stage, "nobody", 60, json!({"user": null})), "TOKEN_MALFORMED"),
        (ends(&stage, "older", 6, json!({})), "TOKEN_MALFORMED"),
        (ends(&stage, "elsewhere", 60, json!({"streams": [IDLE]})), "TOKEN_SCOPE"),
        (ends(&stage, "over", -5, json!({})), "TOKEN_EXPIRED"),
        (ends(&stage, "taken-back", 60, json!({})), "TOKEN_REVOKED"),
        (
            ends(&stage, "site", 60, json!({"domains": ["example.com"]})),
            "TOKEN_DOMAIN",
        ),
        (ends(&stage, "publish", 60, json!({"aud": "publish"})), "TOKEN_AUDIENCE"),
        (stage.foreign_token(), "TOKEN_KEY"),
        ("a.b.c".to_owned(), "TOKEN_MALFORMED"),
    ] {
        player.say(&shows(&token)).await;
        let said = told(&mut player).await;
        assert_eq!(
            (&said["type"], &said["reason"]),
            (&json!("refused"), &json!(reason)),
            "{said}"
        );
        assert!(said["detail"].is_string(), "{said}");
        let decision = said["decisionId"].as_str().unwrap().to_owned();
        let denied = stage.event(|event| matches!(event.kind, Kind::Denied { .. })).await;
        let Kind::Denied { decision: told, .. } = denied.kind else {
            unreachable!()
        };
        assert_eq!(told.to_string(), decision);
    }
    player.say("{\"command\":\"token\"}").await;
    assert_eq!(player.last_word().await, (4415, "TOKEN_EXPIRED".to_owned()));
}

#[tokio::test]
async fn taking_back_any_token_of_a_session_ends_it() {
    let stage = opened().await;
    for (number, subject) in [
        Subject::Token("old0".into()),
        Subject::Token("new1".into()),
        Subject::Tag("first2".into()),
        Subject::Tag("second3".into()),
    ]
    .into_iter()
    .enumerate()
    {
        let old = ends(
            &stage,
            &format!("old{number}"),
            600,
            json!({"tag": format!("first{number}")}),
        );
        let new = ends(
            &stage,
            &format!("new{number}"),
            900,
            json!({"tag": format!("second{number}")}),
        );
        let mut player = socket(&stage, &old).await;
        player.say(&shows(&new)).await;
        assert_eq!(told(&mut player).await["type"], "token");
        let delivery = stage.change(vec![revoked(subject)]).await;
        assert_eq!(delivery.acknowledged[0].sessions_ended, 1, "{number}");
        assert_eq!(player.last_word().await, (4416, "TOKEN_REVOKED".to_owned()));
    }
}

#[tokio::test]
async fn two_tokens_on_a_socket_are_a_newer_one_or_a_conflict() {
    let stage = opened().await;
    let old = ends(&stage, "old", 600, json!({}));
    let plays = |token: &str| json!({ "command": "play", "streamId": NAME, "token": token }).to_string();
    for (said, conflict) in [
        (plays(&old), false),
        (plays(&ends(&stage, "new", 900, json!({}))), false),
        (plays(&ends(&stage, "bert", 900, json!({"user": "bert"}))), true),
        (
            json!({ "command": "play", "streamId": IDLE, "token": old }).to_string(),
            true,
        ),
    ] {
        let mut player = socket(&stage, &old).await;
        player.say(&said).await;
        if conflict {
            assert_eq!(player.last_word().await, (4410, "TOKEN_MALFORMED".to_owned()));
        } else {
            for _ in 0..50 {
                assert!(matches!(player.next().await, Got::Media(_)));
            }
        }
    }
}

/// Whatever a player asks for of an HLS stream.
async fn uris(stage: &Stage, token: &str) -> (String, String) {
    let playlist = format!("/live/{NAME}/index.m3u8?token={token}");
    let text = get(stage.http, &playlist, &[]).await.text();
    let segment = text.lines().find(|line| line.starts_with("segment/")).unwrap();
    (playlist, format!("/live/{NAME}/{segment}"))
}

#[tokio::test]
async fn an_hls_viewer_goes_on_under_its_addresses_with_a_newer_token_beside_them() {
    let mut stage = opened().await;
    let old = ends(&stage, "old", 10, json!({"maxSessions": 1}));
    let over = now().plus(Duration::from_secs(11));
    let (playlist, segment) = uris(&stage, &old).await;
    let new = ends(&stage, "new", 600, json!({"maxSessions": 1}));
    let bearer = format!("Bearer {new}");
    let beside = [("authorization", bearer.as_str())];
    assert_eq!(get(stage.http, &playlist, &beside).await.status, 200);
    // By each of its tokens, alone and together, it is one session, past the end of the first.
    let alone = format!("/live/{NAME}/index.m3u8?token={new}");
    while now() < over {
        for (path, headers) in [
            (&playlist, &beside[..]),
            (&playlist, &[]),
            (&alone, &[]),
            (&playlist, &beside),
        ] {
            let answer = get(stage.http, path, headers).await;
            assert_eq!((answer.status, answer.reason()), (200, ""), "{path}");
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!([200, 404].contains(&get(stage.http, &segment, &beside).await.status));
    // A token for somebody else beside it is told why, and the session goes on.
    let other = format!("Bearer {}", ends(&stage, "bert", 900, json!({"user": "bert"})));
    let answer = get(stage.http, &playlist, &[("authorization", &other)]).await;
    assert_eq!((answer.status, answer.reason()), (403, "TOKEN_MALFORMED"));
    assert_eq!(get(stage.http, &playlist, &[]).await.status, 200);

    let delivery = stage.revoke("old").await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 1);
    let ended = |event: &Event| matches!(&event.kind, Kind::Ended(end) if end.reason == Some(Reason::TokenRevoked));
    let mut renewed = 0;
    let mut started = 0;
    stage
        .event(|event| {
            renewed += u32::from(matches!(&event.kind, Kind::Renewed { grant, .. } if *grant.jti == *"new"));
            started += u32::from(matches!(&event.kind, Kind::Started(facts) if facts.grant.is_some()));
            ended(event)
        })
        .await;
    assert_eq!((started, renewed), (1, 1));
    let answer = get(stage.http, &playlist, &beside).await;
    assert_eq!((answer.status, answer.reason()), (403, "TOKEN_REVOKED"));
    // Where no session ran on both, two are neither.
    let other = format!("Bearer {}", ends(&stage, "other", 900, json!({})));
    let answer = get(stage.http, &playlist, &[("authorization", &other)]).await;
    assert_eq!((answer.status, answer.reason()), (403, "TOKEN_MALFORMED"));
}

/// Its address holds the token that it began with, which has expired meanwhile: that is not why it ended.
#[tokio::test]
async fn an_hls_viewer_whose_newer_token_is_taken_back_is_told_so_under_its_old_address() {
    let clock = Clock::manual(Timestamp::from_s(now().s()));
    let mut stage = Stage::open_at(clock.clone()).await;
    while !stage.node.plays(NAME) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let token = |jti: &str, lasts: i64| {
        let at = clock.now().s();
        let claims = json!({ "iat": at, "exp": at + lasts, "forceDisconnect": true, "user": "anna" });
        stage.token(jti, claims)
    };
    let (old, new) = (token("old", 300), token("new", 900));
    let (playlist, segment) = uris(&stage, &old).await;
    let path = format!("/live/{NAME}/session/token?token={old}");
    let answer = post(stage.http, &path, &json!({ "token": new }).to_string(), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    while clock.now().s() < now().s() + 400 {
        clock.set(clock.now().plus(Duration::from_secs(4)));
        assert_eq!(get(stage.http, &playlist, &[]).await.status, 200);
    }

    assert_eq!(stage.revoke("new").await.acknowledged[0].sessions_ended, 1);
    // Long after the session is over for everybody else, and for as long as its player asks.
    let over = |event: &Event| matches!(&event.kind, Kind::Ended(end) if end.reason == Some(Reason::TokenRevoked));
    for asked in 0..8 {
        for path in [&playlist, &segment] {
            let answer = get(stage.http, path, &[]).await;
            assert_eq!((answer.status, answer.reason()), (403, "TOKEN_REVOKED"), "{asked}");
        }
        if asked == 3 {
            stage.event(over).await;
        }
        clock.set(clock.now().plus(Duration::from_secs(4)));
    }
    let stranger = get(stage.http, &playlist, &[("user-agent", "another")]).await;
    assert_eq!(stranger.reason(), "TOKEN_EXPIRED");
    // One that did not ask for long is forgotten like any other.
    let forgotten = async {
        loop {
            clock.set(clock.now().plus(Duration::from_hours(1)));
            tokio::time::sleep(Duration::from_secs(2)).await;
            if get(stage.http, &playlist, &[]).await.reason() == "TOKEN_EXPIRED" {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, forgotten)
        .await
        .expect("it is forgotten");
}

/// Though the older one would let somebody in by itself.
#[tokio::test]
async fn taking_back_the_newer_token_of_hls_ends_it_for_whoever_goes_on_with_the_older_one() {
    let stage = opened().await;
    let (old, new) = (ends(&stage, "old", 600, json!({})), ends(&stage, "new", 900, json!({})));
    let (playlist, segment) = uris(&stage, &old).await;
    let path = format!("/live/{NAME}/session/token?token={old}");
    let answer = post(stage.http, &path, &json!({ "token": new }).to_string(), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(stage.revoke("new").await.acknowledged[0].sessions_ended, 1);
    for path in [&playlist, &segment, &playlist] {
        let answer = get(stage.http, path, &[]).await;
        assert_eq!((answer.status, answer.reason()), (403, "TOKEN_REVOKED"));
    }
    // Another player's is another session, and the older token itself was not taken back.
    let another = get(stage.http, &playlist, &[("user-agent", "another")]).await;
    assert_eq!(another.status, 200, "{}", another.text());
}

#[tokio::test]
async fn sessions_of_every_door_take_a_newer_token_that_is_posted() {
    let stage = opened().await;
    let old = ends(&stage, "old", 10, json!({}));
    let begun = Instant::now();
    let mut socket = socket(&stage, &old).await;
    let mut progressive = open(stage.http, "GET", &format!("/live/{NAME}/stream.mp4?token={old}"), &[]).await;
    let mut bytes = vec![0; 20_000];
    progressive.read_exact(&mut bytes).await.unwrap();
    let (playlist, _) = uris(&stage, &old).await;
    let path = format!("/live/{NAME}/session/token?token={old}");
    let new = ends(&stage, "new", 14, json!({}));
    let answer = post(stage.http, &path, &json!({ "token": new }).to_string(), &[]).await;
    let said: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &said["sessions"]), (200, &json!(3)), "{said}");
    assert!(said["endsInS"].as_i64().is_some_and(|left| left <= 14));
    // With the newer one beside the older, and by path, it is the same again.
    let bearer = format!("Bearer {new}");
    let answer = post(stage.http, &path, "", &[("authorization", &bearer)]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let by_path = format!("/t/{old}/live/{NAME}/session/token");
    let answer = post(stage.http, &by_path, &json!({ "token": new }).to_string(), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    while begun.elapsed() < Duration::from_millis(11_500) {
        assert_eq!(get(stage.http, &playlist, &[]).await.status, 200);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(socket.last_word().await, (4415, "TOKEN_EXPIRED".to_owned()));
    let mut rest = Vec::new();
    _ = progressive.read_to_end(&mut rest).await;
    assert!(
        begun.elapsed() > Duration::from_secs(12),
        "they lasted as long as the newer one"
    );
    assert_eq!(get(stage.http, &playlist, &[]).await.reason(), "TOKEN_EXPIRED");
}

#[tokio::test]
async fn what_is_posted_in_vain_is_told_why() {
    let stage = opened().await;
    let token = ends(&stage, "old", 600, json!({}));
    let path = format!("/live/{NAME}/session/token");
    let with = format!("{path}?token={token}");
    let body = json!({ "token": ends(&stage, "new", 900, json!({})) }).to_string();
    assert_eq!(post(stage.http, &path, &body, &[]).await.reason(), "TOKEN_MISSING");
    assert_eq!(post(stage.http, &with, &body, &[]).await.status, 404, "no session runs");
    uris(&stage, &token).await;
    let answer = get(stage.http, &with, &[]).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    for (body, headers, status) in [
        (body.as_str(), &[("content-type", "text/plain")][..], 415),
        ("", &[], 400),
        ("{}", &[], 400),
        (&format!("{{\"token\":\"{}\"}}", "x".repeat(20_000)), &[], 400),
    ] {
        let answer = post(stage.http, &with, body, headers).await;
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem: Value = serde_json::from_str(&answer.text()).unwrap();
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().contains("`token`"), "{problem}");
    }
    let other = json!({ "token": ends(&stage, "bert", 900, json!({"user": "bert"})) }).to_string();
    let answer = post(stage.http, &with, &other, &[]).await;
    assert_eq!((answer.status, answer.reason()), (403, "TOKEN_MALFORMED"));
    assert!(answer.text().contains("names the same viewer"), "{}", answer.text());
    assert_eq!(post(stage.http, &with, &body, &[]).await.status, 200);
}

#[tokio::test]
async fn a_newer_token_is_counted_like_any_other() {
    let mut stage = opened().await;
    let mut player = socket(&stage, &ends(&stage, "old", 600, json!({}))).await;
    for (answer, kind) in [(Use::Exhausted, "refused"), (Use::Reserved, "token")] {
        player
            .say(&shows(&ends(&stage, "once", 900, json!({"maxUses": 1}))))
            .await;
        let waiting = tokio::time::timeout(PATIENCE, stage.questions.recv()).await;
        let waiting = waiting.expect("a question comes").unwrap();
        assert!(matches!(waiting.question, Question::Use { most: 1, .. }));
        waiting.answer(Answer::Use(answer));
        assert_eq!(told(&mut player).await["type"], kind);
    }
}
