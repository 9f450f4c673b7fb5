//! The doors of viewers, and how each is tried with a credential in each carrier.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicU16, Ordering},
};

use serde_json::json;

use super::codes;
use crate::stage::{Answer, Heard, Server, Viewer, call};

/// Where a credential stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    Query,
    Path,
    Bearer,
    Cookie,
    /// The first text message of a WebSocket.
    Message,
}

/// A door of viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// With what its addresses lead to.
    Playlist,
    Init,
    Segment,
    Progressive,
    WebSocket,
}

pub(super) const DOORS: [Door; 5] = [
    Door::Playlist,
    Door::Init,
    Door::Segment,
    Door::Progressive,
    Door::WebSocket,
];

impl Door {
    pub(super) fn carriers(self) -> &'static [Carrier] {
        let all = &[
            Carrier::Query,
            Carrier::Path,
            Carrier::Bearer,
            Carrier::Cookie,
            Carrier::Message,
        ];
        if self == Self::WebSocket { all } else { &all[..4] }
    }
}

/// What the connection of a viewer shows.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) address: String,
    pub(super) page: Option<&'static str>,
    pub(super) agent: &'static str,
}

/// A stream that is watched by its doors.
pub(super) struct Stream<'a> {
    pub(super) server: &'a Server,
    pub(super) name: &'a str,
    /// Of somebody who may always watch, to see what there is.
    pub(super) scout: String,
}

/// A request as it goes out.
struct Written {
    path: String,
    headers: Vec<(&'static str, String)>,
}

impl Written {
    /// For a file below a stream, with credentials in their carriers.
    fn of(name: &str, file: &str, shown: &[(Carrier, &str)], facts: &Facts) -> Self {
        let mut path = format!("/live/{name}/{file}?{DECOYS}");
        let mut headers = vec![("user-agent", facts.agent.to_owned())];
        headers.extend(facts.page.map(|page| ("origin", page.to_owned())));
        for (carrier, token) in shown {
            match carrier {
                Carrier::Query => path = format!("{path}&token={token}"),
                Carrier::Path => path = format!("/t/{token}{path}"),
                Carrier::Bearer => headers.push(("authorization", format!("Bearer {token}"))),
                Carrier::Cookie => headers.push(("cookie", format!("portcullis_token={token}"))),
                Carrier::Message => {}
            }
        }
        Self { path, headers }
    }
}

impl Stream<'_> {
    /// Tries a door; what went wrong, if anything did.
    pub(super) async fn tries(
        &self,
        door: Door,
        shown: &[(Carrier, &str)],
        facts: &Facts,
        refused: Option<&str>,
    ) -> Result<(), String> {
        match (door, refused) {
            (Door::WebSocket, _) => self.socket(shown, facts, refused).await,
            (_, Some(reason)) => {
                let file = self.file(door).await;
                is_refused(&self.ask(&file, shown, facts).await, reason)
            }
            (Door::Playlist, None) => self.player(shown, facts).await,
            (_, None) => {
                let file = self.file(door).await;
                is_media(&self.ask(&file, shown, facts).await)
            }
        }
    }

    async fn ask(&self, file: &str, shown: &[(Carrier, &str)], facts: &Facts) -> Answer {
        let written = Written::of(self.name, file, shown, facts);
        self.send(&written.path, &written.headers, facts).await
    }

    async fn send(&self, path: &str, headers: &[(&'static str, String)], facts: &Facts) -> Answer {
        let from: IpAddr = facts.address.parse().expect("an address");
        call(self.server.http_address(), from, path, headers, ENOUGH).await
    }

    /// What there is at a door by now.
    async fn file(&self, door: Door) -> String {
        match door {
            Door::Playlist => return "index.m3u8".to_owned(),
            Door::Progressive => return "stream.mp4".to_owned(),
            Door::WebSocket => return "ws".to_owned(),
            Door::Init | Door::Segment => {}
        }
        let scout = Facts {
            address: "127.48.0.1".to_owned(),
            page: None,
            agent: "scout",
        };
        let shown = [(Carrier::Bearer, self.scout.as_str())];
        let text = self.ask("index.m3u8", &shown, &scout).await.text();
        let (map, segment) = children(&text).unwrap_or_else(|| panic!("no segments: {text}"));
        if door == Door::Init { map } else { segment }
    }

    /// Follows a playlist as a player does: by its addresses, with the headers that it has anyhow.
    async fn player(&self, shown: &[(Carrier, &str)], facts: &Facts) -> Result<(), String> {
        let Written { path, headers } = Written::of(self.name, "index.m3u8", shown, facts);
        let answer = self.send(&path, &headers, facts).await;
        let text = answer.text();
        if answer.status != 200 {
            return Err(format!("{} {text}", answer.status));
        }
        let (map, segment) = children(&text).ok_or_else(|| format!("no segments: {text}"))?;
        let folder = path.split_once("index.m3u8").expect("its name").0;
        let by_query = shown.iter().any(|(carrier, _)| *carrier == Carrier::Query);
        for child in [map, segment] {
            let carried = shown.iter().any(|(_, token)| child.contains(token));
            if carried != by_query {
                return Err(format!("the credential is in `{child}`: {carried}"));
            }
            is_media(&self.send(&format!("{folder}{child}"), &headers, facts).await)?;
        }
        Ok(())
    }

    async fn socket(&self, shown: &[(Carrier, &str)], facts: &Facts, refused: Option<&str>) -> Result<(), String> {
        let mut viewer = self.opens(shown, facts).await;
        let Some(reason) = refused else {
            return match (viewer.hear().await, viewer.hear().await) {
                (Heard::Info(_), Heard::Media(1..)) => Ok(()),
                other => Err(format!("{other:?}")),
            };
        };
        let wanted = Heard::Closed(codes(reason).1, reason.to_owned());
        match viewer.hear().await {
            heard if heard == wanted => Ok(()),
            heard => Err(format!("{heard:?}, not {wanted:?}")),
        }
    }

    /// Opens a socket and says what is to be said.
    pub(super) async fn opens(&self, shown: &[(Carrier, &str)], facts: &Facts) -> Viewer {
        let Written { path, headers } = Written::of(self.name, "ws", shown, facts);
        let url = format!("ws://{}{path}", self.server.http_address());
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut viewer = Viewer::open_as(&url, &facts.address, &headers).await;
        for (carrier, token) in shown {
            if *carrier == Carrier::Message {
                let said = json!({ "command": "play", "streamId": self.name, "token": token });
                viewer.say(&said.to_string()).await;
            }
        }
        viewer
    }
}

/// The newest segment of a playlist, and its init segment.
fn children(playlist: &str) -> Option<(String, String)> {
    let map = playlist.split('"').rfind(|part| part.starts_with("init/"))?;
    let segment = playlist.lines().rfind(|line| line.starts_with("segment/"))?;
    Some((map.to_owned(), segment.to_owned()))
}

fn is_refused(answer: &Answer, reason: &str) -> Result<(), String> {
    let (status, _) = codes(reason);
    let said = answer.header("x-deny-reason").map(str::to_owned);
    if (answer.status, said.as_deref()) != (status, Some(reason)) {
        return Err(format!("{} {said:?}, not {status} {reason}", answer.status));
    }
    // In all the places where it is said.
    assert_eq!(answer.reason(), said);
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge, (status == 401).then_some("Bearer realm=\"portcullis\""));
    Ok(())
}

fn is_media(answer: &Answer) -> Result<(), String> {
    let has = |name: &[u8]| answer.body.windows(4).any(|window| window == name);
    if answer.status == 200 && (has(b"ftyp") || has(b"moof")) {
        return Ok(());
    }
    let said = answer.header("x-deny-reason").unwrap_or_default();
    Err(format!("no media: {} {said} {}", answer.status, answer.body.len()))
}

/// A new address in a network of /16.
pub(super) fn somebody(network: &str) -> String {
    static LAST: AtomicU16 = AtomicU16::new(0);
    let [high, low] = LAST.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    format!("{network}.{}.{low}", u16::from(high) + 1)
}

/// What a viewer says of itself where nobody looks: each would mend something.
const DECOYS: &str =
    "ip=127.16.0.1&user=ann&jti=tok_1&session=ses_1&user_agent=Player%2F1.0&referrer=example.com&x=%26token=";
/// As much of an answer as shows that it is media, and the whole of a playlist or a refusal.
const ENOUGH: usize = 4 * 1024;
