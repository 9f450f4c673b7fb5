//! Metrics over time, taken apart: the lines with most, each whole, however many there are.

use std::time::Duration;

use link::Kind as Event;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    analytics::{beats, viewing},
    harness::{Client, World},
    privacy::database,
};

const STREAMS: i64 = 70;
const FROM: &str = "2027-01-15T08:00:00Z";
const TO: &str = "2027-01-15T08:50:00Z";
const SERIES: &str = "query($r: TimeRange!, $m: Metric!) { organisation { analytics(range: $r) {
    timeseries(metric: $m, interval: MINUTE, groupBy: STREAM) { name points { value } } } } }";

/// So many streams of three minutes each, as bytes and as refusals; by name, those with most first.
async fn busy(world: &World) -> Vec<(String, [i64; 3])> {
    // The minutes of one hour are read by the minute, also where hours would do.
    let begin = world.clock.now().us();
    let mut streams: Vec<_> = (0..STREAMS)
        .map(|n| {
            let least = 10 * (n * 37 % STREAMS);
            (format!("S{n:02}"), [1, 2, 3].map(|more| least + more))
        })
        .collect();
    let rows = streams.iter().flat_map(|(name, values)| {
        let minutes = values.iter().zip([1, 2, 3]);
        minutes.map(move |(value, minute)| format!("('{name}', {}, {value})", begin + minute * 60_000_000))
    });
    let rows = rows.collect::<Vec<_>>().join(", ");
    let hash = &world.demo.users[0].organisation;
    let of = format!("FROM organisation, (VALUES {rows}) AS given WHERE hash = '{hash}'");
    let filled = format!(
        "INSERT INTO usage_minute (organisation_id, minute_at, stream_name, protocol, country, sessions, watched_us, bytes)
            SELECT id, column2, column1, 'hls', 'DE', 0, 0, column3 {of};
        INSERT INTO denial_minute (organisation_id, minute_at, stream_name, door, protocol, reason, country, times)
            SELECT id, column2, column1, 'playback', 'hls', 'TOKEN_EXPIRED', 'DE', column3 {of}"
    );
    database(world).await.execute_unprepared(&filled).await.unwrap();
    streams.sort_by_key(|(_, values)| -values[0]);
    streams
}

async fn shown(admin: &Client, metric: &str) -> Value {
    let variables = json!({ "r": { "from": FROM, "to": TO }, "m": metric });
    admin.data(SERIES, variables).await["organisation"]["analytics"]["timeseries"].clone()
}

async fn lines_with_most_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let streams = busy(&world).await;
    for metric in ["BYTES", "DENIALS"] {
        let most: Vec<_> = streams
            .iter()
            .take(20)
            .map(|(name, values)| {
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let points: Vec<_> = values.iter().map(|value| json!({ "value": *value as f64 })).collect();
                json!({ "name": name, "points": points })
            })
            .collect();
        assert_eq!(shown(&admin, metric).await, json!(most), "{metric}");

        let path = format!("/timeseries.csv?from={FROM}&to={TO}&metric={metric}&interval=MINUTE&groupBy=STREAM");
        let file = admin.get(&path).await.text;
        let lines: Vec<_> = file.lines().skip(1).collect();
        let all = streams.iter().flat_map(|(name, values)| {
            let cells = values.iter().map(move |value| (name.clone(), value.to_string()));
            cells.collect::<Vec<_>>()
        });
        let all: Vec<_> = all.collect();
        assert_eq!(lines.len(), all.len(), "{metric}");
        for (line, (name, value)) in lines.iter().zip(all) {
            let cells: Vec<_> = line.split(',').map(|cell| cell.trim_matches('"')).collect();
            assert_eq!(
                (cells[0], cells[2]),
                (name.as_str(), value.as_str()),
                "{metric}: {line}"
            );
        }
    }
}

#[tokio::test]
async fn the_lines_with_most_are_shown_whole_and_a_file_has_all_of_them() {
    lines_with_most_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn the_lines_with_most_are_shown_whole_and_a_file_has_all_of_them_on_postgresql() {
    lines_with_most_on(Kind::Postgres).await;
}

const VIEWERS: &str = "query($r: TimeRange!, $i: Interval!) { organisation { analytics(range: $r) {
    timeseries(metric: VIEWERS, interval: $i) { points { at value } }
    breakdown(metric: VIEWERS, by: COUNTRY) { name value } } } }";

/// Who watches goes on watching: they are one viewer in every minute of which all is known, in whatever steps, and however much
/// of a step is over.
#[tokio::test]
async fn viewers_at_once_are_an_average_of_what_is_known() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let begin = world.clock.now();
    let at = |s: u64| chrono::DateTime::from_timestamp_micros(begin.plus(Duration::from_secs(s)).us()).unwrap();
    let facts = viewing(&world, 1, "a", "198.51.100.1", "DE", 64_500);
    world.node.tell(begin, Event::Started(facts.clone()));
    beats(&world, &facts, begin, 10..311);
    // All of it is written down: what was watched last, too.
    let told = "query($r: TimeRange!) { organisation { analytics(range: $r) { breakdown(metric: WATCHED, by: COUNTRY) { value } } } }";
    let whole = json!({ "r": { "from": at(0), "to": at(400) } });
    while admin.data(told, whole.clone()).await["organisation"]["analytics"]["breakdown"][0]["value"] != 310.0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let ask = async |from: u64, interval: &str| {
        let variables = json!({ "r": { "from": at(from) }, "i": interval });
        admin.data(VIEWERS, variables).await["organisation"]["analytics"].clone()
    };
    let one = json!([{ "name": "DE", "value": 1.0 }]);
    // Of the minute that is not over nothing is said, nor of one whose last seconds may be on their way.
    for (passed, minutes) in [(70, 0), (4, 0), (1, 1), (59, 1), (1, 2), (160, 4), (20, 5)] {
        world.pass(Duration::from_secs(passed));
        let by_minute = ask(0, "MINUTE").await;
        let points = by_minute["timeseries"][0]["points"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        assert_eq!(points.len(), minutes, "{passed}: {by_minute}");
        assert!(points.iter().all(|point| point["value"] == 1.0), "{by_minute}");
        assert_eq!(
            by_minute["breakdown"],
            if minutes == 0 { json!([]) } else { one.clone() }
        );
    }
    // A step of which only a part is over, and of which only a part is asked for.
    for (from, interval) in [
        (0, "HOUR"),
        (0, "DAY"),
        (0, "FIVE_MINUTES"),
        (90, "HOUR"),
        (90, "MINUTE"),
    ] {
        let data = ask(from, interval).await;
        let points = data["timeseries"][0]["points"].as_array().cloned().unwrap_or_default();
        assert!(!points.is_empty(), "{from} {interval}: {data}");
        assert!(
            points.iter().all(|point| point["value"] == 1.0),
            "{from} {interval}: {data}"
        );
        assert_eq!(data["breakdown"], one, "{from} {interval}");
    }
}
