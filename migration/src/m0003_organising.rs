//! Tags in a table of their own, and groups of streams.
//!
//! Every statement may run again, so that a crash between two of them leaves nothing to repair.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, pk_uuid, text, uuid, uuid_null},
    sea_query::{Index, Table},
};

use crate::tables::{self, IndexOf, belonging, grow, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0003_organising"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(manager, "stream", [uuid_null("group_id")]).await?;
        manager
            .create_table(owned(
                "stream_group",
                [pk_uuid("id"), text("name"), big_integer("created_at")],
            ))
            .await?;
        let mut tags = belonging(
            owned("stream_tag", [uuid("stream_id"), text("name")]),
            "stream_tag",
            "stream_id",
            "stream",
        );
        tags.primary_key(Index::create().col("stream_id").col("name"));
        manager.create_table(tags).await?;
        tables::indices(manager, INDICES).await?;
        copy(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}

/// Moves the tags of streams that are not deleted from their column into their table.
async fn copy(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if !manager.has_column("stream", "tags").await? {
        return Ok(());
    }
    let each = match manager.get_database_backend() {
        DbBackend::Sqlite => "json_each(stream.tags) AS tag",
        _ => "jsonb_array_elements_text(stream.tags) AS tag(value)",
    };
    manager
        .get_connection()
        .execute_unprepared(&format!(
            "INSERT INTO stream_tag (organisation_id, stream_id, name) \
             SELECT stream.organisation_id, stream.id, tag.value FROM stream, {each} \
             WHERE stream.deleted_at IS NULL ON CONFLICT DO NOTHING"
        ))
        .await?;
    let mut alter = Table::alter();
    manager
        .alter_table(alter.table("stream").drop_column("tags").take())
        .await
}

/// In the order in which they refer to each other.
const TABLES: &[&str] = &["stream_group", "stream_tag"];

const INDICES: &[IndexOf] = &[
    ("stream_group", &["organisation_id", "name"], true),
    ("stream_tag", &["organisation_id", "name"], false),
    ("stream", &["group_id"], false),
];
