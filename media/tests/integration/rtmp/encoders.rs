//! What encoders push arrives whole and in time.

use std::process::Stdio;

use container::{
    aac, avc,
    flv::{Audio, AudioCodec, AudioPayload, Video, VideoCodec, VideoPayload},
};
use guard::Reason;
use media::ingest::rtmp::{Item, Limits};
use tokio::process::{Child, Command};

use super::node::{KEY, NAME, Node, Seen};

/// What a whole push brought.
#[derive(Default)]
struct Push {
    encoder: Option<String>,
    picture: Option<avc::Config>,
    sound: Option<aac::Config>,
    video_ms: Vec<i64>,
    audio_ms: Vec<i64>,
    keyframes: usize,
    metadata: usize,
    ended_well: bool,
}

impl Push {
    fn of(all: Vec<Seen>) -> Self {
        let mut push = Self::default();
        for seen in all {
            match seen {
                Seen::Published { encoder, .. } => push.encoder = encoder,
                Seen::Item(Item::Video { timestamp_ms, tracks }) => push.video(timestamp_ms, tracks),
                Seen::Item(Item::Audio { timestamp_ms, tracks }) => push.audio(timestamp_ms, tracks),
                Seen::Item(Item::Metadata(_)) => push.metadata += 1,
                Seen::Item(Item::Unreadable(error)) => panic!("unreadable: {error}"),
                Seen::Unpublished => push.ended_well = true,
                Seen::Failed(error) => panic!("failed: {error}"),
                Seen::Rejected(reason) => panic!("rejected: {reason}"),
            }
        }
        push
    }

    fn video(&mut self, timestamp_ms: i64, tracks: Vec<Video>) {
        for track in tracks {
            assert_eq!(track.codec, VideoCodec::Avc);
            match track.payload {
                VideoPayload::Config(record) => self.picture = Some(avc::Config::parse(record).unwrap()),
                VideoPayload::Frame(frame) => {
                    self.keyframes += usize::from(frame.keyframe);
                    self.video_ms.push(timestamp_ms);
                }
                _ => {}
            }
        }
    }

    fn audio(&mut self, timestamp_ms: i64, tracks: Vec<Audio>) {
        for track in tracks {
            assert_eq!(track.codec, AudioCodec::Aac);
            match track.payload {
                AudioPayload::Config(record) => self.sound = Some(aac::Config::parse(record).unwrap()),
                AudioPayload::Frame(_) => self.audio_ms.push(timestamp_ms),
                _ => {}
            }
        }
    }

    /// Three seconds of 320×180 at 25 frames a second, with sound, all of it.
    fn is_whole(&self) {
        assert!(self.ended_well);
        let picture = &self.picture.as_ref().expect("a picture").picture;
        assert_eq!((picture.width, picture.height), (320, 180));
        let sound = self.sound.as_ref().expect("sound");
        assert_eq!((sound.rate, sound.channels), (48_000, 2));
        assert_eq!(self.video_ms.len(), 75);
        assert_eq!(self.keyframes, 3);
        // 3 s × 48 kHz / 1024, and what the encoder begins and ends with.
        assert!((139..=146).contains(&self.audio_ms.len()), "{}", self.audio_ms.len());
        assert!(self.video_ms.is_sorted() && self.audio_ms.is_sorted());
        let spans = [&self.video_ms, &self.audio_ms].map(|times| times.last().unwrap() - times.first().unwrap());
        assert!(spans.iter().all(|span| (2900..=3100).contains(span)), "{spans:?}");
    }
}

pub(crate) fn ffmpeg(url: &str, seconds: u32) -> Child {
    Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-loglevel", "warning", "-re"])
        .args(["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"])
        .args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"])
        .args(["-t", &seconds.to_string()])
        .args([
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-g",
            "25",
            "-pix_fmt",
            "yuv420p",
        ])
        .args(["-c:a", "aac", "-ac", "2", "-f", "flv", url])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

fn gstreamer(sink: &str, url: &str) -> Child {
    let pipeline = format!(
        "videotestsrc is-live=true num-buffers=75 ! video/x-raw,width=320,height=180,framerate=25/1 \
         ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse ! queue ! mux. \
         audiotestsrc is-live=true samplesperbuffer=1024 num-buffers=141 ! audio/x-raw,rate=48000,channels=2 \
         ! avenc_aac ! aacparse ! queue ! mux. \
         flvmux name=mux streamable=true ! {sink} location={url}"
    );
    Command::new("gst-launch-1.0")
        .args(pipeline.split_whitespace())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn what_ffmpeg_pushes_arrives_whole() {
    let mut node = Node::start(Limits::default()).await;
    let encoder = ffmpeg(&node.url(NAME, KEY), 3);
    let push = Push::of(node.until_over().await);
    push.is_whole();
    assert_eq!(push.metadata, 1);
    assert!(push.encoder.unwrap().contains("Lavf"));
    let output = encoder.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn what_librtmp_pushes_arrives_whole() {
    let mut node = Node::start(Limits::default()).await;
    let encoder = gstreamer("rtmpsink", &node.url(NAME, KEY));
    Push::of(node.until_over().await).is_whole();
    let output = encoder.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn what_rtmp2sink_pushes_arrives_whole() {
    let mut node = Node::start(Limits::default()).await;
    let encoder = gstreamer("rtmp2sink", &node.url(NAME, KEY));
    Push::of(node.until_over().await).is_whole();
    let output = encoder.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn an_encoder_whose_publish_is_ended_is_told_why() {
    let mut node = Node::start(Limits::default()).await;
    let encoder = ffmpeg(&node.url(NAME, KEY), 60);
    while !matches!(node.next().await, Seen::Item(Item::Video { .. })) {}
    node.end(Reason::StreamStopped);
    let output = encoder.wait_with_output().await.unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(complaints.contains("STREAM_STOPPED"), "{complaints}");
}
