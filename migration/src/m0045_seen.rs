//! Until when what a response was made of was seen: its addresses are forgotten by that.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait, schema::big_integer};

use crate::tables::{self, IndexOf, grow};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0045_seen"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(manager, "response", [big_integer("last_at").default(0).take()]).await?;
        // What was copied before was seen by then, and not later.
        let known = "UPDATE response SET last_at = proposed_at WHERE last_at = 0";
        manager.get_connection().execute_unprepared(known).await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

const INDICES: &[IndexOf] = &[("response", &["organisation_id", "last_at"], false)];
