//! What speaks against the tokens that are shown.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, boolean, integer, integer_null, text},
    sea_query::Index,
};

use crate::tables::{self, IndexOf, grow, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0020_weak_tokens"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(manager, "session", [integer_null("token_marks")]).await?;
        let columns = [
            text("kid"),
            integer("mark"),
            boolean("ours"),
            big_integer("sessions"),
            big_integer("first_at"),
            big_integer("last_at"),
            text("jti"),
        ];
        let mut weak = owned("weak_token", columns);
        weak.primary_key(Index::create().col("organisation_id").col("kid").col("mark"));
        manager.create_table(weak).await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, &["weak_token"]).await
    }
}

const INDICES: &[IndexOf] = &[("weak_token", &["last_at"], false)];
