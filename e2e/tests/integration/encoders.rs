//! What real encoders push can be pulled by real players: whole, in order, in time.

use std::path::Path;

use serde_json::json;

use crate::stage::{
    Encoder, Gstreamer, Home, Marks, Packet, Person, Server, TICK_S, complaints, flashes, marks, packets,
};

/// How long each stream is pulled.
const PULLED_S: u32 = 20;
/// As long as it takes to pull that, and to begin.
const PUSHED_S: u32 = 40;
/// By how much picture and sound may be off.
const TOLERANCE_S: f64 = 0.05;

#[tokio::test]
async fn what_encoders_push_is_pulled_whole_and_in_time() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let file = home.path("flashes.mkv");
    flashes(&file, PUSHED_S).await;

    let name = server.encoder().name();
    let (librtmp, librtmp_url) = admin.create_stream(json!({ "alias": "librtmp" })).await;
    let (own, own_url) = admin.create_stream(json!({ "alias": "rtmp2" })).await;
    let encoders = [
        Encoder::ffmpeg(server.encoder().ingest_url(), PUSHED_S),
        Encoder::gstreamer(Gstreamer::Librtmp, &file, &librtmp_url),
        Encoder::gstreamer(Gstreamer::Own, &file, &own_url),
    ];
    let pull = |name: &str| pulled(&server, &admin, &home, name.to_owned());
    tokio::join!(pull(name), pull(&librtmp), pull(&own));

    for encoder in encoders {
        let output = encoder.end().await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    admin.until_state(name, "ENDED").await;
}

/// Pulls a stream by both doors with both programs at once.
async fn pulled(server: &Server, admin: &Person, home: &Home, name: String) {
    let token = admin.token_for(&name).await;
    admin.until_playable(&name, &token).await;
    let doors = ["stream.mp4", "index.m3u8"].map(|door| server.door(&name, door, &token));
    let files = ["mp4", "hls"].map(|door| home.path(&format!("{name}-{door}.mkv")));
    let (mp4, hls, mp4_packets, hls_packets) = tokio::join!(
        saved(&doors[0], &files[0]),
        saved(&doors[1], &files[1]),
        packets(&doors[0], PULLED_S),
        packets(&doors[1], PULLED_S),
    );
    for (what, marks) in [("mp4", mp4), ("hls", hls)] {
        in_time(&format!("{name} {what}"), &marks);
    }
    for (what, packets) in [("mp4", mp4_packets), ("hls", hls_packets)] {
        in_order(&format!("{name} {what}"), &packets);
    }
}

/// Saves what a door gives, and decodes it: there must be nothing to complain of.
async fn saved(door: &str, file: &Path) -> Marks {
    let (seconds, path) = (PULLED_S.to_string(), file.to_str().expect("a path"));
    let pull = [
        "-nostdin", "-i", door, "-map", "0:v", "-map", "0:a", "-c", "copy", "-t", &seconds, path,
    ];
    assert_eq!(complaints("ffmpeg", &pull).await, "", "{door}");
    assert_eq!(
        complaints("ffmpeg", &["-nostdin", "-i", path, "-f", "null", "-"]).await,
        "",
        "{door}"
    );
    marks(file).await
}

/// Each flash has its tone, and the next flash is where the encoder put it.
fn in_time(what: &str, marks: &Marks) {
    let Marks { flashes, beeps } = marks;
    // At the file's end blackness and silence end too, for there is no more of either.
    let flashes: Vec<_> = flashes.iter().filter(|at| **at < f64::from(PULLED_S) - 0.5).collect();
    let wanted = usize::try_from(PULLED_S / TICK_S).expect("a few") - 1;
    assert!(flashes.len() >= wanted, "{what}: {marks:?}");
    for flash in &flashes {
        let off = beeps.iter().map(|beep| (beep - *flash).abs()).fold(f64::MAX, f64::min);
        assert!(off <= TOLERANCE_S, "{what}: the sound is off by {off} s: {marks:?}");
    }
    for pair in flashes.windows(2) {
        let off = (pair[1] - pair[0] - f64::from(TICK_S)).abs();
        assert!(off <= TOLERANCE_S, "{what}: a picture is off by {off} s: {marks:?}");
    }
}

/// Both tracks are there, their times only rise, and nothing is missing between.
fn in_order(what: &str, packets: &[Packet]) {
    for video in [true, false] {
        let track: Vec<_> = packets.iter().filter(|packet| packet.is_video == video).collect();
        let spans = track.last().expect("packets").dts - track[0].dts;
        assert!(spans >= f64::from(PULLED_S) - 1.0, "{what}: {spans} s");
        assert!(
            track.windows(2).all(|pair| pair[0].dts < pair[1].dts),
            "{what}: times do not rise"
        );
        assert!(
            track.iter().all(|packet| packet.pts >= packet.dts),
            "{what}: shown before it is decoded"
        );
        let gap = track
            .windows(2)
            .map(|pair| pair[1].dts - pair[0].dts)
            .fold(0.0, f64::max);
        assert!(gap < 0.1, "{what}: a gap of {gap} s");
    }
}
