use bytes::Bytes;
use container::flv::{AudioPayload, VideoFrame, VideoPayload};
use container::{aac, avc, cmaf, flv};

use crate::ffmpeg::{self, Tag};

/// Every frame a fragment of its own, in the order in which they came.
fn remux(tags: &[Tag]) -> Vec<u8> {
    let mut tracks = Vec::new();
    let mut frames: Vec<(usize, u32, Option<VideoFrame>, Bytes)> = Vec::new();
    for tag in tags {
        match tag.kind {
            9 => match flv::video(&tag.body).unwrap().remove(0).payload {
                VideoPayload::Config(record) => {
                    let config = avc::Config::parse(record).unwrap();
                    tracks.push(cmaf::Track::avc(1, config));
                }
                VideoPayload::Frame(frame) => {
                    let data = frame.data.clone();
                    frames.push((0, tag.time_ms, Some(frame), data));
                }
                _ => {}
            },
            8 => match flv::audio(&tag.body).unwrap().remove(0).payload {
                AudioPayload::Config(record) => {
                    let config = aac::Config::parse(record).unwrap();
                    tracks.push(cmaf::Track::aac(2, config));
                }
                AudioPayload::Frame(data) => frames.push((1, tag.time_ms, None, data)),
                _ => {}
            },
            _ => {}
        }
    }
    let mut file = cmaf::init(&tracks).unwrap().to_vec();
    let mut audio_samples = 0_u64;
    for (sequence, (track, time_ms, video, data)) in (1..).zip(frames) {
        let track = &tracks[track];
        let (base, duration, keyframe, offset) = if let Some(frame) = video {
            let base = track.units(time_ms.into());
            (base, 3600, frame.keyframe, frame.composition_offset_ms * 90)
        } else {
            audio_samples += 1024;
            (audio_samples - 1024, 1024, true, 0)
        };
        let sample = cmaf::Sample {
            duration,
            size: u32::try_from(data.len()).unwrap(),
            keyframe,
            composition_offset: offset,
        };
        let fragment = cmaf::fragment(sequence, track, base, &[sample], &[data]).unwrap();
        file.extend_from_slice(&fragment);
    }
    file
}

#[test]
fn ffmpeg_decodes_what_ffmpeg_encoded_without_a_complaint() {
    let tags = ffmpeg::flv();
    let file = remux(&tags);
    ffmpeg::run("ffmpeg", &["-xerror", "-i", "-", "-f", "null", "-"], &file);

    let packets = ffmpeg::run(
        "ffprobe",
        &["-show_entries", "packet=codec_type,pts_time", "-of", "csv=p=0", "-"],
        &file,
    );
    let packets = String::from_utf8(packets).unwrap();
    for (name, kind) in [("video", 9), ("audio", 8)] {
        let sent = tags.iter().filter(|tag| tag.kind == kind).count();
        let found = packets.lines().filter(|line| line.starts_with(name)).count();
        // One tag of each kind is its configuration; ffmpeg ends H.264 with one more.
        assert!(found + 1 == sent || found + 2 == sent, "{name}: {found} of {sent}");
    }
}

#[test]
fn the_init_segment_tells_ffprobe_what_the_encoder_was_told() {
    let file = remux(&ffmpeg::flv());
    let streams = ffmpeg::run(
        "ffprobe",
        &[
            "-show_entries",
            "stream=codec_name,width,height,sample_rate,channels,profile,codec_tag_string",
            "-of",
            "compact=p=0",
            "-",
        ],
        &file,
    );
    let streams = String::from_utf8(streams).unwrap();
    let mut lines = streams.lines();
    assert_eq!(
        lines.next(),
        Some("codec_name=h264|profile=High|codec_tag_string=avc1|width=320|height=180")
    );
    assert_eq!(
        lines.next(),
        Some("codec_name=aac|profile=LC|codec_tag_string=mp4a|sample_rate=48000|channels=2")
    );
}
