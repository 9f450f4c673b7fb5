//! What was taken back is not forgotten because an earlier version meant to forget it.

use testkit::Kind;

use crate::tables::Tables;

const FOR_GOOD: i64 = 10_000_086_430_000_000;

async fn revocations_are_kept_on(kind: Kind) {
    let tables = Tables::before(kind, "m0049_for_good").await;
    tables.organisation(1, "7KQ2M").await;
    for (n, kind, subject) in [
        (2, "everything", ""),
        (3, "user", "tok_ann"),
        (4, "token", "theirs"),
        (5, "token", "tok_ours"),
    ] {
        revoked(&tables, (n, 1), (kind, subject), n.into()).await;
    }
    tables.up().await;
    assert_eq!(kept(&tables).await, [FOR_GOOD, FOR_GOOD, FOR_GOOD, 5]);
}

/// The `n`th row, of an organisation.
async fn revoked(tables: &Tables, (n, organisation): (u8, u8), (kind, subject): (&str, &str), keep_until: i64) {
    let statement = format!(
        "INSERT INTO revocation (id, organisation_id, kind, subject, at, keep_until, created_at) \
         VALUES ({}, {}, '{kind}', '{subject}', 1, {keep_until}, 1)",
        tables.id(n),
        tables.id(organisation)
    );
    tables.run(&statement).await;
}

async fn kept(tables: &Tables) -> Vec<i64> {
    let rows = tables.rows("SELECT keep_until FROM revocation ORDER BY id").await;
    rows.iter().map(|row| row.try_get("", "keep_until").unwrap()).collect()
}

#[tokio::test]
async fn revocations_of_an_earlier_version_are_kept_for_good() {
    revocations_are_kept_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn revocations_of_an_earlier_version_are_kept_for_good_on_postgresql() {
    revocations_are_kept_on(Kind::Postgres).await;
}

async fn long_ones_are_counted_on(kind: Kind) {
    let tables = Tables::before(kind, "m0053_revocations").await;
    for (n, hash) in [(1, "7KQ2M"), (2, "XYZ23")] {
        tables.organisation(n, hash).await;
    }
    revoked(&tables, (10, 1), ("token", "static:tv"), 5).await;
    revoked(&tables, (11, 1), ("token", "static"), 5).await;
    revoked(&tables, (12, 1), ("user", "ann"), FOR_GOOD).await;
    tables.up().await;
    assert_eq!(kept(&tables).await, [FOR_GOOD, 5, FOR_GOOD]);
    assert_eq!(counts(&tables).await, [2]);
    // What lives for a year at most is not among them.
    let year = 366 * 24 * 3_600 * 1_000_000;
    revoked(&tables, (13, 1), ("token", "tok_ours"), year).await;
    assert_eq!(counts(&tables).await, [2]);
    revoked(&tables, (14, 1), ("token", "theirs"), FOR_GOOD).await;
    revoked(&tables, (20, 2), ("tag", "web"), FOR_GOOD).await;
    assert_eq!(counts(&tables).await, [3, 1]);
    let remove = format!(
        "DELETE FROM revocation WHERE id IN ({}, {}, {})",
        tables.id(12),
        tables.id(13),
        tables.id(20)
    );
    tables.run(&remove).await;
    assert_eq!(counts(&tables).await, [2, 0]);
}

async fn counts(tables: &Tables) -> Vec<i64> {
    let rows = tables
        .rows("SELECT revocations FROM revocation_count ORDER BY organisation_id")
        .await;
    rows.iter().map(|row| row.try_get("", "revocations").unwrap()).collect()
}

#[tokio::test]
async fn revocations_that_were_there_before_are_counted_and_those_of_static_tokens_are_kept_for_good() {
    long_ones_are_counted_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn revocations_that_were_there_before_are_counted_and_those_of_static_tokens_are_kept_for_good_on_postgresql() {
    long_ones_are_counted_on(Kind::Postgres).await;
}
