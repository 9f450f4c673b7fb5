//! Real servers that stand beside ours: proxies, an authority.

use std::{
    fs::{File, OpenOptions},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Stdio,
};

use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

use super::until;

/// A running program; it ends when it is dropped.
pub(crate) struct Program(#[expect(dead_code, reason = "its drop ends the program")] Child);

impl Program {
    /// Starts it, and waits until it listens.
    pub(crate) async fn start(log: &Path, program: &str, arguments: &[&str], listens: SocketAddr) -> Self {
        let log = append(log);
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("`cargo xtask setup` installs {program}: {error}"));
        until(program, async || {
            let ended = child.try_wait().expect("a state");
            assert!(ended.is_none(), "{program} ended: {ended:?}");
            TcpStream::connect(listens).await.ok().map(|_| ())
        })
        .await;
        Self(child)
    }
}

/// A log that is written to beside others.
pub(crate) fn append(log: &Path) -> File {
    let mut options = OpenOptions::new();
    options.create(true).append(true).open(log).expect("a log")
}

/// An address that nobody listens on, for a program that cannot choose one itself.
pub(crate) fn free_port() -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address")
}
