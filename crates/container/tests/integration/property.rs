//! What holds for all values, not for chosen ones.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use container::{
    amf0::{self, Value},
    cmaf::{self, Sample, Track},
    playlist::{Playlist, Segment},
    rtmp::{Limits, Message, Reader, Timeline, Writer},
};
use mp4_atom::{Any, Decode as _};
use proptest::{collection::vec, prelude::*};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (-1e300..1e300).prop_map(Value::Number),
        any::<bool>().prop_map(Value::Boolean),
        ".{0,20}".prop_map(Value::String),
        ".{0,20}".prop_map(Value::Xml),
        (0.0..4e12).prop_map(Value::Date),
        any::<u16>().prop_map(Value::Reference),
        Just(Value::Null),
        Just(Value::Undefined),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let properties = vec(("[a-zA-Z.]{0,9}", inner.clone()), 0..6);
        prop_oneof![
            properties.clone().prop_map(Value::Object),
            properties.clone().prop_map(Value::EcmaArray),
            ("[a-z]{0,9}", properties).prop_map(|(class, properties)| Value::Typed { class, properties }),
            vec(inner, 0..6).prop_map(Value::StrictArray),
        ]
    })
}

fn message() -> impl Strategy<Value = Message> {
    (8_u8..=22, any::<u32>(), any::<u32>(), vec(any::<u8>(), 0..600)).prop_map(|(kind, stream, timestamp, payload)| {
        Message {
            kind,
            stream,
            timestamp,
            payload: payload.into(),
        }
    })
}

fn sample() -> impl Strategy<Value = (Sample, Bytes)> {
    (any::<u32>(), any::<bool>(), any::<i32>(), vec(any::<u8>(), 0..50)).prop_map(
        |(duration, keyframe, composition_offset, data)| {
            let size = u32::try_from(data.len()).unwrap();
            let sample = Sample {
                duration,
                size,
                keyframe,
                composition_offset,
            };
            (sample, data.into())
        },
    )
}

proptest! {
    #[test]
    fn amf0_is_read_as_it_was_written(values in vec(value(), 0..6)) {
        let mut body = BytesMut::new();
        amf0::encode(&values, &mut body);
        prop_assert_eq!(amf0::decode(&body, amf0::Limits::default()).unwrap(), values);
    }

    #[test]
    fn messages_are_read_as_they_were_written(
        messages in vec((message(), 3_u8..=63), 1..8),
        chunk_size in 1_u32..700,
        piece in 1_usize..300,
    ) {
        let mut out = BytesMut::new();
        let mut writer = Writer::default();
        writer.set_chunk_size(chunk_size, &mut out);
        for (message, chunk_stream) in &messages {
            writer.write(*chunk_stream, message, &mut out);
        }
        let mut reader = Reader::new(Limits::UNADMITTED);
        let mut input = BytesMut::new();
        let mut read = Vec::new();
        for piece in out.chunks(piece) {
            input.extend_from_slice(piece);
            while let Some(message) = reader.read(&mut input).unwrap() {
                read.push(message);
            }
        }
        let written: Vec<_> = messages.into_iter().map(|(message, _)| message).collect();
        prop_assert_eq!(read, written);
        prop_assert!(input.is_empty());
    }

    #[test]
    fn a_fragment_says_of_every_sample_what_it_was_told(
        samples in vec(sample(), 1..12),
        base in any::<u64>(),
        sequence in any::<u32>(),
    ) {
        let (samples, parts): (Vec<_>, Vec<_>) = samples.into_iter().unzip();
        let record = Bytes::from_static(&[0x11, 0x90]);
        let track = Track::aac(3, container::aac::Config::parse(record).unwrap());
        let whole = cmaf::fragment(sequence, &track, base, &samples, &parts).unwrap();
        let mut rest = whole.clone();
        let Any::Moof(moof) = Any::decode(&mut rest).unwrap() else {
            return Err(TestCaseError::fail("no moof"));
        };
        let traf = &moof.traf[0];
        prop_assert_eq!(moof.mfhd.sequence_number, sequence);
        prop_assert_eq!(traf.tfdt.as_ref().unwrap().base_media_decode_time, base);
        let start = usize::try_from(traf.trun[0].data_offset.unwrap()).unwrap();
        prop_assert_eq!(&whole[start..], &parts.concat()[..]);
        prop_assert_eq!(traf.trun[0].samples.len(), samples.len());
        for (entry, sample) in traf.trun[0].samples.iter().zip(&samples) {
            prop_assert_eq!(entry.duration, Some(sample.duration));
            prop_assert_eq!(entry.size, Some(sample.size));
            prop_assert_eq!(entry.cts.unwrap_or_default(), i64::from(sample.composition_offset));
            let sync = entry.flags.unwrap() & 0x1_0000 == 0;
            prop_assert_eq!(sync, sample.keyframe);
        }
    }

    #[test]
    fn a_timeline_follows_every_step(start in any::<u32>(), steps in vec(-1_000_000_i32..1_000_000, 0..50)) {
        let mut timeline = Timeline::default();
        let mut expected = i64::from(start);
        prop_assert_eq!(timeline.unwrap(start), expected);
        let mut time = start;
        for step in steps {
            time = time.wrapping_add_signed(step);
            expected += i64::from(step);
            prop_assert_eq!(timeline.unwrap(time), expected);
        }
    }

    #[test]
    fn a_playlist_has_a_line_for_each_thing_and_no_segment_beyond_its_target(
        segments in vec((".*", ".*", 0_u64..20_000), 0..9),
        target_duration_s in 0_u64..10,
    ) {
        let segments: Vec<_> = segments.into_iter().map(|(uri, map, ms)| Segment {
            uri,
            map,
            duration: Duration::from_millis(ms),
            discontinuity: false,
            program_date_time_ms: None,
        }).collect();
        let text = Playlist {
            target_duration_s,
            media_sequence: 0,
            discontinuity_sequence: 0,
            segments: &segments,
            ended: false,
        }.render();
        let maps = text.split('\n').filter(|line| line.starts_with("#EXT-X-MAP")).count();
        prop_assert_eq!(text.split('\n').count(), 6 + maps + 2 * segments.len());
        let target = text.lines().find_map(|line| line.strip_prefix("#EXT-X-TARGETDURATION:")).unwrap();
        let target: f64 = target.parse().unwrap();
        for segment in &segments {
            prop_assert!(segment.duration.as_secs_f64().round() <= target);
        }
    }
}
