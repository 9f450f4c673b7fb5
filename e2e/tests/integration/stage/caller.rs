//! HTTP by hand: from any address of this machine, with any headers, and no longer than it takes.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::Answer;

/// Asks for a path, and reads until the answer ends or has so many bytes.
pub(crate) async fn call(
    to: SocketAddr,
    from: IpAddr,
    path: &str,
    headers: &[(&str, String)],
    enough: usize,
) -> Answer {
    let mut stream = open(to, from, path, headers).await;
    let mut said = Vec::new();
    let read = async {
        loop {
            let head = said.windows(4).position(|end| end == b"\r\n\r\n");
            let is_enough = head.is_some_and(|head| said.len() - head - 4 >= enough);
            // What was refused may be broken off as soon as it is told.
            if is_enough || !matches!(stream.read_buf(&mut said).await, Ok(1..)) {
                return head;
            }
        }
    };
    let head = timeout(PATIENCE, read).await.expect("an answer in time");
    let head = head.unwrap_or_else(|| panic!("no answer to {path}: {}", String::from_utf8_lossy(&said)));
    let body = said.split_off(head + 4);
    let head: Vec<String> = String::from_utf8_lossy(&said).lines().map(str::to_owned).collect();
    let status = head[0].split(' ').nth(1).and_then(|status| status.parse().ok());
    Answer {
        status: status.expect("a status"),
        head,
        body,
        exit: 0,
    }
}

/// Asks for a path; whoever called reads the answer.
pub(crate) async fn open(to: SocketAddr, from: IpAddr, path: &str, headers: &[(&str, String)]) -> TcpStream {
    let mut stream = connect(to, from).await;
    let mut request = format!("GET {path} HTTP/1.1\r\nhost: {to}\r\n");
    if headers.iter().all(|(name, _)| *name != "connection") {
        request.push_str("connection: close\r\n");
    }
    for (name, value) in headers {
        for part in [name, ": ", value, "\r\n"] {
            request.push_str(part);
        }
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.expect("a connection");
    stream
}

/// A connection from an address of this machine.
pub(super) async fn connect(to: SocketAddr, from: IpAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind(SocketAddr::new(from, 0))
        .expect("an address of this machine");
    socket.connect(to).await.expect("a connection")
}

const PATIENCE: Duration = Duration::from_secs(20);
