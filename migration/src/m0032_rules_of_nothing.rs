//! Rules for a stream or a group that is gone, which nobody can meet: from now on they go with it.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0032_rules_of_nothing"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for statement in [GROUPS, STREAMS] {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

const GROUPS: &str = "DELETE FROM guardian_rule WHERE group_id IS NOT NULL \
     AND NOT EXISTS (SELECT 1 FROM stream_group WHERE stream_group.id = guardian_rule.group_id)";

const STREAMS: &str = "DELETE FROM guardian_rule WHERE stream_id IS NOT NULL \
     AND NOT EXISTS (SELECT 1 FROM stream WHERE stream.id = guardian_rule.stream_id AND stream.deleted_at IS NULL)";
