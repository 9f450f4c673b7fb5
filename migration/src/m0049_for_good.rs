//! Revocations that cover tokens of which nobody knows when they end were to be forgotten after a year; they are kept for
//! good. Those of a token of ours go with it.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0049_for_good"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(KEEP).await.map(drop)
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

/// A day and the leeway of customers' clocks after the last second that a token can name, in microseconds.
const KEEP: &str =
    "UPDATE revocation SET keep_until = 10000086430000000 WHERE kind <> 'token' OR substr(subject, 1, 4) <> 'tok_'";
