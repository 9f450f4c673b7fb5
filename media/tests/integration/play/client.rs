//! Clients: HTTP by hand, so that what is on the wire is what is seen, and a WebSocket player.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, protocol::CloseFrame},
};

/// An answer, its body as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn reason(&self) -> &str {
        self.header("x-deny-reason")
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub(crate) async fn get(http: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask(http, "GET", path, headers).await
}

pub(crate) async fn ask(http: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut connection = open(http, method, path, headers).await;
    let mut bytes = Vec::new();
    tokio::time::timeout(PATIENCE, connection.read_to_end(&mut bytes))
        .await
        .expect("an answer")
        .unwrap();
    parse(&bytes)
}

/// What is answered to a body, JSON unless the headers call it something else.
pub(crate) async fn post(http: SocketAddr, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
    let length = body.len().to_string();
    let mut all = vec![("content-length", length.as_str())];
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        all.push(("content-type", "application/json"));
    }
    all.extend(headers);
    let mut connection = open(http, "POST", path, &all).await;
    connection.write_all(body.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut bytes));
    read.await.expect("an answer").unwrap();
    parse(&bytes)
}

/// Sends a request, to the host that its headers name or else to the door, and leaves the answer unread.
pub(crate) async fn open(http: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> TcpStream {
    let mut connection = TcpStream::connect(http).await.unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    let host = http.to_string();
    let door = [("host", host.as_str())];
    let named = headers.iter().any(|(name, _)| *name == "host");
    for (name, value) in door.iter().filter(|_| !named).chain(headers) {
        head.extend([name, ": ", value, "\r\n"]);
    }
    connection.write_all((head + "\r\n").as_bytes()).await.unwrap();
    connection
}

/// Connects with hardly any room for what is not read.
pub(crate) async fn narrow(http: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(NARROW).unwrap();
    socket.connect(http).await.unwrap()
}

/// Reads what is left for a progressive viewer who was cut: so much at most, and no clean end.
pub(crate) async fn expect_cut(mut socket: impl AsyncRead + Unpin, most: usize) {
    let mut rest = Vec::new();
    _ = timeout(PATIENCE, socket.read_to_end(&mut rest))
        .await
        .expect("it breaks off");
    assert!(rest.len() <= most, "{} of {OFFERED}", rest.len());
    assert!(!rest.ends_with(b"0\r\n\r\n"), "a cut is no clean end");
}

pub(crate) fn parse(bytes: &[u8]) -> Answer {
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a whole head");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Answer {
        status,
        headers,
        body: bytes[end + 4..].to_vec(),
    }
}

/// A player on a WebSocket.
pub(crate) struct Player(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What a player got.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Got {
    Info(serde_json::Value),
    Media(Vec<u8>),
    Closed(u16, String),
    /// No last word.
    Gone,
}

impl Player {
    pub(crate) async fn connect(http: SocketAddr, path: &str) -> Self {
        Self::connect_with(http, path, &[]).await
    }

    pub(crate) async fn connect_with(http: SocketAddr, path: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut request = format!("ws://{http}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        Self(connect_async(request).await.expect("every upgrade is accepted").0)
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn say_bytes(&mut self, bytes: Vec<u8>) {
        self.0.send(Message::binary(bytes)).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Got {
        match tokio::time::timeout(PATIENCE, self.0.next())
            .await
            .expect("something comes")
        {
            Some(Ok(Message::Text(text))) => Got::Info(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Binary(bytes))) => Got::Media(bytes.to_vec()),
            Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => Got::Closed(code.into(), reason.to_string()),
            Some(Ok(Message::Close(None)) | Err(_)) | None => Got::Gone,
            Some(Ok(other)) => panic!("unexpected {other:?}"),
        }
    }

    /// Connects as soon as the stream is live; with what it is told of its tracks.
    pub(crate) async fn once_live(http: SocketAddr, path: &str) -> (Self, serde_json::Value) {
        loop {
            let mut player = Self::connect(http, path).await;
            match player.next().await {
                Got::Info(info) => return (player, info),
                Got::Closed(4405, _) => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// Plays until there are `count` fragments after the init segment.
    pub(crate) async fn play(&mut self, count: usize) {
        assert!(matches!(self.next().await, Got::Info(_)));
        for _ in 0..=count {
            assert!(matches!(self.next().await, Got::Media(_)));
        }
    }

    /// Leaves as players do; what was said before was heard by then.
    pub(crate) async fn leave(mut self) {
        self.0.close(None).await.unwrap();
        while !matches!(self.next().await, Got::Closed(..) | Got::Gone) {}
    }

    /// What the last word is, whatever comes before it.
    pub(crate) async fn last_word(&mut self) -> (u16, String) {
        loop {
            match self.next().await {
                Got::Closed(code, reason) => return (code, reason),
                Got::Gone => panic!("no last word"),
                Got::Info(_) | Got::Media(_) => {}
            }
        }
    }
}

pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// What is asked for as a receive buffer; Linux makes it twice that.
const NARROW: u32 = 4096;
/// The most that is on its way to whoever is [`narrow`] and does not read: what a door lets be unsent, and what waits to be
/// read.
pub(crate) const ON_ITS_WAY: usize = 128 * 1024 + 2 * 4096;
/// Many times that.
pub(crate) const OFFERED: usize = 1_200_000;
