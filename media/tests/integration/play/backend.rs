//! The customer's backend is asked, through the control plane: once for what is the same, again before its word ends, and
//! never believed to have said what it did not say.

use std::time::Duration;

use guard::{
    Timestamp, Update, Verdict,
    policy::{Asks, Judges, Organisation, Subject},
};
use link::{Answer, Clock, Inquiry, Kind, Question, Waiting};
use serde_json::json;
use tokio::task::JoinSet;

use super::{
    client::{Got, PATIENCE, Player, get},
    stage::{NAME, Stage, now, organisation, revoked, settings},
};

fn asking() -> Organisation {
    Organisation {
        asks: Asks {
            play: true,
            ..Asks::default()
        },
        ..settings(1, NAME)
    }
}

async fn opened(organisation: Organisation) -> Stage {
    let stage = Stage::open().await;
    stage.change(vec![Update::Organisation(organisation)]).await;
    stage
}

/// One that asks, with a live stream and a clock that the test moves.
async fn asking_at(clock: &Clock) -> Stage {
    let stage = Stage::open_at(clock.clone()).await;
    stage.change(vec![Update::Organisation(asking())]).await;
    while !stage.node.plays(NAME) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stage
}

pub(super) async fn asked(stage: &mut Stage) -> (Inquiry, Waiting) {
    let waiting = tokio::time::timeout(PATIENCE, stage.questions.recv()).await;
    let waiting = waiting.expect("a question comes").unwrap();
    let Question::Backend(inquiry) = waiting.question.clone() else {
        panic!("nothing else is asked here");
    };
    (*inquiry, waiting)
}

pub(super) fn allow(waiting: Waiting, until: Option<Timestamp>) {
    waiting.answer(Answer::Backend(Verdict::Allowed { until }));
}

fn path(stage: &Stage, door: &str) -> String {
    format!("/live/{NAME}/{door}?token={}", stage.token("a", json!({})))
}

#[tokio::test]
async fn a_crowd_that_asks_the_same_is_one_question() {
    let mut stage = opened(asking()).await;
    let (http, path) = (stage.http, path(&stage, "index.m3u8"));
    let mut crowd = JoinSet::new();
    for _ in 0..20 {
        let path = path.clone();
        crowd.spawn(async move { get(http, &path, &[("user-agent", "crowd")]).await.status });
    }
    let (inquiry, waiting) = asked(&mut stage).await;
    assert_eq!(inquiry.stream.as_str(), NAME);
    assert_eq!(inquiry.user_agent.as_deref(), Some("crowd"));
    assert_eq!(
        inquiry.credential, None,
        "a token that was proven is nobody else's to see"
    );
    allow(waiting, None);
    let statuses = crowd.join_all().await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert!(stage.questions.try_recv().is_err());
    // Nor is it asked again while the answer holds.
    assert_eq!(get(http, &path, &[("user-agent", "crowd")]).await.status, 200);
    assert!(stage.questions.try_recv().is_err());
    // Somebody else is another question.
    let other = tokio::spawn(async move { get(http, &path, &[("user-agent", "other")]).await.status });
    allow(asked(&mut stage).await.1, None);
    assert_eq!(other.await.unwrap(), 200);
}

#[tokio::test]
async fn a_refusal_is_told_and_remembered_until_something_changes() {
    let mut stage = opened(asking()).await;
    let (http, path) = (stage.http, path(&stage, "stream.mp4"));
    let ask = |path: String| tokio::spawn(async move { get(http, &path, &[]).await });
    let first = ask(path.clone());
    asked(&mut stage).await.1.answer(Answer::Backend(Verdict::Denied));
    let first = first.await.unwrap();
    assert_eq!((first.status, first.reason()), (403, "BACKEND_DENIED"));
    assert_eq!(get(http, &path, &[]).await.reason(), "BACKEND_DENIED");
    assert!(stage.questions.try_recv().is_err());
    // What others change is none of its business.
    let elsewhere = Update::Revoked {
        organisation: organisation(2),
        subject: Subject::Everything,
        at: now(),
    };
    stage.change(vec![elsewhere]).await;
    assert_eq!(get(http, &path, &[]).await.reason(), "BACKEND_DENIED");
    assert!(stage.questions.try_recv().is_err());
    stage.revoke("somebody-else").await;
    let again = ask(path);
    // Dropped without an answer.
    drop(asked(&mut stage).await.1);
    let again = again.await.unwrap();
    assert_eq!((again.status, again.reason()), (503, "BACKEND_UNAVAILABLE"));
}

#[tokio::test]
async fn a_word_is_renewed_before_it_ends_and_a_no_ends_the_session() {
    let mut stage = opened(asking()).await;
    let path = path(&stage, "ws");
    let mut player = Player::connect(stage.http, &path).await;
    allow(asked(&mut stage).await.1, Some(now().plus(Duration::from_secs(6))));
    player.play(3).await;
    let (renewed, waiting) = asked(&mut stage).await;
    allow(waiting, Some(now().plus(Duration::from_secs(6))));
    assert!(matches!(player.next().await, Got::Media(_)));
    let (again, waiting) = asked(&mut stage).await;
    assert_eq!(renewed.client, again.client, "it is asked about one session");
    waiting.answer(Answer::Backend(Verdict::Denied));
    assert_eq!(player.last_word().await, (4450, "BACKEND_DENIED".to_owned()));
}

#[tokio::test]
async fn a_crowd_with_a_short_word_is_asked_about_once_in_its_last_quarter() {
    let mut stage = opened(asking()).await;
    let (path, short) = (path(&stage, "ws"), Duration::from_secs(6));
    let mut player = Player::connect(stage.http, &path).await;
    let (_, waiting) = asked(&mut stage).await;
    let mut until = now().plus(short);
    allow(waiting, Some(until));
    player.play(3).await;
    let mut beside = Player::connect(stage.http, &path).await;
    beside.play(3).await;
    for _ in 0..2 {
        let (_, waiting) = asked(&mut stage).await;
        let left = until.since(now());
        assert!(left < Duration::from_secs(2), "{left:?}");
        until = now().plus(short);
        allow(waiting, Some(until));
    }
    for player in [&mut player, &mut beside] {
        assert!(matches!(player.next().await, Got::Media(_)));
    }
}

#[tokio::test]
async fn a_yes_that_takes_long_is_asked_for_so_early_that_it_comes_in_time() {
    let clock = Clock::manual(Timestamp::from_s(now().s()));
    let (mut stage, begin) = (asking_at(&clock).await, clock.now());
    let (takes, lasts) = (Duration::from_millis(2_900), Duration::from_secs(8));
    let mut player = Player::connect(stage.http, &path(&stage, "ws")).await;
    // Each word ends 10.9 s after its question.
    for after_s in [0, 7, 14] {
        clock.set(begin.plus(Duration::from_secs(after_s)));
        let (inquiry, waiting) = asked(&mut stage).await;
        assert_eq!(inquiry.running, after_s > 0, "{after_s}");
        clock.set(clock.now().plus(takes));
        allow(waiting, Some(clock.now().plus(lasts)));
        if after_s == 0 {
            player.play(0).await;
        }
        for _ in 0..20 {
            assert!(matches!(player.next().await, Got::Media(_)), "{after_s}");
        }
    }
}

#[tokio::test]
async fn nobody_comes_in_on_a_word_that_is_about_to_end() {
    let clock = Clock::manual(Timestamp::from_s(now().s()));
    let (mut stage, begin) = (asking_at(&clock).await, clock.now());
    let (path, lasts) = (path(&stage, "ws"), Duration::from_secs(5));
    let mut first = Player::connect(stage.http, &path).await;
    allow(asked(&mut stage).await.1, Some(begin.plus(lasts)));
    first.play(1).await;
    first.leave().await;
    stage.event(|event| matches!(event.kind, Kind::Ended(_))).await;

    clock.set(begin.plus(Duration::from_millis(4_600)));
    let (http, mut crowd) = (stage.http, JoinSet::new());
    for _ in 0..10 {
        let path = path.clone();
        crowd.spawn(async move {
            let mut player = Player::connect(http, &path).await;
            player.play(1).await;
            player
        });
    }
    let (inquiry, waiting) = asked(&mut stage).await;
    assert!(!inquiry.running, "they are asked about before they come in");
    allow(waiting, Some(clock.now().plus(lasts)));
    let crowd = crowd.join_all().await;
    clock.set(begin.plus(Duration::from_millis(5_400)));
    for mut player in crowd {
        for _ in 0..10 {
            assert!(matches!(player.next().await, Got::Media(_)));
        }
    }
    assert!(stage.questions.try_recv().is_err(), "a crowd is one question");
}

#[tokio::test]
async fn who_watches_already_is_asked_about_once_asking_begins() {
    let mut stage = opened(settings(1, NAME)).await;
    let path = path(&stage, "ws");
    let mut player = Player::connect(stage.http, &path).await;
    player.play(3).await;
    stage.change(vec![Update::Organisation(asking())]).await;
    let (_, waiting) = asked(&mut stage).await;
    assert!(matches!(player.next().await, Got::Media(_)));
    waiting.answer(Answer::Backend(Verdict::Denied));
    assert_eq!(player.last_word().await, (4450, "BACKEND_DENIED".to_owned()));
}

#[tokio::test]
async fn who_was_let_in_is_asked_about_anew_once_the_backend_is_another() {
    let mut stage = opened(asking()).await;
    let path = path(&stage, "ws");
    let mut player = Player::connect(stage.http, &path).await;
    // For as long as it likes.
    allow(asked(&mut stage).await.1, Some(now().plus(Duration::from_hours(1))));
    player.play(3).await;
    // What else is changed is none of the backend's business.
    let mut other = asking();
    other.force_disconnect = true;
    stage.change(vec![Update::Organisation(other)]).await;
    let mut edited = asking();
    edited.asks.edition = 1;
    stage.change(vec![Update::Organisation(edited)]).await;
    let (inquiry, waiting) = asked(&mut stage).await;
    // Nobody waits meanwhile.
    assert!(matches!(player.next().await, Got::Media(_)));
    // While it is asked, it changes once more: what it says then is no word of the newest.
    let mut again = asking();
    again.asks.edition = 2;
    stage.change(vec![Update::Organisation(again)]).await;
    allow(waiting, Some(now().plus(Duration::from_hours(1))));
    let (newest, waiting) = asked(&mut stage).await;
    assert_eq!(inquiry.client, newest.client, "it is asked about one session");
    waiting.answer(Answer::Backend(Verdict::Denied));
    assert_eq!(player.last_word().await, (4450, "BACKEND_DENIED".to_owned()));
}

/// The backend judges texts that are no tokens.
pub(super) fn judged() -> Organisation {
    Organisation {
        judges: Judges {
            backend: true,
            static_tokens: false,
        },
        asks: Asks {
            tokens: true,
            ..Asks::default()
        },
        ..settings(1, NAME)
    }
}

#[tokio::test]
async fn a_credential_that_is_no_token_is_for_the_backend_to_judge() {
    let mut stage = opened(judged()).await;
    let http = stage.http;
    let ask = |text: &str| {
        let path = format!("/live/{NAME}/index.m3u8?token={text}");
        tokio::spawn(async move { get(http, &path, &[]).await.status })
    };
    let good = ask("ticket-7");
    let (inquiry, waiting) = asked(&mut stage).await;
    assert_eq!(inquiry.credential.as_deref(), Some("ticket-7"));
    allow(waiting, None);
    assert_eq!(good.await.unwrap(), 200);
    let bad = ask("ticket-8");
    asked(&mut stage).await.1.answer(Answer::Backend(Verdict::Denied));
    assert_eq!(bad.await.unwrap(), 403);

    // What was asked before everything is taken back says nothing of the time after it, however late the answer comes.
    let late = ask("ticket-9");
    let (_, waiting) = asked(&mut stage).await;
    stage.change(vec![revoked(Subject::Everything)]).await;
    allow(waiting, None);
    assert_eq!(late.await.unwrap(), 403);
    let again = ask("ticket-9");
    allow(asked(&mut stage).await.1, None);
    assert_eq!(again.await.unwrap(), 200);
}
