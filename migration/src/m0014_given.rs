//! Which places in an organisation its identity provider gave, without asking the person.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait, schema::boolean};

use crate::tables::grow;

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0014_given"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(manager, "member", [boolean("given").default(false).take()]).await?;
        // Whoever was a member before was known to no provider then.
        let known = "UPDATE member SET given = TRUE WHERE EXISTS (SELECT 1 FROM provider_identity AS known \
                     WHERE known.organisation_id = member.organisation_id AND known.user_id = member.user_id \
                     AND known.created_at <= member.created_at)";
        manager.get_connection().execute_unprepared(known).await.map(drop)
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
