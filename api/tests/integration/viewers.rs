//! What each viewer watched, with whatever tokens: exactly, scored and explained, and whether they are banned.

use std::time::Duration;

use axum::http::StatusCode;
use guard::{Grant, Timestamp};
use link::{Kind as Event, SessionFacts};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    analytics::{range, until, viewing, watched},
    harness::{Client, World},
};

const VIEW: &str = "query($r: TimeRange!, $f: AnalyticsFilter, $o: ViewerUsageOrder, $d: OrderDirection, $first: Int,
    $after: String) { organisation { analytics(range: $r, filter: $f) { byViewer(orderBy: $o, direction: $d, first: $first,
    after: $after) { totalCount pageInfo { endCursor hasNextPage } nodes { user durationSumS durationAvgS sessions streams
    tokens ips topProviders { name value } topCountries { name value } bytes lastEnd maxConcurrency banned score
    indicators { code evidence } } } } } }";
const ROWS: &str = "/organisation/analytics/byViewer/nodes";

fn of(user: Option<&str>, facts: SessionFacts) -> SessionFacts {
    let grant = facts.grant.clone().map(|grant| Grant {
        user: user.map(Into::into),
        ..grant
    });
    SessionFacts { grant, ..facts }
}

/// Goes on from four places at once.
fn shared(world: &World, user: &str, begin: Timestamp) {
    let places = [("192.0.2.1", 1), ("192.0.3.1", 2), ("192.0.4.1", 3), ("192.0.5.1", 4)];
    let sessions: Vec<_> = (100..)
        .zip(places)
        .map(|(n, (address, asn))| of(Some(user), viewing(world, n, "shared", address, "FR", 64_510 + asn)))
        .collect();
    for facts in &sessions {
        world.node.tell(begin, Event::Started(facts.clone()));
    }
    for second in (10..70).step_by(10) {
        for facts in &sessions {
            world
                .node
                .beats(begin.plus(Duration::from_secs(second)), facts, second * 1_000_000);
        }
    }
}

async fn one(client: &Client, range: &Value, user: &str) -> Value {
    let asked = json!({ "r": range, "f": { "user": user } });
    until(client, VIEW, asked, ROWS, 1).await[0].clone()
}

async fn viewers_are_exact_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let begin = world.clock.now();
    let later = |seconds| begin.plus(Duration::from_secs(seconds));
    shared(&world, "cat", begin);
    // A token that names nobody is nobody's.
    let nobody = of(None, viewing(&world, 5, "n", "198.51.100.3", "DE", 64_500));
    watched(&world, &nobody, begin, 60);
    // Two tokens of one viewer, half of the time beside each other.
    let first = of(Some("ann"), viewing(&world, 1, "a1", "198.51.100.1", "DE", 64_500));
    let second = of(Some("ann"), viewing(&world, 2, "a2", "198.51.100.2", "DE", 64_501));
    let third = of(Some("ann"), viewing(&world, 3, "a2", "198.51.100.2", "DE", 64_501));
    watched(&world, &first, begin, 60);
    watched(&world, &second, later(30), 60);
    watched(&world, &third, later(90), 30);
    let bob = of(Some("bob"), viewing(&world, 4, "b", "198.51.100.1", "DE", 64_500));
    watched(&world, &bob, begin, 20);

    let r = range(&world, 3_600);
    until(&admin, VIEW, json!({ "r": r }), ROWS, 3).await;
    let ann = one(&admin, &r, "ann").await;
    assert_eq!(
        ann,
        json!({ "user": "ann", "durationSumS": 150.0, "durationAvgS": 50.0, "sessions": 3, "streams": 1, "tokens": 2,
            "ips": 2, "topProviders": [{ "name": "Telecom 64501", "value": 2.0 }, { "name": "Telecom 64500", "value": 1.0 }],
            "topCountries": [{ "name": "DE", "value": 3.0 }], "bytes": 150e6, "lastEnd": ann["lastEnd"],
            "maxConcurrency": 2, "banned": false, "score": 0, "indicators": [] })
    );
    assert!(ann["lastEnd"].is_string());
    // Scored by what was found of the viewer, and explained.
    let cat = loop {
        let cat = one(&admin, &r, "cat").await;
        if cat["score"].as_i64() > Some(50) && cat["durationSumS"] == 240.0 {
            break cat;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    };
    assert_eq!(cat["lastEnd"], Value::Null, "they watch now");
    assert_eq!(cat["indicators"][0]["code"], "ADDRESSES", "{cat}");
    assert!(
        cat["indicators"][0]["evidence"]
            .as_str()
            .unwrap()
            .contains("4 addresses"),
        "{cat}"
    );

    // Whoever bans them, and however rows go.
    let ban = "mutation { banUser(input: {user: \"bob\"}) { errors { code } } }";
    admin.data(ban, json!({})).await;
    assert_eq!(one(&admin, &r, "bob").await["banned"], true);
    let orders = "SCORE DURATION_SUM DURATION_AVG SESSIONS STREAMS TOKENS IPS BYTES FIRST_START LAST_END MAX_CONCURRENCY USER \
        PROVIDERS COUNTRIES BANNED";
    for order in orders.split_whitespace() {
        for direction in ["ASCENDING", "DESCENDING"] {
            let (mut seen, mut after) = (Vec::new(), Value::Null);
            loop {
                let asked = json!({ "r": r, "o": order, "d": direction, "first": 1, "after": after });
                let page = admin.data(VIEW, asked).await["organisation"]["analytics"]["byViewer"].clone();
                assert_eq!(page["totalCount"], 3, "{order}");
                let nodes = page["nodes"].as_array().unwrap();
                seen.extend(nodes.iter().map(|node| node["user"].as_str().unwrap().to_owned()));
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                after = page["pageInfo"]["endCursor"].clone();
            }
            let most = match order {
                "SCORE" | "IPS" | "MAX_CONCURRENCY" | "USER" | "PROVIDERS" | "DURATION_SUM" | "BYTES" => Some("cat"),
                "TOKENS" => Some("ann"),
                "BANNED" => Some("bob"),
                _ => None,
            };
            if let Some(most) = most {
                let place = if direction == "DESCENDING" { 0 } else { 2 };
                assert_eq!(seen[place], most, "{order}, {direction}: {seen:?}");
            }
            seen.sort();
            assert_eq!(seen, ["ann", "bob", "cat"], "{order}, {direction}");
        }
    }

    // As a file; and not for others.
    let path = "/viewer-usage.csv?from=2027-01-01T00:00:00Z&to=2028-01-01T00:00:00Z&orderBy=USER&direction=ASCENDING";
    let file = admin.get(path).await;
    let lines: Vec<_> = file.text.trim_end().split("\r\n").collect();
    assert!(lines[0].starts_with("\"user\",\"duration_sum_s\""), "{}", file.text);
    assert!(
        lines[1].starts_with("\"ann\",\"150.000\",\"50.000\",\"3\",\"1\",\"2\",\"2\","),
        "{}",
        file.text
    );
    assert!(
        lines[2].starts_with("\"bob\",") && lines[2].contains("\"true\""),
        "{}",
        file.text
    );
    assert_eq!(lines.len(), 4);
    let reader = world.as_role("nanoReadOnly").await;
    assert_eq!(reader.get(path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(reader.code(VIEW, json!({ "r": r })).await, "FORBIDDEN");
    let theirs = world.outsider().await.data(VIEW, json!({ "r": r })).await;
    assert_eq!(theirs.pointer(ROWS), Some(&json!([])));
}

#[tokio::test]
async fn viewers_are_scored_and_ordered_with_all_their_tokens() {
    viewers_are_exact_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn viewers_are_scored_and_ordered_with_all_their_tokens_on_postgresql() {
    viewers_are_exact_on(Kind::Postgres).await;
}
