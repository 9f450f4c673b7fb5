//! Guardian rules.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, big_integer_null, pk_uuid, text, text_null, uuid, uuid_null},
};

use crate::{
    feed::{self, Source},
    tables::{self, IndexOf, owned},
};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0007_guardian"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(owned(
                "guardian_rule",
                [
                    pk_uuid("id"),
                    text("kind"),
                    text("value"),
                    text("action"),
                    text("mode"),
                    text("door"),
                    uuid_null("stream_id"),
                    uuid_null("group_id"),
                    text_null("note"),
                    big_integer_null("expires_at"),
                    uuid("created_by"),
                    big_integer("created_at"),
                    big_integer("matches"),
                    big_integer_null("last_match_at"),
                ],
            ))
            .await?;
        tables::indices(manager, INDICES).await?;
        feed::begin(manager, SOURCES).await?;
        // An index outside has a place for rules once it was built anew.
        manager
            .get_connection()
            .execute_unprepared("UPDATE search_index SET built_at = NULL")
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        feed::end(manager, SOURCES).await?;
        tables::drop(manager, TABLES).await
    }
}

const TABLES: &[&str] = &["guardian_rule"];

const INDICES: &[IndexOf] = &[
    ("guardian_rule", &["organisation_id", "id"], true),
    ("guardian_rule", &["organisation_id", "value"], false),
];

const SOURCES: &[Source] = &[Source {
    table: "guardian_rule",
    kind: "rule",
    object: "id",
    columns: "value, note",
}];
