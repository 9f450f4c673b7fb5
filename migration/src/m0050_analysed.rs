//! `SQLite` had looked at 2000 rows by each index, and took one organisation's part of a table for hundreds of them: views of
//! many sessions took a minute. It looks at more now, and once at what it has looked at before.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0050_analysed"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Sqlite {
            return Ok(());
        }
        let analyse = "PRAGMA analysis_limit = 100000; ANALYZE";
        manager.get_connection().execute_unprepared(analyse).await.map(drop)
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
