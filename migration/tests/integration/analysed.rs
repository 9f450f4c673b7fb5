//! What `SQLite` took for few rows, because it had looked at few, it looks at again.

use testkit::Kind;

use crate::tables::Tables;

#[tokio::test]
async fn what_sqlite_knows_of_rows_by_a_small_sample_is_put_right() {
    let tables = Tables::before(Kind::Sqlite, "m0050_analysed").await;
    tables.organisation(1, "7KQ2M").await;
    let organisation = tables.id(1);
    let rows = format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 30000) INSERT INTO revocation \
             (id, kind, subject, at, keep_until, created_at, organisation_id) \
             SELECT CAST(n AS blob), 'token', n, 1, 1, 1, {organisation} FROM n; \
         PRAGMA analysis_limit = 100; ANALYZE; PRAGMA analysis_limit = 0"
    );
    tables.run(&rows).await;
    let of_one_organisation = async || {
        let of = "SELECT stat FROM sqlite_stat1 WHERE idx = 'revocation_organisation_id_kind_subject'";
        let stat: String = tables.rows(of).await[0].try_get("", "stat").unwrap();
        stat.split(' ').nth(1).unwrap().parse::<u32>().unwrap()
    };
    assert!(of_one_organisation().await < 1_000);
    tables.up().await;
    assert!(of_one_organisation().await > 20_000);
}
