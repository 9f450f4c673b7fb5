//! Guardian rules.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, big_integer_null, pk_uuid, text, text_null, uuid_null},
};

use crate::tables::{self, IndexOf, owned};

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
                    big_integer("created_at"),
                ],
            ))
            .await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}

const TABLES: &[&str] = &["guardian_rule"];

const INDICES: &[IndexOf] = &[("guardian_rule", &["organisation_id", "id"], true)];
