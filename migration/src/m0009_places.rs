//! Where sessions are, whether they are encrypted, and whether broadcasters must be.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer_null, boolean, text_null},
};

use crate::tables::grow;

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0009_places"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(
            manager,
            "organisation",
            [boolean("encrypted_ingest").default(false).take()],
        )
        .await?;
        grow(
            manager,
            "session",
            [
                text_null("country"),
                big_integer_null("asn"),
                text_null("provider"),
                boolean("encrypted").default(false).take(),
            ],
        )
        .await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
