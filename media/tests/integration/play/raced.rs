//! A change that comes while somebody is let in: what they are asked about elsewhere holds them up for as long as the test
//! wants, so whichever comes second is known. Whoever is not in yet is judged by the change as somebody new.

use std::time::Duration;

use guard::{
    Door, Update, Use,
    policy::{Asks, Bar, Barred, Organisation, Subject},
};
use ids::SessionId;
use link::{Answer, Event, Kind, Protocol, Question};
use serde_json::json;

use super::{
    backend::{allow, asked},
    client::{Got, PATIENCE, Player, get},
    stage::{NAME, Stage, now, organisation, settings, stream},
};

/// Nobody needs a token, and the backend is asked about everybody.
async fn opened() -> Stage {
    let stage = Stage::open().await;
    let open = Organisation {
        secure_playback: false,
        asks: Asks {
            play: true,
            ..Asks::default()
        },
        ..settings(1, NAME)
    };
    stage.change(vec![Update::Organisation(open)]).await;
    while !stage.node.plays(NAME) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stage
}

/// An operator ends a session: whoever comes to the stream without a token from there is kept out.
fn ended(session: SessionId) -> Update {
    let (stream, door) = (stream(1, 1, NAME).id, Door::Playback);
    Update::Ended {
        organisation: organisation(1),
        bar: Bar {
            session,
            who: vec![Barred::Bare { stream, door }],
            address: [127, 0, 0, 1].into(),
            at: now(),
        },
    }
}

/// A change of the other organisation, which nobody here is touched by.
fn elsewhere() -> Update {
    Update::Revoked {
        organisation: organisation(2),
        subject: Subject::Everything,
        at: now(),
    }
}

#[tokio::test]
async fn whoever_is_kept_out_while_they_are_let_in_stays_out() {
    let mut stage = opened().await;
    let path = format!("/live/{NAME}/ws");
    let mut there = Player::connect(stage.http, &path).await;
    allow(asked(&mut stage).await.1, None);
    there.play(2).await;

    // What the backend said is forgotten with any change.
    stage.revoke("somebody-else").await;
    let mut coming = Player::connect(stage.http, &path).await;
    let (_, waiting) = asked(&mut stage).await;
    let another = SessionId::mint(9, [0; 10]);
    let delivery = stage.change(vec![ended(another)]).await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 0, "it is no session yet");
    allow(waiting, None);
    let Got::Info(why) = coming.next().await else {
        panic!("it is told why")
    };
    assert!(why.to_string().contains("SESSION_ENDED"), "{why}");
    assert_eq!(coming.last_word().await, (4460, "SESSION_ENDED".to_owned()));
    // Whoever was there is not known to be the one who was meant.
    for _ in 0..10 {
        assert!(matches!(there.next().await, Got::Media(_)));
    }
}

#[tokio::test]
async fn a_session_that_is_ended_while_its_next_request_is_decided_does_not_begin_anew() {
    let mut stage = opened().await;
    let (http, path) = (stage.http, format!("/live/{NAME}/index.m3u8"));
    let ask = || {
        let path = path.clone();
        tokio::spawn(async move { get(http, &path, &[]).await })
    };
    let first = ask();
    allow(asked(&mut stage).await.1, None);
    assert_eq!(first.await.unwrap().status, 200);
    let its = |event: &Event| matches!(&event.kind, Kind::Started(facts) if facts.protocol == Protocol::Hls);
    let Kind::Started(facts) = stage.event(its).await.kind else {
        panic!("it began")
    };

    stage.revoke("somebody-else").await;
    let second = ask();
    let (_, waiting) = asked(&mut stage).await;
    let delivery = stage.change(vec![ended(facts.session)]).await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 1);
    allow(waiting, None);
    let second = second.await.unwrap();
    assert_eq!((second.status, second.reason()), (403, "SESSION_ENDED"));
    let third = get(http, &path, &[]).await;
    assert_eq!((third.status, third.reason()), (403, "SESSION_ENDED"));
}

#[tokio::test]
async fn a_session_that_is_over_by_itself_while_its_next_request_is_decided_begins_anew_as_anybody_may() {
    let mut stage = opened().await;
    let (http, path) = (stage.http, format!("/live/{NAME}/index.m3u8"));
    let ask = || {
        let path = path.clone();
        tokio::spawn(async move { get(http, &path, &[]).await.status })
    };
    let first = ask();
    allow(asked(&mut stage).await.1, None);
    assert_eq!(first.await.unwrap(), 200);
    let its = |event: &Event| matches!(&event.kind, Kind::Started(facts) if facts.protocol == Protocol::Hls);
    let Kind::Started(began) = stage.event(its).await.kind else {
        panic!("it began")
    };

    stage.revoke("somebody-else").await;
    let second = ask();
    let (_, waiting) = asked(&mut stage).await;
    // Ended, and nobody is kept out.
    let bar = Bar {
        session: began.session,
        who: Vec::new(),
        address: began.address,
        at: now(),
    };
    let organisation = organisation(1);
    stage.change(vec![Update::Ended { organisation, bar }]).await;
    allow(waiting, None);
    // Somebody new is asked about by the change.
    allow(asked(&mut stage).await.1, None);
    assert_eq!(second.await.unwrap(), 200);
    let Kind::Started(anew) = stage.event(its).await.kind else {
        panic!("it began anew")
    };
    assert_ne!(anew.session, began.session);
}

#[tokio::test]
async fn what_was_counted_for_a_newcomer_holds_whatever_changes_elsewhere_meanwhile() {
    let mut stage = Stage::open().await;
    let path = format!("/live/{NAME}/ws?token={}", stage.token("once", json!({"maxUses": 1})));
    let mut player = Player::connect(stage.http, &path).await;
    let waiting = tokio::time::timeout(PATIENCE, stage.questions.recv()).await;
    let waiting = waiting.expect("a question comes").unwrap();
    assert!(matches!(waiting.question, Question::Use { most: 1, .. }));
    stage.change(vec![elsewhere()]).await;
    waiting.answer(Answer::Use(Use::Reserved));
    player.play(2).await;
    assert!(stage.questions.try_recv().is_err(), "nor is it asked again");
}
