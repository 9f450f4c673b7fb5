//! What was taken back is not forgotten because an earlier version meant to forget it.

use testkit::Kind;

use crate::tables::Tables;

async fn revocations_are_kept_on(kind: Kind) {
    let tables = Tables::before(kind, "m0049_for_good").await;
    tables.organisation(1, "7KQ2M").await;
    for (n, kind, subject) in [
        (2, "everything", ""),
        (3, "user", "tok_ann"),
        (4, "token", "theirs"),
        (5, "token", "tok_ours"),
    ] {
        let statement = format!(
            "INSERT INTO revocation (id, organisation_id, kind, subject, at, keep_until, created_at) \
             VALUES ({}, {}, '{kind}', '{subject}', 1, {n}, 1)",
            tables.id(n),
            tables.id(1)
        );
        tables.run(&statement).await;
    }
    tables.up().await;
    let rows = tables.rows("SELECT keep_until FROM revocation ORDER BY id").await;
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
