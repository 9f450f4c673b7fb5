//! What was taken back is not forgotten because an earlier version meant to forget it.

use migration::Migrator;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;
use testkit::Kind;

async fn revocations_are_kept_on(kind: Kind) {
    let place = testkit::Database::new(kind);
    let database = Database::connect(place.url()).await.unwrap();
    let steps = Migrator::migrations();
    let before = steps.iter().position(|step| step.name() == "m0049_for_good").unwrap();
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
    let organisation = format!(
        "INSERT INTO organisation (id, hash, name, standing, secure_playback, ingest_authorisation, force_disconnect, \
         created_at) VALUES ({}, '7KQ2M', 'One', 'active', {no}, 'key', {no}, 1)",
        id(1)
    );
    database.execute_unprepared(&organisation).await.unwrap();
    for (n, kind, subject) in [
        (2, "everything", ""),
        (3, "user", "tok_ann"),
        (4, "token", "theirs"),
        (5, "token", "tok_ours"),
    ] {
        let statement = format!(
            "INSERT INTO revocation (id, organisation_id, kind, subject, at, keep_until, created_at) \
             VALUES ({}, {}, '{kind}', '{subject}', 1, {n}, 1)",
            id(n),
            id(1)
        );
        database.execute_unprepared(&statement).await.unwrap();
    }
    migration::up(&database).await.unwrap();
    let query = "SELECT keep_until FROM revocation ORDER BY id";
    let statement = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(statement).await.unwrap();
    let kept: Vec<i64> = rows.iter().map(|row| row.try_get("", "keep_until").unwrap()).collect();
    let for_good = 10_000_086_430_000_000;
    assert_eq!(kept, [for_good, for_good, for_good, 5]);
}

#[tokio::test]
async fn revocations_of_an_earlier_version_are_kept_for_good() {
    revocations_are_kept_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn revocations_of_an_earlier_version_are_kept_for_good_on_postgresql() {
    revocations_are_kept_on(Kind::Postgres).await;
}
