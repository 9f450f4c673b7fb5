//! The index by which a stream's sessions are found takes the place of the one before, in every month.

use testkit::Kind;

use crate::tables::Tables;

async fn an_index_takes_the_place_of_another_on(kind: Kind) {
    let tables = Tables::before(kind, "m0055_sessions_of_streams").await;
    assert_eq!((known(&tables, BEFORE).await > 0, known(&tables, NOW).await), (true, 0));
    tables.up().await;
    assert_eq!((known(&tables, BEFORE).await, known(&tables, NOW).await > 0), (0, true));
    // A second start changes nothing.
    tables.up().await;
    assert!(known(&tables, NOW).await > 0);
}

async fn known(tables: &Tables, name: &str) -> i64 {
    let (of, column) = if tables.is_sqlite() {
        ("sqlite_master", "name")
    } else {
        ("pg_indexes", "indexname")
    };
    let query = format!("SELECT count(*) FROM {of} WHERE {column} LIKE 'session%{name}%'");
    tables.number(&query).await
}

const BEFORE: &str = "stream_id_started_at";
const NOW: &str = "stream_id_id";

#[tokio::test]
async fn sessions_of_a_stream_are_found_in_the_order_of_their_list() {
    an_index_takes_the_place_of_another_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn sessions_of_a_stream_are_found_in_the_order_of_their_list_on_postgresql() {
    an_index_takes_the_place_of_another_on(Kind::Postgres).await;
}
