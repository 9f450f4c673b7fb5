//! On which streams a sign of misuse was seen. Of those from before it is not known.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{text, uuid},
};

use crate::tables::{self, IndexOf, belonging, keyed, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0051_finding_streams"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = owned(TABLE, [uuid("finding_id"), text("stream_name")]);
        let table = belonging(table, TABLE, "finding_id", "finding");
        manager
            .create_table(keyed(table, &["finding_id", "stream_name"]))
            .await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, &[TABLE]).await
    }
}

const TABLE: &str = "finding_stream";

const INDICES: &[IndexOf] = &[(TABLE, &["organisation_id", "stream_name"], false)];
