//! Who judges credentials, stream by stream, and which edition of a customer's backend said so.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, boolean, text},
};

use crate::tables::grow;

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0018_judges"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(
            manager,
            "stream",
            [
                text("static_tokens").default("inherit").take(),
                text("backend_tokens").default("inherit").take(),
                boolean("mfa_required").default(false).take(),
            ],
        )
        .await?;
        grow(
            manager,
            "organisation",
            [
                boolean("backend_tokens").default(true).take(),
                big_integer("webhook_edition").default(0).take(),
            ],
        )
        .await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
