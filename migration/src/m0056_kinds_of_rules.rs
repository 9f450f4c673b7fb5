//! Guardian rules on anything but addresses are found without those on addresses, of which there may be a million. An index
//! of every kind would not do: `SQLite` takes one kind for as many rows as another, and reads the table instead.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0056_kinds_of_rules"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(INDEX).await.map(drop)
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

const INDEX: &str = "CREATE INDEX IF NOT EXISTS guardian_rule_others ON guardian_rule (organisation_id, kind) \
     WHERE kind <> 'IP'";
