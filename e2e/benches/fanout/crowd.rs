//! Many viewers in one process, who read whatever comes and only count it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use rml_rtmp::{
    handshake::{Handshake, HandshakeProcessResult, PeerType},
    sessions::{ClientSession, ClientSessionConfig, ClientSessionEvent, ClientSessionResult},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// Viewers that watch until this is dropped.
pub(crate) struct Crowd {
    counts: Vec<Arc<Count>>,
    reading: JoinSet<()>,
}

#[derive(Default)]
struct Count {
    bytes: AtomicU64,
    over: AtomicBool,
}

impl Crowd {
    /// Viewers that play a stream by RTMP.
    pub(crate) async fn over_rtmp(
        address: &SocketAddr,
        app: &str,
        stream: &str,
        viewers: usize,
    ) -> anyhow::Result<Self> {
        Self::gather(viewers, async || play_rtmp(address, app, stream).await).await
    }

    /// Viewers that ask for a path as WebSockets.
    pub(crate) async fn over_websocket(address: SocketAddr, path: &str, viewers: usize) -> anyhow::Result<Self> {
        Self::gather(viewers, async || play_websocket(address, path).await).await
    }

    /// Bytes that each has got so far.
    pub(crate) fn received(&self) -> Vec<u64> {
        self.counts
            .iter()
            .map(|count| count.bytes.load(Ordering::Relaxed))
            .collect()
    }

    /// Whether all still watch.
    pub(crate) fn is_complete(&self) -> bool {
        self.counts.iter().all(|count| !count.over.load(Ordering::Relaxed))
    }

    async fn gather(viewers: usize, come: impl AsyncFn() -> anyhow::Result<TcpStream>) -> anyhow::Result<Self> {
        let mut crowd = Self {
            counts: Vec::new(),
            reading: JoinSet::new(),
        };
        for number in 0..viewers {
            let mut stream = come().await.with_context(|| format!("viewer {number} is not let in"))?;
            let count = Arc::new(Count::default());
            crowd.counts.push(count.clone());
            crowd.reading.spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    count.bytes.fetch_add(read as u64, Ordering::Relaxed);
                }
                count.over.store(true, Ordering::Relaxed);
            });
        }
        Ok(crowd)
    }
}

async fn play_websocket(address: SocketAddr, path: &str) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    // The key is the example of RFC 6455, 1.3.
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    ensure!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    Ok(stream)
}

async fn play_rtmp(address: &SocketAddr, app: &str, stream_name: &str) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    let mut handshake = Handshake::new(PeerType::Client);
    stream
        .write_all(
            &handshake
                .generate_outbound_p0_and_p1()
                .map_err(|_| anyhow::anyhow!("no handshake"))?,
        )
        .await?;
    let mut buffer = vec![0; 16 * 1024];
    let rest = loop {
        let read = stream.read(&mut buffer).await?;
        ensure!(read > 0, "hung up in the handshake");
        match handshake
            .process_bytes(&buffer[..read])
            .map_err(|_| anyhow::anyhow!("the handshake failed"))?
        {
            HandshakeProcessResult::InProgress { response_bytes } => stream.write_all(&response_bytes).await?,
            HandshakeProcessResult::Completed {
                response_bytes,
                remaining_bytes,
            } => {
                stream.write_all(&response_bytes).await?;
                break remaining_bytes;
            }
        }
    };
    let configuration = ClientSessionConfig {
        tc_url: Some(format!("rtmp://{address}/{app}")),
        ..ClientSessionConfig::new()
    };
    let (mut session, mut results) = ClientSession::new(configuration)?;
    results.push(session.request_connection(app.to_owned())?);
    results.extend(session.handle_input(&rest)?);
    loop {
        for result in std::mem::take(&mut results) {
            match result {
                ClientSessionResult::OutboundResponse(packet) => stream.write_all(&packet.bytes).await?,
                ClientSessionResult::RaisedEvent(ClientSessionEvent::ConnectionRequestAccepted) => {
                    results.push(session.request_playback(stream_name.to_owned())?);
                }
                ClientSessionResult::RaisedEvent(ClientSessionEvent::PlaybackRequestAccepted) => return Ok(stream),
                ClientSessionResult::RaisedEvent(ClientSessionEvent::ConnectionRequestRejected { description }) => {
                    bail!("not let in: {description}")
                }
                _ => {}
            }
        }
        if results.is_empty() {
            let read = stream.read(&mut buffer).await?;
            ensure!(read > 0, "hung up before playing");
            results = session.handle_input(&buffer[..read])?;
        }
    }
}

/// Waits until something holds that nobody tells of.
pub(crate) async fn until(what: &str, holds: impl AsyncFn() -> bool) -> anyhow::Result<()> {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .with_context(|| format!("waited too long until {what}"))
}
