//! Broadcasters behind a proxy that speaks the PROXY protocol.

use media::ingest::rtmp::Limits;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{
    node::{KEY, NAME, Node, PATIENCE, Seen},
    wire::Wire,
};
use crate::proxy::{head, health_check, networks};

async fn says(node: &Node, first: &[u8]) -> TcpStream {
    let mut socket = TcpStream::connect(node.address).await.unwrap();
    socket.write_all(first).await.unwrap();
    socket
}

/// Waits until the server has closed; that it said nothing before.
async fn closed_without_a_word(mut socket: TcpStream) {
    let mut said = Vec::new();
    _ = timeout(PATIENCE, socket.read_to_end(&mut said))
        .await
        .expect("the server closes");
    assert!(said.is_empty(), "{said:?}");
}

#[tokio::test]
async fn a_broadcaster_behind_a_listed_proxy_is_whom_the_proxy_names() {
    let mut node = Node::start_behind(Limits::default(), networks(&["127.0.0.0/8"])).await;
    let named = format!("{NAME}?key={KEY}");
    for (from, address) in [
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("[::ffff:203.0.113.7]:4711", "203.0.113.7"),
    ] {
        let socket = says(&node, &head(from)).await;
        let wire = Wire::publish_on(socket, &named).await;
        assert!(matches!(node.next().await, Seen::Published { from, .. } if from.to_string() == address));
        drop(wire);
        node.until_over().await;
    }
    let socket = says(&node, &health_check()).await;
    let _wire = Wire::publish_on(socket, &named).await;
    assert!(matches!(node.next().await, Seen::Published { from, .. } if from.is_loopback()));
}

#[tokio::test]
async fn a_listed_proxy_that_says_something_else_or_nothing_is_dropped_and_delays_nobody() {
    let mut node = Node::start_behind(Limits::default(), networks(&["127.0.0.1"])).await;
    let silent = says(&node, b"").await;
    let half = says(&node, &head("203.0.113.7:1")[..20]).await;
    for garbage in [
        b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 1935\r\n".to_vec(),
        vec![3; 1537],
        [&head("203.0.113.7:1")[..12], &[0x21, 0x11, 0xff, 0xff]].concat(),
    ] {
        let mut socket = says(&node, &garbage).await;
        let mut said = Vec::new();
        _ = timeout(PATIENCE, socket.read_to_end(&mut said))
            .await
            .expect("the server closes");
        assert!(said.is_empty(), "{said:?}");
    }
    let socket = says(&node, &head("203.0.113.7:4711")).await;
    let _wire = Wire::publish_on(socket, &format!("{NAME}?key={KEY}")).await;
    assert!(matches!(node.next().await, Seen::Published { .. }));
    closed_without_a_word(silent).await;
    closed_without_a_word(half).await;
}

#[tokio::test]
async fn a_head_is_believed_from_listed_proxies_only() {
    for proxies in [networks(&[]), networks(&["10.0.0.0/8"])] {
        let mut node = Node::start_behind(Limits::default(), proxies).await;
        closed_without_a_word(says(&node, &[head("203.0.113.7:4711"), vec![0; 4096]].concat()).await).await;
        let socket = says(&node, b"").await;
        let _wire = Wire::publish_on(socket, &format!("{NAME}?key={KEY}")).await;
        assert!(matches!(node.next().await, Seen::Published { from, .. } if from.is_loopback()));
    }
}
