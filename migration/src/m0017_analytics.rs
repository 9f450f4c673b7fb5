//! Who watched when, by minute, who was refused why, and what was found of misuse.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, integer, json_binary_null, pk_uuid, text, text_null},
    sea_query::TableCreateStatement,
};

use crate::tables::{self, IndexOf, grow, keyed, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0017_analytics"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(manager, "organisation", [json_binary_null("thresholds")]).await?;
        grow(manager, "session", [text_null("address_block")]).await?;
        for table in all() {
            manager.create_table(table).await?;
        }
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}

fn all() -> [TableCreateStatement; 3] {
    [
        keyed(
            owned(
                "usage_minute",
                [
                    big_integer("minute_at"),
                    text("stream_name"),
                    text("protocol"),
                    text("country"),
                    big_integer("sessions"),
                    big_integer("watched_us"),
                    big_integer("bytes"),
                ],
            ),
            &["organisation_id", "minute_at", "stream_name", "protocol", "country"],
        ),
        keyed(
            owned(
                "denial_minute",
                [
                    big_integer("minute_at"),
                    text("stream_name"),
                    text("door"),
                    text("protocol"),
                    text("reason"),
                    big_integer("times"),
                ],
            ),
            &[
                "organisation_id",
                "minute_at",
                "stream_name",
                "door",
                "protocol",
                "reason",
            ],
        ),
        owned(
            "finding",
            [
                pk_uuid("id"),
                text("kind"),
                text("subject"),
                text("indicator"),
                integer("points"),
                text("evidence"),
                big_integer("first_at"),
                big_integer("last_at"),
            ],
        ),
    ]
}

const TABLES: &[&str] = &["usage_minute", "denial_minute", "finding"];

const INDICES: &[IndexOf] = &[
    (
        "finding",
        &["organisation_id", "kind", "subject", "indicator", "first_at"],
        true,
    ),
    ("finding", &["organisation_id", "last_at"], false),
    ("session", &["organisation_id", "jti", "started_at"], false),
    ("session", &["organisation_id", "address", "started_at"], false),
    ("session", &["organisation_id", "ended_at"], false),
];
