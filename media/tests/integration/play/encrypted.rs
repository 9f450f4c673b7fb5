//! The same doors by HTTPS: what is taken away is gone at once here, too, and who does not shake hands delays nobody.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use http::HeaderValue;
use link::Kind;
use media::http::{Front, Redirect};
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::{
    client::{Answer, OFFERED, ON_ITS_WAY, PATIENCE, expect_cut, narrow, parse},
    continuity::{encoder, is_live},
    stage::{IDLE, NAME, Stage},
};
use crate::proxy::{head, networks};

/// A stage whose door is encrypted, and what its clients believe.
struct Encrypted {
    stage: Stage,
    client: Arc<ClientConfig>,
}

impl Encrypted {
    async fn open(front: Front) -> Self {
        _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = CertificateDer::from(certificate.self_signed(&key).unwrap());
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let server = ServerConfig::builder().with_no_client_auth();
        let server = server.with_single_cert(vec![certificate], key).unwrap();
        let client = ClientConfig::builder().with_root_certificates(roots);
        Self {
            stage: Stage::open_behind(front, Some(Arc::new(server))).await,
            client: Arc::new(client.with_no_client_auth()),
        }
    }

    async fn shake(&self, socket: TcpStream) -> TlsStream<TcpStream> {
        let name = ServerName::try_from("localhost").unwrap();
        let shaken = TlsConnector::from(self.client.clone()).connect(name, socket);
        timeout(PATIENCE, shaken).await.expect("a handshake").unwrap()
    }

    /// Sends a request and leaves the answer unread.
    async fn ask(&self, path: &str) -> TlsStream<TcpStream> {
        self.ask_on(TcpStream::connect(self.stage.http).await.unwrap(), path)
            .await
    }

    async fn ask_on(&self, socket: TcpStream, path: &str) -> TlsStream<TcpStream> {
        let mut connection = self.shake(socket).await;
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        connection
    }

    async fn get(&self, path: &str) -> Answer {
        let mut bytes = Vec::new();
        // What does not end with a goodbye of TLS is an error behind the last byte.
        _ = timeout(PATIENCE, self.ask(path).await.read_to_end(&mut bytes))
            .await
            .expect("an answer");
        parse(&bytes)
    }

    async fn player(&self, path: &str) -> Player {
        self.player_on(TcpStream::connect(self.stage.http).await.unwrap(), path)
            .await
    }

    /// A player of a stream that is live by then.
    async fn once_live(&self, path: &str) -> Player {
        loop {
            let mut player = self.player(path).await;
            match player.next().await {
                Some(Message::Text(_)) => return player,
                Some(Message::Close(Some(frame))) if u16::from(frame.code) == 4405 => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    async fn player_on(&self, socket: TcpStream, path: &str) -> Player {
        let url = format!("ws://localhost{path}");
        let (socket, _) = client_async(url, self.shake(socket).await)
            .await
            .expect("every upgrade is accepted");
        Player(socket)
    }
}

struct Player(WebSocketStream<TlsStream<TcpStream>>);

impl Player {
    async fn next(&mut self) -> Option<Message> {
        timeout(PATIENCE, self.0.next())
            .await
            .expect("something comes")
            .and_then(Result::ok)
    }

    async fn play(&mut self, messages: usize) {
        for _ in 0..messages {
            assert!(matches!(self.next().await, Some(Message::Text(_) | Message::Binary(_))));
        }
    }

    /// Plays until so many bytes of media came.
    async fn play_bytes(&mut self, bytes: usize) {
        let mut media = 0;
        while media < bytes {
            if let Message::Binary(fragment) = self.next().await.expect("it plays") {
                media += fragment.len();
            }
        }
    }

    /// The last word's code, and how many bytes of media came before it; no code where the connection broke off.
    async fn last_word(&mut self) -> (Option<u16>, usize) {
        let mut media = 0;
        loop {
            match self.next().await {
                Some(Message::Close(frame)) => return (frame.map(|frame| frame.code.into()), media),
                Some(Message::Binary(bytes)) => media += bytes.len(),
                Some(_) => {}
                None => return (None, media),
            }
        }
    }
}

fn ws(stage: &Stage, jti: &str) -> String {
    format!("/live/{NAME}/ws?token={}", stage.token(jti, json!({})))
}

#[tokio::test]
async fn a_revoked_viewer_by_https_is_cut_in_the_same_tick_and_others_go_on() {
    let https = Encrypted::open(Front::default()).await;
    let stage = &https.stage;
    let mut cut = https.player(&ws(stage, "thief")).await;
    let mut kept = https.player(&ws(stage, "honest")).await;
    cut.play(6).await;
    kept.play(6).await;
    let path = format!("/live/{NAME}/stream.mp4?token={}", stage.token("thief", json!({})));
    let mut download = https.ask(&path).await;
    download.read_exact(&mut vec![0; 20_000]).await.unwrap();

    let delivery = stage.revoke("thief").await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 2);
    assert_eq!(delivery.acknowledged[0].bytes_after, 0);
    assert_eq!(cut.last_word().await.0, Some(4416));
    let mut rest = Vec::new();
    _ = timeout(PATIENCE, download.read_to_end(&mut rest))
        .await
        .expect("it breaks off");
    assert!(rest.len() <= 256 * 1024, "only what was in flight: {}", rest.len());
    assert!(!rest.ends_with(b"0\r\n\r\n"), "a cut is no clean end");
    let told = https.get(&path).await;
    assert_eq!((told.status, told.reason()), (403, "TOKEN_REVOKED"));
    kept.play(50).await;
}

#[tokio::test]
async fn what_encryption_holds_back_of_a_viewer_that_does_not_read_is_never_sent_after_the_end() {
    let mut https = Encrypted::open(Front::default()).await;
    let socket = narrow(https.stage.http).await;
    let mut slow = https.player_on(socket, &ws(&https.stage, "slow")).await;
    slow.play(3).await;
    // It reads nothing while another gets more than its socket and all behind that can hold.
    let mut other = https.player(&ws(&https.stage, "other")).await;
    other.play_bytes(600_000).await;
    let delivery = https.stage.revoke("slow").await;
    assert_eq!(delivery.acknowledged[0].bytes_after, 0);
    let (code, media) = slow.last_word().await;
    // In the middle of a message there is no last word that it would understand.
    assert_eq!(code, None);
    let ended = https.stage.event(|event| matches!(event.kind, Kind::Ended(_))).await;
    let Kind::Ended(end) = ended.kind else { unreachable!() };
    assert!(u64::try_from(media).unwrap() < end.bytes, "{media} of {}", end.bytes);
}

#[tokio::test]
async fn who_does_not_read_and_is_cut_gets_no_more_by_https_than_the_door_lets_be_unsent() {
    let mut https = Encrypted::open(Front::default()).await;
    let _encoder = encoder(&https.stage, "1280x720");
    https.stage.event(is_live).await;
    let stage = &https.stage;
    let path = |door: &str, jti: &str| format!("/live/{IDLE}/{door}?token={}", stage.token(jti, json!({})));
    let mut other = https.once_live(&path("ws", "other")).await;
    let mut slow = https
        .ask_on(narrow(stage.http).await, &path("stream.mp4", "slow"))
        .await;
    let mut begun = [0; 12];
    slow.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200");
    // It reads nothing while another gets all that there is.
    other.play_bytes(OFFERED).await;
    let delivery = stage.revoke("slow").await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 1);
    assert_eq!(delivery.acknowledged[0].bytes_after, 0);
    // The record that begins the answer was taken in whole, and perhaps some of the next.
    expect_cut(slow, ON_ITS_WAY + 2 * RECORD).await;
}

#[tokio::test]
async fn who_does_not_shake_hands_delays_nobody() {
    let https = Encrypted::open(Front::default()).await;
    let mut silent = Vec::new();
    for number in 0..600 {
        let mut socket = TcpStream::connect(https.stage.http).await.unwrap();
        if number % 2 == 0 {
            // Half of the first word.
            socket
                .write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
                .await
                .unwrap();
        }
        silent.push(socket);
    }
    let begun = tokio::time::Instant::now();
    https.player(&ws(&https.stage, "t")).await.play(5).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // The oldest were pushed out at once, the others' time ends.
    for mut socket in silent {
        let mut said = Vec::new();
        _ = timeout(PATIENCE, socket.read_to_end(&mut said))
            .await
            .expect("it is closed");
    }
}

#[tokio::test]
async fn a_proxy_names_the_viewer_before_the_handshake() {
    let https = Encrypted::open(Front {
        trusted: networks(&["127.0.0.1"]),
        proxy_protocol: true,
        ..Front::default()
    })
    .await;
    let token = https.stage.token("t", json!({ "ip": "203.0.113.7" }));
    for (from, code) in [("203.0.113.7:1", None), ("203.0.113.8:1", Some(4421))] {
        let mut socket = TcpStream::connect(https.stage.http).await.unwrap();
        socket.write_all(&head(from)).await.unwrap();
        let mut player = https.player_on(socket, &format!("/live/{NAME}/ws?token={token}")).await;
        match code {
            None => player.play(3).await,
            code => assert_eq!(player.last_word().await.0, code),
        }
    }
}

#[tokio::test]
async fn what_is_no_handshake_is_dropped() {
    let https = Encrypted::open(Front::default()).await;
    for garbage in [
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        vec![0; 100_000],
        b"\x16\x03\x01\xff\xff".to_vec(),
        // An SSL 2 greeting, as old scanners send it.
        b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80".to_vec(),
    ] {
        let mut socket = TcpStream::connect(https.stage.http).await.unwrap();
        _ = socket.write_all(&garbage).await;
        let mut said = Vec::new();
        _ = timeout(PATIENCE, socket.read_to_end(&mut said))
            .await
            .expect("it is closed");
        // At most an alert of TLS.
        assert!(said.len() <= 7, "{said:?}");
    }
    https.player(&ws(&https.stage, "t")).await.play(2).await;
}

#[tokio::test]
async fn answers_by_https_say_so_and_who_comes_in_the_clear_is_sent_there() {
    let front = || Front {
        trusted: networks(&["127.0.0.1"]),
        redirect: Some(Redirect::To("https://live.example.com".to_owned())),
        hsts: Some(HeaderValue::from_static("max-age=600")),
        ..Front::default()
    };
    let https = Encrypted::open(front()).await;
    let path = format!("/live/{NAME}/index.m3u8");
    let answer = https.get(&path).await;
    assert_eq!((answer.status, answer.reason()), (401, "TOKEN_MISSING"));
    assert_eq!(answer.header("strict-transport-security"), "max-age=600");

    let stage = Stage::open_behind(front(), None).await;
    let ask = async |path: &str, headers: &[(&str, &str)]| super::client::get(stage.http, path, headers).await;
    let sent = ask(&format!("{path}?token=t"), &[]).await;
    assert_eq!(sent.status, 301);
    assert_eq!(
        sent.header("location"),
        format!("https://live.example.com{path}?token=t")
    );
    assert_eq!(sent.header("strict-transport-security"), "");
    // A proxy that was asked by HTTPS asks in the clear; an authority asks in the clear for a proof.
    let behind = ask(&path, &[("x-forwarded-proto", "https")]).await;
    assert_eq!(
        (behind.status, behind.header("strict-transport-security")),
        (401, "max-age=600")
    );
    assert_eq!(ask("/.well-known/acme-challenge/x", &[]).await.status, 404);
}

/// The most that one record of TLS holds.
const RECORD: usize = 16 * 1024;
