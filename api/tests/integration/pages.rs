//! Pages of the Token view, the viewers and the IP view that are read from the end: as if everybody had been looked at.

use std::{cmp::Reverse, collections::HashMap, time::Duration};

use guard::Timestamp;
use link::{Kind as Event, SessionEnd};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    analytics::{range, viewing},
    harness::{Client, World},
    privacy::{database, eventually, texts},
};

const SESSIONS: u64 = 600;

/// A view: its field, what a row is called, its own name for it in the filter of nobody.
#[derive(Clone, Copy)]
struct View {
    field: &'static str,
    subject: &'static str,
    order: &'static str,
}

const TOKENS: View = View {
    field: "byToken",
    subject: "jti",
    order: "TokenUsageOrder",
};
const VIEWERS: View = View {
    field: "byViewer",
    subject: "user",
    order: "ViewerUsageOrder",
};
const ADDRESSES: View = View {
    field: "byAddress",
    subject: "ip",
    order: "AddressUsageOrder",
};

impl View {
    /// Every row, page for page.
    async fn read(self, admin: &Client, range: &Value, filter: &Value, order: &str, first: usize) -> Vec<Value> {
        let Self {
            field,
            subject,
            order: kind,
        } = self;
        let query = format!(
            "query($r: TimeRange!, $f: AnalyticsFilter, $o: {kind}, $first: Int, $after: String) {{ organisation {{
            analytics(range: $r, filter: $f) {{ {field}(orderBy: $o, first: $first, after: $after) {{ totalCount
            pageInfo {{ endCursor hasNextPage }} nodes {{ subject: {subject} score lastEnd sessions durationSumS }} }} }} }} }}"
        );
        let (mut rows, mut after) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({ "r": range, "f": filter, "o": order, "first": first, "after": after });
            let page = admin.data(&query, variables).await["organisation"]["analytics"][field].clone();
            rows.extend(page["nodes"].as_array().unwrap().iter().cloned());
            if page["pageInfo"]["hasNextPage"] == false {
                assert_eq!(page["totalCount"], rows.len(), "{field} {order}");
                return rows;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
}

/// When each was there last, as its sessions were told, by what a row is called.
type Last = HashMap<String, Timestamp>;

/// Tells of viewers who come back, overlap and end together, and of some who share a token; when each was there last.
async fn crowd(world: &World, admin: &Client) -> (Last, Last) {
    let begin = world.clock.now();
    let (mut tokens, mut addresses, mut events) = (Last::new(), Last::new(), Vec::new());
    let mut dice = 7_u64;
    let mut roll = |sides: u64| {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    for n in 1..=SESSIONS {
        // Every tenth is one of twelve that are passed on, each from many places at once.
        let is_shared = n % 10 == 0;
        let jti = if is_shared {
            format!("shared-{}", roll(12))
        } else {
            format!("own-{}", roll(300))
        };
        // And two addresses have a crowd behind them at once.
        let is_crowded = matches!(n % 20, 1 | 3);
        let address = match (n % 20, roll(4)) {
            (1, _) => "192.0.2.77".to_owned(),
            (3, other) => format!("2001:db8:ffff::{other:x}"),
            (_, 0) => format!("2001:db8:{:x}::{:x}", roll(40), roll(3) + 1),
            _ => format!("198.51.{}.{}", roll(4) + 1, roll(100) + 1),
        };
        let asn = u32::try_from(64_500 + roll(40)).unwrap();
        let facts = viewing(
            world,
            n,
            &jti,
            &address,
            ["DE", "AT", "FR"][usize::try_from(roll(3)).unwrap()],
            asn,
        );
        let from = begin.plus(Duration::from_secs(if is_shared || is_crowded {
            roll(60)
        } else {
            roll(1_800)
        }));
        events.push((from, Event::Started(facts.clone())));
        // Many end in the same moment; some go on.
        let seconds = 60 * (if is_crowded { 10 } else { 1 } + roll(20));
        let last = from.plus(Duration::from_secs(seconds));
        let (session, organisation, stream) = (facts.session, facts.organisation, facts.stream);
        let beat = Event::Beat {
            session,
            organisation,
            bytes: 1,
            requests: 1,
        };
        if is_shared || is_crowded {
            let beats = (1..6).map(|beat| from.plus(Duration::from_secs(10 * beat)));
            events.extend(beats.map(|at| (at, beat.clone())));
        }
        let end = SessionEnd {
            session,
            organisation,
            stream,
            bytes: 1,
            requests: 1,
            reason: None,
        };
        events.push((last, if roll(12) == 0 { beat } else { Event::Ended(end) }));
        for (all, name) in [(&mut tokens, jti), (&mut addresses, facts.address.to_string())] {
            let known = all.entry(name).or_insert(last);
            *known = Ord::max(*known, last);
        }
    }
    events.sort_by_key(|(at, _)| *at);
    let mut begun = 0;
    for (at, event) in events {
        begun += u32::from(matches!(event, Event::Started(_)));
        world.node.tell(at, event);
        // No more than there is room for between the planes.
        if begun % 100 == 0 {
            told(world, admin, "web", begun).await;
        }
    }
    // What was told before this one is written with it.
    let (last, sentinel) = (
        begin.plus(Duration::from_hours(1)),
        viewing(world, 9_999, "last", "203.0.113.1", "DE", 64_500),
    );
    let grant = sentinel.grant.clone().map(|grant| guard::Grant {
        tag: Some("last".into()),
        ..grant
    });
    world
        .node
        .tell(last, Event::Started(link::SessionFacts { grant, ..sentinel }));
    told(world, admin, "last", 1).await;
    tokens.insert("last".to_owned(), last);
    addresses.insert("203.0.113.1".to_owned(), last);
    (tokens, addresses)
}

/// Waits until so many sessions with a label are written.
async fn told(world: &World, admin: &Client, tag: &str, sessions: u32) {
    let query = "query($r: TimeRange!, $tag: String) { organisation { analytics(range: $r, filter: { tag: $tag }) {
        breakdown(metric: SESSIONS, by: STREAM) { value } } } }";
    let path = "/organisation/analytics/breakdown/0/value";
    for _ in 0..400 {
        let data = admin.data(query, json!({ "r": range(world, 7_200), "tag": tag })).await;
        if data.pointer(path).and_then(Value::as_f64) == Some(f64::from(sessions)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never {sessions} sessions");
}

async fn pages_are_as_if_everybody_had_been_looked_at_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let (tokens, addresses) = crowd(&world, &admin).await;
    let whole = range(&world, 7_200);
    let at = |second: u64| {
        let at = world.clock.now().plus(Duration::from_secs(second));
        chrono::DateTime::from_timestamp_micros(at.us()).unwrap().to_rfc3339()
    };
    let viewers: Last = tokens.iter().map(|(jti, at)| (format!("user of {jti}"), *at)).collect();
    for (view, last) in [(TOKENS, &tokens), (VIEWERS, &viewers), (ADDRESSES, &addresses)] {
        // Everybody, in an order that looks at everybody.
        let mut all = view.read(&admin, &whole, &Value::Null, "SESSIONS", 100).await;
        assert_eq!(all.len(), last.len());
        assert!(all.iter().any(|row| row["score"].as_u64() > Some(0)), "somebody shares");
        let name = |row: &Value| row["subject"].as_str().unwrap().to_owned();
        for (order, size) in [("SCORE", 19), ("SCORE", 100), ("LAST_END", 19), ("LAST_END", 100)] {
            all.sort_by_key(|row| {
                let score = if order == "SCORE" { row["score"].as_u64() } else { None };
                (Reverse(score), Reverse(last[&name(row)]), name(row))
            });
            let read = view.read(&admin, &whole, &Value::Null, order, size).await;
            assert_eq!(
                read.iter().map(name).collect::<Vec<_>>(),
                all.iter().map(name).collect::<Vec<_>>(),
                "{} by {order}, {size} at a time",
                view.field
            );
        }
        // A part of the time, into which sessions reach from both sides, and a part of the sessions.
        for (part, filter) in [
            (json!({ "from": at(600), "to": at(900) }), Value::Null),
            (json!({ "from": at(600), "to": at(900) }), json!({ "country": "AT" })),
            (whole.clone(), json!({ "country": "FR" })),
            (whole.clone(), json!({ "referrer": "else.example" })),
        ] {
            let sorted = |mut rows: Vec<Value>| {
                rows.sort_by_key(name);
                rows
            };
            let all = sorted(view.read(&admin, &part, &filter, "SESSIONS", 100).await);
            for order in ["SCORE", "LAST_END"] {
                let read = view.read(&admin, &part, &filter, order, 30).await;
                assert_eq!(sorted(read), all, "{} by {order} of {filter}", view.field);
            }
        }
    }
}

/// One /64 of which something was found, with more addresses than a statement may name.
async fn crowded_block_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let first = viewing(&world, 1, "first", "2001:db8:ffff::1", "DE", 64_500);
    world.begins(&admin, first).await;
    let denied = "2001:db8:ffff::1".parse().unwrap();
    for second in 1..20 {
        let at = world.clock.now().plus(Duration::from_secs(second));
        crate::analytics::denied(&world, at, denied, guard::Reason::TokenSignature);
    }
    let place = database(&world).await;
    let (id, number, many) = match kind {
        Kind::Sqlite => (
            "randomblob(16)",
            "printf('%x:%x', n / 60000 + 1, n % 60000 + 1)",
            "WITH RECURSIVE many(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM many WHERE n < 70000)",
        ),
        Kind::Postgres => (
            "gen_random_uuid()",
            "to_hex(n / 60000 + 1) || ':' || to_hex(n % 60000 + 1)",
            "WITH many AS (SELECT generate_series(2, 70000) AS n)",
        ),
    };
    let rest = "organisation_id, stream_id, stream_name, node_id, door, protocol, address_block, encrypted, started_at, \
                beat_at, bytes";
    let fill = format!(
        "INSERT INTO session (id, address, {rest}) {many} SELECT {id}, '2001:db8:ffff::' || {number}, {rest} FROM session, many"
    );
    sea_orm::ConnectionTrait::execute_unprepared(&place, &fill)
        .await
        .unwrap();
    eventually("it is found", async || {
        !texts(&place, "SELECT subject FROM finding").await.is_empty()
    })
    .await;
    let query = "query($r: TimeRange!) { organisation { analytics(range: $r) { byAddress(orderBy: SCORE, first: 5) {
        nodes { ip score } } } } }";
    let page = admin.data(query, json!({ "r": range(&world, 7_200) })).await;
    let rows = page["organisation"]["analytics"]["byAddress"]["nodes"].clone();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let ip = row["ip"].as_str().unwrap();
        assert!(
            ip.starts_with("2001:db8:ffff::") && row["score"].as_u64() > Some(0),
            "{row}"
        );
    }
}

#[tokio::test]
async fn a_page_by_score_is_there_however_many_addresses_a_block_has() {
    crowded_block_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_page_by_score_is_there_however_many_addresses_a_block_has_on_postgresql() {
    crowded_block_on(Kind::Postgres).await;
}

/// By the hour, from whole hours and the minutes at both ends, it is as much as by the minute.
async fn hours_and_minutes_are_one_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    crowd(&world, &admin).await;
    let query = "query($r: TimeRange!, $f: AnalyticsFilter) { organisation { analytics(range: $r, filter: $f) {
        minutes: timeseries(metric: SESSIONS, interval: MINUTE, groupBy: COUNTRY) { name points { value } }
        hours: timeseries(metric: SESSIONS, interval: HOUR, groupBy: COUNTRY) { name points { at value } }
        world { country value } breakdown(metric: SESSIONS, by: STREAM) { value } } } }";
    let whole = |points: &Value| {
        points
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["value"].as_f64().unwrap())
            .sum::<f64>()
    };
    let mut seen = Vec::new();
    for (from, to) in [
        (0, 7_200),
        (-3_600, 7_200),
        (-1_800, 1_500),
        (600, 1_200),
        (-7_260, 3_660),
        (1_200, 3_600),
    ] {
        let at = |second: i64| {
            let at = Timestamp::from_us(world.clock.now().us() + second * 1_000_000);
            chrono::DateTime::from_timestamp_micros(at.us()).unwrap().to_rfc3339()
        };
        for filter in [
            Value::Null,
            json!({ "stream": world.stream(), "protocol": "WEBSOCKET" }),
        ] {
            let variables = json!({ "r": { "from": at(from), "to": at(to) }, "f": filter });
            let data = admin.data(query, variables).await["organisation"]["analytics"].clone();
            let sums = |series: &str| {
                let series = data[series].as_array().unwrap();
                series
                    .iter()
                    .map(|one| (one["name"].to_string(), whole(&one["points"])))
                    .collect::<HashMap<_, _>>()
            };
            let countries = data["world"].as_array().unwrap().iter();
            let countries = countries
                .map(|one| (one["country"].to_string(), one["value"].as_f64().unwrap()))
                .collect();
            assert_eq!(sums("hours"), sums("minutes"), "{from} to {to}");
            assert_eq!(sums("hours"), countries, "{from} to {to}");
            assert!((whole(&data["breakdown"]) - countries.values().sum::<f64>()).abs() < 0.5);
            seen.push(whole(&data["breakdown"]));
        }
    }
    assert!(
        seen[4] < seen[0] && seen[6] < seen[4],
        "the times have different sessions: {seen:?}"
    );
}

#[tokio::test]
async fn what_was_watched_by_the_hour_is_what_was_watched_by_the_minute() {
    hours_and_minutes_are_one_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_was_watched_by_the_hour_is_what_was_watched_by_the_minute_on_postgresql() {
    hours_and_minutes_are_one_on(Kind::Postgres).await;
}

#[tokio::test]
async fn pages_by_score_and_by_who_was_there_last_are_as_if_everybody_had_been_looked_at() {
    pages_are_as_if_everybody_had_been_looked_at_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn pages_by_score_and_by_who_was_there_last_are_as_if_everybody_had_been_looked_at_on_postgresql() {
    pages_are_as_if_everybody_had_been_looked_at_on(Kind::Postgres).await;
}
