//! Search: indices for what is looked up exactly, and what an index outside the database is fed from.
//!
//! Triggers write the feed, so that no change to a searched column can forget it, whoever makes it: it is part of the same
//! transaction. Where there is no index outside (no row in `search_index`) they write nothing.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, big_integer_null, big_pk_auto, integer, text, uuid},
    sea_query::Index,
};

use crate::tables::{self, IndexOf, table};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0006_search"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut index = table(
            "search_index",
            [
                integer("id"),
                text("place"),
                big_integer_null("built_at"),
                uuid("holder"),
                big_integer("held_until"),
            ],
        );
        index.primary_key(Index::create().col("id"));
        manager.create_table(index).await?;
        // It outlives what it names: no reference to an organisation.
        let feed = table(
            "search_feed",
            [
                big_pk_auto("id"),
                uuid("organisation_id"),
                text("kind"),
                uuid("object_id"),
            ],
        );
        manager.create_table(feed).await?;
        tables::indices(manager, INDICES).await?;
        match manager.get_database_backend() {
            DbBackend::Sqlite => sqlite(manager).await,
            _ => postgres(manager).await,
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let person = ("search_app_user_update".to_owned(), "app_user");
        for (name, table) in triggers().map(|(name, table, ..)| (name, table)).chain([person]) {
            let on = match manager.get_database_backend() {
                DbBackend::Sqlite => String::new(),
                _ => format!(" ON {table}"),
            };
            connection
                .execute_unprepared(&format!("DROP TRIGGER IF EXISTS {name}{on}"))
                .await?;
        }
        tables::drop(manager, TABLES).await
    }
}

/// A table whose rows are searched, or say something of rows that are.
struct Source {
    table: &'static str,
    /// Which kind of object it is about.
    kind: &'static str,
    /// The column that names the object.
    object: &'static str,
    /// The columns that are searched, and those that hide a row.
    columns: &'static str,
}

const SOURCES: &[Source] = &[
    Source {
        table: "stream",
        kind: "stream",
        object: "id",
        columns: "name, title, deleted_at",
    },
    Source {
        table: "stream_tag",
        kind: "stream",
        object: "stream_id",
        columns: "name",
    },
    Source {
        table: "playback_token",
        kind: "token",
        object: "id",
        columns: "jti, viewer, tag",
    },
    Source {
        table: "member",
        kind: "member",
        object: "id",
        columns: "user_id",
    },
    Source {
        table: "audit_entry",
        kind: "audit",
        object: "id",
        columns: "action, object, personal, request_id",
    },
];

/// Name, table, event with its columns, the row that says what, and its source.
fn triggers() -> impl Iterator<Item = (String, &'static str, String, &'static str, &'static Source)> {
    SOURCES.iter().flat_map(|source| {
        [
            ("insert", "INSERT".to_owned(), "NEW"),
            ("update", format!("UPDATE OF {}", source.columns), "NEW"),
            ("delete", "DELETE".to_owned(), "OLD"),
        ]
        .map(|(verb, event, row)| {
            let name = format!("search_{}_{verb}", source.table);
            (name, source.table, event, row, source)
        })
    })
}

async fn sqlite(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    for (name, table, event, row, Source { kind, object, .. }) in triggers() {
        connection
            .execute_unprepared(&format!(
                "CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} ON {table} \
                 WHEN {row}.organisation_id IS NOT NULL AND EXISTS (SELECT 1 FROM search_index) BEGIN \
                 INSERT INTO search_feed (organisation_id, kind, object_id) \
                 VALUES ({row}.organisation_id, '{kind}', {row}.{object}); END"
            ))
            .await?;
    }
    connection
        .execute_unprepared(
            "CREATE TRIGGER IF NOT EXISTS search_app_user_update AFTER UPDATE OF name, email ON app_user \
             WHEN EXISTS (SELECT 1 FROM search_index) BEGIN \
             INSERT INTO search_feed (organisation_id, kind, object_id) \
             SELECT organisation_id, 'member', id FROM member WHERE user_id = NEW.id; END",
        )
        .await?;
    Ok(())
}

async fn postgres(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    connection
        .execute_unprepared(
            "CREATE OR REPLACE FUNCTION search_feed_object() RETURNS trigger LANGUAGE plpgsql AS $$ \
             DECLARE it jsonb; \
             BEGIN \
               IF EXISTS (SELECT 1 FROM search_index) THEN \
                 IF TG_OP = 'DELETE' THEN it := to_jsonb(OLD); ELSE it := to_jsonb(NEW); END IF; \
                 IF it->>'organisation_id' IS NOT NULL THEN \
                   INSERT INTO search_feed (organisation_id, kind, object_id) \
                   VALUES ((it->>'organisation_id')::uuid, TG_ARGV[0], (it->>TG_ARGV[1])::uuid); \
                 END IF; \
               END IF; \
               RETURN NULL; \
             END $$",
        )
        .await?;
    connection
        .execute_unprepared(
            "CREATE OR REPLACE FUNCTION search_feed_person() RETURNS trigger LANGUAGE plpgsql AS $$ \
             BEGIN \
               IF EXISTS (SELECT 1 FROM search_index) THEN \
                 INSERT INTO search_feed (organisation_id, kind, object_id) \
                 SELECT organisation_id, 'member', id FROM member WHERE user_id = NEW.id; \
               END IF; \
               RETURN NULL; \
             END $$",
        )
        .await?;
    for (name, table, event, _, Source { kind, object, .. }) in triggers() {
        connection
            .execute_unprepared(&format!(
                "CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION search_feed_object('{kind}', '{object}')"
            ))
            .await?;
    }
    connection
        .execute_unprepared(
            "CREATE OR REPLACE TRIGGER search_app_user_update AFTER UPDATE OF name, email ON app_user \
             FOR EACH ROW EXECUTE FUNCTION search_feed_person()",
        )
        .await?;
    Ok(())
}

/// In the order in which they refer to each other.
const TABLES: &[&str] = &["search_index", "search_feed"];

const INDICES: &[IndexOf] = &[
    ("audit_entry", &["organisation_id", "object"], false),
    ("audit_entry", &["organisation_id", "request_id"], false),
];
