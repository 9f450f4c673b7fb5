//! Search: indices for what is looked up exactly, and what an index outside the database is fed from.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, big_integer_null, big_pk_auto, integer, text, uuid},
    sea_query::Index,
};

use crate::{
    feed::{self, Source},
    tables::{self, IndexOf, table},
};

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
            DbBackend::Sqlite => sqlite(manager).await?,
            _ => postgres(manager).await?,
        }
        feed::begin(manager, SOURCES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        feed::end(manager, SOURCES).await?;
        feed::drop(manager, "search_app_user_update", "app_user").await?;
        tables::drop(manager, TABLES).await
    }
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

async fn sqlite(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
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
