//! Mail servers: aiosmtpd, as `e2e/foreign/smtp.py` runs it, and a way to one that can be interrupted.

use std::{
    net::SocketAddr,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines, copy_bidirectional},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout, Command},
};

/// A running mail server; ends with this value.
pub(super) struct Server {
    said: Lines<BufReader<ChildStdout>>,
    pub(super) address: SocketAddr,
    _child: Child,
}

impl Server {
    pub(super) async fn start(options: &[&str]) -> Self {
        let mut child = Command::new(PYTHON)
            .arg(SCRIPT)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("`cargo xtask setup` brings the mail server");
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let port: u16 = said.next_line().await.unwrap().unwrap().parse().unwrap();
        Self {
            said,
            address: ([127, 0, 0, 1], port).into(),
            _child: child,
        }
    }

    /// The next mail that it took.
    pub(super) async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.said.next_line()).await;
        let line = line.expect("a mail comes").unwrap().expect("the server runs");
        serde_json::from_str(&line).unwrap()
    }
}

/// The way to a server, in whatever state a test wants it.
pub(super) struct Line {
    pub(super) address: SocketAddr,
    state: Arc<AtomicU8>,
}

/// What becomes of a connection.
#[derive(Clone, Copy)]
pub(super) enum State {
    /// It is closed at once, as by a machine that starts.
    Down = 0,
    /// It is accepted, and nothing is ever said.
    Silent = 1,
    /// It reaches the server.
    Up = 2,
}

impl Line {
    pub(super) async fn to(server: SocketAddr, state: State) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(AtomicU8::new(state as u8));
        let now = state.clone();
        tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut near, _)) = listener.accept().await {
                match now.load(Ordering::SeqCst) {
                    0 => drop(near),
                    1 => silent.push(near),
                    _ => drop(tokio::spawn(async move {
                        let mut far = TcpStream::connect(server).await.unwrap();
                        let _ = copy_bidirectional(&mut near, &mut far).await;
                    })),
                }
            }
        });
        Self { address, state }
    }

    pub(super) fn is(&self, state: State) {
        self.state.store(state as u8, Ordering::SeqCst);
    }
}

const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/python/bin/python");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/foreign/smtp.py");
const PATIENCE: Duration = Duration::from_secs(20);
