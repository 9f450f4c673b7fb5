//! What viewers see when encoders come, go and change.

use std::{process::Stdio, time::Duration};

use link::Kind;
use serde_json::json;
use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
};

use super::{
    client::{Got, Player, get, open},
    stage::{IDLE, KEY, NAME, Stage},
};

/// Publishes the idle stream with its key.
pub(super) fn encoder(stage: &Stage, size: &str) -> Child {
    publish(&format!("rtmp://{}/live/{IDLE}?key={KEY}", stage.rtmp), size)
}

/// Whether somebody publishes the idle stream from now on, or watches it.
pub(super) fn is_live(event: &link::Event) -> bool {
    matches!(&event.kind, Kind::Started(facts) if facts.name.as_str() == IDLE)
}

/// Publishes for a minute; what it says of mistakes can be read.
pub(super) fn publish(url: &str, size: &str) -> Child {
    let video = format!("testsrc2=size={size}:rate=25");
    Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", &video])
        .args([
            "-f",
            "lavfi",
            "-i",
            "sine=sample_rate=44100",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
        ])
        .args([
            "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac", "-t", "60", "-f", "flv", url,
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn an_encoder_that_restarts_with_another_size_keeps_its_viewers() {
    let mut stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let mut first = encoder(&stage, "320x180");
    stage.event(is_live).await;
    let (mut player, info) = Player::once_live(stage.http, &format!("/live/{IDLE}/ws?token={token}")).await;
    assert_eq!(info["tracks"][0]["width"], 320);
    let mut progressive = open(
        stage.http,
        "GET",
        &format!("/live/{IDLE}/stream.mp4?token={token}"),
        &[],
    )
    .await;
    let playlist = async || {
        get(stage.http, &format!("/live/{IDLE}/index.m3u8?token={token}"), &[])
            .await
            .text()
    };
    assert!(playlist().await.contains("init/0.mp4"));
    first.kill().await.unwrap();
    let _second = encoder(&stage, "640x360");
    let mut last_decode_time = 0;
    loop {
        match player.next().await {
            Got::Info(info) => {
                assert_eq!((&info["epoch"], &info["tracks"][0]["width"]), (&json!(1), &json!(640)));
                break;
            }
            Got::Media(fragment) => last_decode_time = decode_time(&fragment, 1).unwrap_or(last_decode_time),
            other => panic!("unexpected {other:?}"),
        }
    }
    assert!(matches!(player.next().await, Got::Media(init) if init[4..8] == *b"ftyp"));
    let Got::Media(fragment) = player.next().await else {
        panic!("media goes on")
    };
    let began = decode_time(&fragment, 1).expect("pictures first");
    assert!(
        began > last_decode_time,
        "the time line goes on: {began} after {last_decode_time}"
    );
    assert!(began - last_decode_time < 90_000, "without a hole");

    let mut whole = Vec::new();
    progressive.read_to_end(&mut whole).await.unwrap();
    assert!(
        whole.ends_with(b"0\r\n\r\n"),
        "one file has one set of tracks, and ends cleanly"
    );

    let text = loop {
        let text = playlist().await;
        if text.contains("init/1.mp4") {
            break text;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let after = text
        .split("#EXT-X-DISCONTINUITY\n")
        .nth(1)
        .expect("a discontinuity is marked");
    assert!(after.starts_with("#EXT-X-MAP:URI=\"init/1.mp4"), "{text}");
}

#[tokio::test]
async fn a_second_publisher_is_refused_and_the_first_goes_on() {
    let mut stage = Stage::open().await;
    let _first = encoder(&stage, "320x180");
    stage
        .event(|event| matches!(&event.kind, Kind::Started(facts) if facts.name.as_str() == IDLE))
        .await;
    let url = format!("rtmp://{}/live/{IDLE}?key={KEY}", stage.rtmp);
    let second = Command::new("ffmpeg")
        .args([
            "-hide_banner",
            "-re",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=320x180",
            "-c:v",
            "libx264",
            "-t",
            "5",
        ])
        .args(["-f", "flv", &url])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    assert!(!second.status.success());
    let complaints = String::from_utf8_lossy(&second.stderr);
    assert!(complaints.contains("STREAM_IN_USE"), "{complaints}");
}

#[tokio::test]
async fn the_test_source_plays_without_a_seam() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={token}")).await;
    player.play(0).await;
    let (mut expected, mut seen) = ([None::<u64>; 3], 0);
    // 11 s of 25 pictures a second: the film lasts 8 s.
    while seen < 275 {
        let Got::Media(fragment) = player.next().await else {
            panic!("media goes on")
        };
        for track in [1_usize, 2] {
            let Some(begins) = decode_time(&fragment, u32::try_from(track).unwrap()) else {
                continue;
            };
            if let Some(expected) = expected[track] {
                assert_eq!(begins, expected, "track {track} has no hole and no overlap");
            }
            expected[track] = Some(begins + duration(&fragment));
            seen += usize::from(track == 1);
        }
    }
}

/// The `tfdt` of a fragment of that track.
pub(super) fn decode_time(fragment: &[u8], track: u32) -> Option<u64> {
    let tfhd = find(fragment, b"tfhd")?;
    let of = u32::from_be_bytes(fragment[tfhd + 8..tfhd + 12].try_into().unwrap());
    let tfdt = find(fragment, b"tfdt")?;
    (of == track).then(|| u64::from_be_bytes(fragment[tfdt + 8..tfdt + 16].try_into().unwrap()))
}

/// The sum of the `trun`'s durations.
fn duration(fragment: &[u8]) -> u64 {
    let trun = find(fragment, b"trun").unwrap();
    let flags = u32::from_be_bytes(fragment[trun + 4..trun + 8].try_into().unwrap()) & 0x00FF_FFFF;
    let count = u32::from_be_bytes(fragment[trun + 8..trun + 12].try_into().unwrap());
    let mut at = trun + 12 + if flags & 1 != 0 { 4 } else { 0 } + if flags & 4 != 0 { 4 } else { 0 };
    let per_sample = [0x100, 0x200, 0x400, 0x800]
        .iter()
        .filter(|flag| flags & **flag != 0)
        .count()
        * 4;
    assert!(flags & 0x100 != 0, "durations are stated");
    (0..count)
        .map(|_| {
            let duration = u32::from_be_bytes(fragment[at..at + 4].try_into().unwrap());
            at += per_sample;
            u64::from(duration)
        })
        .sum()
}

fn find(bytes: &[u8], name: &[u8; 4]) -> Option<usize> {
    bytes.windows(4).position(|four| four == name)
}
