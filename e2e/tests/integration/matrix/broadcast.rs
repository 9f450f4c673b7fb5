//! {the stream's name, the application} × {each restriction, met and broken} at the door of broadcasters, by publish token
//! and by handle. Whoever is let in reaches a viewer.

use std::net::IpAddr;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    ELSEWHERE, HERE, Pair,
    causes::{date, signed},
    cells::somebody,
    forged, placed,
};
use crate::stage::{Broadcaster, Film, Home, Person, Server, call, publish, refusal, until};

/// Where the parameters stand.
#[derive(Clone, Copy, Debug)]
enum Carrier {
    Name,
    Application,
}

/// Something that a publish token can demand, or that can stand against it.
struct Row {
    what: &'static str,
    network: &'static str,
    /// One after the other, where each is good for once only.
    shown: Vec<Pair>,
    /// None where it is met.
    reason: Option<&'static str>,
}

/// Where broadcasters go.
struct Ingest<'a> {
    server: &'a Server,
    /// Nobody publishes two things at once.
    streams: Vec<String>,
    /// Of a viewer of all of them.
    token: String,
    film: Film,
}

impl Ingest<'_> {
    /// Asks with parameters behind the name and behind the application.
    async fn asks(&self, network: &str, stream: &str, name: &str, app: &str) -> Result<Broadcaster, String> {
        let from: IpAddr = somebody(network).parse().expect("an address");
        let behind = |what: &str, query: &str| match query {
            "" => what.to_owned(),
            query => format!("{what}?{query}"),
        };
        let (app, name) = (behind("live", app), behind(stream, name));
        Broadcaster::open(self.server.rtmp_address(), from, &app, &name).await
    }

    /// What comes of it: the reason, or what a viewer sees of it.
    async fn tries(&self, network: &str, name: &str, app: &str, reason: Option<&str>) -> Result<(), String> {
        let Some(reason) = reason else {
            return self.reaches(network, name, app).await;
        };
        match self.asks(network, &self.streams[0], name, app).await {
            Ok(_) => Err(format!("was let in, not {reason}")),
            Err(told) if told.contains(&format!("{reason}: ")) => Ok(()),
            Err(told) => Err(format!("{told}, not {reason}")),
        }
    }

    async fn reaches(&self, network: &str, name: &str, app: &str) -> Result<(), String> {
        let stream = &self.streams[0];
        // Whoever was there before has left, and perhaps it is not noticed yet.
        let let_in = until("nobody else publishes", async || {
            match self.asks(network, stream, name, app).await {
                Err(told) if told.contains("STREAM_IN_USE: ") => None,
                other => Some(other),
            }
        })
        .await;
        let mut broadcaster = let_in?;
        broadcaster.show(&self.film).await;
        let viewer: IpAddr = somebody(HERE).parse().expect("an address");
        let path = format!("/live/{stream}/stream.mp4?token={}", self.token);
        until("a viewer sees it", async || {
            let answer = call(self.server.http_address(), viewer, &path, &[], 2_000).await;
            let has = |name: &[u8]| answer.body.windows(4).any(|window| window == name);
            (answer.status == 200 && has(b"ftyp") && has(b"moof")).then_some(())
        })
        .await;
        Ok(())
    }
}

#[tokio::test]
async fn every_restriction_is_judged_at_the_door_of_broadcasters_by_every_carrier() {
    let home = Home::new();
    let server = placed(&home).await;
    let admin = Person::admin(&server).await;
    // A second factor is demanded of viewers: every broadcaster who is let in comes without.
    let by_token = json!({ "ingestAuthorisation": "TOKEN", "mfaRequired": true });
    let mut streams = Vec::new();
    for _ in 0..2 {
        streams.push(admin.create_stream(by_token.clone()).await);
    }
    let (url, streams) = (
        streams[0].1.clone(),
        streams.into_iter().map(|(name, _)| name).collect(),
    );
    let at = Ingest {
        server: &server,
        streams,
        token: admin.token(json!({ "organisation": true, "amr": ["mfa"] })).await,
        film: Film::make(home.path("film.flv")).await,
    };
    let theirs = Theirs::add(&admin, &at.streams).await;
    let mut rows = rows(&server, &admin, &at).await;
    rows.extend(theirs.rows(&at).await);

    let begun = Instant::now();
    let (mut failed, mut all, mut met) = (Vec::new(), 0, 0);
    for row in &rows {
        let mut shown = row.shown.iter().cycle();
        for carrier in [Carrier::Name, Carrier::Application] {
            for by in ["token", "handle"] {
                let pair = shown.next().expect("a pair at least");
                let query = format!("token={}", if by == "token" { &pair.token } else { &pair.handle });
                let (name, app) = match carrier {
                    Carrier::Name => (query.as_str(), ""),
                    Carrier::Application => ("", query.as_str()),
                };
                all += 1;
                met += usize::from(row.reason.is_none());
                if let Err(why) = at.tries(row.network, name, app, row.reason).await {
                    let wanted = row.reason.unwrap_or("met");
                    failed.push(format!("{}, {wanted}: {carrier:?} with a {by}: {why}", row.what));
                }
            }
        }
    }
    let pairs = conflicts(&at, &admin, &mut failed).await;
    crowded(&at, &theirs).await;
    eprintln!(
        "ingest: {all} cells of {} rows, {met} met and {} broken, and {pairs} of two credentials, in {:?}",
        rows.len(),
        all - met,
        begun.elapsed()
    );
    assert!(failed.is_empty(), "{} of {all}:\n{}", failed.len(), failed.join("\n"));
    assert!(all > 100, "{all}");
    foreign(&at, &admin, &url).await;
}

/// The same credential may stand twice; two that differ are neither. How many cells.
async fn conflicts(at: &Ingest<'_>, admin: &Person, failed: &mut Vec<String>) -> usize {
    let publish = async || Pair::publish(admin, json!({ "organisation": true })).await;
    let (one, other) = (publish().await, publish().await);
    let (one, other) = (format!("token={}", one.token), format!("token={}", other.token));
    let both = format!("{one}&{other}");
    let key = format!("{one}&key=anything");
    let malformed = Some("TOKEN_MALFORMED");
    let cells = [
        (one.as_str(), one.as_str(), None),
        (&one, &other, malformed),
        (&both, "", malformed),
        ("", &both, malformed),
        (&key, "", malformed),
        ("", "", Some("TOKEN_MISSING")),
    ];
    for (name, app, reason) in cells {
        if let Err(why) = at.tries(HERE, name, app, reason).await {
            failed.push(format!("two credentials, {reason:?}: {why}"));
        }
    }
    cells.len()
}

/// A customer's key, whose tokens demand what ours for broadcasters cannot.
struct Theirs {
    streams: Vec<String>,
    until: u64,
}

impl Theirs {
    const KID: &'static str = "theirs";
    const SECRET: &'static str = "0123456789abcdef0123456789abcdef";

    async fn add(admin: &Person, streams: &[String]) -> Self {
        let input = json!({ "hs256Secret": Self::SECRET, "kid": Self::KID });
        admin.change("addSigningKey", &input, "__typename").await;
        Self {
            streams: streams.to_vec(),
            until: date("+1 hour", "+%s").await.parse().expect("seconds"),
        }
    }

    /// A token of that name for all streams. There are no handles of these.
    fn token(&self, jti: &str, more: &Value) -> Pair {
        let mut claims = json!({ "aud": "publish", "jti": jti, "streams": self.streams, "exp": self.until });
        for (claim, value) in more.as_object().expect("claims") {
            claims[claim] = value.clone();
        }
        let token = signed(Self::SECRET, &json!({ "alg": "HS256", "kid": Self::KID }), &claims);
        Pair {
            handle: token.clone(),
            token,
        }
    }

    async fn rows(&self, at: &Ingest<'_>) -> Vec<Row> {
        let bound = json!({ "bindIps": 1 });
        let elsewhere = self.token("bound", &bound);
        at.tries(HERE, &format!("token={}", elsewhere.token), "", None)
            .await
            .expect("bound");
        let fresh = (0..4).map(|number| self.token(&format!("bound-{number}"), &bound));
        let agent = |jti, agent: &str| vec![self.token(jti, &json!({ "ua": agent }))];
        [
            ("binding", fresh.collect(), None),
            ("binding", vec![elsewhere], Some("TOKEN_BOUND")),
            ("encoder", agent("ours", Broadcaster::ENCODER), None),
            ("encoder", agent("other", "OBS/31.0"), Some("TOKEN_USER_AGENT")),
            // By RTMP nobody comes from a page.
            (
                "page",
                vec![self.token("page", &json!({ "domains": ["example.com"] }))],
                Some("TOKEN_DOMAIN"),
            ),
        ]
        .map(|(what, shown, reason)| Row {
            what,
            network: HERE,
            shown,
            reason,
        })
        .into()
    }
}

/// Who publishes already counts for as long as they do, whatever stream it is.
async fn crowded(at: &Ingest<'_>, theirs: &Theirs) {
    let query = format!("token={}", theirs.token("single", &json!({ "maxSessions": 1 })).token);
    at.tries(HERE, &query, "", None).await.expect("there is room");
    let keeper = until("the one before has left", async || {
        at.asks(HERE, &at.streams[1], &query, "").await.ok()
    })
    .await;
    for (name, app) in [(query.as_str(), ""), ("", query.as_str())] {
        until("there is no room", async || {
            at.tries(HERE, name, app, Some("SESSION_LIMIT")).await.ok()
        })
        .await;
    }
    drop(keeper);
    until("there is room again", async || {
        at.tries(HERE, &query, "", None).await.ok()
    })
    .await;
}

/// What each restriction says of whom it is met by, and of whom it is broken by.
async fn rows(server: &Server, admin: &Person, at: &Ingest<'_>) -> Vec<Row> {
    let (name, other) = (at.streams[0].as_str(), at.streams[1].as_str());
    let outsider = Person::outsider(server).await;
    let make = async |claims: Value| {
        let mut all = json!({ "streams": [name] });
        for (claim, value) in claims.as_object().expect("claims") {
            all[claim] = value.clone();
        }
        Pair::publish(admin, all).await
    };
    let group = async |name: &str, stream: &str| {
        let input = json!({ "name": name, "streams": [stream] });
        admin.change("createGroup", &input, "group { id }").await["group"]["id"].clone()
    };
    let mut rows = Vec::new();
    let mut row = |what, network, shown: Vec<Pair>, reason| {
        rows.push(Row {
            what,
            network,
            shown,
            reason,
        });
    };

    for (what, claims, reason) in [
        ("address", json!({ "ip": [format!("{HERE}.0.0/16")] }), "TOKEN_IP"),
        ("country", json!({ "countries": ["DE"] }), "TOKEN_COUNTRY"),
        ("network", json!({ "asns": [64500] }), "TOKEN_ASN"),
    ] {
        let pair = make(claims).await;
        row(what, HERE, vec![pair.clone()], None);
        row(what, ELSEWHERE, vec![pair], Some(reason));
    }

    let short = make(json!({ "ttlSeconds": 2 })).await;
    row("expiry", HERE, vec![make(json!({ "ttlSeconds": 600 })).await], None);
    row("expiry", HERE, vec![short.clone()], Some("TOKEN_EXPIRED"));
    let (past, future) = (date("-1 hour", RFC).await, date("1 day", RFC).await);
    row("begin", HERE, vec![make(json!({ "notBefore": past })).await], None);
    let early = make(json!({ "notBefore": future, "ttlSeconds": 2 * 24 * 60 * 60 })).await;
    row("begin", HERE, vec![early], Some("TOKEN_NOT_YET_VALID"));

    row("stream", HERE, vec![make(json!({})).await], None);
    let beside = Pair::publish(admin, json!({ "streams": [other] })).await;
    row("stream", HERE, vec![beside], Some("TOKEN_SCOPE"));
    let grouped = async |group| vec![Pair::publish(admin, json!({ "groups": [group] })).await];
    let (ours, theirs) = (group("ours", name).await, group("others", other).await);
    row("group", HERE, grouped(ours).await, None);
    row("group", HERE, grouped(theirs).await, Some("TOKEN_SCOPE"));
    let whole = Pair::publish(admin, json!({ "organisation": true })).await;
    row("organisation", HERE, vec![whole.clone()], None);

    let play = Pair::play(admin, json!({ "streams": [name] })).await;
    row("audience", HERE, vec![play], Some("TOKEN_AUDIENCE"));
    let revoked = make(json!({})).await;
    row("revocation", HERE, vec![revoked.clone()], Some("TOKEN_REVOKED"));
    admin.revoke(json!({ "token": revoked.token })).await;
    row("ban", HERE, vec![make(json!({ "user": "ann" })).await], None);
    row(
        "ban",
        HERE,
        vec![make(json!({ "user": "ben" })).await],
        Some("TOKEN_USER_BANNED"),
    );
    admin.change("banUser", &json!({ "user": "ben" }), "__typename").await;

    let used = make(json!({ "maxUses": 1 })).await;
    at.tries(HERE, &format!("token={}", used.token), "", None)
        .await
        .expect("used");
    row("uses", HERE, vec![used], Some("TOKEN_USED"));
    let mut fresh = Vec::new();
    for _ in 0..4 {
        fresh.push(make(json!({ "maxUses": 1 })).await);
    }
    row("uses", HERE, fresh, None);

    let foreign = Pair::publish(&outsider, json!({ "organisation": true })).await;
    let twice = |text: &str| {
        let (token, handle) = (text.to_owned(), text.to_owned());
        vec![Pair { token, handle }]
    };
    row(
        "another organisation's token",
        HERE,
        twice(&foreign.token),
        Some("TOKEN_KEY"),
    );
    row(
        "another organisation's handle",
        HERE,
        twice(&foreign.handle),
        Some("TOKEN_MALFORMED"),
    );
    row("no token", HERE, twice("neither-nor"), Some("TOKEN_MALFORMED"));
    row(
        "another signature",
        HERE,
        twice(&forged(&whole.token)),
        Some("TOKEN_SIGNATURE"),
    );

    let query = format!("token={}", short.token);
    until("expiry", async || {
        at.tries(HERE, &query, "", Some("TOKEN_EXPIRED")).await.ok()
    })
    .await;
    rows
}

/// The same of ffmpeg, by both carriers.
async fn foreign(at: &Ingest<'_>, admin: &Person, url: &str) {
    let stream = at.streams[0].as_str();
    let base = url.split_once("/live/").expect("an address").0;
    let good = Pair::publish(admin, json!({ "streams": [stream], "ip": ["127.0.0.0/16"] })).await;
    let far = Pair::publish(admin, json!({ "streams": [stream], "ip": ["203.0.113.0/24"] })).await;
    let both = |credential: &str| {
        [
            format!("{base}/live/{stream}?token={credential}"),
            format!("{base}/live?token={credential}/{stream}"),
        ]
    };
    for url in both(&far.handle).iter().chain(&both(&far.token)[..1]) {
        let said = refusal(url).await;
        assert!(said.contains("TOKEN_IP: "), "{said}");
    }
    for url in both(&good.handle) {
        until("nobody publishes", async || {
            let query = "query($name: String!) { stream(name: $name) { state } }";
            let state = admin.ask(query, &json!({ "name": stream })).await["stream"]["state"].clone();
            (state != "LIVE").then_some(())
        })
        .await;
        let encoder = publish(&url);
        admin.until_playable(stream, &at.token).await;
        drop(encoder);
    }
}

/// How the API writes a moment.
const RFC: &str = "+%FT%TZ";
