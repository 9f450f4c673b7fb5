//! What was watched, by whom, and what looks like misuse: from events to views.

use std::{net::IpAddr, time::Duration};

use guard::{Asn, Door, Grant, Place, Reason, Timestamp};
use ids::DecisionId;
use link::{Kind as Event, Protocol, SessionEnd, SessionFacts, Visitor};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    harness::{Client, World, granted},
    organisations::operator,
    privacy::eventually,
    subscriptions::{Socket, settled},
};

/// A viewer's session of this world, with a token of a viewer's own.
pub(crate) fn viewing(world: &World, n: u64, jti: &str, address: &str, country: &str, asn: u32) -> SessionFacts {
    SessionFacts {
        protocol: Protocol::WebSocket,
        grant: Some(Grant {
            user: Some(format!("user of {jti}").into()),
            tag: Some("web".into()),
            ..granted(jti)
        }),
        address: address.parse().unwrap(),
        place: Place {
            country: country.parse().ok(),
            asn: Some(Asn::new(asn)),
        },
        provider: Some(format!("Telecom {asn}").into()),
        referrer: Some("shop.example".into()),
        ..world.viewing(world.stream(), n)
    }
}

/// From beginning to end, heard of every ten seconds, with 1 MB a second.
pub(crate) fn watched(world: &World, facts: &SessionFacts, from: Timestamp, seconds: u64) {
    world.node.tell(from, Event::Started(facts.clone()));
    beats(world, facts, from, 10..seconds);
    let end = SessionEnd {
        session: facts.session,
        organisation: facts.organisation,
        stream: facts.stream,
        bytes: seconds * 1_000_000,
        requests: 1,
        reason: None,
    };
    world
        .node
        .tell(from.plus(Duration::from_secs(seconds)), Event::Ended(end));
}

pub(crate) fn beats(world: &World, facts: &SessionFacts, from: Timestamp, seconds: std::ops::Range<u64>) {
    for second in seconds.step_by(10) {
        world
            .node
            .beats(from.plus(Duration::from_secs(second)), facts, second * 1_000_000);
    }
}

pub(crate) fn denied(world: &World, at: Timestamp, address: IpAddr, reason: Reason) {
    let facts = SessionFacts {
        address,
        ..world.viewing(world.stream(), 99)
    };
    world.node.tell(at, refusal(&facts, reason, 1, Visitor::default()));
}

/// The `n`th.
fn refusal(facts: &SessionFacts, reason: Reason, n: u8, visitor: Visitor) -> Event {
    Event::Denied {
        organisation: Some(facts.organisation),
        stream: facts.name.clone(),
        door: Door::Playback,
        protocol: Protocol::Hls,
        address: facts.address,
        reason,
        decision: DecisionId::mint(n.into(), [3; 10]),
        trace: vec![],
        visitor,
    }
}

/// The answer once it is as many rows as that: what nodes tell is written in batches.
pub(crate) async fn until(client: &Client, query: &str, variables: Value, path: &str, rows: usize) -> Value {
    for _ in 0..400 {
        let data = client.data(query, variables.clone()).await;
        let found = data.pointer(path).cloned().unwrap_or(Value::Null);
        if found.as_array().map(Vec::len) == Some(rows) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never {rows} rows at {path}: {}", client.data(query, variables).await);
}

pub(crate) fn range(world: &World, seconds: u64) -> Value {
    let at = |at: Timestamp| chrono::DateTime::from_timestamp_micros(at.us()).unwrap().to_rfc3339();
    let now = world.clock.now();
    json!({ "from": at(now), "to": at(now.plus(Duration::from_secs(seconds))) })
}

const TOKENS: &str = "query($r: TimeRange!, $f: AnalyticsFilter, $o: TokenUsageOrder, $d: OrderDirection, $first: Int,
    $after: String) { organisation { analytics(range: $r, filter: $f) { byToken(orderBy: $o, direction: $d, first: $first,
    after: $after) { totalCount pageInfo { endCursor hasNextPage } nodes { jti user tag durationSumS durationAvgS sessions streams ips
    topProviders { name value } topCountries { name value } topReferrers { name value } lastEnd maxConcurrency status
    score indicators { code weight evidence } } } } } }";

/// The cursor of a first page that goes by a number.
async fn cursor(admin: &Client, range: &Value) -> Value {
    let page = admin
        .data(TOKENS, json!({ "r": range, "o": "SESSIONS", "first": 1 }))
        .await;
    page["organisation"]["analytics"]["byToken"]["pageInfo"]["endCursor"].clone()
}

const TOKEN_ROWS: &str = "/organisation/analytics/byToken/nodes";

async fn views_are_exact_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let begin = world.clock.now();
    let later = |seconds| begin.plus(Duration::from_secs(seconds));
    // Two sessions after each other, and one beside the second.
    watched(
        &world,
        &viewing(&world, 1, "a", "198.51.100.1", "DE", 64_500),
        begin,
        60,
    );
    watched(
        &world,
        &viewing(&world, 2, "a", "198.51.100.1", "DE", 64_500),
        later(60),
        60,
    );
    watched(
        &world,
        &viewing(&world, 3, "a", "198.51.100.2", "AT", 64_501),
        later(90),
        60,
    );
    watched(
        &world,
        &viewing(&world, 4, "b", "2001:db8::7", "DE", 64_500),
        later(10),
        600,
    );
    // One that goes on.
    let on = viewing(&world, 5, "c", "198.51.100.1", "DE", 64_500);
    world.node.tell(later(100), Event::Started(on.clone()));
    beats(&world, &on, later(100), 10..31);

    let r = range(&world, 3_600);
    let rows = until(&admin, TOKENS, json!({ "r": r, "o": "DURATION_SUM" }), TOKEN_ROWS, 3).await;
    assert_eq!(rows[0]["jti"], "b");
    assert_eq!(rows[0]["durationSumS"], 600.0);
    let a = &rows[1];
    assert_eq!(
        (
            &a["jti"],
            &a["user"],
            &a["tag"],
            &a["sessions"],
            &a["streams"],
            &a["ips"]
        ),
        (
            &json!("a"),
            &json!("user of a"),
            &json!("web"),
            &json!(3),
            &json!(1),
            &json!(2)
        )
    );
    assert_eq!((&a["durationSumS"], &a["durationAvgS"]), (&json!(180.0), &json!(60.0)));
    assert_eq!(a["maxConcurrency"], 2, "exactly: the first ended when the second began");
    assert_eq!(
        a["topCountries"],
        json!([{ "name": "DE", "value": 2.0 }, { "name": "AT", "value": 1.0 }])
    );
    assert_eq!(a["topReferrers"], json!([{ "name": "shop.example", "value": 3.0 }]));
    assert!(a["lastEnd"].is_string());
    let c = &rows[2];
    assert_eq!(
        (&c["jti"], &c["durationSumS"], &c["lastEnd"]),
        (&json!("c"), &json!(30.0), &Value::Null)
    );

    // Half a session is within half the time.
    let from = |seconds: u64, until: u64| {
        let at = |at: Timestamp| chrono::DateTime::from_timestamp_micros(at.us()).unwrap().to_rfc3339();
        json!({ "from": at(later(seconds)), "to": at(later(until)) })
    };
    let part = until(
        &admin,
        TOKENS,
        json!({ "r": from(30, 60), "f": { "jti": "a" } }),
        TOKEN_ROWS,
        1,
    )
    .await;
    assert_eq!(
        (&part[0]["durationSumS"], &part[0]["sessions"]),
        (&json!(30.0), &json!(1))
    );
    // Filters.
    for (filter, rows) in [
        (json!({ "country": "AT" }), 1),
        (json!({ "ip": "198.51.100.1" }), 2),
        (json!({ "user": "user of b" }), 1),
        (json!({ "provider": "Telecom 64501" }), 1),
        (json!({ "asn": 64_500 }), 3),
        (json!({ "referrer": "else.example" }), 0),
        (json!({ "stream": world.stream() }), 3),
        (json!({ "tag": "app" }), 0),
        (json!({ "protocol": "HLS" }), 0),
    ] {
        until(&admin, TOKENS, json!({ "r": r, "f": filter }), TOKEN_ROWS, rows).await;
    }
    let cursor_of_another = json!({ "r": r, "o": "JTI", "after": cursor(&admin, &r).await });
    assert_eq!(admin.code(TOKENS, cursor_of_another).await, "INVALID");

    // What touches one token, taken apart.
    let apart = "query($r: TimeRange!, $f: AnalyticsFilter) { organisation { analytics(range: $r, filter: $f) {
        countries: breakdown(metric: SESSIONS, by: COUNTRY) { name value }
        referrers: breakdown(metric: WATCHED, by: REFERRER) { name value } } } }";
    let data = admin.data(apart, json!({ "r": r, "f": { "jti": "a" } })).await["organisation"]["analytics"].clone();
    assert_eq!(
        data["countries"],
        json!([{ "name": "DE", "value": 2.0 }, { "name": "AT", "value": 1.0 }])
    );
    assert_eq!(data["referrers"], json!([{ "name": "shop.example", "value": 180.0 }]));
    let bytes = "query($r: TimeRange!) { organisation { analytics(range: $r, filter: { jti: \"a\" }) {
        breakdown(metric: BYTES, by: COUNTRY) { name } } } }";
    assert_eq!(admin.code(bytes, json!({ "r": r })).await, "INVALID");

    let by_address =
        "query($r: TimeRange!) { organisation { analytics(range: $r) { byAddress(orderBy: SESSIONS) { nodes {
        ip durationSumS sessions streams tokens tags provider asn country maxConcurrency blocked score } } } } }";
    let rule = "mutation($i: CreateGuardianRuleInput!) { createGuardianRule(input: $i) { errors { code } } }";
    for (value, action) in [
        ("198.51.100.0/24", "DENY"),
        ("198.51.100.2", "ALLOW"),
        ("2001:db8::/32", "DENY"),
    ] {
        let input = json!({ "kind": "IP", "value": value, "action": action });
        admin.data(rule, json!({ "i": input })).await;
    }
    let data = admin.data(by_address, json!({ "r": r })).await;
    let rows = &data["organisation"]["analytics"]["byAddress"]["nodes"];
    assert_eq!(
        rows[0],
        json!({ "ip": "198.51.100.1", "durationSumS": 150.0, "sessions": 3, "streams": 1, "tokens": 2, "tags": ["web"],
            "provider": "Telecom 64500", "asn": 64_500, "country": "DE", "maxConcurrency": 2, "blocked": true,
            "score": 0 })
    );
    let blocked = |ip: &str| rows.as_array().unwrap().iter().find(|row| row["ip"] == ip).unwrap()["blocked"].clone();
    assert_eq!(
        (blocked("198.51.100.2"), blocked("2001:db8::7")),
        (json!(false), json!(true))
    );

    let most = "query($r: TimeRange!, $f: AnalyticsFilter) { organisation { analytics(range: $r, filter: $f) { maxConcurrency } } }";
    let most = async |filter: Value| {
        let data = admin.data(most, json!({ "r": r, "f": filter })).await;
        data["organisation"]["analytics"]["maxConcurrency"].clone()
    };
    assert_eq!(most(json!({ "jti": "a" })).await, 2);
    assert_eq!(most(json!({ "stream": world.stream() })).await, 4);
    assert_eq!(most(json!({ "stream": "nobody" })).await, 0);

    // Over time and taken apart; the three sessions of one minute are in it with what they got in it.
    let series =
        "query($r: TimeRange!, $m: Metric!, $i: Interval!, $g: Dimension) { organisation { analytics(range: $r) {
        timeseries(metric: $m, interval: $i, groupBy: $g) { name points { at value } } } } }";
    let ask = async |metric: &str, group: Value| {
        let variables = json!({ "r": r, "m": metric, "i": "HOUR", "g": group });
        admin.data(series, variables).await["organisation"]["analytics"]["timeseries"].clone()
    };
    assert_eq!(ask("SESSIONS", Value::Null).await[0]["points"][0]["value"], 5.0);
    assert_eq!(ask("WATCHED", Value::Null).await[0]["points"][0]["value"], 810.0);
    assert_eq!(ask("BYTES", Value::Null).await[0]["points"][0]["value"], 810e6);
    let countries = ask("WATCHED", json!("COUNTRY")).await;
    assert_eq!(
        (&countries[0]["name"], &countries[1]["name"]),
        (&json!("DE"), &json!("AT"))
    );
    assert_eq!(countries[1]["points"][0]["value"], 60.0);
    denied(&world, later(5), "192.0.2.5".parse().unwrap(), Reason::TokenExpired);
    let reasons = "query($r: TimeRange!) { organisation { analytics(range: $r) { denials { name value }
        world { country value } breakdown(metric: SESSIONS, by: PROVIDER) { name value } } } }";
    let path = "/organisation/analytics/denials";
    let denials = until(&admin, reasons, json!({ "r": r }), path, 1).await;
    assert_eq!(denials, json!([{ "name": "TOKEN_EXPIRED", "value": 1.0 }]));
    let data = admin.data(reasons, json!({ "r": r })).await["organisation"]["analytics"].clone();
    assert_eq!(
        data["world"],
        json!([{ "country": "DE", "value": 4.0 }, { "country": "AT", "value": 1.0 }])
    );
    assert_eq!(
        data["breakdown"],
        json!([{ "name": "Telecom 64500", "value": 4.0 }, { "name": "Telecom 64501", "value": 1.0 }])
    );
}

#[tokio::test]
async fn the_views_are_exact_for_sessions_that_overlap_go_on_or_reach_beyond_the_time() {
    views_are_exact_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn the_views_are_exact_for_sessions_that_overlap_go_on_or_reach_beyond_the_time_on_postgresql() {
    views_are_exact_on(Kind::Postgres).await;
}

#[tokio::test]
async fn who_shares_a_token_is_found_while_it_happens_with_evidence_and_by_nobody_elses_organisation() {
    let world = World::new().await;
    let address = world.serve().await;
    let admin = world.as_role("nanoAdmin").await;
    let subscribed = "subscription { misuse { jti user code weight evidence } }";
    let mut socket = Socket::open(address, &admin, None).await.unwrap();
    socket.subscribe("m", subscribed).await;
    let mut outside = Socket::open(address, &world.outsider().await, None).await.unwrap();
    outside.subscribe("m", subscribed).await;
    let mut reader = Socket::open(address, &world.as_role("nanoReadOnly").await, None)
        .await
        .unwrap();
    reader.subscribe("m", subscribed).await;
    let refused = reader.hear().await;
    assert_eq!(
        refused["payload"]["errors"][0]["extensions"]["code"], "FORBIDDEN",
        "{refused}"
    );
    settled(&mut socket).await;
    settled(&mut outside).await;

    let begin = world.clock.now();
    let places = [
        ("198.51.100.1", 64_500),
        ("203.0.113.1", 64_501),
        ("192.0.2.1", 64_502),
        ("2001:db8::1", 64_503),
    ];
    let sessions: Vec<_> = (1..)
        .zip(places)
        .map(|(n, (address, asn))| viewing(&world, n, "shared", address, "DE", asn))
        .collect();
    for facts in &sessions {
        world.node.tell(begin, Event::Started(facts.clone()));
    }
    for second in (10..70).step_by(10) {
        for facts in &sessions {
            beats(&world, facts, begin, second..second + 1);
        }
    }
    let found = loop {
        let found = socket.next("m").await["data"]["misuse"].clone();
        if found["jti"] == "shared" && found["code"] == "ADDRESSES" && found["weight"] == 55 {
            break found;
        }
    };
    assert_eq!(
        found["evidence"],
        "4 addresses in 4 networks within 10 minutes, 4 at once"
    );

    let r = range(&world, 3_600);
    let rows = until(&admin, TOKENS, json!({ "r": r }), TOKEN_ROWS, 1).await;
    assert_eq!(rows[0]["score"], 85, "{rows}");
    let codes: Vec<_> = rows[0]["indicators"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["code"])
        .collect();
    assert_eq!(codes, ["ADDRESSES", "SESSIONS"]);
    let findings = "query($r: TimeRange!) { organisation { analytics(range: $r) { findings { totalCount nodes {
        jti user ip code evidence } } } } }";
    let data = admin.data(findings, json!({ "r": r })).await;
    assert_eq!(
        data["organisation"]["analytics"]["findings"]["totalCount"], 4,
        "of the token and of its viewer"
    );
    let other = world.outsider().await.data(findings, json!({ "r": r })).await;
    assert_eq!(other["organisation"]["analytics"]["findings"]["totalCount"], 0);

    // Thresholds are the organisation's.
    let change = "mutation($t: MisuseThresholdsInput!) { updateSettings(input: { misuseThresholds: $t }) {
        organisation { settings { misuseThresholds { addresses sessions } } } errors { code field } } }";
    let wrong = admin.data(change, json!({ "t": { "addresses": 0 } })).await;
    assert_eq!(wrong["updateSettings"]["errors"][0]["code"], "INVALID");
    for (field, number) in [("addresses", 257), ("countries", 101), ("denials", 10_001)] {
        let beyond = admin.data(change, json!({ "t": { field: number } })).await;
        assert_eq!(
            beyond["updateSettings"]["errors"],
            json!([{ "code": "INVALID", "field": ["input", "misuseThresholds", field] }]),
            "what could never be reached"
        );
    }
    let set = admin.data(change, json!({ "t": { "addresses": 2 } })).await;
    assert_eq!(
        set["updateSettings"]["organisation"]["settings"]["misuseThresholds"],
        json!({ "addresses": 2, "sessions": 3 })
    );
    let more = admin.data(change, json!({ "t": { "sessions": 3 } })).await;
    assert_eq!(
        more["updateSettings"]["organisation"]["settings"]["misuseThresholds"],
        json!({ "addresses": 2, "sessions": 3 }),
        "what is left out stays"
    );
    world.pass(Duration::from_mins(30));
    let begin = world.clock.now();
    let two: Vec<_> = (11..)
        .zip(&places[..3])
        .map(|(n, (address, asn))| viewing(&world, n, "two", address, "DE", *asn))
        .collect();
    for facts in &two {
        world.node.tell(begin, Event::Started(facts.clone()));
    }
    for second in (10..70).step_by(10) {
        for facts in &two {
            beats(&world, facts, begin, second..second + 1);
        }
    }
    loop {
        let found = socket.next("m").await["data"]["misuse"].clone();
        if found["jti"] == "two" && found["weight"] == 55 {
            break;
        }
    }
}

/// A feed that is told and a feed that is read go by the same: whoever goes on is not hidden behind what is over.
#[tokio::test]
async fn what_was_seen_last_is_read_first_and_no_page_repeats_or_leaves_out_any() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::on(kind).await;
        let admin = world.as_role("nanoAdmin").await;
        let begin = world.clock.now();
        // Four forge tokens one after the other, two of them at once; the first goes on.
        for (last, second) in [(1, 0), (2, 20), (3, 40), (4, 40), (1, 150)] {
            for _ in 0..10 {
                let at = begin.plus(Duration::from_secs(second));
                denied(&world, at, [192, 0, 2, last].into(), Reason::TokenSignature);
            }
        }
        let query = "query($r: TimeRange!, $n: Int, $a: String) { organisation { analytics(range: $r) {
            findings(first: $n, after: $a) { totalCount nodes { ip lastAt } pageInfo { endCursor } } } } }";
        let read = async |first: i32, after: Value| {
            let variables = json!({ "r": range(&world, 3_600), "n": first, "a": after });
            admin.data(query, variables).await["organisation"]["analytics"]["findings"].clone()
        };
        let whole = loop {
            let page = read(100, Value::Null).await;
            let all = page["nodes"].as_array().unwrap().clone();
            if all.len() == 4 && all[0]["ip"] == "192.0.2.1" {
                break all;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        };
        assert_eq!(whole[3]["ip"], "192.0.2.2", "{whole:?}");
        let times: Vec<_> = whole.iter().map(|one| one["lastAt"].as_str().unwrap()).collect();
        assert!(times.iter().rev().is_sorted(), "{times:?}");
        let (mut seen, mut after) = (vec![], Value::Null);
        for _ in 0..4 {
            let page = read(1, after).await;
            assert_eq!(page["totalCount"], 4);
            seen.extend(page["nodes"].as_array().unwrap().clone());
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(seen, whole);
        assert_eq!(read(1, after).await["nodes"], json!([]));
        // `none`, which is no place in this list.
        let wrong = json!({ "r": range(&world, 3_600), "n": 1, "a": "bm9uZQ" });
        assert_eq!(admin.code(query, wrong).await, "INVALID");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_again_and_again_is_found_wherever_it_comes_from() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let from = world.clock.now();
    for n in 0..10_u8 {
        let facts = viewing(&world, 1, "tried", &format!("192.0.2.{n}"), "DE", 64_500);
        let visitor = Visitor {
            place: facts.place,
            provider: facts.provider.clone(),
            grant: facts.grant.clone(),
            ..Visitor::default()
        };
        let refusal = refusal(&facts, Reason::TokenIp, n, visitor);
        world.node.tell(from.plus(Duration::from_secs(n.into())), refusal);
    }
    let found = "query($r: TimeRange!) { organisation { analytics(range: $r) { findings { nodes {
        jti ip code } } } } }";
    let path = "/organisation/analytics/findings/nodes";
    let found = until(&admin, found, json!({ "r": range(&world, 60) }), path, 1).await;
    assert_eq!(found, json!([{ "jti": "tried", "ip": null, "code": "DENIALS" }]));
}

#[tokio::test]
async fn views_need_the_package_and_show_persons_to_those_alone_who_may_see_them() {
    let world = World::new().await;
    let reader = world.as_role("nanoReadOnly").await;
    let r = range(&world, 60);
    let sums = "query($r: TimeRange!) { organisation { analytics(range: $r) { world { country } } } }";
    assert_eq!(reader.ask(sums, json!({ "r": r })).await.code(), None);
    for part in [
        "byToken { totalCount }",
        "byAddress { totalCount }",
        "byViewer { totalCount }",
        "findings { totalCount }",
    ] {
        let query = format!("query($r: TimeRange!) {{ organisation {{ analytics(range: $r) {{ {part} }} }} }}");
        assert_eq!(reader.code(&query, json!({ "r": r })).await, "FORBIDDEN", "{part}");
    }
    let filtered = "query($r: TimeRange!) { organisation { analytics(range: $r, filter: { ip: \"192.0.2.1\" }) {
        world { country } } } }";
    assert_eq!(reader.code(filtered, json!({ "r": r })).await, "FORBIDDEN");
    let operator = operator(&world).await;
    let unsupported = "query($r: TimeRange!) { organisation { analytics(range: $r, filter: { country: \"DE\" }) {
        world { country } } } }";
    assert_eq!(reader.code(unsupported, json!({ "r": r })).await, "INVALID");
    let take = "mutation($o: String!) { setPackage(input: { organisation: $o, package: ANALYTICS, enabled: false }) {
        errors { code } } }";
    let hash = world.stream().split('-').next().unwrap().to_owned();
    let address = world.serve().await;
    let mut feed = Socket::open(address, &world.as_role("nanoUser").await, None)
        .await
        .unwrap();
    feed.subscribe("m", "subscription { misuse { jti } }").await;
    settled(&mut feed).await;
    operator.data(take, json!({ "o": hash })).await;
    let over = feed.next("m").await;
    assert_eq!(over["errors"][0]["extensions"]["code"], "PACKAGE_REQUIRED", "{over}");
    assert_eq!(reader.code(sums, json!({ "r": r })).await, "PACKAGE_REQUIRED");
}

#[tokio::test]
async fn a_file_of_a_metric_over_time_has_more_than_a_chart_shows() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let countries = "DE FR AT CH IT ES PT NL BE LU DK SE NO FI PL CZ SK HU SI HR IE".split(' ');
    for (n, country) in (1..).zip(countries) {
        let facts = viewing(&world, n, "tok_c", "192.0.2.7", country, 64_500);
        world.node.tell(world.clock.now(), Event::Started(facts));
    }
    let r = range(&world, 600);
    let moment = |name: &str| r[name].as_str().unwrap().replace('+', "%2B");
    let path = format!(
        "/timeseries.csv?from={}&to={}&metric=SESSIONS&interval=DAY&groupBy=COUNTRY",
        moment("from"),
        moment("to")
    );
    eventually("every country has its line", async || {
        admin.get(&path).await.text.lines().count() == 1 + 21
    })
    .await;
    let query = "query($r: TimeRange!) { organisation { analytics(range: $r) {
        timeseries(metric: SESSIONS, interval: DAY, groupBy: COUNTRY) { name } } } }";
    let shown = admin.data(query, json!({ "r": r })).await["organisation"]["analytics"]["timeseries"].clone();
    assert_eq!(shown.as_array().unwrap().len(), 20);
}
