//! Refusals, with what led to them.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, json_binary, pk_uuid, text},
};

use crate::tables::{self, IndexOf, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0016_denials"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let denial = [
            pk_uuid("id"),
            text("stream_name"),
            text("door"),
            text("protocol"),
            text("address"),
            text("reason"),
            json_binary("trace"),
            big_integer("created_at"),
        ];
        manager.create_table(owned("denial", denial)).await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, &["denial"]).await
    }
}

const INDICES: &[IndexOf] = &[
    ("denial", &["organisation_id", "created_at"], false),
    ("denial", &["created_at"], false),
];
