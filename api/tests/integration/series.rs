//! Metrics over time, taken apart: the lines with most, each whole, however many there are.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
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
