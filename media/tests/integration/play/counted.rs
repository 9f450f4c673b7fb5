//! What is counted beyond the node: a known address passes while nobody can be asked, and a use that brought nobody
//! anything is left to others.

use std::time::Duration;

use guard::{Binding, Use};
use ids::UseId;
use link::{Answer, Kind, Question, Waiting};
use serde_json::{Value, json};

use super::{
    client::{PATIENCE, Player, get},
    stage::{NAME, Stage},
};

async fn asked(stage: &mut Stage) -> Waiting {
    let waiting = tokio::time::timeout(PATIENCE, stage.questions.recv()).await;
    waiting.expect("a question comes").unwrap()
}

async fn reserved(stage: &mut Stage) -> UseId {
    let waiting = asked(stage).await;
    let Question::Use { id, most: 1, .. } = waiting.question else {
        panic!("a use is asked for, not {:?}", waiting.question);
    };
    waiting.answer(Answer::Use(Use::Reserved));
    id
}

async fn given_back(stage: &mut Stage) -> UseId {
    let waiting = asked(stage).await;
    let Question::GiveBack { id, .. } = waiting.question else {
        panic!("a use is given back, not {:?}", waiting.question);
    };
    id
}

fn path(stage: &Stage, door: &str, jti: &str, more: Value) -> String {
    format!("/live/{NAME}/{door}?token={}", stage.token(jti, more))
}

#[tokio::test]
async fn while_nobody_can_be_asked_a_known_address_passes_and_no_other() {
    let mut stage = Stage::open().await;
    let (http, bound) = (stage.http, path(&stage, "index.m3u8", "known", json!({"bindIps": 1})));
    // Each player is a session of its own, and is decided anew.
    let ask = |path: String, player: &'static str| {
        tokio::spawn(async move { get(http, &path, &[("user-agent", player)]).await.reason().to_owned() })
    };
    let first = ask(bound.clone(), "a");
    let waiting = asked(&mut stage).await;
    assert!(matches!(&waiting.question, Question::Binding { most: 1, address, .. } if address.is_loopback()));
    waiting.answer(Answer::Binding(Binding::Bound));
    assert_eq!(first.await.unwrap(), "");
    // Nobody answers from here on.
    stage.questions.close();
    assert_eq!(ask(bound, "b").await.unwrap(), "");
    let unknown = path(&stage, "index.m3u8", "unknown", json!({"bindIps": 1}));
    assert_eq!(ask(unknown, "a").await.unwrap(), "TOKEN_BOUND");
    let counted = path(&stage, "index.m3u8", "counted", json!({"maxUses": 1}));
    assert_eq!(ask(counted, "a").await.unwrap(), "TOKEN_USED");
}

#[tokio::test]
async fn an_address_that_was_refused_is_asked_about_again() {
    let mut stage = Stage::open().await;
    let (http, bound) = (stage.http, path(&stage, "index.m3u8", "t", json!({"bindIps": 1})));
    for (binding, reason) in [
        (Binding::Elsewhere, "TOKEN_BOUND"),
        (Binding::Unknown, "TOKEN_BOUND"),
        (Binding::Bound, ""),
    ] {
        let path = bound.clone();
        let answer = tokio::spawn(async move { get(http, &path, &[]).await.reason().to_owned() });
        asked(&mut stage).await.answer(Answer::Binding(binding));
        assert_eq!(answer.await.unwrap(), reason);
    }
}

#[tokio::test]
async fn a_use_for_which_nothing_was_sent_is_given_back_and_one_with_media_is_not() {
    let mut stage = Stage::open().await;
    let (http, once) = (stage.http, path(&stage, "ws", "once", json!({"maxUses": 1})));
    // No WebSocket: admitted, and sent nothing.
    let plain = |path: String| tokio::spawn(async move { get(http, &path, &[]).await.status });
    let first = plain(once.clone());
    let id = reserved(&mut stage).await;
    assert_eq!(first.await.unwrap(), 426);
    assert_eq!(given_back(&mut stage).await, id);

    let playing = once.clone();
    let player = tokio::spawn(async move {
        let mut player = Player::connect(http, &playing).await;
        player.play(2).await;
    });
    let spent = reserved(&mut stage).await;
    player.await.unwrap();
    stage.event(|event| matches!(event.kind, Kind::Ended(_))).await;
    let last = plain(once);
    assert_ne!(
        reserved(&mut stage).await,
        spent,
        "the next word is not that it was left"
    );
    assert_eq!(last.await.unwrap(), 426);
}

#[tokio::test]
async fn a_use_that_may_have_been_reserved_unheard_is_given_back() {
    let mut stage = Stage::open().await;
    let (http, once) = (stage.http, path(&stage, "index.m3u8", "once", json!({"maxUses": 1})));
    let answer = tokio::spawn(async move { get(http, &once, &[]).await.reason().to_owned() });
    let waiting = asked(&mut stage).await;
    let Question::Use { id, .. } = waiting.question else {
        panic!("a use is asked for, not {:?}", waiting.question);
    };
    drop(waiting);
    assert_eq!(answer.await.unwrap(), "TOKEN_USED");
    assert_eq!(given_back(&mut stage).await, id);
}

#[tokio::test]
async fn a_player_that_asks_again_and_again_uses_its_token_once() {
    let mut stage = Stage::open().await;
    let (http, once) = (stage.http, path(&stage, "index.m3u8", "once", json!({"maxUses": 1})));
    let first = once.clone();
    let first = tokio::spawn(async move { get(http, &first, &[]).await.text() });
    reserved(&mut stage).await;
    let playlist = first.await.unwrap();
    let segment = playlist.lines().find(|line| line.starts_with("segment/")).unwrap();
    for path in [&once, &format!("/live/{NAME}/{segment}")] {
        assert_eq!(get(http, path, &[]).await.status, 200);
    }
    let nothing = tokio::time::timeout(Duration::from_millis(100), stage.questions.recv()).await;
    assert!(nothing.is_err(), "nothing more was asked");
}
