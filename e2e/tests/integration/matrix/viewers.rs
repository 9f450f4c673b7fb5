//! {each door of viewers} × {everything that ends who watches}: by one answer all are out, nothing is written to them any
//! more, and whoever it is not about watches on. Where no answer ends them, but their time or their stream, nothing is
//! written but what was on its way.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use tokio::{
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{
    ELSEWHERE, HERE,
    causes::{Authority, By, Cause, Subject},
    cells::{DOORS, somebody},
    codes, placed,
};
use crate::stage::{Answer, Home, Person, Server, Viewer, call, open, until};

/// What ends them, what they are told, and at how many sessions.
type Row = (Cause, &'static str, u64);

/// By WebSocket, progressive and HLS.
const THREE: u64 = 3;

const ROWS: [Row; 22] = [
    (Cause::Expiry, "TOKEN_EXPIRED", THREE),
    // A revocation of all covers what customers sign for half a minute more.
    (Cause::KeyRemoved, "TOKEN_KEY", THREE),
    (Cause::Revoked(By::Token), "TOKEN_REVOKED", THREE),
    (Cause::Revoked(By::Jti), "TOKEN_REVOKED", THREE),
    (Cause::Revoked(By::User), "TOKEN_REVOKED", THREE),
    (Cause::Revoked(By::Tag), "TOKEN_REVOKED", THREE),
    (Cause::Revoked(By::Stream), "TOKEN_REVOKED", THREE),
    (Cause::Revoked(By::SigningKey), "TOKEN_REVOKED", THREE),
    (Cause::Revoked(By::Organisation), "TOKEN_REVOKED", THREE),
    (Cause::Banned, "TOKEN_USER_BANNED", THREE),
    (Cause::Rule("IP", "127.32.0.0/16"), "GUARDIAN_IP", THREE),
    (Cause::Rule("ASN", "64501"), "GUARDIAN_ASN", THREE),
    (Cause::Rule("COUNTRY", "FR"), "GUARDIAN_COUNTRY", THREE),
    (Cause::Rule("REFERRER", "*.evil.example"), "GUARDIAN_REFERRER", THREE),
    (Cause::Rule("USER_AGENT", "Thief/*"), "GUARDIAN_USER_AGENT", THREE),
    (Cause::Ended, "SESSION_ENDED", THREE),
    (Cause::Secured, "TOKEN_MISSING", THREE),
    // The test source too.
    (Cause::Locked, "STREAM_LOCKED", THREE + 1),
    (Cause::Deleted, "STREAM_UNKNOWN", THREE + 1),
    (Cause::Suspended, "ORGANISATION_SUSPENDED", THREE + 1),
    // The test source; what viewers lose by it is what they watch.
    (Cause::Stopped, "STREAM_ENDED", 1),
    (Cause::PackageTaken, "STREAM_ENDED", 1),
];

/// A connection that is read for as long as it gives anything.
struct Reading {
    count: Arc<Count>,
    /// The last bytes that came.
    task: JoinHandle<Vec<u8>>,
}

#[derive(Default)]
struct Count {
    bytes: AtomicU64,
    /// Whether the change was answered, or the time is over that ends by itself.
    answered: AtomicBool,
    /// Bytes that were written later: they came when everything before had been read.
    after: AtomicU64,
}

impl Reading {
    fn of(stream: TcpStream) -> Self {
        let count = Arc::new(Count::default());
        let task = tokio::spawn(read(stream, count.clone()));
        Self { count, task }
    }

    fn bytes(&self) -> u64 {
        self.count.bytes.load(Ordering::Relaxed)
    }

    async fn goes_on(&self) {
        let before = self.bytes();
        until("more is read", async || (self.bytes() > before).then_some(())).await;
        assert!(!self.task.is_finished());
    }

    /// Waits for the end: what was written after the answer, and the last bytes of all.
    async fn end(&mut self) -> (u64, Vec<u8>) {
        let last = timeout(PATIENCE, &mut self.task)
            .await
            .expect("it ends")
            .expect("an end");
        (self.count.after.load(Ordering::Relaxed), last)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(stream: TcpStream, count: Arc<Count>) -> Vec<u8> {
    let (mut buffer, mut last, mut empty_since) = (vec![0; 64 * 1024], Vec::new(), false);
    while stream.readable().await.is_ok() {
        match stream.try_read(&mut buffer) {
            Ok(read @ 1..) => {
                let read_now: u64 = read.try_into().expect("a size");
                count.bytes.fetch_add(read_now, Ordering::Relaxed);
                if empty_since {
                    count.after.fetch_add(read_now, Ordering::Relaxed);
                }
                last.extend_from_slice(&buffer[..read]);
                last.drain(..last.len().saturating_sub(LAST));
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                empty_since = count.answered.load(Ordering::Relaxed);
            }
            Ok(0) | Err(_) => break,
        }
    }
    last
}

/// The close frame at the end of what came by a WebSocket. RFC 6455 5.5.1.
fn close(last: &[u8]) -> Option<(u16, &str)> {
    let frames = (0..last.len()).filter_map(|at| last[at..].split_first_chunk::<4>());
    let (code, reason) = frames.rev().find_map(|([kind, length, high, low], reason)| {
        let is_close = *kind == 0x88 && usize::from(*length) == reason.len() + 2;
        is_close.then_some((u16::from_be_bytes([*high, *low]), reason))
    })?;
    Some((code, std::str::from_utf8(reason).ok()?))
}

/// Somebody who watches by every door at once.
struct Crowd<'a> {
    server: &'a Server,
    from: IpAddr,
    headers: Vec<(&'static str, String)>,
    /// The address of each thing that HLS asks for.
    hls: Vec<String>,
    socket: Reading,
    progressive: Reading,
}

impl<'a> Crowd<'a> {
    async fn comes(server: &'a Server, network: &str, subject: &Subject) -> Self {
        let Subject { stream, token, .. } = subject;
        let from: IpAddr = somebody(network).parse().expect("an address");
        let (page, agent) = match network {
            ELSEWHERE => ("https://www.evil.example", "Thief/1.0"),
            _ => ("https://www.evil-evil.example", "NoThief/1.0"),
        };
        let headers = vec![("user-agent", agent.to_owned()), ("origin", page.to_owned())];
        let query = if token.is_empty() {
            String::new()
        } else {
            format!("?token={token}")
        };
        let path = |file: &str| format!("/live/{stream}/{file}");
        let playlist = path(&format!("index.m3u8{query}"));
        let text = until("a playlist", async || {
            let answer = call(server.http_address(), from, &playlist, &headers, usize::MAX).await;
            (answer.status == 200).then(|| answer.text())
        })
        .await;
        let map = text.split('"').rfind(|part| part.starts_with("init/")).expect("a map");
        let segment = text
            .lines()
            .rfind(|line| line.starts_with("segment/"))
            .expect("a segment");
        let hls = vec![playlist, path(map), path(segment)];
        for child in &hls {
            let answer = call(server.http_address(), from, child, &headers, usize::MAX).await;
            assert_eq!(answer.status, 200, "{child}");
        }
        let upgrade = [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            // The example of RFC 6455, 1.3.
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let upgrade = upgrade.map(|(name, value)| (name, value.to_owned()));
        let to = server.http_address();
        let upgrades = [&headers[..], &upgrade].concat();
        let socket = Reading::of(open(to, from, &path(&format!("ws{query}")), &upgrades).await);
        let file = path(&format!("stream.mp4{query}"));
        let progressive = Reading::of(open(to, from, &file, &headers).await);
        for reading in [&socket, &progressive] {
            reading.goes_on().await;
        }
        Self {
            server,
            from,
            headers,
            hls,
            socket,
            progressive,
        }
    }

    async fn asks(&self, path: &str) -> Answer {
        call(self.server.http_address(), self.from, path, &self.headers, usize::MAX).await
    }

    async fn is_refused(&self, reason: &str) {
        let (status, _) = codes(reason);
        for path in &self.hls {
            let answer = self.asks(path).await;
            let told = (answer.status, answer.reason());
            assert_eq!(told, (status, Some(reason.to_owned())), "{path}");
        }
    }

    /// Sees that it is out at every door, and how much was written to it after the answer.
    async fn leaves(mut self, reason: &str) -> u64 {
        for reading in [&self.socket, &self.progressive] {
            reading.count.answered.store(true, Ordering::Relaxed);
        }
        let ended = reason == "STREAM_ENDED";
        if !ended {
            self.is_refused(reason).await;
        }
        let (by_socket, last) = self.socket.end().await;
        let code = if ended { 4000 } else { codes(reason).1 };
        assert_eq!(close(&last), Some((code, reason)));
        let (by_progressive, _) = self.progressive.end().await;
        if ended {
            // The broadcaster lets go after the answer, and then its viewers are told; from then on there is nothing to ask
            // for, not even what was there before.
            self.is_refused("STREAM_OFFLINE").await;
        }
        // The word of farewell is no media.
        by_socket.saturating_sub(4 + u64::try_from(reason.len()).expect("a length")) + by_progressive
    }
}

#[tokio::test]
async fn whatever_ends_a_viewer_ends_them_at_every_door_with_its_reason_and_nobody_else() {
    let home = Home::new();
    let server = placed(&home).await;
    let (admin, outsider) = (Person::admin(&server).await, Person::outsider(&server).await);
    let operator = operator(&server).await;
    let hash = server.test().name()[..5].to_owned();
    let authority = Authority {
        admin: &admin,
        operator: &operator,
        hash: &hash,
        door: "PLAYBACK",
    };
    let (theirs, _) = outsider.create_stream(json!({})).await;
    outsider.on_stream("startTestSource", &theirs).await;
    let test = server.test().name();
    let mut own = Vec::new();
    for (cause, ..) in ROWS.iter().filter(|(cause, ..)| cause.is_the_streams()) {
        let playback = if *cause == Cause::Secured { "OPEN" } else { "REQUIRED" };
        let (stream, _) = admin.create_stream(json!({ "securePlayback": playback })).await;
        admin.on_stream("startTestSource", &stream).await;
        own.push(stream);
    }
    let begun = Instant::now();
    let (mut answers, mut at_most) = (0, 0);
    for (number, (cause, reason, ended)) in ROWS.into_iter().enumerate() {
        let stream = if cause.is_the_streams() {
            own.remove(0)
        } else {
            test.to_owned()
        };
        let subject = authority.subject(&stream, &format!("{number}"), cause).await;
        let crowd = Crowd::comes(&server, ELSEWHERE, &subject).await;
        let beside = if cause.is_wide() {
            Subject {
                token: outsider.token_for(&theirs).await,
                stream: theirs.clone(),
                ..Subject::default()
            }
        } else {
            authority
                .subject(test, &format!("{number}-beside"), Cause::Locked)
                .await
        };
        let other = Crowd::comes(&server, HERE, &beside).await;

        let payload = authority.bring(cause, &subject).await;
        if let Some(payload) = &payload {
            let change = &payload["change"];
            let found = (&change["bytesAfter"], &change["nodes"]);
            assert_eq!(found, (&json!(0.0), &json!([{ "acknowledged": true }])), "{cause:?}");
            let all = change["sessionsEnded"].as_u64().expect("a number");
            // Of those who were beside before, some are not missed yet.
            assert!(all == ended || cause.is_wide() && all > ended, "{cause:?}: {payload}");
        } else {
            subject.expires().await;
        }
        let after = crowd.leaves(reason).await;
        if payload.is_none() || reason == "STREAM_ENDED" {
            assert!(after <= 2 * ON_ITS_WAY, "{cause:?}: {after} bytes");
            at_most = after.max(at_most);
        } else {
            assert_eq!(after, 0, "{cause:?}");
            answers += 1;
        }
        for reading in [&other.socket, &other.progressive] {
            reading.goes_on().await;
        }
        assert_eq!(other.asks(&other.hls[0]).await.status, 200, "{cause:?}");
        authority.undo(cause, &payload.unwrap_or_default()).await;
        if cause == Cause::Suspended {
            admin.on_stream("startTestSource", test).await;
        }
    }
    a_lower_limit_ends_nobody(&server, &authority).await;
    eprintln!(
        "playback: {} causes at {} doors; no byte after {answers} answers, and {at_most} at most where a time or a stream \
         was over, in {:?}",
        ROWS.len(),
        DOORS.len(),
        begun.elapsed()
    );
}

/// Who watches already is not sent away for a limit; others are not let in.
async fn a_lower_limit_ends_nobody(server: &Server, authority: &Authority<'_>) {
    let test = server.test().name();
    authority.admin.on_stream("startTestSource", test).await;
    let subject = authority.subject(test, "limited", Cause::Locked).await;
    let crowd = Crowd::comes(server, HERE, &subject).await;
    let limit =
        json!({ "organisation": authority.hash, "package": "LIVE", "enabled": true, "limits": { "viewers": 1 } });
    let wanted = "change { sessionsEnded }";
    let payload = authority.operator.change("setPackage", &limit, wanted).await;
    assert_eq!(payload["change"]["sessionsEnded"], 0);
    for reading in [&crowd.socket, &crowd.progressive] {
        reading.goes_on().await;
    }
    assert_eq!(crowd.asks(&crowd.hls[0]).await.status, 200);
    let from: IpAddr = somebody(HERE).parse().expect("an address");
    let (status, code) = codes("VIEWER_LIMIT");
    for path in &crowd.hls {
        let answer = call(server.http_address(), from, path, &crowd.headers, usize::MAX).await;
        let told = (answer.status, answer.reason());
        assert_eq!(told, (status, Some("VIEWER_LIMIT".to_owned())), "{path}");
    }
    let mut viewer = Viewer::open(&server.socket(test, &subject.token)).await;
    assert_eq!(viewer.last_word().await, (code, "VIEWER_LIMIT".to_owned(), 0));
}

/// The installation's operator.
pub(super) async fn operator(server: &Server) -> Person {
    let text = |field: &str| {
        server.ready["operator"][field]
            .as_str()
            .expect("the operator")
            .to_owned()
    };
    Person::with_password(server, &text("email"), &text("password")).await
}

/// What a connection may still get where no answer ends it. When its token expires by the clock, a picture and its sound may
/// be under way: the server's timer is as exact as its machine is idle. When its stream ends, it gets the picture that the
/// packager has held back until the next would come, behind one that may be under way. Of two pictures one at most is a key
/// frame, of which the test source's have 8 kB; the rest has 1 kB each. All that is less than half a second of the stream;
/// this is two seconds, since the machine may be busy.
const ON_ITS_WAY: u64 = 44_000;
/// More than a farewell.
const LAST: usize = 64;
const PATIENCE: Duration = Duration::from_secs(20);
