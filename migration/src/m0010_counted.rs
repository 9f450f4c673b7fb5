//! What tokens were used for: the addresses that they locked themselves to, and their uses.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, pk_uuid, text},
};

use crate::tables::{self, IndexOf, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0010_counted"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let address = [
            pk_uuid("id"),
            text("jti"),
            text("address"),
            big_integer("created_at"),
            big_integer("keep_until"),
        ];
        let used = [
            pk_uuid("id"),
            text("jti"),
            big_integer("created_at"),
            big_integer("keep_until"),
        ];
        manager.create_table(owned("token_address", address)).await?;
        manager.create_table(owned("token_use", used)).await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, &["token_address", "token_use"]).await
    }
}

const INDICES: &[IndexOf] = &[
    ("token_address", &["organisation_id", "jti", "address"], true),
    ("token_address", &["keep_until"], false),
    ("token_use", &["organisation_id", "jti"], false),
    ("token_use", &["keep_until"], false),
];
