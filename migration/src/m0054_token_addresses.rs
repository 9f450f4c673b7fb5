//! Records of tokens lose the addresses that the tokens were for, too, as long after their end as others do. Those of before
//! were left out: masking goes back to the first of them.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0054_token_addresses"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let named = match manager.get_database_backend() {
            DbBackend::Sqlite => "json_extract(claims, '$.ip') IS NOT NULL",
            _ => "(claims -> 'ip') IS NOT NULL",
        };
        let index = format!(
            "CREATE INDEX IF NOT EXISTS playback_token_addresses ON playback_token (organisation_id, expires_at) WHERE {named}"
        );
        let first = format!(
            "SELECT min(expires_at) FROM playback_token \
             WHERE playback_token.organisation_id = address_mask.organisation_id AND {named}"
        );
        let back = format!("UPDATE address_mask SET until_at = ({first}) WHERE until_at > ({first})");
        let connection = manager.get_connection();
        for statement in [index, back] {
            connection.execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
