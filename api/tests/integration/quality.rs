//! How well it plays: from what players say to what views show.

use std::time::Duration;

use axum::http::StatusCode;
use link::{Kind as Event, Quality, SessionFacts};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    analytics::{range, until, viewing},
    harness::World,
    organisations::operator,
    privacy::eventually,
};

const GROUPS: &str =
    "query($r: TimeRange!, $f: AnalyticsFilter, $by: QualityDimension, $o: QualityOrder, $d: OrderDirection,
    $n: Int! = 50) { organisation { analytics(range: $r,
    filter: $f) { quality(by: $by, orderBy: $o, direction: $d, first: $n) { name attempts starts startSuccessRatio quickStartRatio averageStartMs played
    bufferingRatio stalls averageLatencyMs connectionsLost mediaErrors unsupported } } } }";
const ROWS: &str = "/organisation/analytics/quality";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const CHROME: &str = "Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";

fn with(world: &World, n: u64, country: &str, agent: &str) -> SessionFacts {
    SessionFacts {
        user_agent: Some(agent.into()),
        ..viewing(world, n, "tok_q", "192.0.2.7", country, 64_500)
    }
}

fn says(world: &World, facts: &SessionFacts, second: u64, quality: Quality) {
    let told = Event::Quality {
        session: facts.session,
        organisation: facts.organisation,
        quality,
    };
    world
        .node
        .tell(world.clock.now().plus(Duration::from_secs(second)), told);
}

fn began(start_ms: u32, played_ms: u32) -> Quality {
    Quality {
        attempt: true,
        start_ms: Some(start_ms),
        played_ms,
        latency_ms: Some(1_000),
        ..Quality::default()
    }
}

async fn quality_is_taken_apart_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let now = world.clock.now();
    let (one, two, three) = (
        with(&world, 1, "DE", FIREFOX),
        with(&world, 2, "FR", CHROME),
        with(&world, 3, "DE", "Lavf/59"),
    );
    for facts in [&one, &two, &three] {
        world.node.tell(now, Event::Started(facts.clone()));
    }
    says(&world, &one, 1, began(1_000, 8_000));
    says(&world, &two, 2, began(3_000, 60_000));
    let stalled = Quality {
        played_ms: 1_000,
        stalled_ms: 1_000,
        stalls: 2,
        latency_ms: Some(4_000),
        lost: 1,
        undecoded: 1,
        ..Quality::default()
    };
    // In another minute, in the same row of what is asked for.
    says(&world, &one, 90, stalled);
    let failed = Quality {
        attempt: true,
        unsupported: 1,
        ..Quality::default()
    };
    says(&world, &three, 3, failed);
    // Of a session that nobody heard of.
    says(&world, &with(&world, 4, "DE", CHROME), 3, began(1, 1));

    let range = range(&world, 600);
    let asked = |by: Option<&str>| json!({ "r": range, "by": by });
    let rows = until(&admin, GROUPS, asked(Some("VERSION")), ROWS, 3).await;
    assert_eq!(rows[0]["name"], "Chrome 120");
    let firefox = json!({
        "name": "Firefox 128", "attempts": 1, "starts": 1, "startSuccessRatio": 1.0, "quickStartRatio": 1.0,
        "averageStartMs": 1000.0, "played": 9.0, "bufferingRatio": 0.1, "stalls": 2, "averageLatencyMs": 2500.0,
        "connectionsLost": 1, "mediaErrors": 1, "unsupported": 0,
    });
    assert_eq!(rows[1], firefox);
    assert_eq!(
        (&rows[2]["name"], &rows[2]["startSuccessRatio"]),
        (&json!(""), &json!(0.0))
    );
    assert_eq!(
        (&rows[2]["quickStartRatio"], &rows[2]["unsupported"]),
        (&Value::Null, &json!(1))
    );
    let names = async |by: &str| {
        let data = admin.data(GROUPS, asked(Some(by))).await;
        let rows = data.pointer(ROWS).and_then(Value::as_array).unwrap().clone();
        rows.iter()
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("COUNTRY").await, ["FR", "DE"]);
    assert_eq!(names("BROWSER").await, ["Chrome", "Firefox", ""]);
    assert_eq!(names("PROTOCOL").await, ["websocket"]);
    assert_eq!(names("STREAM").await, [one.name.to_string()]);
    let together = admin.data(GROUPS, asked(None)).await;
    let all = &together.pointer(ROWS).unwrap()[0];
    assert_eq!(
        (&all["attempts"], &all["starts"], &all["quickStartRatio"]),
        (&json!(3), &json!(2), &json!(0.5))
    );

    let steps = "query($r: TimeRange!) { organisation { analytics(range: $r) { qualityOverTime(interval: MINUTE) { at
        quality { attempts stalls } } } } }";
    let data = admin.data(steps, json!({ "r": range })).await;
    let points = data["organisation"]["analytics"]["qualityOverTime"]
        .as_array()
        .unwrap()
        .clone();
    let stalls: Vec<_> = points
        .iter()
        .map(|point| point["quality"]["stalls"].as_i64().unwrap())
        .collect();
    assert_eq!(
        (stalls.iter().sum::<i64>(), *stalls.last().unwrap()),
        (2, 2),
        "{points:?}"
    );

    let moment = |name: &str| range[name].as_str().unwrap().replace('+', "%2B");
    let file = format!("/quality.csv?from={}&to={}&by=BROWSER", moment("from"), moment("to"));
    let csv = admin.get(&file).await;
    assert_eq!(csv.status, StatusCode::OK, "{}", csv.text);
    let firefox = [
        "Firefox",
        "1",
        "1",
        "1.0000",
        "1.0000",
        "1000.0000",
        "9.000",
        "0.1000",
        "2",
        "2500.0000",
        "1",
        "1",
        "0",
    ];
    let line = firefox.map(|cell| format!("\"{cell}\"")).join(",");
    assert!(csv.text.contains(&line), "{}", csv.text);

    // Others have nothing of it, and who sees sums sees it.
    let other = operator(&world).await;
    let theirs = other.ask(GROUPS, asked(None)).await;
    assert!(!theirs.text.contains("\"attempts\":3"), "{}", theirs.text);
    let read_only = world.as_role("nanoReadOnly").await;
    assert_eq!(read_only.data(GROUPS, asked(None)).await, together);
    let personal = read_only
        .ask(GROUPS, json!({ "r": range, "f": { "user": "anna" } }))
        .await;
    assert_eq!(personal.code().as_deref(), Some("FORBIDDEN"));
    let unknown = admin.ask(GROUPS, json!({ "r": range, "f": { "country": "DE" } })).await;
    assert_eq!(unknown.code().as_deref(), Some("INVALID"), "{}", unknown.text);
}

#[tokio::test]
async fn quality_is_taken_apart_by_where_viewers_are_and_what_they_watch_with() {
    quality_is_taken_apart_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn quality_is_taken_apart_by_where_viewers_are_and_what_they_watch_with_on_postgresql() {
    quality_is_taken_apart_on(Kind::Postgres).await;
}

/// Five countries, of which one is not known, that differ in every figure; of one nobody saw a picture.
async fn quality_is_ordered_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let now = world.clock.now();
    let countries = ["DE", "FR", "AT", "CH", ""];
    let viewers: Vec<_> = (1..)
        .zip(countries)
        .map(|(n, country)| with(&world, n, country, FIREFOX))
        .collect();
    for facts in &viewers {
        world.node.tell(now, Event::Started(facts.clone()));
    }
    let attempt = || Quality {
        attempt: true,
        ..Quality::default()
    };
    let late = |start_ms: u32, played_ms: u32, latency_ms: u32| Quality {
        latency_ms: Some(latency_ms),
        ..began(start_ms, played_ms)
    };
    let stalled = |stalled_ms: u32| Quality {
        stalled_ms,
        stalls: 1,
        ..Quality::default()
    };
    let (lost, unsupported) = (
        |lost: u32| Quality {
            lost,
            ..Quality::default()
        },
        Quality {
            unsupported: 1,
            ..attempt()
        },
    );
    for (viewer, quality) in [
        (0, late(500, 40_000, 3_000)),
        (1, late(4_000, 30_000, 1_000)),
        (1, stalled(10_000)),
        (1, unsupported),
        (2, late(1_000, 10_000, 2_000)),
        (2, late(3_000, 10_000, 2_000)),
        (2, stalled(20_000)),
        (2, lost(5)),
        (2, attempt()),
        (3, lost(2)),
        (3, attempt()),
        (3, attempt()),
        (3, attempt()),
        (3, attempt()),
        (4, late(1_000, 1_000, 1_500)),
        (4, late(3_000, 1_000, 1_500)),
        (4, late(3_000, 1_000, 1_500)),
        (4, late(3_000, 1_000, 1_500)),
        (4, stalled(1_000)),
        (4, lost(3)),
        (4, attempt()),
    ] {
        says(&world, &viewers[viewer], 1, quality);
    }
    let range = range(&world, 600);
    eventually("all is added up", async || {
        let together = admin.data(GROUPS, json!({ "r": range })).await;
        together.pointer(ROWS).is_some_and(|rows| rows[0]["attempts"] == 15)
    })
    .await;
    let ordered = async |order: &str, direction: Option<&str>, first: usize| {
        let asked = json!({ "r": range, "by": "COUNTRY", "o": order, "d": direction, "n": first });
        let data = admin.data(GROUPS, asked).await;
        let rows = data.pointer(ROWS).and_then(Value::as_array).unwrap().clone();
        let name = |row: &Value| row["name"].as_str().unwrap().to_owned();
        rows.iter().map(name).collect::<Vec<_>>()
    };
    // The most first; what nobody told is last either way.
    for (order, known, unknown) in [
        ("NAME", &["FR", "DE", "CH", "AT"][..], &[""][..]),
        ("ATTEMPTS", &["", "CH", "AT", "FR", "DE"], &[]),
        ("START_SUCCESS", &["DE", "", "AT", "FR", "CH"], &[]),
        ("QUICK_START", &["DE", "AT", "", "FR"], &["CH"]),
        ("AVERAGE_START", &["FR", "", "AT", "DE"], &["CH"]),
        ("PLAYED", &["DE", "FR", "AT", "", "CH"], &[]),
        ("BUFFERING", &["AT", "FR", "", "DE"], &["CH"]),
        ("AVERAGE_LATENCY", &["DE", "AT", "", "FR"], &["CH"]),
        ("FAILURES", &["AT", "", "CH", "FR", "DE"], &[]),
    ] {
        let descending = [known, unknown].concat();
        let ascending: Vec<_> = known.iter().rev().chain(unknown).copied().collect();
        assert_eq!(ordered(order, None, 50).await, descending, "{order}");
        assert_eq!(ordered(order, Some("DESCENDING"), 50).await, descending, "{order}");
        assert_eq!(ordered(order, Some("ASCENDING"), 50).await, ascending, "{order}");
        // Of all groups, not of those who played longest.
        assert_eq!(ordered(order, None, 1).await, descending[..1], "{order}");
    }
    let moment = |name: &str| range[name].as_str().unwrap().replace('+', "%2B");
    let file = format!(
        "/quality.csv?from={}&to={}&by=COUNTRY&orderBy=AVERAGE_START&direction=ASCENDING",
        moment("from"),
        moment("to")
    );
    let csv = admin.get(&file).await.text;
    let name = |line: &str| line.split('"').nth(1).unwrap().to_owned();
    let names: Vec<_> = csv.lines().skip(1).map(name).collect();
    assert_eq!(names, ["DE", "AT", "", "FR", "CH"]);
}

#[tokio::test]
async fn quality_is_ordered_by_any_figure_and_either_way_over_all_groups() {
    quality_is_ordered_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn quality_is_ordered_by_any_figure_and_either_way_over_all_groups_on_postgresql() {
    quality_is_ordered_on(Kind::Postgres).await;
}
