//! Rules are counted from the step on that keeps their number, those that were there before included.

use migration::Migrator;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;
use testkit::Kind;

async fn rules_are_counted_on(kind: Kind) {
    let place = testkit::Database::new(kind);
    let database = Database::connect(place.url()).await.unwrap();
    let steps = Migrator::migrations();
    let before = steps.iter().position(|step| step.name() == "m0025_rule_count").unwrap();
    Migrator::up(&database, Some(before.try_into().unwrap())).await.unwrap();
    let sqlite = database.get_database_backend() == DbBackend::Sqlite;
    let id = |n: u8| {
        let hex = format!("{n:02x}").repeat(16);
        if sqlite {
            format!("x'{hex}'")
        } else {
            format!("'{hex}'::uuid")
        }
    };
    let no = if sqlite { "0" } else { "false" };
    for (n, hash) in [(1, "7KQ2M"), (2, "XYZ23"), (3, "W3W3W")] {
        let statement = format!(
            "INSERT INTO organisation (id, hash, name, standing, secure_playback, ingest_authorisation, force_disconnect, \
             created_at) VALUES ({}, '{hash}', 'One', 'active', {no}, 'key', {no}, 1)",
            id(n)
        );
        database.execute_unprepared(&statement).await.unwrap();
    }
    let insert = async |rules: &[(u8, u8)]| {
        let rows = rules.iter().map(|(rule, organisation)| {
            let (rule, organisation) = (id(*rule), id(*organisation));
            format!("({rule}, {organisation}, 'IP', '192.0.2.1/32', 'DENY', 'ENFORCE', 'BOTH', {rule}, 1, 0)")
        });
        let rows = rows.collect::<Vec<_>>().join(", ");
        let statement = format!(
            "INSERT INTO guardian_rule (id, organisation_id, kind, value, action, mode, door, created_by, created_at, \
             matches) VALUES {rows}"
        );
        database.execute_unprepared(&statement).await.unwrap();
    };
    insert(&[(10, 1), (11, 1), (12, 1), (20, 2)]).await;
    migration::up(&database).await.unwrap();
    assert_eq!(counts(&database).await, [3, 1]);
    insert(&[(13, 1), (14, 1), (21, 2), (30, 3)]).await;
    assert_eq!(counts(&database).await, [5, 2, 1]);
    let remove = format!(
        "DELETE FROM guardian_rule WHERE id IN ({}, {}, {})",
        id(10),
        id(13),
        id(20)
    );
    database.execute_unprepared(&remove).await.unwrap();
    assert_eq!(counts(&database).await, [3, 1, 1]);
    // With its organisation goes what it has, and its number.
    let remove = format!("DELETE FROM organisation WHERE id = {}", id(1));
    database.execute_unprepared(&remove).await.unwrap();
    assert_eq!(counts(&database).await, [1, 1]);
}

async fn counts(database: &DatabaseConnection) -> Vec<i64> {
    let query = "SELECT rules FROM rule_count ORDER BY organisation_id";
    let statement = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get("", "rules").unwrap()).collect()
}

#[tokio::test]
async fn rules_that_were_there_before_are_counted() {
    rules_are_counted_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn rules_that_were_there_before_are_counted_on_postgresql() {
    rules_are_counted_on(Kind::Postgres).await;
}
