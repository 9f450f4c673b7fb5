//! What must hold for any bytes whatever: kept by the fuzz targets, and by tests on the committed corpus.

use bytes::{Bytes, BytesMut};
use container::{
    aac, amf0, avc, cmaf,
    flv::{self, AudioPayload, VideoPayload},
    rtmp::{self, Error, Limits, Message, Reader, kind},
};

/// Values that were read can be written, and are read again as the same.
pub(super) fn amf0(bytes: &[u8]) {
    let limits = amf0::Limits::default();
    let Ok(values) = amf0::decode(bytes, limits) else {
        return;
    };
    let mut written = BytesMut::new();
    amf0::encode(&values, &mut written);
    let again = amf0::decode(&written, limits).expect("what was written can be read");
    let mut rewritten = BytesMut::new();
    amf0::encode(&again, &mut rewritten);
    // As bytes, since no number of the kind "not a number" equals itself.
    assert_eq!(written, rewritten);
    for value in &values {
        drop(flv::metadata(value));
    }
}

/// The first byte says whether a video or an audio body follows. What can be configured can be packaged.
pub(super) fn flv(bytes: &[u8]) {
    let Some((&message_type, body)) = bytes.split_first() else {
        return;
    };
    let body = Bytes::copy_from_slice(body);
    if message_type == kind::AUDIO {
        for track in flv::audio(&body).into_iter().flatten() {
            match track.payload {
                AudioPayload::Config(record) => {
                    package(aac::Config::parse(record).ok().map(|it| cmaf::Track::aac(1, it)));
                }
                AudioPayload::Frame(data) => assert!(data.len() <= body.len()),
                AudioPayload::End | AudioPayload::Channels(_) => {}
            }
        }
    } else {
        for track in flv::video(&body).into_iter().flatten() {
            match track.payload {
                VideoPayload::Config(record) => {
                    package(avc::Config::parse(record).ok().map(|it| cmaf::Track::avc(1, it)));
                }
                VideoPayload::Frame(frame) => assert!(frame.data.len() <= body.len()),
                VideoPayload::End | VideoPayload::Metadata(_) | VideoPayload::Command => {}
            }
        }
    }
}

fn package(track: Option<cmaf::Track>) {
    let Some(track) = track else { return };
    assert!(track.timescale > 0);
    cmaf::init(std::slice::from_ref(&track)).expect("a track that was understood can be described");
    let sample = cmaf::Sample {
        duration: 1,
        size: 4,
        keyframe: true,
        composition_offset: -1,
    };
    let payload = [Bytes::from_static(b"data")];
    cmaf::fragment(1, &track, u64::MAX, &[sample], &payload).expect("and have a fragment");
}

/// However the bytes come, in one piece or one by one, the same messages come out, and the same mistake.
pub(super) fn rtmp(bytes: &[u8]) {
    let whole = read(bytes, bytes.len().max(1));
    let trickled = read(bytes, 1);
    assert_eq!(whole, trickled);
    for message in whole.0 {
        rtmp::control::UserControl::parse(&message.payload);
        for part in rtmp::aggregate(&message) {
            assert!(part.payload.len() < message.payload.len());
        }
    }
}

fn read(bytes: &[u8], piece: usize) -> (Vec<Message>, Option<Error>) {
    let limits = Limits {
        message: 4096,
        buffered: 6000,
        chunk_streams: 4,
    };
    let mut reader = Reader::new(limits);
    let mut input = BytesMut::new();
    let mut messages = Vec::new();
    for piece in bytes.chunks(piece) {
        input.extend_from_slice(piece);
        loop {
            match reader.read(&mut input) {
                Ok(Some(message)) => {
                    assert!(message.payload.len() <= limits.message);
                    messages.push(message);
                }
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
        assert!(input.len() < 18, "only part of a header is left unread");
    }
    (messages, None)
}
