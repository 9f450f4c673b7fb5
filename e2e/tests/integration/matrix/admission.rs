//! {each carrier} × {each restriction, met and broken} × {each door of viewers}, by token and by handle.

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{process::Command, time::Instant};

use super::{
    ELSEWHERE, HERE, Pair,
    causes::date,
    cells::{Carrier, DOORS, Door, Facts, Stream, somebody},
    codes, forged, placed,
};
use crate::stage::{Home, Person, Server, Viewer, curl, until};

/// What of a viewer matters in a row.
#[derive(Clone, Copy)]
struct Who {
    network: &'static str,
    page: Option<&'static str>,
    agent: &'static str,
    /// Not just anybody of the network.
    address: Option<&'static str>,
}

const ANYBODY: Who = Who {
    network: HERE,
    page: None,
    agent: "Player/1.0",
    address: None,
};
const FAR: Who = Who {
    network: ELSEWHERE,
    ..ANYBODY
};
/// The first whom a token that locks itself to one address is shown by.
const FIRST: Who = Who {
    address: Some("127.16.250.1"),
    ..ANYBODY
};

impl Who {
    fn facts(self) -> Facts {
        Facts {
            address: self.address.map_or_else(|| somebody(self.network), str::to_owned),
            page: self.page,
            agent: self.agent,
        }
    }
}

/// Something that a token can demand, or that can stand against it.
struct Row {
    what: &'static str,
    who: Who,
    /// One after the other, where each is good for once only.
    shown: Vec<Pair>,
    /// None where it is met.
    reason: Option<&'static str>,
    /// Whether it is tried on the stream that asks for a second factor.
    strict: bool,
}

/// One try of a row.
struct Cell<'a> {
    row: &'a Row,
    door: Door,
    carrier: Carrier,
    credential: &'a str,
    by: &'static str,
}

impl Cell<'_> {
    /// What is told. A page without a name opens no socket with its viewer's cookie.
    fn reason(&self) -> Option<&'static str> {
        let by_cookie = (self.door, self.carrier) == (Door::WebSocket, Carrier::Cookie);
        let nameless = self.row.who.page == Some("null");
        if by_cookie && nameless {
            Some("TOKEN_MISSING")
        } else {
            self.row.reason
        }
    }
}

#[tokio::test]
async fn every_restriction_is_judged_alike_at_every_door_of_viewers_by_every_carrier() {
    let home = Home::new();
    let server = placed(&home).await;
    let (admin, name) = (Person::admin(&server).await, server.test().name());
    let scout = admin.token_for(name).await;
    admin.until_playable(name, &scout).await;
    let stream = Stream {
        server: &server,
        name,
        scout,
    };
    let (name, _) = admin.create_stream(json!({})).await;
    admin.on_stream("startTestSource", &name).await;
    let required = json!({ "name": name, "mfaRequired": true });
    admin.change("updateStream", &required, "stream { mfaRequired }").await;
    let shown = json!({ "streams": [name], "amr": ["mfa"] });
    let strict = Stream {
        server: &server,
        name: &name,
        scout: admin.token(shown).await,
    };
    admin.until_playable(strict.name, &strict.scout).await;
    let (rows, keeper) = rows(&server, &admin, &stream, strict.name).await;
    let keeping = tokio::spawn(keep(keeper));

    let begun = Instant::now();
    let cells: Vec<_> = rows.iter().flat_map(cells).collect();
    let failed = tried(&stream, &strict, &cells).await;
    let met = cells.iter().filter(|cell| cell.row.reason.is_none()).count();
    let (all, rows) = (cells.len(), rows.len());
    eprintln!(
        "playback: {all} cells of {rows} rows, {met} met and {} broken, in {:?}",
        all - met,
        begun.elapsed()
    );
    assert!(failed.is_empty(), "{} of {all}:\n{}", failed.len(), failed.join("\n"));
    assert!(all > 1500, "{all}");
    assert!(!keeping.is_finished(), "who was there first watches on");
    keeping.abort();

    let begun = Instant::now();
    let of = async |user: &str| admin.token(json!({ "streams": [stream.name], "user": user })).await;
    let two = [of("cat").await, of("dan").await];
    let (failed, pairs) = conflicts(&stream, &two).await;
    eprintln!("playback: {pairs} cells of two carriers in {:?}", begun.elapsed());
    assert!(failed.is_empty(), "{} of {pairs}:\n{}", failed.len(), failed.join("\n"));
    foreign(&server, &admin).await;
}

/// Each door with each carrier, by the token and by its handle.
fn cells(row: &Row) -> Vec<Cell<'_>> {
    let mut shown = row.shown.iter().cycle();
    let mut cells = Vec::new();
    for door in DOORS {
        for carrier in door.carriers() {
            for by in ["token", "handle"] {
                let pair = shown.next().expect("a pair at least");
                cells.push(Cell {
                    row,
                    door,
                    carrier: *carrier,
                    credential: if by == "token" { &pair.token } else { &pair.handle },
                    by,
                });
            }
        }
    }
    cells
}

/// How many cells a row has.
const CELLS: usize = 42;
/// So many are tried at once.
const AT_ONCE: usize = 12;

async fn tried(at: &Stream<'_>, strict: &Stream<'_>, cells: &[Cell<'_>]) -> Vec<String> {
    let tried = stream::iter(cells).map(|cell| async move {
        let Cell {
            row,
            door,
            carrier,
            credential,
            by,
        } = cell;
        let (facts, reason) = (row.who.facts(), cell.reason());
        let shown = [(*carrier, *credential)];
        let at = if row.strict { strict } else { at };
        let outcome = at.tries(*door, &shown, &facts, reason).await;
        let wanted = reason.unwrap_or("met");
        outcome.map_err(|why| format!("{}, {wanted}: {door:?} by {carrier:?} with a {by}: {why}", row.what))
    });
    let outcomes: Vec<_> = tried.buffer_unordered(AT_ONCE).collect().await;
    outcomes.into_iter().filter_map(Result::err).collect()
}

/// What each restriction says of whom it is met by, and of whom it is broken by; and the one viewer whom a token has.
async fn rows(server: &Server, admin: &Person, stream: &Stream<'_>, strict: &str) -> (Vec<Row>, Viewer) {
    let name = stream.name;
    let other = server.encoder().name();
    let outsider = Person::outsider(server).await;
    let make = async |claims: Value| {
        let mut all = json!({ "streams": [name] });
        for (claim, value) in claims.as_object().expect("claims") {
            all[claim] = value.clone();
        }
        Pair::play(admin, all).await
    };
    let group = async |name: &str, stream: &str| {
        let input = json!({ "name": name, "streams": [stream] });
        admin.change("createGroup", &input, "group { id }").await["group"]["id"].clone()
    };
    let (ours, theirs) = (group("ours", name).await, group("others", other).await);
    let mut rows = Vec::new();
    let mut row = |what, who: Who, shown: &Pair, reason| {
        rows.push(Row {
            what,
            who,
            shown: vec![shown.clone()],
            reason,
            strict: false,
        });
    };

    let near = make(json!({ "ip": ["203.0.113.9", format!("{HERE}.0.0/16")] })).await;
    row("address", ANYBODY, &near, None);
    row("address", FAR, &near, Some("TOKEN_IP"));
    let mapped = make(json!({ "ip": [format!("::ffff:{HERE}.0.0/112")] })).await;
    row("address, mapped", ANYBODY, &mapped, None);
    row("address, mapped", FAR, &mapped, Some("TOKEN_IP"));

    let sites = make(json!({ "domains": ["example.com", "*.partner.example"] })).await;
    let on = |page| Who { page, ..ANYBODY };
    let (met, below) = ("https://example.com:8443", "http://www.partner.example");
    let strange = ["https://evil-example.com", "https://example.com.evil.test"];
    row("page", on(Some(met)), &sites, None);
    row("page, below", on(Some(below)), &sites, None);
    for page in [None, Some("null")].into_iter().chain(strange.map(Some)) {
        row(page.unwrap_or("no page"), on(page), &sites, Some("TOKEN_DOMAIN"));
    }
    // By a cookie a socket is opened from pages only that are named.
    let named = [&[met, below][..], &strange].concat();
    let settings = json!({ "allowedOrigins": named });
    admin.change("updateSettings", &settings, "change { id }").await;

    let countries = make(json!({ "countries": ["DE", "AT"] })).await;
    row("country", ANYBODY, &countries, None);
    row("country", FAR, &countries, Some("TOKEN_COUNTRY"));
    let unknown = Who {
        network: "127.64",
        ..ANYBODY
    };
    row("country, unknown", unknown, &countries, Some("TOKEN_COUNTRY"));
    let networks = make(json!({ "asns": [64500] })).await;
    row("network", ANYBODY, &networks, None);
    row("network", FAR, &networks, Some("TOKEN_ASN"));

    let agent = make(json!({ "userAgent": "Player/1.0" })).await;
    let thief = Who {
        agent: "Player/1.0 (really)",
        ..ANYBODY
    };
    row("player", ANYBODY, &agent, None);
    row("player", thief, &agent, Some("TOKEN_USER_AGENT"));
    let digest = Sha256::digest("Player/1.0")
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let hashed = make(json!({ "userAgent": format!("sha256:{digest}") })).await;
    row("player, digest", ANYBODY, &hashed, None);
    row("player, digest", thief, &hashed, Some("TOKEN_USER_AGENT"));

    let (short, long) = (
        make(json!({ "ttlSeconds": 2 })).await,
        make(json!({ "ttlSeconds": 600 })).await,
    );
    row("expiry", ANYBODY, &long, None);
    row("expiry", ANYBODY, &short, Some("TOKEN_EXPIRED"));
    let (past, future) = (date("-1 hour", RFC).await, date("1 day", RFC).await);
    row("begin", ANYBODY, &make(json!({ "notBefore": past })).await, None);
    let early = make(json!({ "notBefore": future, "ttlSeconds": 2 * 24 * 60 * 60 })).await;
    row("begin", ANYBODY, &early, Some("TOKEN_NOT_YET_VALID"));

    row("stream", ANYBODY, &make(json!({})).await, None);
    let beside = Pair::play(admin, json!({ "streams": [other] })).await;
    row("stream", ANYBODY, &beside, Some("TOKEN_SCOPE"));
    let grouped = async |group| Pair::play(admin, json!({ "groups": [group] })).await;
    row("group", ANYBODY, &grouped(ours).await, None);
    row("group", ANYBODY, &grouped(theirs).await, Some("TOKEN_SCOPE"));
    let whole = Pair::play(admin, json!({ "organisation": true })).await;
    row("organisation", ANYBODY, &whole, None);

    let publish = Pair::publish(admin, json!({ "streams": [name] })).await;
    row("audience", ANYBODY, &publish, Some("TOKEN_AUDIENCE"));
    let revoked = make(json!({})).await;
    row("revocation", ANYBODY, &revoked, Some("TOKEN_REVOKED"));
    admin.revoke(json!({ "token": revoked.token })).await;
    row("ban", ANYBODY, &make(json!({ "user": "ann" })).await, None);
    row(
        "ban",
        ANYBODY,
        &make(json!({ "user": "ben" })).await,
        Some("TOKEN_USER_BANNED"),
    );
    admin.change("banUser", &json!({ "user": "ben" }), "__typename").await;

    let bound = make(json!({ "bindIps": 1 })).await;
    row("binding", FIRST, &bound, None);
    row("binding", ANYBODY, &bound, Some("TOKEN_BOUND"));
    let used = make(json!({ "maxUses": 1 })).await;
    row("uses", ANYBODY, &used, Some("TOKEN_USED"));
    let single = make(json!({ "maxSessions": 1 })).await;
    row("sessions", ANYBODY, &single, Some("SESSION_LIMIT"));
    for (what, claims) in [
        ("uses", json!({ "maxUses": 1 })),
        ("sessions", json!({ "maxSessions": 1 })),
    ] {
        rows.push(Row {
            what,
            who: ANYBODY,
            shown: many(admin, name, &claims).await,
            reason: None,
            strict: false,
        });
    }
    // Another organisation's token, whatever it says; its handle is nothing here.
    let foreign = Pair::play(&outsider, json!({ "organisation": true })).await;
    for (what, credential, reason) in [
        ("another organisation's token", &foreign.token, "TOKEN_KEY"),
        ("another organisation's handle", &foreign.handle, "TOKEN_MALFORMED"),
        ("no token", &"neither-nor".to_owned(), "TOKEN_MALFORMED"),
        ("another signature", &forged(&whole.token), "TOKEN_SIGNATURE"),
    ] {
        rows.push(Row {
            what,
            who: ANYBODY,
            shown: vec![Pair {
                token: credential.clone(),
                handle: credential.clone(),
            }],
            reason: Some(reason),
            strict: false,
        });
    }
    for (amr, reason) in [
        (json!(["pwd", "mfa"]), None),
        (json!(["pwd"]), Some("TOKEN_MFA")),
        (json!([]), Some("TOKEN_MFA")),
    ] {
        rows.push(Row {
            what: "second factor",
            who: ANYBODY,
            shown: vec![Pair::play(admin, json!({ "streams": [strict], "amr": amr })).await],
            reason,
            strict: true,
        });
    }

    // What has happened before somebody is refused.
    let query = [(Carrier::Query, bound.token.as_str())];
    stream
        .tries(Door::Progressive, &query, &FIRST.facts(), None)
        .await
        .expect("bound");
    let query = [(Carrier::Query, used.token.as_str())];
    stream
        .tries(Door::Progressive, &query, &ANYBODY.facts(), None)
        .await
        .expect("used");
    let mut keeper = stream.opens(&[(Carrier::Query, &single.token)], &ANYBODY.facts()).await;
    keeper.watch(1).await;
    let expired = Some("TOKEN_EXPIRED");
    until("expiry", async || {
        let query = [(Carrier::Query, short.token.as_str())];
        stream
            .tries(Door::Progressive, &query, &ANYBODY.facts(), expired)
            .await
            .ok()
    })
    .await;
    (rows, keeper)
}

/// As many as a row has cells.
async fn many(admin: &Person, name: &str, claims: &Value) -> Vec<Pair> {
    let mut one = json!({ "streams": [name], "handle": true });
    for (claim, value) in claims.as_object().expect("claims") {
        one[claim] = value.clone();
    }
    let input = json!({ "tokens": vec![one; CELLS] });
    let made = admin
        .change("createPlaybackTokens", &input, "tokens { token handle }")
        .await;
    made["tokens"]
        .as_array()
        .expect("tokens")
        .iter()
        .map(Pair::of)
        .collect()
}

/// Watches for as long as it may.
async fn keep(mut viewer: Viewer) {
    loop {
        viewer.watch(1).await;
    }
}

/// Two credentials in two carriers: the same is one, two that differ are neither. How many cells.
async fn conflicts(at: &Stream<'_>, two: &[String; 2]) -> (Vec<String>, usize) {
    use Carrier::{Bearer, Cookie, Message, Path, Query};
    let [one, other] = two;
    let mut tries = Vec::new();
    for door in DOORS {
        let mut pairs = vec![
            (Query, Query),
            (Query, Path),
            (Query, Cookie),
            (Query, Bearer),
            (Path, Cookie),
            (Path, Bearer),
            (Cookie, Cookie),
            (Cookie, Bearer),
            (Bearer, Bearer),
        ];
        if door == Door::WebSocket {
            pairs.extend([(Query, Message), (Path, Message), (Cookie, Message), (Bearer, Message)]);
        }
        for pair in pairs {
            tries.push((door, pair, one, None));
            tries.push((door, pair, other, Some("TOKEN_MALFORMED")));
        }
    }
    let count = tries.len();
    let tried = stream::iter(tries).map(|(door, (first, second), beside, refused)| async move {
        let shown = [(first, one.as_str()), (second, beside.as_str())];
        let facts = ANYBODY.facts();
        let said_later = second == Message && refused.is_some();
        let outcome = if said_later {
            // A newer token would be another command: this one says that it plays by another than it came with.
            let (code, reason, _) = at.opens(&shown, &facts).await.last_word().await;
            let fits = (code, reason.as_str()) == (codes("TOKEN_MALFORMED").1, "TOKEN_MALFORMED");
            fits.then_some(()).ok_or_else(|| format!("{code} {reason}"))
        } else {
            at.tries(door, &shown, &facts, refused).await
        };
        outcome.map_err(|why| format!("{door:?} by {first:?} and {second:?}, {refused:?}: {why}"))
    });
    let outcomes: Vec<_> = tried.buffer_unordered(AT_ONCE).collect().await;
    (outcomes.into_iter().filter_map(Result::err).collect(), count)
}

/// The same of curl and ffmpeg, by the carriers that they know.
async fn foreign(server: &Server, admin: &Person) {
    let name = server.test().name();
    let good = admin.token(json!({ "streams": [name], "userAgent": "VLC/3.0" })).await;
    let playlist = format!("/live/{name}/index.m3u8");
    let http = server.http();
    for (agent, reason) in [("VLC/3.0", None), ("curl/8", Some("TOKEN_USER_AGENT"))] {
        for door in ["index.m3u8", "stream.mp4"] {
            let plain = format!("{http}/live/{name}/{door}");
            let query = format!("{plain}?token={good}");
            let path = format!("{http}/t/{good}/live/{name}/{door}");
            let cookie = format!("portcullis_token={good}");
            for shown in [
                vec![query.as_str()],
                vec![&path],
                vec!["--oauth2-bearer", &good, &plain],
                vec!["--cookie", &cookie, &plain],
            ] {
                let asks = [&["--user-agent", agent, "--max-time", "1"][..], &shown].concat();
                let answer = curl(&asks, None).await;
                assert_eq!(answer.header("x-deny-reason"), reason, "curl {shown:?}");
                assert_eq!(answer.status, reason.map_or(200, |reason| codes(reason).0));
                assert!(!answer.body.is_empty());
            }
        }
        let bearer = format!("authorization: Bearer {good}\r\n");
        let plain = format!("{http}{playlist}");
        let (query, path) = (
            server.door(name, "stream.mp4", &good),
            format!("{http}/t/{good}{playlist}"),
        );
        for shown in [
            vec!["-i", &query],
            vec!["-i", &path],
            vec!["-headers", &bearer, "-i", &plain],
        ] {
            let pull = [
                &["-nostdin", "-user_agent", agent][..],
                &shown,
                &["-t", "0.5", "-f", "null", "-"],
            ]
            .concat();
            let output = Command::new("ffmpeg")
                .args(["-hide_banner", "-loglevel", "error"])
                .args(pull)
                .output()
                .await;
            let complaint = String::from_utf8_lossy(&output.expect("ffmpeg").stderr).into_owned();
            match reason {
                None => assert_eq!(complaint, "", "ffmpeg {shown:?}"),
                Some(_) => assert!(complaint.contains("403"), "ffmpeg {shown:?}: {complaint}"),
            }
        }
    }
}

/// How the API writes a moment.
const RFC: &str = "+%FT%TZ";
