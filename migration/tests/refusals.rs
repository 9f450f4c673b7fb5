//! Refusals are summed by country from the step on that knows it, those that were there before included.

use migration::Migrator;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;
use testkit::Kind;

async fn refusals_are_summed_by_country_on(kind: Kind) {
    let place = testkit::Database::new(kind);
    let database = Database::connect(place.url()).await.unwrap();
    let steps = Migrator::migrations();
    let before = steps
        .iter()
        .position(|step| step.name() == "m0052_refused_countries")
        .unwrap();
    Migrator::up(&database, Some(before.try_into().unwrap())).await.unwrap();
    let sqlite = database.get_database_backend() == DbBackend::Sqlite;
    let (id, no) = if sqlite {
        ("x'01010101010101010101010101010101'", "0")
    } else {
        ("'01010101-0101-0101-0101-010101010101'", "false")
    };
    let organisation = format!(
        "INSERT INTO organisation (id, hash, name, standing, secure_playback, ingest_authorisation, force_disconnect, \
         created_at) VALUES ({id}, '7KQ2M', 'One', 'active', {no}, 'key', {no}, 1)"
    );
    database.execute_unprepared(&organisation).await.unwrap();
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
    database.execute_unprepared(&refused("", 7)).await.unwrap();
    migration::up(&database).await.unwrap();
    database.execute_unprepared(&refused("DE", 2)).await.unwrap();
    database.execute_unprepared(&refused("FR", 3)).await.unwrap();
    assert_eq!(
        known(&database).await,
        [(String::new(), 7), ("DE".to_owned(), 2), ("FR".to_owned(), 3)]
    );
    let again = database.execute_unprepared(&refused("DE", 1)).await;
    assert!(again.is_err(), "a minute has one row of a country");
    // A second start changes nothing.
    migration::up(&database).await.unwrap();
    assert_eq!(known(&database).await.len(), 3);
    database.execute_unprepared("DELETE FROM organisation").await.unwrap();
    assert_eq!(known(&database).await.len(), 0);
}

async fn known(database: &DatabaseConnection) -> Vec<(String, i64)> {
    let query = "SELECT country, times FROM denial_minute ORDER BY country";
    let statement = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(statement).await.unwrap();
    let row = |row: &sea_orm::QueryResult| (row.try_get("", "country").unwrap(), row.try_get("", "times").unwrap());
    rows.iter().map(row).collect()
}

#[tokio::test]
async fn refusals_that_were_there_before_are_of_no_known_country() {
    refusals_are_summed_by_country_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn refusals_that_were_there_before_are_of_no_known_country_on_postgresql() {
    refusals_are_summed_by_country_on(Kind::Postgres).await;
}
