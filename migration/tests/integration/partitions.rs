//! On PostgreSQL, sessions and sums are kept in months from that step on: what was there before is there after, months are
//! made before they begin, and dropped once they are over and empty.

use migration::partitions;
use testkit::Kind;

use crate::tables::Tables;

/// One of long ago, and one that no clock has reached.
const OLD: &str = "'019ac000-0000-7000-8000-000000000001'";
const BEYOND: &str = "'ffffffff-0000-7000-8000-000000000002'";

#[tokio::test]
async fn what_was_there_before_is_kept_in_months() {
    let tables = Tables::before(Kind::Postgres, "m0046_partitions").await;
    tables.organisation(1, "7KQ2M").await;
    let organisation = tables.id(1);
    for id in [OLD, BEYOND] {
        tables.run(&session(&organisation, id)).await;
        tables
            .run(&format!(
                "INSERT INTO session_token (session_id, jti, organisation_id) VALUES ({id}, 'earlier', {organisation})"
            ))
            .await;
    }
    tables.run(&minute(&organisation, 60_000_000)).await;
    let indices = "SELECT count(*) FROM pg_indexes WHERE tablename = 'session'";
    let had = tables.number(indices).await;

    tables.up().await;
    assert_eq!(tables.number(indices).await, had);
    assert_eq!(tables.number("SELECT count(*) FROM session").await, 2);
    assert_eq!(tables.number("SELECT count(*) FROM session_other").await, 1);
    assert_eq!(tables.number("SELECT count(*) FROM session_token").await, 2);
    assert_eq!(tables.number("SELECT sum(sessions)::bigint FROM usage_minute").await, 7);
    // A second start changes nothing.
    let parts = tables.number(PARTS).await;
    tables.up().await;
    assert_eq!(tables.number(PARTS).await, parts);
    // What refers to a session goes with it, and all goes with the organisation.
    tables.run(&format!("DELETE FROM session WHERE id = {OLD}")).await;
    assert_eq!(tables.number("SELECT count(*) FROM session_token").await, 1);
    tables.run("DELETE FROM organisation").await;
    for table in ["session", "session_token", "usage_minute"] {
        assert_eq!(
            tables.number(&format!("SELECT count(*) FROM {table}")).await,
            0,
            "{table}"
        );
    }
}

#[tokio::test]
async fn a_month_is_made_before_it_begins_and_dropped_once_it_is_over_and_empty() {
    let tables = Tables::newest(Kind::Postgres).await;
    tables.organisation(1, "7KQ2M").await;
    let organisation = tables.id(1);
    partitions::keep(&tables.connection, JUNE_2055).await.unwrap();
    for table in [
        "session",
        "session_token",
        "usage_minute",
        "denial_minute",
        "quality_minute",
    ] {
        for month in ["205506", "205507", "205508"] {
            assert!(is_there(&tables, &format!("{table}_{month}")).await, "{table}_{month}");
        }
    }
    tables.run(&minute(&organisation, JUNE_2055)).await;
    // The same moment, as an id has it: milliseconds, in 12 hex digits.
    let hex = format!("{:012x}", JUNE_2055 / 1_000);
    let id = format!("'{}-{}-7000-8000-000000000003'", &hex[..8], &hex[8..]);
    tables.run(&session(&organisation, &id)).await;
    for table in ["session_205506", "usage_minute_205506"] {
        assert_eq!(
            tables.number(&format!("SELECT count(*) FROM {table}")).await,
            1,
            "{table}"
        );
    }
    // Over, and not empty; then empty as well.
    partitions::keep(&tables.connection, OCTOBER_2055).await.unwrap();
    assert!(is_there(&tables, "session_205506").await);
    assert!(!is_there(&tables, "session_205507").await);
    tables.run("DELETE FROM session").await;
    partitions::keep(&tables.connection, OCTOBER_2055).await.unwrap();
    assert!(!is_there(&tables, "session_205506").await);
    assert!(is_there(&tables, "usage_minute_205506").await);
    assert!(is_there(&tables, "session_205510").await);
}

/// A clock that is years ahead brought rows of a month that nobody had made: it does without, and nothing is lost.
#[tokio::test]
async fn a_month_that_has_rows_already_stays_with_the_others() {
    let tables = Tables::newest(Kind::Postgres).await;
    tables.organisation(1, "7KQ2M").await;
    let organisation = tables.id(1);
    tables.run(&minute(&organisation, JUNE_2055)).await;
    partitions::keep(&tables.connection, JUNE_2055).await.unwrap();
    assert!(!is_there(&tables, "usage_minute_205506").await);
    assert!(is_there(&tables, "usage_minute_205507").await);
    assert_eq!(tables.number("SELECT sum(sessions)::bigint FROM usage_minute").await, 7);
}

fn session(organisation: &str, id: &str) -> String {
    format!(
        "INSERT INTO session (id, organisation_id, stream_id, stream_name, node_id, door, protocol, address, started_at, \
         beat_at, bytes) VALUES ({id}, {organisation}, {id}, 'first', {id}, 'playback', 'websocket', '192.0.2.1', 1, 1, 0)"
    )
}

fn minute(organisation: &str, at: i64) -> String {
    format!(
        "INSERT INTO usage_minute (organisation_id, minute_at, stream_name, protocol, country, sessions, watched_us, bytes) \
         VALUES ({organisation}, {at}, 'first', 'websocket', '', 7, 1, 1)"
    )
}

async fn is_there(tables: &Tables, table: &str) -> bool {
    let query = format!("SELECT count(*) FROM pg_class WHERE relname = '{table}'");
    tables.number(&query).await == 1
}

const PARTS: &str = "SELECT count(*) FROM pg_inherits";
/// In the middle of the month, in microseconds.
const JUNE_2055: i64 = 2_696_457_600_000_000;
const OCTOBER_2055: i64 = 2_706_998_400_000_000;
