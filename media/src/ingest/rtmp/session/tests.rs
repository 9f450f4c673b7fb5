use bytes::Bytes;
use guard::Reason;

use super::*;

/// A peer that writes commands as an encoder does, and reads what is answered.
#[derive(Default)]
struct Peer {
    session: Session,
    writer: Writer,
    input: BytesMut,
}

impl Peer {
    fn send(&mut self, kind: u8, stream: u32, payload: &[u8]) -> Result<Option<Event>, Error> {
        let message = Message {
            kind,
            stream,
            timestamp: 0,
            payload: Bytes::copy_from_slice(payload),
        };
        self.writer.write(3, &message, &mut self.input);
        self.session.next(&mut self.input)
    }

    fn command(&mut self, stream: u32, values: &[Value]) -> Result<Option<Event>, Error> {
        let mut body = BytesMut::new();
        amf0::encode(values, &mut body);
        self.send(kind::COMMAND, stream, &body)
    }

    fn connect(&mut self, app: &str) -> Result<Option<Event>, Error> {
        let object = Value::Object(vec![
            ("app".into(), app.into()),
            ("tcUrl".into(), format!("rtmp://host/{app}").into()),
            ("flashVer".into(), "FMLE/3.0".into()),
            ("fourCcList".into(), Value::StrictArray(vec!["hvc1".into()])),
        ]);
        self.command(0, &["connect".into(), 1.0.into(), object])
    }

    fn publish(&mut self, name: &str) -> Asked {
        let values = ["publish".into(), 5.0.into(), Value::Null, name.into(), "live".into()];
        match self.command(1, &values) {
            Ok(Some(Event::Publish(asked))) => *asked,
            other => panic!("no request to publish: {other:?}"),
        }
    }

    /// Commands that were answered since the last call.
    fn answers(&mut self) -> Vec<Vec<Value>> {
        let mut reader = Reader::new(Limits::PUBLISHER);
        let mut output = self.session.output().split();
        // The session's chunk size was announced in an earlier answer.
        let mut announced = BytesMut::new();
        Writer::default().set_chunk_size(4096, &mut announced);
        reader.read(&mut announced).unwrap();
        let mut answers = Vec::new();
        while let Some(message) = reader.read(&mut output).unwrap() {
            if message.kind == kind::COMMAND {
                answers.push(amf0::decode(&message.payload, amf0::Limits::default()).unwrap());
            }
        }
        answers
    }
}

fn code(answer: &[Value]) -> Option<&str> {
    answer
        .iter()
        .find_map(|value| value.get("code"))
        .and_then(Value::as_str)
}

#[test]
fn the_name_and_its_key_are_told_apart() {
    let mut peer = Peer::default();
    peer.connect("live/?token=t").unwrap();
    peer.answers();
    let asked = peer.publish("7KQ2M-CAM?key=s3cret");
    assert_eq!((asked.app.as_str(), asked.name.as_str()), ("live", "7KQ2M-CAM"));
    assert_eq!(asked.tc_url.as_deref(), Some("rtmp://host/live/"));
    assert_eq!(asked.encoder.as_deref(), Some("FMLE/3.0"));
    let printed = format!("{asked:?} {:?}", peer.session);
    assert!(!printed.contains("s3cret") && !printed.contains("token=t"), "{printed}");
    assert!(matches!(asked.parameters.credential(), guard::Credential::Conflicting));
}

#[test]
fn an_encoder_is_answered_step_by_step() {
    let mut peer = Peer::default();
    peer.connect("live").unwrap();
    let answer = &peer.session.output().clone();
    assert!(
        answer.windows(4).any(|bytes| bytes == b"avc1"),
        "the codecs are answered"
    );
    peer.session.output().clear();
    for name in ["releaseStream", "FCPublish"] {
        peer.command(0, &[name.into(), 2.0.into(), Value::Null, "n".into()])
            .unwrap();
    }
    peer.command(0, &["createStream".into(), 4.0.into(), Value::Null])
        .unwrap();
    peer.command(0, &["_checkbw".into(), 6.0.into(), Value::Null]).unwrap();
    let answers = peer.answers();
    let names: Vec<_> = answers.iter().map(|answer| answer[0].as_str().unwrap()).collect();
    assert_eq!(names, ["_result", "_result", "_result", "_error"]);
    assert_eq!(answers[2][3], Value::Number(1.0));
    peer.publish("NAME");
    peer.session.accept();
    assert_eq!(code(&peer.answers()[0]), Some("NetStream.Publish.Start"));
    let event = peer.command(0, &["deleteStream".into(), 7.0.into(), Value::Null, 1.0.into()]);
    assert!(matches!(event, Ok(Some(Event::Unpublished))));
}

#[test]
fn a_refusal_names_its_reason() {
    let mut peer = Peer::default();
    peer.connect("live").unwrap();
    peer.session.output().clear();
    peer.publish("NAME");
    peer.session.refuse(&Denial::from(Reason::IngestKey));
    let answers = peer.answers();
    let information = answers[0].last().unwrap();
    assert_eq!(code(&answers[0]), Some("NetStream.Publish.BadName"));
    let description = information.get("description").and_then(Value::as_str).unwrap();
    assert!(description.starts_with("INGEST_KEY: "), "{description}");
}

#[test]
fn metadata_is_read_with_and_without_its_frame_and_missing_arguments_are_nothing() {
    let mut peer = Peer::default();
    peer.connect("live").unwrap();
    peer.publish("NAME");
    peer.session.accept();
    let object = Value::EcmaArray(vec![("width".into(), 640.0.into())]);
    for values in [
        vec!["@setDataFrame".into(), "onMetaData".into(), object.clone()],
        vec!["onMetaData".into(), object],
    ] {
        let mut body = BytesMut::new();
        amf0::encode(&values, &mut body);
        match peer.send(kind::DATA, 1, &body) {
            Ok(Some(Event::Item(Item::Metadata(metadata)))) => assert_eq!(metadata.width, Some(640.0)),
            other => panic!("no metadata: {other:?}"),
        }
    }
    for values in [
        vec!["@setDataFrame".into()],
        vec!["@setDataFrame".into(), "onMetaData".into()],
        vec![],
    ] {
        let mut body = BytesMut::new();
        amf0::encode(&values, &mut body);
        assert!(matches!(peer.send(kind::DATA, 1, &body), Ok(None)));
    }
}

#[test]
fn nobody_sends_media_before_being_let_in() {
    let mut peer = Peer::default();
    peer.connect("live").unwrap();
    assert!(matches!(peer.send(kind::VIDEO, 1, b"\x17\x01\0\0\0nal"), Ok(None)));
    assert!(matches!(
        peer.send(kind::VIDEO, 1, &vec![0; 70_000]),
        Err(Error::Chunks(_))
    ));
}

#[test]
fn commands_out_of_place_end_the_connection() {
    let publish = |peer: &mut Peer| peer.command(1, &["publish".into(), 0.0.into(), Value::Null, "n".into()]);
    assert!(matches!(publish(&mut Peer::default()), Err(Error::OutOfPlace(_))));
    let mut peer = Peer::default();
    peer.connect("live").unwrap();
    peer.publish("NAME");
    peer.session.accept();
    assert!(matches!(publish(&mut peer), Err(Error::OutOfPlace("publish"))));
    let mut peer = Peer::default();
    peer.connect("live").unwrap();
    let unnamed = peer.command(1, &["publish".into(), 0.0.into(), Value::Null]);
    assert!(matches!(unnamed, Err(Error::OutOfPlace("publish"))));
}

#[test]
fn a_player_is_told_that_there_is_nothing_to_play() {
    let mut peer = Peer::default();
    peer.connect("live").unwrap();
    peer.session.output().clear();
    let play = peer.command(1, &["play".into(), 0.0.into(), Value::Null, "n".into()]);
    assert!(matches!(play, Err(Error::Play)));
    assert_eq!(code(&peer.answers()[0]), Some("NetStream.Play.Failed"));
}

#[test]
fn a_nesting_bomb_before_connect_is_an_error() {
    let mut peer = Peer::default();
    let mut bomb = vec![2, 0, 7];
    bomb.extend(b"connect");
    bomb.extend([3, 0, 1, b'a'].repeat(15_000));
    let error = peer.send(kind::COMMAND, 0, &bomb).unwrap_err();
    assert!(matches!(error, Error::Command(amf0::Error::TooDeep { .. })), "{error}");
}

#[test]
fn what_came_is_acknowledged_by_the_window_that_the_peer_named() {
    let mut peer = Peer::default();
    peer.send(kind::WINDOW_ACKNOWLEDGEMENT_SIZE, 0, &5000_u32.to_be_bytes())
        .unwrap();
    let acknowledged = |peer: &mut Peer| {
        let mut output = peer.session.output().split();
        let mut reader = Reader::new(Limits::PUBLISHER);
        reader
            .read(&mut output)
            .unwrap()
            .map(|message| (message.kind, message.payload))
    };
    peer.session.received(4999);
    assert_eq!(acknowledged(&mut peer), None);
    for total in [5000_u32, 10_000] {
        peer.session
            .received(usize::try_from(total).unwrap() - usize::try_from(peer.session.bytes_in()).unwrap());
        let expected = Bytes::copy_from_slice(&total.to_be_bytes());
        assert_eq!(acknowledged(&mut peer), Some((kind::ACKNOWLEDGEMENT, expected)));
    }
}

#[test]
fn a_peer_that_asks_and_does_not_read_is_dropped() {
    let mut peer = Peer::default();
    peer.connect("live").unwrap();
    let error = loop {
        if let Err(error) = peer.send(kind::USER_CONTROL, 0, &[0, 6, 0, 0, 0, 1]) {
            break error;
        }
    };
    assert!(matches!(error, Error::NotReading));
}
