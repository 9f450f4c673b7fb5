//! A mail server: aiosmtpd, which says each mail that it takes.

use std::process::Stdio;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::{Duration, timeout},
};

use super::{PYTHON, foreign};

/// One of its own; it is gone when dropped.
pub(crate) struct MailServer {
    said: Lines<BufReader<ChildStdout>>,
    pub(crate) port: u16,
    _child: Child,
}

impl MailServer {
    /// Starts it, with what `smtp.py` is told.
    pub(crate) async fn start(settings: &[&str]) -> Self {
        let mut child = Command::new(PYTHON)
            .arg(foreign("smtp.py"))
            .args(settings)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("`cargo xtask setup` brings the mail server");
        let mut said = BufReader::new(child.stdout.take().expect("its words")).lines();
        let port = said.next_line().await.expect("a pipe").expect("a port");
        Self {
            said,
            port: port.parse().expect("a port"),
            _child: child,
        }
    }

    /// The next mail that it takes.
    pub(crate) async fn next(&mut self) -> Value {
        let line = timeout(PATIENCE, self.said.next_line()).await.expect("a mail comes");
        serde_json::from_str(&line.expect("a pipe").expect("it runs")).expect("JSON")
    }
}

const PATIENCE: Duration = Duration::from_mins(1);
