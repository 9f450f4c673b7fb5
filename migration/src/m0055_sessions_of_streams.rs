//! The sessions of a stream are found in the order in which they are listed: by their ids.

use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait, sea_query::Index};

use crate::tables::{self, IndexOf};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0055_sessions_of_streams"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::indices(manager, INDICES).await?;
        // Nothing reads them by their beginnings.
        let mut before = Index::drop();
        before.name("session_stream_id_started_at").table("session").if_exists();
        manager.drop_index(before).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

const INDICES: &[IndexOf] = &[("session", &["organisation_id", "stream_id", "id"], false)];
