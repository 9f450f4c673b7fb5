//! The product as an operator runs it: a process, a folder, a log.

use std::{
    collections::HashSet,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    sync::Mutex,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{Instant, timeout},
};

use super::{program::append, until};

/// A folder that outlives the processes which run in it.
pub(crate) struct Home {
    folder: TempDir,
    /// The `ready.json` that was there before the last start: a crash leaves it behind.
    stale: Mutex<Option<Vec<u8>>>,
}

/// A running process.
pub(crate) struct Server {
    child: Child,
    /// `ready.json`.
    pub(crate) ready: Value,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            stale: Mutex::default(),
        }
    }

    /// What `--data` is given; not there before the first start.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A path beside the data.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Everything that any process wrote in this home.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Starts `portcullis up` here with further arguments.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        let log = append(&self.path("log"));
        *self.stale.lock().expect("one start at a time") = fs::read(self.data().join("ready.json")).ok();
        let binary = binary();
        Command::new(&binary)
            .args(["up", "--data"])
            .arg(self.data())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start `{}`, run `cargo build` first: {error}", binary.display()))
    }

    /// Runs `portcullis up` to an end that must come by itself.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        self.command(&["up"], arguments).await
    }

    /// Runs a subcommand on this folder, to an end that must come by itself.
    pub(crate) async fn command(&self, subcommand: &[&str], arguments: &[&str]) -> Output {
        let child = Command::new(binary())
            .args(subcommand)
            .arg("--data")
            .arg(self.data())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("`cargo build` comes first");
        timeout(PATIENCE, child.wait_with_output())
            .await
            .expect("it ends by itself")
            .expect("an outcome")
    }

    /// Starts a demo here, and waits until it says that it is ready.
    pub(crate) async fn demo(&self) -> Server {
        let child = self.spawn(&[&LOOPBACK[..], &["--demo"]].concat());
        self.ready(child).await
    }

    /// The same, with a configuration file.
    pub(crate) async fn demo_with(&self, toml: &str) -> Server {
        let file = self.path("portcullis.toml");
        fs::write(&file, toml).expect("a file");
        let file = file.to_str().expect("a path");
        let child = self.spawn(&[&LOOPBACK[..], &["--demo", "--config", file]].concat());
        self.ready(child).await
    }

    /// Waits until a demo says that it is ready.
    pub(crate) async fn ready(&self, mut child: Child) -> Server {
        let file = self.data().join("ready.json");
        let ready = until("the server is ready", async || {
            if let Some(status) = child.try_wait().expect("a state") {
                panic!("the server ended with {status}:\n{}", self.log());
            }
            let stale = self.stale.lock().expect("one start at a time");
            fs::read(&file).ok().filter(|ready| Some(ready) != stale.as_ref())
        })
        .await;
        let ready = serde_json::from_slice(&ready).expect("ready.json is complete");
        Server { child, ready }
    }
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("the server runs")
    }

    /// As in `http://127.0.0.1:8080`.
    pub(crate) fn http(&self) -> &str {
        self.ready["http"].as_str().expect("an address")
    }

    /// Where HTTP is, without a scheme.
    pub(crate) fn http_address(&self) -> SocketAddr {
        address(self.http())
    }

    /// Where HTTP is in the clear, in a process that has HTTPS.
    pub(crate) fn clear(&self) -> SocketAddr {
        let known = [self.http_address(), self.rtmp_address()];
        let mut others = listening(self.pid())
            .into_iter()
            .filter(|address| !known.contains(address));
        others.next().expect("a third door")
    }

    /// Where RTMP is, without a scheme.
    pub(crate) fn rtmp_address(&self) -> SocketAddr {
        address(self.ready["rtmp"].as_str().expect("an address"))
    }

    /// The test stream.
    pub(crate) fn test(&self) -> Watchable<'_> {
        Watchable(&self.ready["streams"][0])
    }

    /// The stream for the visitor's encoder.
    pub(crate) fn encoder(&self) -> Watchable<'_> {
        Watchable(&self.ready["streams"][1])
    }

    /// The address of a stream's door, with a token.
    pub(crate) fn door(&self, stream: &str, door: &str, token: &str) -> String {
        format!("{}/live/{stream}/{door}?token={token}", self.http())
    }

    /// The address of a stream's WebSocket, with a token.
    pub(crate) fn socket(&self, stream: &str, token: &str) -> String {
        self.door(stream, "ws", token).replacen("http", "ws", 1)
    }

    /// Ends it as a machine that fails would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("it ran until now");
    }

    /// Asks it to end, and waits.
    pub(crate) async fn stop(mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        signal(self.pid(), "TERM").await;
        let status = timeout(PATIENCE, self.child.wait())
            .await
            .expect("it drains")
            .expect("an outcome");
        (status, begun.elapsed())
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("a state").is_none()
    }
}

/// A stream in `ready.json`.
#[derive(Clone, Copy)]
pub(crate) struct Watchable<'a>(&'a Value);

impl<'a> Watchable<'a> {
    pub(crate) fn name(self) -> &'a str {
        self.0["name"].as_str().expect("a name")
    }

    /// With the key.
    pub(crate) fn ingest_url(self) -> &'a str {
        self.0["ingestUrl"].as_str().expect("an address")
    }

    /// The key alone.
    pub(crate) fn key(self) -> &'a str {
        self.ingest_url().split_once("key=").expect("a key").1
    }

    /// The token of its watch page.
    pub(crate) fn token(self) -> &'a str {
        let url = self.0["watchUrl"].as_str().expect("an address");
        url.split_once("token=").expect("a token").1
    }
}

/// Sends a signal.
pub(crate) async fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status()
        .await;
    assert!(sent.expect("kill").success());
}

/// What a process holds in memory.
pub(crate) fn memory_kb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).expect("a size")
}

/// The IPv4 and IPv6 addresses that a process listens on; of the latter, only the port is told.
pub(crate) fn listening(pid: u32) -> Vec<SocketAddr> {
    let sockets: HashSet<String> = fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("a process")
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let table = |name: &str| fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("net").join(name));
    let mut found = Vec::new();
    for line in ["tcp", "tcp6"]
        .into_iter()
        .filter_map(|name| table(name).ok())
        .flat_map(|table| {
            let lines: Vec<String> = table.lines().skip(1).map(str::to_owned).collect();
            lines
        })
    {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [_, local, _, state, _, _, _, _, _, inode, ..] = fields[..] else {
            continue;
        };
        if state != LISTENING || !sockets.contains(inode) {
            continue;
        }
        let (ip, port) = local.split_once(':').expect("an address");
        let port = u16::from_str_radix(port, 16).expect("a port");
        let ip = u32::from_str_radix(ip, 16).map_or(Ipv4Addr::UNSPECIFIED, |ip| Ipv4Addr::from(ip.to_le_bytes()));
        found.push(SocketAddr::from((ip, port)));
    }
    found
}

fn address(url: &str) -> SocketAddr {
    let (_, address) = url.split_once("://").expect("a scheme");
    address.parse().expect("an address")
}

#[expect(clippy::disallowed_methods, reason = "which binary is tested is said from outside")]
fn binary() -> PathBuf {
    let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/debug/portcullis");
    std::env::var_os("PORTCULLIS_BIN").map_or_else(|| built.into(), PathBuf::from)
}

/// Every address that has a default, on a free port.
const LOOPBACK: [&str; 4] = ["--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0"];
const PATIENCE: Duration = Duration::from_secs(20);
/// `TCP_LISTEN`, as the kernel prints it.
const LISTENING: &str = "0A";
