//! A viewer that takes nothing in costs itself media, and nobody else anything.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use crate::stage::{Home, Person, Viewer, memory_kb, publish_noise};

/// By how much memory may grow while thirty viewers do not read several megabytes each.
const GROWTH_KB: u64 = 48 * 1024;

#[tokio::test]
async fn viewers_that_do_not_read_cost_no_memory_and_disturb_nobody() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let name = server.encoder().name();
    let _encoder = publish_noise(server.encoder().ingest_url());
    let token = admin.token_for(name).await;
    admin.until_playable(name, &token).await;

    let mut stuck = Vec::new();
    for _ in 0..15 {
        let mut stream = TcpStream::connect(server.http_address()).await.expect("a connection");
        let request = format!("GET /live/{name}/stream.mp4?token={token} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("a request");
        stuck.push(stream);
    }
    let mut late = Vec::new();
    for _ in 0..15 {
        late.push(Viewer::open(&server.socket(name, &token)).await);
    }
    let mut lively = Viewer::open(&server.socket(name, &token)).await;
    // The hub's window is full by then, and so is every buffer of the kernel.
    let settled = watch_for(&mut lively, Duration::from_secs(4)).await;
    let before = memory_kb(server.pid());
    let went_on = watch_for(&mut lively, Duration::from_secs(8)).await;
    let grown = memory_kb(server.pid()).saturating_sub(before);
    assert!(
        settled > 500_000 && went_on > 2_000_000,
        "{settled} and {went_on} bytes"
    );
    assert!(grown < GROWTH_KB, "{grown} KB more");

    // Whoever reads again gets what is on now.
    let mut viewer = late.swap_remove(0);
    viewer.watch(300).await;
    let mut stream = stuck.swap_remove(0);
    let mut buffer = vec![0; 2_000_000];
    stream.read_exact(&mut buffer).await.expect("media");
    assert!(buffer.starts_with(b"HTTP/1.1 200"));
    assert!(!home.log().contains("panicked"), "{}", home.log());
    assert!(
        server.stop().await.0.success(),
        "viewers that do not read hold up no drain"
    );
}

/// How many bytes of media come in that time, without a gap of two seconds.
async fn watch_for(viewer: &mut Viewer, time: Duration) -> usize {
    let (end, mut bytes) = (Instant::now() + time, 0);
    while Instant::now() < end {
        let heard = tokio::time::timeout(Duration::from_secs(2), viewer.hear()).await;
        match heard.expect("media goes on") {
            crate::stage::Heard::Media(count) => bytes += count,
            crate::stage::Heard::Info(_) => {}
            over => panic!("{over:?}"),
        }
    }
    bytes
}
