//! HTTP with curl.

use std::process::Stdio;

use serde_json::Value;
use tokio::{io::AsyncWriteExt, process::Command};

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Lines of the head, as they came.
    pub(crate) head: Vec<String>,
    pub(crate) body: Vec<u8>,
    /// Zero where the answer came whole.
    pub(crate) exit: i32,
}

impl Answer {
    /// The value of a header; its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .iter()
            .filter_map(|line| line.split_once(':'))
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// What a refusal says, in all the places where it says it.
    pub(crate) fn reason(&self) -> Option<String> {
        let reason = self.header("x-deny-reason")?.to_owned();
        let problem = self.json();
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(problem["reason"], *reason);
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["decisionId"].as_str(), self.header("x-decision-id"));
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        Some(reason)
    }
}

/// Runs curl; `input` becomes the body of a POST. Whoever answers by HTTPS is believed to be the server, unless the
/// arguments say whom to believe.
pub(crate) async fn curl(arguments: &[&str], input: Option<&str>) -> Answer {
    let answer = curl_if_there(arguments, input).await;
    answer.unwrap_or_else(|exit| panic!("curl {arguments:?} got no answer, and ended with {exit}"))
}

/// The same of a server that may be gone; without a head, how curl ended.
pub(crate) async fn curl_if_there(arguments: &[&str], input: Option<&str>) -> Result<Answer, i32> {
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--include", "--max-time", "20"])
        .args(arguments);
    if !arguments.contains(&"--cacert") {
        command.arg("--insecure");
    }
    if input.is_some() {
        command.args(["--data-binary", "@-"]);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("curl");
    let mut stdin = child.stdin.take().expect("a pipe");
    // Curl reads it before it connects, and may be gone only where it was given nonsense.
    stdin
        .write_all(input.unwrap_or_default().as_bytes())
        .await
        .expect("a body");
    drop(stdin);
    let output = child.wait_with_output().await.expect("an outcome");
    let exit = output.status.code().unwrap_or(-1);
    let split = output.stdout.windows(4).position(|end| end == b"\r\n\r\n");
    let (head, body) = output.stdout.split_at(split.ok_or(exit)?);
    let head: Vec<String> = String::from_utf8_lossy(head).lines().map(str::to_owned).collect();
    let status = head[0].split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Answer {
        status: status.expect("a status"),
        head,
        body: body[4..].to_vec(),
        exit,
    })
}

pub(crate) async fn get(url: &str) -> Answer {
    curl(&[url], None).await
}
