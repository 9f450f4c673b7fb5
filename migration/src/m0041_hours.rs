//! What was watched by the hour: what is asked about days and weeks need not read minutes.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, text},
};

use crate::tables::{self, keyed, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0041_hours"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            big_integer("hour_at"),
            text("stream_name"),
            text("protocol"),
            text("country"),
            big_integer("sessions"),
            big_integer("watched_us"),
            big_integer("bytes"),
        ];
        let key = ["organisation_id", "hour_at", "stream_name", "protocol", "country"];
        manager.create_table(keyed(owned(TABLE, columns), &key)).await?;
        manager.get_connection().execute_unprepared(FILL).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, &[TABLE]).await
    }
}

const TABLE: &str = "usage_hour";

/// Once only: where the step is begun again, what is there stays.
const FILL: &str = "INSERT INTO usage_hour \
     (organisation_id, hour_at, stream_name, protocol, country, sessions, watched_us, bytes) \
     SELECT organisation_id, minute_at - minute_at % 3600000000, stream_name, protocol, country, \
     CAST(SUM(sessions) AS bigint), CAST(SUM(watched_us) AS bigint), CAST(SUM(bytes) AS bigint) \
     FROM usage_minute WHERE NOT EXISTS (SELECT 1 FROM usage_hour) \
     GROUP BY organisation_id, minute_at - minute_at % 3600000000, stream_name, protocol, country";
