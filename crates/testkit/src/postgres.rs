//! A private PostgreSQL server: its own folder, a Unix socket and no port, nothing kept.
//!
//! The server refuses to run as root; as root it runs as the user `postgres`. It dies with the test.

use std::{
    fs::{self, Permissions},
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    thread,
    time::Duration,
};

/// A running server.
#[derive(Debug)]
pub(crate) struct Cluster {
    server: Child,
    data: PathBuf,
    socket: PathBuf,
}

impl Cluster {
    /// Starts one below `folder`, and waits until it answers.
    pub(crate) fn start(folder: &Path) -> Self {
        let home = folder.join("postgres");
        fs::create_dir(&home).expect("a folder for PostgreSQL");
        let (data, socket) = (home.join("data"), home.join("socket"));
        fs::create_dir(&socket).expect("a folder for the socket");
        if is_root() {
            for path in [folder, &home, &socket] {
                fs::set_permissions(path, Permissions::from_mode(0o755)).expect("permissions");
            }
            let owned = Command::new("chown").arg("-R").arg("postgres").arg(&home).status();
            assert!(
                owned.is_ok_and(|status| status.success()),
                "the folder must be the server's"
            );
        }
        fill(&data);
        let server = serve(&data, &socket);
        let mut cluster = Self { server, data, socket };
        cluster.wait();
        cluster
    }

    /// Ends it as a crash does: whoever is connected is cut off.
    pub(crate) fn stop(&mut self) {
        let id = self.server.id().to_string();
        let sent = Command::new("kill").args(["-QUIT", &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "PostgreSQL takes a signal");
        self.server.wait().expect("PostgreSQL ends");
    }

    /// Starts it again with what it had, and waits until it answers.
    pub(crate) fn resume(&mut self) {
        self.server = serve(&self.data, &self.socket);
        self.wait();
    }

    /// Its one database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.socket.display())
    }

    fn wait(&mut self) {
        let ready = |socket: &Path| {
            UnixStream::connect(socket.join(".s.PGSQL.5432")).is_ok()
                && command("pg_isready")
                    .arg("-q")
                    .arg("-h")
                    .arg(socket)
                    .status()
                    .is_ok_and(|status| status.success())
        };
        while !ready(&self.socket) {
            let gone = self.server.try_wait().expect("the server's state");
            assert!(gone.is_none(), "PostgreSQL did not start: {gone:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn serve(data: &Path, socket: &Path) -> Child {
    command("postgres")
        .arg("-D")
        .arg(data)
        .arg("-k")
        .arg(socket)
        .args([
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
            "-c",
            "full_page_writes=off",
        ])
        .args(["-c", "shared_buffers=16MB", "-c", "max_connections=40"])
        // Long enough that a test that makes a deadlock has made it before anybody looks, on a busy machine too.
        .args(["-c", "deadlock_timeout=4s"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("postgres")
}

/// Fills a new folder with an empty cluster: a copy of the one that `initdb` made for the first test of all, since that takes
/// longer than most tests.
fn fill(data: &Path) {
    let mut about = DefaultHasher::new();
    (INITDB, program("initdb")).hash(&mut about);
    let made = Path::new(TARGET).join(format!("postgres-{:016x}", about.finish()));
    if made.exists() && copy(&made, data) {
        return;
    }
    let is_made = command("initdb")
        .arg("--pgdata")
        .arg(data)
        .args(INITDB)
        .stdout(Stdio::null())
        .status();
    assert!(is_made.expect("initdb of PostgreSQL 15").success(), "initdb failed");
    // Whoever is first keeps it, whole; who comes second need not.
    let own = Path::new(TARGET).join(format!("postgres-{}", process::id()));
    let _ = fs::remove_dir_all(&own);
    if !copy(data, &own) || fs::rename(&own, &made).is_err() {
        let _ = fs::remove_dir_all(&own);
    }
}

/// Copies a folder with its owner and its permissions; whether it could.
fn copy(from: &Path, to: &Path) -> bool {
    let copied = Command::new("cp")
        .args(["--archive", "--reflink=auto"])
        .arg(from)
        .arg(to)
        .status();
    copied.is_ok_and(|status| status.success())
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Nothing is to be kept: its children go when they see that it is gone.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A program of PostgreSQL, as a user that it accepts; it gets a signal when the test dies.
fn command(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    }
    command.arg(self::program(program));
    command
}

fn program(name: &str) -> PathBuf {
    let mut known = PROGRAMS.iter().map(|folder| Path::new(folder).join(name));
    known.find(|path| path.exists()).unwrap_or_else(|| name.into())
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Small segments: what is copied for each test is mostly the log's first.
const INITDB: [&str; 6] = [
    "--auth=trust",
    "--username=postgres",
    "--no-sync",
    "--encoding=UTF8",
    "--locale=C",
    "--wal-segsize=1",
];
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");
const PROGRAMS: [&str; 2] = ["/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin"];
