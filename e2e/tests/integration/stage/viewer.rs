//! WebSockets: a viewer's, and a dashboard's for subscriptions.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Somebody who watches.
pub(crate) struct Viewer(Socket);

/// What a viewer hears.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    /// What is to come.
    Info(Value),
    /// So many bytes of media.
    Media(usize),
    /// The last word.
    Closed(u16, String),
    /// The connection broke off.
    Gone,
}

impl Viewer {
    pub(crate) async fn open(url: &str) -> Self {
        let (socket, _) = connect_async(url).await.expect("every upgrade is accepted");
        Self(socket)
    }

    /// The same from another address of this machine, with headers.
    pub(crate) async fn open_as(url: &str, address: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut request = url.into_client_request().expect("an address");
        let authority = request.uri().authority().expect("a host").as_str();
        let to = authority.parse().expect("an address");
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().expect("a value"));
        }
        let socket = TcpSocket::new_v4().expect("a socket");
        let from = SocketAddr::new(address.parse().expect("an address"), 0);
        socket.bind(from).expect("an address of this machine");
        let stream = socket.connect(to).await.expect("a connection");
        let upgrade = client_async(request, MaybeTlsStream::Plain(stream)).await;
        let (socket, _) = upgrade.expect("every upgrade is accepted");
        Self(socket)
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("a connection");
    }

    /// The next message but one that says why somebody is refused: the last word behind it does too.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await.expect("a message in time");
            return match message {
                Some(Ok(Message::Text(text))) => {
                    let said: Value = serde_json::from_str(&text).expect("JSON");
                    if said["type"] == "denied" {
                        continue;
                    }
                    Heard::Info(said)
                }
                Some(Ok(Message::Binary(bytes))) => Heard::Media(bytes.len()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    Heard::Closed(frame.code.into(), frame.reason.as_str().to_owned())
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(_) | Err(_)) | None => Heard::Gone,
            };
        }
    }

    /// Waits for an info message and so many messages of media.
    pub(crate) async fn watch(&mut self, messages: usize) {
        let mut media = 0;
        while media < messages {
            match self.hear().await {
                Heard::Info(_) => {}
                Heard::Media(_) => media += 1,
                over => panic!("{over:?} after {media} messages"),
            }
        }
    }

    /// The last word, and how many messages came before it.
    pub(crate) async fn last_word(&mut self) -> (u16, String, usize) {
        let mut before = 0;
        loop {
            match self.hear().await {
                Heard::Closed(code, reason) => return (code, reason, before),
                Heard::Gone => panic!("the connection broke off without a word"),
                Heard::Info(_) | Heard::Media(_) => before += 1,
            }
        }
    }
}

/// One subscription on a socket of its own.
pub(crate) struct Subscription(Socket);

impl Subscription {
    pub(super) async fn open(url: &str, cookie: &str, query: &str, variables: Value) -> Self {
        let mut request = url.into_client_request().expect("an address");
        let headers = request.headers_mut();
        headers.insert("cookie", cookie.parse().expect("a cookie"));
        headers.insert(
            "sec-websocket-protocol",
            "graphql-transport-ws".parse().expect("a name"),
        );
        let (socket, _) = connect_async(request).await.expect("a socket");
        let mut this = Self(socket);
        this.say(&json!({ "type": "connection_init" })).await;
        assert_eq!(this.hear().await["type"], "connection_ack");
        let payload = json!({ "query": query, "variables": variables });
        this.say(&json!({ "type": "subscribe", "id": "1", "payload": payload }))
            .await;
        // What is answered in order was done in order: behind the pong the subscription stands.
        this.say(&json!({ "type": "ping" })).await;
        this
    }

    /// The data of the next event that `wanted` takes.
    pub(crate) async fn next(&mut self, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        loop {
            let message = self.hear().await;
            match message["type"].as_str() {
                Some("next") if wanted(&message["payload"]["data"]) => return message["payload"]["data"].clone(),
                Some("next" | "pong") => {}
                other => panic!("the subscription ended: {other:?} {message}"),
            }
        }
    }

    async fn say(&mut self, message: &Value) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .expect("a connection");
    }

    async fn hear(&mut self) -> Value {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("an event in time") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                over => panic!("the socket is over: {over:?}"),
            }
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
