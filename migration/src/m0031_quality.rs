//! How well players play, by minute.

use sea_orm::DbErr;
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
        "m0031_quality"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let key = ["minute_at", "stream_name", "protocol", "country", "browser", "version"];
        let [minute, texts @ ..] = key;
        let sums = [
            "attempts",
            "starts",
            "quick_starts",
            "start_ms",
            "played_ms",
            "stalled_ms",
            "stalls",
            "latency_ms",
            "latencies",
            "lost",
            "undecoded",
            "unsupported",
        ];
        let columns = [big_integer(minute)]
            .into_iter()
            .chain(texts.map(text))
            .chain(sums.map(big_integer));
        let key: Vec<_> = ["organisation_id"].into_iter().chain(key).collect();
        manager
            .create_table(keyed(owned("quality_minute", columns), &key))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, &["quality_minute"]).await
    }
}
