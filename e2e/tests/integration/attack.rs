//! What strangers send to the RTMP port disturbs nobody.

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::stage::{Home, Person, Viewer, Wire, get, memory_kb, publish};

/// By how much more memory may be held, with everything that is attacked.
const GROWTH_KB: u64 = 64 * 1024;

#[tokio::test]
async fn strangers_disturb_neither_broadcasters_nor_viewers() {
    let home = Home::new();
    let mut server = home.demo().await;
    let admin = Person::admin(&server).await;
    let (rtmp, name) = (server.rtmp_address(), server.encoder().name().to_owned());
    let encoder = publish(server.encoder().ingest_url());
    let token = admin.token_for(&name).await;
    admin.until_playable(&name, &token).await;
    let mut viewer = Viewer::open(&server.socket(&name, &token)).await;
    viewer.watch(10).await;
    let before = memory_kb(server.pid());

    // 200 that say nothing, and stay. From one address the oldest give way to the newest.
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(rtmp).await.expect("a connection"));
    }
    garbage(rtmp).await;
    half_a_handshake(rtmp).await;
    bomb(rtmp).await;
    huge_message(rtmp).await;
    viewer.watch(25).await;

    // In the crowd, what is right still is.
    interleaved(rtmp).await;
    let (other, url) = admin.create_stream(json!({ "alias": "in-the-crowd" })).await;
    let second = publish(&url);
    admin.until_live(&other).await;
    viewer.watch(25).await;
    assert_eq!(get(&server.door(&name, "index.m3u8", &token)).await.status, 200);

    let grown = memory_kb(server.pid()).saturating_sub(before);
    assert!(grown < GROWTH_KB, "{grown} KB more");
    // Whoever says nothing is gone after a while.
    let last = silent.last_mut().expect("one");
    let over = timeout(Duration::from_secs(15), last.read(&mut [0; 16]))
        .await
        .expect("an end");
    assert!(matches!(over, Ok(0) | Err(_)));
    viewer.watch(25).await;
    assert!(server.is_alive());
    assert!(!home.log().contains("panicked"), "{}", home.log());
    drop((encoder, second));
}

/// Bytes that are no RTMP: another protocol, noise, one byte.
async fn garbage(rtmp: std::net::SocketAddr) {
    let noise: Vec<u8> = (0..20_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0])
        .collect();
    for bytes in [&b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"[..], &noise, &[0xFF; 4096]] {
        let mut stream = TcpStream::connect(rtmp).await.expect("a connection");
        // It may be closed before all is written.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let ended = timeout(Duration::from_secs(15), stream.read_to_end(&mut Vec::new())).await;
        assert!(ended.is_ok(), "the connection is closed");
    }
    // Noise behind a good handshake.
    let mut wire = Wire::open(rtmp).await;
    let _ = wire.0.write_all(&noise).await;
    wire.is_closed().await;
}

async fn half_a_handshake(rtmp: std::net::SocketAddr) {
    let mut stream = TcpStream::connect(rtmp).await.expect("a connection");
    stream.write_all(&[3; 700]).await.expect("half of it");
    drop(stream);
}

/// Half a megabyte of nested objects, as a command before `connect`.
async fn bomb(rtmp: std::net::SocketAddr) {
    let mut wire = Wire::open(rtmp).await;
    let mut payload = amf_string("connect");
    payload.extend(amf_number(1.0));
    // An object with a member `a` that is an object with a member `a`…
    payload.extend([3, 0, 1, b'a'].repeat(60_000));
    let _ = wire.0.write_all(&chunk_size(0xFF_FFFF)).await;
    let _ = wire
        .0
        .write_all(&[&header(3, payload.len(), 20)[..], &payload].concat())
        .await;
    wire.is_closed().await;
    // The same within the size that a command may have.
    let mut wire = Wire::open(rtmp).await;
    payload.truncate(12_000);
    let _ = wire.0.write_all(&chunk_size(0xFF_FFFF)).await;
    let _ = wire
        .0
        .write_all(&[&header(3, payload.len(), 20)[..], &payload].concat())
        .await;
    wire.is_closed().await;
}

/// The beginning of a message that says it will be 16 MB.
async fn huge_message(rtmp: std::net::SocketAddr) {
    let mut wire = Wire::open(rtmp).await;
    let _ = wire.0.write_all(&chunk_size(0xFF_FFFF)).await;
    let _ = wire.0.write_all(&header(3, 0xFF_FFFF, 20)).await;
    let _ = wire.0.write_all(&vec![0; 100_000]).await;
    wire.is_closed().await;
}

/// Two commands whose chunks alternate, which RTMP allows: both are understood.
async fn interleaved(rtmp: std::net::SocketAddr) {
    let mut wire = Wire::open(rtmp).await;
    let mut connect = amf_string("connect");
    connect.extend(amf_number(1.0));
    connect.push(3);
    for (name, value) in [
        ("app", "live".to_owned()),
        ("tcUrl", format!("rtmp://127.0.0.1/live?{}", "x".repeat(300))),
    ] {
        connect.extend(amf_name(name));
        connect.extend(amf_string(&value));
    }
    connect.extend([0, 0, 9]);
    let mut create = amf_string("createStream");
    create.extend(amf_number(2.0));
    create.push(5);
    create.extend(amf_string(&"y".repeat(500)));
    // `connect` has fewer chunks, so it is complete first.
    assert!(connect.len().div_ceil(128) < create.len().div_ceil(128));
    let mut bytes = Vec::new();
    let (mut one, mut two) = (connect.chunks(128), create.chunks(128));
    let mut first = true;
    loop {
        let next = [(3, &connect, one.next()), (4, &create, two.next())];
        if next.iter().all(|(.., chunk)| chunk.is_none()) {
            break;
        }
        for (stream, whole, chunk) in next {
            let Some(chunk) = chunk else { continue };
            if first {
                bytes.extend(header(stream, whole.len(), 20));
            } else {
                bytes.push(0xC0 | stream);
            }
            bytes.extend(chunk);
        }
        first = false;
    }
    wire.0.write_all(&bytes).await.expect("a connection");
    let heard = wire.hear(b"NetConnection.Connect.Success").await;
    assert!(!heard.is_empty());
    let mut answer = amf_string("_result");
    answer.extend(amf_number(2.0));
    let rest = [heard, wire.hear(&answer).await].concat();
    assert!(
        rest.windows(answer.len()).any(|window| window == answer),
        "`createStream` is answered"
    );
}

/// A chunk header with everything in it.
fn header(stream: u8, length: usize, kind: u8) -> Vec<u8> {
    let [_, high, middle, low] = u32::try_from(length).expect("24 bits").to_be_bytes();
    vec![stream, 0, 0, 0, high, middle, low, kind, 0, 0, 0, 0]
}

fn chunk_size(size: u32) -> Vec<u8> {
    [header(2, 4, 1), size.to_be_bytes().to_vec()].concat()
}

fn amf_name(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text").to_be_bytes();
    [&length[..], text.as_bytes()].concat()
}

fn amf_string(text: &str) -> Vec<u8> {
    [vec![2], amf_name(text)].concat()
}

fn amf_number(number: f64) -> Vec<u8> {
    [&[0][..], &number.to_be_bytes()].concat()
}
