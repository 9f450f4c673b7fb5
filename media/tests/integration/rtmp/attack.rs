//! Whatever strangers send, they are dropped, and a publisher beside them is not disturbed.

use std::time::Duration;

use bytes::BytesMut;
use container::{
    amf0::{self, Value},
    flv::VideoPayload,
    rtmp::{Writer, kind},
};
use media::ingest::rtmp::{Error, Item, Limits};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{
    node::{KEY, NAME, Node, PATIENCE, Seen},
    wire::Wire,
};

fn named() -> String {
    format!("{NAME}?key={KEY}")
}

/// A publisher whose every frame is expected to arrive.
struct Bystander(Wire);

impl Bystander {
    async fn publish(node: &mut Node) -> Self {
        let wire = Wire::publish(node.address, &named()).await;
        assert!(matches!(node.next().await, Seen::Published { .. }));
        Self(wire)
    }

    async fn is_heard(&mut self, node: &mut Node) {
        self.0.message(6, kind::VIDEO, 1, b"\x17\x01\0\0\0frame").await;
        match node.next().await {
            Seen::Item(Item::Video { tracks, .. }) => assert_eq!(tracks.len(), 1),
            other => panic!("not a frame: {other:?}"),
        }
    }
}

/// Reads until the server has closed.
async fn closed(socket: &mut TcpStream) {
    let mut buffer = [0; 4096];
    let end = async { while socket.read(&mut buffer).await.is_ok_and(|count| count > 0) {} };
    timeout(PATIENCE, end).await.expect("the server closes");
}

#[tokio::test]
async fn garbage_on_the_port_is_dropped_at_once() {
    let mut node = Node::start(Limits::default()).await;
    let mut bystander = Bystander::publish(&mut node).await;
    for garbage in [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        vec![0; 10_000],
        vec![0xff; 10_000],
        vec![3; 10_000],
    ] {
        let mut socket = TcpStream::connect(node.address).await.unwrap();
        // The server may close before it has read everything.
        _ = socket.write_all(&garbage).await;
        closed(&mut socket).await;
    }
    bystander.is_heard(&mut node).await;
}

#[tokio::test]
async fn half_a_handshake_is_dropped_when_its_time_is_over() {
    let limits = Limits {
        admission: Duration::from_millis(300),
        ..Limits::default()
    };
    let mut node = Node::start(limits).await;
    let mut bystander = Bystander::publish(&mut node).await;
    let mut socket = TcpStream::connect(node.address).await.unwrap();
    socket.write_all(&[3; 700]).await.unwrap();
    closed(&mut socket).await;
    let mut unasked = Wire::open(node.address).await;
    unasked.connect().await;
    unasked.closed().await;
    bystander.is_heard(&mut node).await;
}

#[tokio::test]
async fn a_nesting_bomb_before_connect_costs_its_sender_the_connection_only() {
    let mut node = Node::start(Limits::default()).await;
    let mut bystander = Bystander::publish(&mut node).await;
    for length in [500_000, 60_000] {
        let mut bomb = vec![2, 0, 7];
        bomb.extend(b"connect");
        bomb.extend([3, 0, 1, b'a'].repeat(length / 4));
        let mut out = BytesMut::new();
        let message = container::rtmp::Message {
            kind: kind::COMMAND,
            stream: 0,
            timestamp: 0,
            payload: bomb.into(),
        };
        Writer::default().write(3, &message, &mut out);
        let mut wire = Wire::open(node.address).await;
        _ = wire.socket.write_all(&out).await;
        wire.closed().await;
    }
    bystander.is_heard(&mut node).await;
}

#[tokio::test]
async fn a_huge_length_is_refused_before_its_bytes_come() {
    let mut node = Node::start(Limits::default()).await;
    let mut bystander = Bystander::publish(&mut node).await;
    let header = [3, 0, 0, 0, 0xff, 0xff, 0xff, kind::COMMAND, 0, 0, 0, 0];
    let mut stranger = Wire::open(node.address).await;
    stranger.raw(&header).await;
    stranger.closed().await;
    bystander.is_heard(&mut node).await;
    bystander.0.raw(&header).await;
    bystander.0.closed().await;
    assert!(matches!(node.next().await, Seen::Failed(Error::Chunks(_))));
}

#[tokio::test]
async fn messages_of_interleaved_chunk_streams_arrive_whole() {
    let mut node = Node::start(Limits::default()).await;
    let mut wire = Bystander::publish(&mut node).await.0;
    let mut bytes = vec![6, 0, 0, 40, 0, 0, 205, kind::VIDEO, 1, 0, 0, 0];
    bytes.extend(b"\x17\x01\0\0\0");
    bytes.extend([b'v'; 123]);
    bytes.extend([4, 0, 0, 41, 0, 0, 132, kind::AUDIO, 1, 0, 0, 0]);
    bytes.extend(b"\xaf\x01");
    bytes.extend([b'a'; 126]);
    bytes.push(0xc6);
    bytes.extend([b'v'; 77]);
    bytes.push(0xc4);
    bytes.extend([b'a'; 4]);
    wire.raw(&bytes).await;
    let Seen::Item(Item::Video {
        timestamp_ms: 40,
        tracks,
    }) = node.next().await
    else {
        panic!("no picture");
    };
    let VideoPayload::Frame(frame) = &tracks[0].payload else {
        panic!("no frame");
    };
    assert_eq!(frame.data[..], [b'v'; 200]);
    let seen = node.next().await;
    assert!(
        matches!(seen, Seen::Item(Item::Audio { timestamp_ms: 41, .. })),
        "{seen:?}"
    );
}

#[tokio::test]
async fn metadata_without_arguments_is_nothing() {
    let mut node = Node::start(Limits::default()).await;
    let mut bystander = Bystander::publish(&mut node).await;
    for values in [vec!["@setDataFrame".into()], vec![], vec![Value::Null]] {
        let mut body = BytesMut::new();
        amf0::encode(&values, &mut body);
        bystander.0.message(4, kind::DATA, 1, &body).await;
    }
    bystander.0.message(4, kind::DATA, 1, &[3; 1000]).await;
    bystander.is_heard(&mut node).await;
}

#[tokio::test]
async fn two_hundred_silent_connections_keep_nobody_out() {
    let limits = Limits {
        unadmitted: 150,
        unadmitted_per_address: 50,
        admission: Duration::from_secs(1),
        ..Limits::default()
    };
    let mut node = Node::start(limits).await;
    let mut bystander = Bystander::publish(&mut node).await;
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(node.address).await.unwrap());
    }
    bystander.is_heard(&mut node).await;
    let mut newcomer = Bystander::publish(&mut node).await;
    newcomer.is_heard(&mut node).await;
    for socket in &mut silent {
        closed(socket).await;
    }
    bystander.is_heard(&mut node).await;
}

#[tokio::test]
async fn a_publisher_that_falls_silent_is_given_up() {
    let limits = Limits {
        silence: Duration::from_millis(300),
        ..Limits::default()
    };
    let mut node = Node::start(limits).await;
    let mut bystander = Bystander::publish(&mut node).await;
    bystander.is_heard(&mut node).await;
    assert!(matches!(node.next().await, Seen::Failed(Error::Silent(_))));
    bystander.0.closed().await;
}

#[tokio::test]
async fn a_publisher_that_vanishes_is_noticed() {
    let mut node = Node::start(Limits::default()).await;
    let bystander = Bystander::publish(&mut node).await;
    drop(bystander);
    assert!(matches!(
        node.next().await,
        Seen::Failed(Error::Closed | Error::Connection(_))
    ));
}
