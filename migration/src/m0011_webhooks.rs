//! Addresses of customers that are called, and the log of the calls.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{
        big_integer, big_integer_null, blob, blob_null, boolean, integer, integer_null, json_binary, json_binary_null,
        pk_uuid, text, text_null, uuid,
    },
};

use crate::tables::{self, IndexOf, belonging, grow, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0011_webhooks"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let webhook = owned(
            "webhook",
            [
                pk_uuid("id"),
                text("url"),
                boolean("enabled"),
                json_binary("calls"),
                boolean("judges_tokens"),
                text("encoding"),
                text("outage"),
                blob("secret_sealed"),
                blob_null("previous_sealed"),
                big_integer_null("previous_until"),
                big_integer("suppressed"),
                big_integer("created_at"),
            ],
        );
        let delivery = owned(
            "webhook_delivery",
            [
                pk_uuid("id"),
                uuid("webhook_id"),
                text("call"),
                text_null("stream_name"),
                text("state"),
                integer_null("status"),
                big_integer_null("took_ms"),
                text_null("trouble"),
                integer("attempts"),
                big_integer_null("next_at"),
                json_binary_null("content"),
                big_integer("created_at"),
                big_integer_null("tried_at"),
            ],
        );
        manager.create_table(webhook).await?;
        manager
            .create_table(belonging(delivery, "webhook_delivery", "webhook_id", "webhook"))
            .await?;
        let asked = ["asks_play", "asks_publish", "judges_backend"];
        grow(
            manager,
            "organisation",
            asked.map(|column| boolean(column).default(false).take()),
        )
        .await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}

/// In the order in which they refer to each other.
const TABLES: &[&str] = &["webhook", "webhook_delivery"];

const INDICES: &[IndexOf] = &[
    ("webhook", &["organisation_id", "id"], true),
    ("webhook_delivery", &["organisation_id", "id"], true),
    ("webhook_delivery", &["webhook_id", "id"], true),
    ("webhook_delivery", &["webhook_id", "state", "next_at"], false),
    ("webhook_delivery", &["state", "next_at"], false),
    ("webhook_delivery", &["created_at"], false),
];
