//! Rules are counted from the step on that keeps their number, those that were there before included; and those
//! on anything but addresses have an index.

use testkit::Kind;

use crate::tables::Tables;

async fn rules_are_counted_on(kind: Kind) {
    let tables = Tables::before(kind, "m0025_rule_count").await;
    for (n, hash) in [(1, "7KQ2M"), (2, "XYZ23"), (3, "W3W3W")] {
        tables.organisation(n, hash).await;
    }
    let insert = async |rules: &[(u8, u8)]| {
        let rows = rules.iter().map(|(rule, organisation)| {
            let (rule, organisation) = (tables.id(*rule), tables.id(*organisation));
            format!("({rule}, {organisation}, 'IP', '192.0.2.1/32', 'DENY', 'ENFORCE', 'BOTH', {rule}, 1, 0)")
        });
        let rows = rows.collect::<Vec<_>>().join(", ");
        let statement = format!(
            "INSERT INTO guardian_rule (id, organisation_id, kind, value, action, mode, door, created_by, created_at, \
             matches) VALUES {rows}"
        );
        tables.run(&statement).await;
    };
    insert(&[(10, 1), (11, 1), (12, 1), (20, 2)]).await;
    tables.up().await;
    assert_eq!(counts(&tables).await, [3, 1]);
    insert(&[(13, 1), (14, 1), (21, 2), (30, 3)]).await;
    assert_eq!(counts(&tables).await, [5, 2, 1]);
    let remove = format!(
        "DELETE FROM guardian_rule WHERE id IN ({}, {}, {})",
        tables.id(10),
        tables.id(13),
        tables.id(20)
    );
    tables.run(&remove).await;
    assert_eq!(counts(&tables).await, [3, 1, 1]);
    // With its organisation goes what it has, and its number.
    let remove = format!("DELETE FROM organisation WHERE id = {}", tables.id(1));
    tables.run(&remove).await;
    assert_eq!(counts(&tables).await, [1, 1]);
}

async fn counts(tables: &Tables) -> Vec<i64> {
    let rows = tables
        .rows("SELECT rules FROM rule_count ORDER BY organisation_id")
        .await;
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

async fn an_index_of_the_others_is_made_on(kind: Kind) {
    let tables = Tables::before(kind, "m0056_kinds_of_rules").await;
    assert_eq!(indices(&tables).await, 0);
    tables.up().await;
    assert_eq!(indices(&tables).await, 1);
    // A second start changes nothing.
    tables.up().await;
    assert_eq!(indices(&tables).await, 1);
}

async fn indices(tables: &Tables) -> i64 {
    let (of, column) = if tables.is_sqlite() {
        ("sqlite_master", "name")
    } else {
        ("pg_indexes", "indexname")
    };
    let query = format!("SELECT count(*) FROM {of} WHERE {column} = 'guardian_rule_others'");
    tables.number(&query).await
}

#[tokio::test]
async fn rules_on_anything_but_addresses_have_an_index() {
    an_index_of_the_others_is_made_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn rules_on_anything_but_addresses_have_an_index_on_postgresql() {
    an_index_of_the_others_is_made_on(Kind::Postgres).await;
}
