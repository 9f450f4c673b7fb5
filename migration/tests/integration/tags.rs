//! What an earlier version left is there after the step to the next one.

use sea_orm::ConnectionTrait;
use testkit::Kind;

use crate::tables::Tables;

async fn tags_move_on(kind: Kind) {
    let tables = Tables::before(kind, "m0003_organising").await;
    let (json, bytes) = if tables.is_sqlite() {
        ("", "x'00'")
    } else {
        ("::jsonb", r"'\x00'::bytea")
    };
    tables.organisation(1, "7KQ2M").await;
    let (organisation, no) = (tables.id(1), tables.no());
    for (n, tags, deleted) in [
        (2, r#"["b", "it's \"a\""]"#, "NULL"),
        (3, "[]", "NULL"),
        (4, r#"["b"]"#, "NULL"),
        (5, r#"["gone"]"#, "9"),
    ] {
        let tags = tags.replace('\'', "''");
        let id = tables.id(n);
        tables
            .run(&format!(
                "INSERT INTO stream (id, organisation_id, name, tags, standing, secure_playback, ingest_authorisation, \
                 ingest_key_sealed, test_source, created_at, deleted_at) VALUES ({id}, {organisation}, '7KQ2M-{n}', \
                 '{tags}'{json}, 'active', 'inherit', 'inherit', {bytes}, {no}, 1, {deleted})"
            ))
            .await;
    }
    tables.up().await;
    let query = "SELECT stream.name AS stream, stream_tag.name AS tag FROM stream_tag \
                 JOIN stream ON stream.id = stream_tag.stream_id AND stream.organisation_id = stream_tag.organisation_id \
                 ORDER BY stream.name, stream_tag.name";
    let found: Vec<(String, String)> = tables
        .rows(query)
        .await
        .iter()
        .map(|row| (row.try_get("", "stream").unwrap(), row.try_get("", "tag").unwrap()))
        .collect();
    let expected = [("7KQ2M-2", "b"), ("7KQ2M-2", "it's \"a\""), ("7KQ2M-4", "b")];
    assert_eq!(found, expected.map(|(stream, tag)| (stream.to_owned(), tag.to_owned())));
    assert!(
        tables
            .connection
            .execute_unprepared("SELECT tags FROM stream")
            .await
            .is_err(),
        "the column is gone"
    );
}

#[tokio::test]
async fn tags_in_a_column_move_into_their_table() {
    tags_move_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn tags_in_a_column_move_into_their_table_on_postgresql() {
    tags_move_on(Kind::Postgres).await;
}
