//! A broadcaster by a library that others wrote: with parameters wherever they may stand, from any address of this machine.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rml_rtmp::{
    chunk_io::ChunkDeserializer,
    handshake::{Handshake, HandshakeProcessResult, PeerType},
    sessions::{ClientSession, ClientSessionConfig, ClientSessionEvent, ClientSessionResult, PublishRequestType},
    time::RtmpTimestamp,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
    time::timeout,
};

use super::caller::connect;

/// Somebody who publishes; gone when dropped.
pub(crate) struct Broadcaster {
    stream: TcpStream,
    session: ClientSession,
    words: ChunkDeserializer,
}

/// What it publishes: two seconds of picture and sound.
pub(crate) struct Film(Vec<Tag>);

struct Tag {
    video: bool,
    at_ms: u32,
    data: Vec<u8>,
}

impl Broadcaster {
    /// What it calls itself, where a test does not say.
    pub(crate) const ENCODER: &'static str = "FMLE/3.0";

    /// Asks to publish; else what it was told.
    pub(crate) async fn open(to: SocketAddr, from: IpAddr, app: &str, name: &str) -> Result<Self, String> {
        Self::open_as(to, from, Self::ENCODER, app, name).await
    }

    /// The same, by an encoder that calls itself so.
    pub(crate) async fn open_as(
        to: SocketAddr,
        from: IpAddr,
        encoder: &str,
        app: &str,
        name: &str,
    ) -> Result<Self, String> {
        timeout(PATIENCE, ask(to, from, encoder, app, name))
            .await
            .expect("an answer in time")
    }

    /// Waits until it is sent away: what it was told by then.
    pub(crate) async fn last_word(mut self) -> String {
        let mut buffer = vec![0; 16 * 1024];
        let mut all = String::new();
        while let Ok(read @ 1..) = self.stream.read(&mut buffer).await {
            all.push_str(&told(&mut self.words, &buffer[..read]));
        }
        all
    }

    /// Publishes the film, all at once.
    pub(crate) async fn show(&mut self, film: &Film) {
        for Tag { video, at_ms, data } in &film.0 {
            let (at, data) = (RtmpTimestamp::new(*at_ms), data.clone().into());
            let said = if *video {
                self.session.publish_video_data(data, at, false)
            } else {
                self.session.publish_audio_data(data, at, false)
            };
            let ClientSessionResult::OutboundResponse(packet) = said.expect("it publishes") else {
                panic!("media goes out");
            };
            self.stream.write_all(&packet.bytes).await.expect("a connection");
        }
    }
}

async fn ask(to: SocketAddr, from: IpAddr, encoder: &str, app: &str, name: &str) -> Result<Broadcaster, String> {
    let mut stream = connect(to, from).await;
    let mut buffer = vec![0; 16 * 1024];
    let rest = shake_hands(&mut stream, &mut buffer).await;
    let configuration = ClientSessionConfig {
        flash_version: encoder.to_owned(),
        tc_url: Some(format!("rtmp://{to}/{app}")),
        ..ClientSessionConfig::new()
    };
    let (mut session, mut results) = ClientSession::new(configuration).expect("a session");
    // The library keeps a refusal's words to itself: they are read beside it.
    let mut words = ChunkDeserializer::new();
    results.push(session.request_connection(app.to_owned()).expect("a request"));
    let mut heard = rest;
    loop {
        let told = told(&mut words, &heard);
        results.extend(session.handle_input(&heard).expect("RTMP"));
        for result in std::mem::take(&mut results) {
            match result {
                ClientSessionResult::OutboundResponse(packet) => {
                    stream.write_all(&packet.bytes).await.expect("a connection");
                }
                ClientSessionResult::RaisedEvent(event) => match event {
                    ClientSessionEvent::ConnectionRequestAccepted => {
                        let wish = session.request_publishing(name.to_owned(), PublishRequestType::Live);
                        results.push(wish.expect("a request"));
                    }
                    ClientSessionEvent::PublishRequestAccepted => {
                        return Ok(Broadcaster { stream, session, words });
                    }
                    ClientSessionEvent::UnhandleableOnStatusCode { code } => {
                        assert_eq!(code, "NetStream.Publish.BadName");
                        return Err(told);
                    }
                    _ => {}
                },
                ClientSessionResult::UnhandleableMessageReceived(_) => {}
            }
        }
        if results.is_empty() {
            let read = stream.read(&mut buffer).await.expect("a connection");
            assert!(read > 0, "hung up without a word: {told}");
            heard = buffer[..read].to_vec();
        } else {
            heard.clear();
        }
    }
}

/// The text of what came, as it stands in its messages.
fn told(words: &mut ChunkDeserializer, heard: &[u8]) -> String {
    let mut text = String::new();
    let mut next = words.get_next_message(heard).expect("RTMP");
    while let Some(message) = next {
        const SET_CHUNK_SIZE: u8 = 1;
        if let (SET_CHUNK_SIZE, Some(size)) = (message.type_id, message.data.first_chunk()) {
            let size = u32::from_be_bytes(*size).try_into().expect("a size");
            words.set_max_chunk_size(size).expect("a size");
        }
        text.push_str(&String::from_utf8_lossy(&message.data));
        next = words.get_next_message(&[]).expect("RTMP");
    }
    text
}

async fn shake_hands(stream: &mut TcpStream, buffer: &mut [u8]) -> Vec<u8> {
    let mut handshake = Handshake::new(PeerType::Client);
    let hello = handshake.generate_outbound_p0_and_p1().expect("a handshake");
    stream.write_all(&hello).await.expect("a connection");
    loop {
        let read = stream.read(buffer).await.expect("a connection");
        assert!(read > 0, "hung up in the handshake");
        match handshake.process_bytes(&buffer[..read]).expect("a handshake") {
            HandshakeProcessResult::InProgress { response_bytes } => {
                stream.write_all(&response_bytes).await.expect("a connection");
            }
            HandshakeProcessResult::Completed {
                response_bytes,
                remaining_bytes,
            } => {
                stream.write_all(&response_bytes).await.expect("a connection");
                return remaining_bytes;
            }
        }
    }
}

impl Film {
    /// Makes it with ffmpeg, in that file.
    pub(crate) async fn make(file: PathBuf) -> Self {
        let mut command = Command::new("ffmpeg");
        command.args(["-hide_banner", "-nostdin", "-loglevel", "error"]);
        command.args(["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10"]);
        command.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "2"]);
        command.args([
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-tune",
            "zerolatency",
            "-g",
            "10",
        ]);
        command.args(["-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv"]);
        let status = command.arg(&file).stdin(Stdio::null()).status().await;
        assert!(status.expect("ffmpeg").success());
        Self::read(&file)
    }

    /// FLV 10.1, annex E.4: a head of 9 bytes, then tags behind the length of the one before.
    fn read(file: &Path) -> Self {
        let bytes = std::fs::read(file).expect("a film");
        let mut rest = &bytes[9 + 4..];
        let mut tags = Vec::new();
        while let Some((head, tail)) = rest.split_first_chunk::<11>() {
            let size = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
            let at_ms = u32::from_be_bytes([head[7], head[4], head[5], head[6]]);
            if let kind @ (8 | 9) = head[0] {
                tags.push(Tag {
                    video: kind == 9,
                    at_ms,
                    data: tail[..size].to_vec(),
                });
            }
            rest = &tail[size + 4..];
        }
        assert!(tags.len() > 20, "{} tags", tags.len());
        Self(tags)
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
