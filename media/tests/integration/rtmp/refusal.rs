//! Whoever is refused reads why.

use guard::Reason;
use media::ingest::rtmp::Limits;

use super::{
    encoders,
    node::{KEY, NAME, Node, OTHER_NAME, Seen},
    wire::{Wire, code, text},
};

#[tokio::test]
async fn a_broadcaster_with_a_wrong_key_reads_the_reason_in_ffmpeg() {
    let mut node = Node::start(Limits::default()).await;
    let encoder = encoders::ffmpeg(&node.url(NAME, "wrong"), 3);
    let output = encoder.wait_with_output().await.unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(complaints.contains("INGEST_KEY"), "{complaints}");
    assert!(matches!(node.next().await, Seen::Rejected(Reason::IngestKey)));
}

#[tokio::test]
async fn one_organisations_key_opens_no_stream_of_another() {
    let mut node = Node::start(Limits::default()).await;
    let mut wire = Wire::open(node.address).await;
    wire.connect().await;
    wire.ask(&format!("{OTHER_NAME}?key={KEY}")).await;
    let status = wire.answer().await;
    assert_eq!(code(&status), "NetStream.Publish.BadName");
    assert!(text(&status, "description").starts_with("INGEST_KEY: "));
    wire.closed().await;
    assert!(matches!(node.next().await, Seen::Rejected(Reason::IngestKey)));
}

/// The name is public: whoever watches knows it.
#[tokio::test]
async fn a_streams_name_is_not_its_key() {
    let mut node = Node::start(Limits::default()).await;
    for asked in [format!("{NAME}?key={NAME}"), NAME.to_owned(), format!("{NAME}?key=")] {
        let mut wire = Wire::open(node.address).await;
        wire.connect().await;
        wire.ask(&asked).await;
        let status = wire.answer().await;
        assert!(text(&status, "description").starts_with("INGEST_KEY: "), "{asked}");
        wire.closed().await;
        assert!(
            matches!(node.next().await, Seen::Rejected(Reason::IngestKey)),
            "{asked}"
        );
    }
}

#[tokio::test]
async fn a_stream_that_does_not_exist_answers_like_a_wrong_key() {
    let node = Node::start(Limits::default()).await;
    for (shown, said) in [
        ("?key=wrong", "the key does not fit the stream"),
        ("", "no key was shown"),
        ("?token=a.b.c", "a token is no key"),
    ] {
        let mut answers = Vec::new();
        for name in ["7KQ2M-NOTHING", NAME, "no name at all"] {
            let mut wire = Wire::open(node.address).await;
            wire.connect().await;
            wire.ask(&format!("{name}{shown}")).await;
            answers.push(wire.answer().await);
        }
        assert!(text(&answers[0], "description").ends_with(said), "{shown}");
        assert_eq!(answers[0], answers[1], "{shown}");
        assert_eq!(answers[0], answers[2], "{shown}");
    }
}

#[tokio::test]
async fn a_player_is_refused_and_nothing_else_changes() {
    let node = Node::start(Limits::default()).await;
    let mut wire = Wire::open(node.address).await;
    wire.connect().await;
    wire.command(
        1,
        &["play".into(), 0.0.into(), container::amf0::Value::Null, NAME.into()],
    )
    .await;
    assert_eq!(code(&wire.answer().await), "NetStream.Play.Failed");
    wire.closed().await;
    Wire::publish(node.address, &format!("{NAME}?key={KEY}")).await;
}
