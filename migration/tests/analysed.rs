//! What `SQLite` took for few rows, because it had looked at few, it looks at again.

use migration::Migrator;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;
use testkit::Kind;

#[tokio::test]
async fn what_sqlite_knows_of_rows_by_a_small_sample_is_put_right() {
    let place = testkit::Database::new(Kind::Sqlite);
    let database = Database::connect(place.url()).await.unwrap();
    let steps = Migrator::migrations();
    let before = steps.iter().position(|step| step.name() == "m0050_analysed").unwrap();
    Migrator::up(&database, Some(before.try_into().unwrap())).await.unwrap();
    let rows = "INSERT INTO organisation (id, hash, name, standing, secure_playback, ingest_authorisation, \
             force_disconnect, created_at) VALUES (x'01', '7KQ2M', 'One', 'active', 0, 'key', 0, 1); \
         WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 30000) INSERT INTO revocation \
             (id, kind, subject, at, keep_until, created_at, organisation_id) \
             SELECT CAST(n AS blob), 'token', n, 1, 1, 1, x'01' FROM n; \
         PRAGMA analysis_limit = 100; ANALYZE; PRAGMA analysis_limit = 0";
    database.execute_unprepared(rows).await.unwrap();
    let of_one_organisation = async || {
        let of = "SELECT stat FROM sqlite_stat1 WHERE idx = 'revocation_organisation_id_kind_subject'";
        let statement = Statement::from_string(DbBackend::Sqlite, of);
        let row = database.query_one_raw(statement).await.unwrap().unwrap();
        let stat: String = row.try_get("", "stat").unwrap();
        stat.split(' ').nth(1).unwrap().parse::<u32>().unwrap()
    };
    assert!(of_one_organisation().await < 1_000);
    migration::up(&database).await.unwrap();
    assert!(of_one_organisation().await > 20_000);
}
