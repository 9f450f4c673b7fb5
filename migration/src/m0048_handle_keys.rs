//! Which key signed the token of a handle, beside that key's name, which another may have later.

use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait, schema::blob_null};

use crate::tables::grow;

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0048_handle_keys"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(manager, "token_handle", [blob_null("key_fingerprint_sealed")]).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
