//! What an earlier version left is there after the step to the next one.

use migration::Migrator;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;
use testkit::Kind;

/// Steps before tags had a table.
const BEFORE: u32 = 2;

async fn tags_move_on(kind: Kind) {
    let place = testkit::Database::new(kind);
    let database = Database::connect(place.url()).await.unwrap();
    Migrator::up(&database, Some(BEFORE)).await.unwrap();
    let sqlite = database.get_database_backend() == DbBackend::Sqlite;
    let id = |n: u8| {
        let hex = format!("{n:02x}").repeat(16);
        if sqlite {
            format!("x'{hex}'")
        } else {
            format!("'{hex}'::uuid")
        }
    };
    let (json, bytes, no) = if sqlite {
        ("", "x'00'", "0")
    } else {
        ("::jsonb", r"'\x00'::bytea", "false")
    };
    let organisation = id(1);
    database
        .execute_unprepared(&format!(
            "INSERT INTO organisation (id, hash, name, standing, secure_playback, ingest_authorisation, force_disconnect, created_at) \
             VALUES ({organisation}, '7KQ2M', 'One', 'active', {no}, 'key', {no}, 1)"
        ))
        .await
        .unwrap();
    for (n, tags, deleted) in [
        (2, r#"["b", "it's \"a\""]"#, "NULL"),
        (3, "[]", "NULL"),
        (4, r#"["b"]"#, "NULL"),
        (5, r#"["gone"]"#, "9"),
    ] {
        let tags = tags.replace('\'', "''");
        let id = id(n);
        database
            .execute_unprepared(&format!(
                "INSERT INTO stream (id, organisation_id, name, tags, standing, secure_playback, ingest_authorisation, \
                 ingest_key_sealed, test_source, created_at, deleted_at) VALUES ({id}, {organisation}, '7KQ2M-{n}', \
                 '{tags}'{json}, 'active', 'inherit', 'inherit', {bytes}, {no}, 1, {deleted})"
            ))
            .await
            .unwrap();
    }
    migration::up(&database).await.unwrap();
    let query = "SELECT stream.name AS stream, stream_tag.name AS tag FROM stream_tag \
                 JOIN stream ON stream.id = stream_tag.stream_id AND stream.organisation_id = stream_tag.organisation_id \
                 ORDER BY stream.name, stream_tag.name";
    let rows = database
        .query_all_raw(Statement::from_string(database.get_database_backend(), query))
        .await
        .unwrap();
    let found: Vec<(String, String)> = rows
        .iter()
        .map(|row| (row.try_get("", "stream").unwrap(), row.try_get("", "tag").unwrap()))
        .collect();
    let expected = [("7KQ2M-2", "b"), ("7KQ2M-2", "it's \"a\""), ("7KQ2M-4", "b")];
    assert_eq!(found, expected.map(|(stream, tag)| (stream.to_owned(), tag.to_owned())));
    assert!(
        database.execute_unprepared("SELECT tags FROM stream").await.is_err(),
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
