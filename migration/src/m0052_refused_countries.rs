//! Refusals are summed by country as well. From where those of before came is not known.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, TransactionTrait};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, text},
    sea_query::Table,
};

use crate::tables::{keyed, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0052_refused_countries"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.has_column(TABLE, "country").await? {
            return Ok(());
        }
        let connection = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Postgres {
            return connection.execute_unprepared(WIDEN).await.map(drop);
        }
        // One connection for all of it: another one of SQLite's may not know yet that the old table is gone.
        let transaction = connection.begin().await?;
        rebuild(&SchemaManager::new(&transaction)).await?;
        transaction.commit().await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

/// `SQLite` takes no column into a key that is there: the rows go into a table with the wider one.
async fn rebuild(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        big_integer("minute_at"),
        text("stream_name"),
        text("door"),
        text("protocol"),
        text("reason"),
        text("country"),
        big_integer("times"),
    ];
    manager.create_table(keyed(owned(WIDER, columns), &KEY)).await?;
    manager.get_connection().execute_unprepared(FILL).await?;
    manager.drop_table(Table::drop().table(TABLE).take()).await?;
    manager.rename_table(Table::rename().table(WIDER, TABLE).take()).await
}

const TABLE: &str = "denial_minute";
const WIDER: &str = "denial_minute_wider";

const KEY: [&str; 7] = [
    "organisation_id",
    "minute_at",
    "stream_name",
    "door",
    "protocol",
    "reason",
    "country",
];

const FILL: &str = "INSERT INTO denial_minute_wider \
     (organisation_id, minute_at, stream_name, door, protocol, reason, country, times) \
     SELECT organisation_id, minute_at, stream_name, door, protocol, reason, '', times FROM denial_minute";

/// Its parts follow.
const WIDEN: &str = r"
DO $$
DECLARE
    known text;
BEGIN
    ALTER TABLE denial_minute ADD COLUMN country text NOT NULL DEFAULT '';
    SELECT conname INTO STRICT known FROM pg_constraint WHERE conrelid = to_regclass('denial_minute') AND contype = 'p';
    EXECUTE format('ALTER TABLE denial_minute DROP CONSTRAINT %I', known);
    ALTER TABLE denial_minute
        ADD PRIMARY KEY (organisation_id, minute_at, stream_name, door, protocol, reason, country);
END
$$";
