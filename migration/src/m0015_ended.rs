//! Sessions that operators ended, and who is kept out therefore.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, json_binary, pk_uuid, text, uuid},
};

use crate::tables::{self, IndexOf, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0015_ended"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let bar = [
            pk_uuid("id"),
            uuid("stream_id"),
            text("door"),
            text("address"),
            json_binary("tokens"),
            big_integer("created_at"),
            big_integer("keep_until"),
        ];
        manager.create_table(owned("session_bar", bar)).await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, &["session_bar"]).await
    }
}

const INDICES: &[IndexOf] = &[("session_bar", &["keep_until"], false)];
