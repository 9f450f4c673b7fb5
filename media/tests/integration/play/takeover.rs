//! Where a stream allows it, a second broadcaster takes it over from the first, and nobody who watches notices more than
//! another picture.

use std::time::Duration;

use guard::{
    Reason, Update,
    policy::{IngestAuthorisation, Stream, StreamIngest},
};
use link::{Kind, Protocol};
use serde_json::json;
use tokio::process::Child;

use super::{
    client::{Got, Player, get},
    continuity::{decode_time, publish},
    stage::{IDLE, KEY, NAME, Stage, stream},
};

/// The idle stream, that is taken over.
fn handed_over() -> Stream {
    Stream {
        test_source: false,
        takeover: true,
        ..stream(3, 1, IDLE)
    }
}

fn by_key(stage: &Stage, name: &str) -> String {
    format!("rtmp://{}/live/{name}?key={KEY}", stage.rtmp)
}

/// Waits until somebody publishes the stream.
async fn begins(stage: &mut Stage, name: &str, protocol: Protocol) {
    let begun = |event: &link::Event| matches!(&event.kind, Kind::Started(facts) if facts.name.as_str() == name && facts.protocol == protocol);
    stage.event(begun).await;
}

/// Waits until a broadcaster of that stream is gone, and fails if the stream was said to be offline before; why it went.
async fn leaves(stage: &mut Stage, number: u64) -> Option<Reason> {
    let id = stream(number, 1, NAME).id;
    let mut reason = None;
    stage
        .event(|event| match &event.kind {
            Kind::Offline { stream, .. } if *stream == id => panic!("the stream goes on"),
            Kind::Ended(end) if end.stream == id => {
                reason = end.reason;
                true
            }
            _ => false,
        })
        .await;
    reason
}

/// What an encoder said when it was sent away.
async fn said(encoder: Child) -> String {
    let output = tokio::time::timeout(Duration::from_mins(1), encoder.wait_with_output());
    let output = output.await.expect("it ends").unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Media comes, whoever it is from.
async fn goes_on(player: &mut Player) {
    let mut fragments = 0;
    while fragments < 25 {
        match player.next().await {
            Got::Media(_) => fragments += 1,
            Got::Info(_) => {}
            other => panic!("unexpected {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_second_broadcaster_takes_over_and_viewers_stay() {
    let mut stage = Stage::open().await;
    stage.change(vec![Update::Stream(handed_over())]).await;
    let first = publish(&by_key(&stage, IDLE), "320x180");
    begins(&mut stage, IDLE, Protocol::Rtmp).await;
    let token = stage.token("t", json!({}));
    let (mut player, info) = Player::once_live(stage.http, &format!("/live/{IDLE}/ws?token={token}")).await;
    assert_eq!(info["tracks"][0]["width"], 320);

    let _second = publish(&by_key(&stage, IDLE), "640x360");
    assert_eq!(leaves(&mut stage, 3).await, Some(Reason::PublisherReplaced));
    let said = said(first).await;
    assert!(said.contains("PUBLISHER_REPLACED: "), "{said}");
    let mut last = 0;
    loop {
        match player.next().await {
            Got::Info(info) => {
                assert_eq!((&info["epoch"], &info["tracks"][0]["width"]), (&json!(1), &json!(640)));
                break;
            }
            Got::Media(fragment) => last = decode_time(&fragment, 1).unwrap_or(last),
            other => panic!("unexpected {other:?}"),
        }
    }
    assert!(matches!(player.next().await, Got::Media(init) if init[4..8] == *b"ftyp"));
    let Got::Media(fragment) = player.next().await else {
        panic!("media goes on")
    };
    let began = decode_time(&fragment, 1).expect("pictures first");
    assert!(began > last, "the time line goes on: {began} after {last}");
    goes_on(&mut player).await;
    let playlist = get(stage.http, &format!("/live/{IDLE}/index.m3u8?token={token}"), &[]).await;
    assert_eq!(playlist.status, 200);
}

#[tokio::test]
async fn of_many_broadcasters_at_once_one_is_left() {
    let mut stage = Stage::open().await;
    stage.change(vec![Update::Stream(handed_over())]).await;
    let encoders: Vec<_> = (0..4).map(|_| publish(&by_key(&stage, IDLE), "320x180")).collect();
    for _ in 0..3 {
        assert_eq!(leaves(&mut stage, 3).await, Some(Reason::PublisherReplaced));
    }
    let token = stage.token("t", json!({}));
    let (mut player, _) = Player::once_live(stage.http, &format!("/live/{IDLE}/ws?token={token}")).await;
    goes_on(&mut player).await;
    let mut gone = 0;
    for mut encoder in encoders {
        if encoder.try_wait().unwrap().is_some() {
            gone += 1;
        }
    }
    assert!(gone <= 3, "one goes on");
}

#[tokio::test]
async fn a_broadcaster_with_one_session_takes_over_from_its_own_that_hangs() {
    let mut stage = Stage::open().await;
    let by_token = Stream {
        ingest: StreamIngest::Own(IngestAuthorisation::Token),
        ..handed_over()
    };
    stage.change(vec![Update::Stream(by_token)]).await;
    let token = stage.token("one", json!({ "aud": "publish", "maxSessions": 1 }));
    let url = format!("rtmp://{}/live/{IDLE}?token={token}", stage.rtmp);
    let first = publish(&url, "320x180");
    begins(&mut stage, IDLE, Protocol::Rtmp).await;
    let _second = publish(&url, "320x180");
    assert_eq!(leaves(&mut stage, 3).await, Some(Reason::PublisherReplaced));
    let said = said(first).await;
    assert!(said.contains("PUBLISHER_REPLACED: "), "{said}");
}

#[tokio::test]
async fn an_encoder_takes_over_from_the_test_source_which_comes_back_when_it_leaves() {
    let mut stage = Stage::open().await;
    begins(&mut stage, NAME, Protocol::TestSource).await;
    let shared = Stream {
        takeover: true,
        ..stream(1, 1, NAME)
    };
    stage.change(vec![Update::Stream(shared.clone())]).await;
    let mut encoder = publish(&by_key(&stage, NAME), "320x180");
    assert_eq!(leaves(&mut stage, 1).await, Some(Reason::PublisherReplaced));
    // It is looked for at each change and takes nothing over: nobody leaves until the encoder does.
    for _ in 0..3 {
        stage.change(vec![Update::Stream(shared.clone())]).await;
    }
    encoder.kill().await.unwrap();
    assert_eq!(leaves(&mut stage, 1).await, None);
    begins(&mut stage, NAME, Protocol::TestSource).await;
}
