//! On PostgreSQL, sessions and sums are kept in months from that step on: what was there before is there after, months are
//! made before they begin, and dropped once they are over and empty.

use migration::{Migrator, partitions};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;
use testkit::Kind;

const ORGANISATION: &str = "'01010101-0101-0101-0101-010101010101'";
/// One of long ago, and one that no clock has reached.
const OLD: &str = "'019ac000-0000-7000-8000-000000000001'";
const BEYOND: &str = "'ffffffff-0000-7000-8000-000000000002'";

#[tokio::test]
async fn what_was_there_before_is_kept_in_months() {
    let place = testkit::Database::new(Kind::Postgres);
    let database = Database::connect(place.url()).await.unwrap();
    let steps = Migrator::migrations();
    let before = steps.iter().position(|step| step.name() == "m0046_partitions").unwrap();
    Migrator::up(&database, Some(before.try_into().unwrap())).await.unwrap();
    run(&database, &organisation()).await;
    for id in [OLD, BEYOND] {
        run(&database, &session(id)).await;
        run(
            &database,
            &format!(
                "INSERT INTO session_token (session_id, jti, organisation_id) VALUES ({id}, 'earlier', {ORGANISATION})"
            ),
        )
        .await;
    }
    run(&database, &minute(60_000_000)).await;
    let indices = "SELECT count(*) FROM pg_indexes WHERE tablename = 'session'";
    let had = number(&database, indices).await;

    migration::up(&database).await.unwrap();
    assert_eq!(number(&database, indices).await, had);
    assert_eq!(number(&database, "SELECT count(*) FROM session").await, 2);
    assert_eq!(number(&database, "SELECT count(*) FROM session_other").await, 1);
    assert_eq!(number(&database, "SELECT count(*) FROM session_token").await, 2);
    assert_eq!(
        number(&database, "SELECT sum(sessions)::bigint FROM usage_minute").await,
        7
    );
    // A second start changes nothing.
    let parts = number(&database, PARTS).await;
    migration::up(&database).await.unwrap();
    assert_eq!(number(&database, PARTS).await, parts);
    // What refers to a session goes with it, and all goes with the organisation.
    run(&database, &format!("DELETE FROM session WHERE id = {OLD}")).await;
    assert_eq!(number(&database, "SELECT count(*) FROM session_token").await, 1);
    run(&database, "DELETE FROM organisation").await;
    for table in ["session", "session_token", "usage_minute"] {
        assert_eq!(
            number(&database, &format!("SELECT count(*) FROM {table}")).await,
            0,
            "{table}"
        );
    }
}

#[tokio::test]
async fn a_month_is_made_before_it_begins_and_dropped_once_it_is_over_and_empty() {
    let place = testkit::Database::new(Kind::Postgres);
    let database = Database::connect(place.url()).await.unwrap();
    migration::up(&database).await.unwrap();
    run(&database, &organisation()).await;
    partitions::keep(&database, JUNE_2055).await.unwrap();
    for table in [
        "session",
        "session_token",
        "usage_minute",
        "denial_minute",
        "quality_minute",
    ] {
        for month in ["205506", "205507", "205508"] {
            assert!(
                is_there(&database, &format!("{table}_{month}")).await,
                "{table}_{month}"
            );
        }
    }
    run(&database, &minute(JUNE_2055)).await;
    // The same moment, as an id has it: milliseconds, in 12 hex digits.
    let hex = format!("{:012x}", JUNE_2055 / 1_000);
    let id = format!("'{}-{}-7000-8000-000000000003'", &hex[..8], &hex[8..]);
    run(&database, &session(&id)).await;
    for table in ["session_205506", "usage_minute_205506"] {
        assert_eq!(
            number(&database, &format!("SELECT count(*) FROM {table}")).await,
            1,
            "{table}"
        );
    }
    // Over, and not empty; then empty as well.
    partitions::keep(&database, OCTOBER_2055).await.unwrap();
    assert!(is_there(&database, "session_205506").await);
    assert!(!is_there(&database, "session_205507").await);
    run(&database, "DELETE FROM session").await;
    partitions::keep(&database, OCTOBER_2055).await.unwrap();
    assert!(!is_there(&database, "session_205506").await);
    assert!(is_there(&database, "usage_minute_205506").await);
    assert!(is_there(&database, "session_205510").await);
}

/// A clock that is years ahead brought rows of a month that nobody had made: it does without, and nothing is lost.
#[tokio::test]
async fn a_month_that_has_rows_already_stays_with_the_others() {
    let place = testkit::Database::new(Kind::Postgres);
    let database = Database::connect(place.url()).await.unwrap();
    migration::up(&database).await.unwrap();
    run(&database, &organisation()).await;
    run(&database, &minute(JUNE_2055)).await;
    partitions::keep(&database, JUNE_2055).await.unwrap();
    assert!(!is_there(&database, "usage_minute_205506").await);
    assert!(is_there(&database, "usage_minute_205507").await);
    assert_eq!(
        number(&database, "SELECT sum(sessions)::bigint FROM usage_minute").await,
        7
    );
}

fn organisation() -> String {
    format!(
        "INSERT INTO organisation (id, hash, name, standing, secure_playback, ingest_authorisation, force_disconnect, \
         created_at) VALUES ({ORGANISATION}, '7KQ2M', 'One', 'active', false, 'key', false, 1)"
    )
}

fn session(id: &str) -> String {
    format!(
        "INSERT INTO session (id, organisation_id, stream_id, stream_name, node_id, door, protocol, address, started_at, \
         beat_at, bytes) VALUES ({id}, {ORGANISATION}, {id}, 'first', {id}, 'playback', 'websocket', '192.0.2.1', 1, 1, 0)"
    )
}

fn minute(at: i64) -> String {
    format!(
        "INSERT INTO usage_minute (organisation_id, minute_at, stream_name, protocol, country, sessions, watched_us, bytes) \
         VALUES ({ORGANISATION}, {at}, 'first', 'websocket', '', 7, 1, 1)"
    )
}

async fn run(database: &DatabaseConnection, statement: &str) {
    database.execute_unprepared(statement).await.unwrap();
}

async fn number(database: &DatabaseConnection, query: &str) -> i64 {
    let row = database
        .query_one_raw(Statement::from_string(DbBackend::Postgres, query))
        .await
        .unwrap()
        .unwrap();
    row.try_get_by_index(0).unwrap()
}

async fn is_there(database: &DatabaseConnection, table: &str) -> bool {
    number(
        database,
        &format!("SELECT count(*) FROM pg_class WHERE relname = '{table}'"),
    )
    .await
        == 1
}

const PARTS: &str = "SELECT count(*) FROM pg_inherits";
/// In the middle of the month, in microseconds.
const JUNE_2055: i64 = 2_696_457_600_000_000;
const OCTOBER_2055: i64 = 2_706_998_400_000_000;
