//! A peer that writes what it is told, and nothing by itself.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use container::{
    amf0::{self, Value},
    rtmp::{Limits, Message, Reader, Writer, kind},
};
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::node::PATIENCE;

pub(crate) struct Wire {
    pub(crate) socket: TcpStream,
    reader: Reader,
    pub(crate) writer: Writer,
    input: BytesMut,
}

impl Wire {
    /// Connects and shakes hands.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::begin(TcpStream::connect(address).await.unwrap()).await
    }

    /// Shakes hands on a connection.
    async fn begin(mut socket: TcpStream) -> Self {
        let mut handshake = Handshake::new(PeerType::Client);
        socket
            .write_all(&handshake.generate_outbound_p0_and_p1().unwrap())
            .await
            .unwrap();
        let mut buffer = [0; 4096];
        let input = loop {
            let count = socket.read(&mut buffer).await.unwrap();
            assert!(count > 0, "closed within the handshake");
            match handshake.process_bytes(&buffer[..count]).unwrap() {
                HandshakeProcessResult::InProgress { response_bytes } => {
                    socket.write_all(&response_bytes).await.unwrap();
                }
                HandshakeProcessResult::Completed {
                    response_bytes,
                    remaining_bytes,
                } => {
                    socket.write_all(&response_bytes).await.unwrap();
                    break BytesMut::from(&remaining_bytes[..]);
                }
            }
        };
        Self {
            socket,
            reader: Reader::new(Limits::PUBLISHER),
            writer: Writer::default(),
            input,
        }
    }

    /// Opens, and publishes as an encoder does.
    pub(crate) async fn publish(address: SocketAddr, name: &str) -> Self {
        Self::publish_on(TcpStream::connect(address).await.unwrap(), name).await
    }

    /// The same, on a connection.
    pub(crate) async fn publish_on(socket: TcpStream, name: &str) -> Self {
        let mut wire = Self::begin(socket).await;
        wire.connect().await;
        wire.ask(name).await;
        let status = wire.answer().await;
        assert_eq!(code(&status), "NetStream.Publish.Start");
        wire
    }

    pub(crate) async fn connect(&mut self) {
        let object = Value::Object(vec![("app".into(), "live".into())]);
        self.command(0, &["connect".into(), 1.0.into(), object]).await;
        assert_eq!(code(&self.answer().await), "NetConnection.Connect.Success");
    }

    /// Sends `publish`, and does not wait.
    pub(crate) async fn ask(&mut self, name: &str) {
        let values = ["publish".into(), 2.0.into(), Value::Null, name.into(), "live".into()];
        self.command(1, &values).await;
    }

    pub(crate) async fn command(&mut self, stream: u32, values: &[Value]) {
        let mut payload = BytesMut::new();
        amf0::encode(values, &mut payload);
        self.message(3, kind::COMMAND, stream, &payload).await;
    }

    pub(crate) async fn message(&mut self, chunk_stream: u8, kind: u8, stream: u32, payload: &[u8]) {
        let message = Message {
            kind,
            stream,
            timestamp: 0,
            payload: Bytes::copy_from_slice(payload),
        };
        let mut out = BytesMut::new();
        self.writer.write(chunk_stream, &message, &mut out);
        self.raw(&out).await;
    }

    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.unwrap();
    }

    /// The next command from the server.
    pub(crate) async fn answer(&mut self) -> Vec<Value> {
        loop {
            let message = self.next().await.expect("an answer");
            if message.kind == kind::COMMAND {
                return amf0::decode(&message.payload, amf0::Limits::default()).unwrap();
            }
        }
    }

    /// The next message; `None` once the server has closed.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.reader.read(&mut self.input).unwrap() {
                return Some(message);
            }
            let read = timeout(PATIENCE, self.socket.read_buf(&mut self.input)).await;
            match read.expect("the server says something or closes") {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Waits until the server has closed.
    pub(crate) async fn closed(&mut self) {
        while self.next().await.is_some() {}
    }
}

pub(crate) fn code(answer: &[Value]) -> &str {
    text(answer, "code")
}

pub(crate) fn text<'a>(answer: &'a [Value], name: &str) -> &'a str {
    let value = answer.iter().find_map(|value| value.get(name));
    value.and_then(Value::as_str).unwrap_or_default()
}
