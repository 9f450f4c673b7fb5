//! Refusals are summed by country from the step on that knows it, those that were there before included.

use sea_orm::ConnectionTrait;
use testkit::Kind;

use crate::tables::Tables;

async fn refusals_are_summed_by_country_on(kind: Kind) {
    let tables = Tables::before(kind, "m0052_refused_countries").await;
    tables.organisation(1, "7KQ2M").await;
    let id = tables.id(1);
    let refused = |country: &str, times: u8| {
        let (column, value) = match country {
            "" => ("", String::new()),
            country => (", country", format!(", '{country}'")),
        };
        format!(
            "INSERT INTO denial_minute (organisation_id, minute_at, stream_name, door, protocol, reason, times{column}) \
             VALUES ({id}, 60000000, '7KQ2M-a', 'playback', 'hls', 'TOKEN_EXPIRED', {times}{value})"
        )
    };
    tables.run(&refused("", 7)).await;
    tables.up().await;
    tables.run(&refused("DE", 2)).await;
    tables.run(&refused("FR", 3)).await;
    assert_eq!(
        known(&tables).await,
        [(String::new(), 7), ("DE".to_owned(), 2), ("FR".to_owned(), 3)]
    );
    let again = tables.connection.execute_unprepared(&refused("DE", 1)).await;
    assert!(again.is_err(), "a minute has one row of a country");
    // A second start changes nothing.
    tables.up().await;
    assert_eq!(known(&tables).await.len(), 3);
    tables.run("DELETE FROM organisation").await;
    assert_eq!(known(&tables).await, []);
}

async fn known(tables: &Tables) -> Vec<(String, i64)> {
    let rows = tables
        .rows("SELECT country, times FROM denial_minute ORDER BY country")
        .await;
    rows.iter()
        .map(|row| (row.try_get("", "country").unwrap(), row.try_get("", "times").unwrap()))
        .collect()
}

#[tokio::test]
async fn refusals_that_were_there_before_are_of_no_known_country() {
    refusals_are_summed_by_country_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn refusals_that_were_there_before_are_of_no_known_country_on_postgresql() {
    refusals_are_summed_by_country_on(Kind::Postgres).await;
}
