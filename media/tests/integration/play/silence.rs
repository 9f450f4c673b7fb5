//! An HLS session is over when its player has asked for nothing for three target durations.

use std::time::Duration;

use guard::Timestamp;
use ids::SessionId;
use link::{Clock, Kind};
use serde_json::json;

use super::{
    client::get,
    stage::{NAME, Stage, now},
};

/// Asks for the playlist as a player of that name does; the target duration that it tells.
async fn asks(stage: &Stage, token: &str, player: &str) -> Duration {
    let path = format!("/live/{NAME}/index.m3u8?token={token}");
    let answer = get(stage.http, &path, &[("user-agent", player)]).await;
    let text = answer.text();
    assert_eq!(answer.status, 200, "{text}");
    let told = text
        .lines()
        .find_map(|line| line.strip_prefix("#EXT-X-TARGETDURATION:"));
    Duration::from_secs(told.expect("a target duration").parse().unwrap())
}

/// Waits until a session of that player begins, and fails if any ends before; which it is.
async fn begins(stage: &mut Stage, player: &str) -> SessionId {
    let mut begun = None;
    stage
        .event(|event| match &event.kind {
            Kind::Ended(end) => panic!("{end:?}"),
            Kind::Started(facts) if facts.name.as_str() == NAME && facts.user_agent.is_some() => {
                assert_eq!(facts.user_agent.as_deref(), Some(player));
                begun = Some(facts.session);
                true
            }
            _ => false,
        })
        .await;
    begun.unwrap()
}

#[tokio::test]
async fn an_hls_session_ends_after_three_target_durations_of_silence_and_no_sooner() {
    let clock = Clock::manual(Timestamp::from_s(now().s()));
    let mut stage = Stage::open_at(clock.clone()).await;
    while !stage.node.plays(NAME) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let token = stage.token("t", json!({}));
    let begun = clock.now();
    let target = asks(&stage, &token, "first").await;
    let first = begins(&mut stage, "first").await;
    clock.set(begun.plus(MOMENT * 2));
    assert_eq!(asks(&stage, &token, "second").await, target);
    let second = begins(&mut stage, "second").await;

    // The first has been silent for a moment longer than that by then, the second for a moment less.
    let over = begun.plus(target * 3).plus(MOMENT);
    clock.set(over);
    let ended = stage.event(|event| matches!(event.kind, Kind::Ended(_))).await;
    let Kind::Ended(end) = &ended.kind else {
        panic!("an end");
    };
    assert_eq!((end.session, end.reason, ended.at), (first, None, over));
    // Who asked in time goes on, and who was too late is somebody new.
    asks(&stage, &token, "second").await;
    asks(&stage, &token, "first").await;
    let again = begins(&mut stage, "first").await;
    assert_ne!(again, first);

    let over = over.plus(target * 3).plus(MOMENT);
    clock.set(over);
    let gone = stage.event(|event| matches!(&event.kind, Kind::Ended(end) if end.session == second));
    let gone = gone.await;
    assert!(matches!(&gone.kind, Kind::Ended(end) if end.reason.is_none()));
    assert_eq!(gone.at, over);
}

/// Short beside any target duration.
const MOMENT: Duration = Duration::from_millis(1);
