//! What organisations want to be told of, what they were told, and where that goes.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{
        big_integer, big_integer_null, boolean, double, double_null, integer, json_binary, pk_uuid, text, text_null,
        uuid, uuid_null,
    },
};

use crate::tables::{self, IndexOf, belonging, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0026_alerts"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let rule = [
            pk_uuid("id"),
            text("name"),
            boolean("enabled"),
            json_binary("definition"),
            big_integer_null("muted_until"),
            big_integer("created_at"),
            big_integer("updated_at"),
        ];
        let alert = [
            pk_uuid("id"),
            uuid("rule_id"),
            uuid_null("open_rule"),
            text("name"),
            json_binary("definition"),
            double("value"),
            double("peak"),
            double_null("usual"),
            json_binary("streams"),
            big_integer("opened_at"),
            big_integer("changed_at"),
            big_integer_null("resolved_at"),
            text_null("ending"),
            big_integer_null("acknowledged_at"),
            big_integer_null("notify_at"),
            integer("notices"),
        ];
        let receiver = [
            pk_uuid("id"),
            text("name"),
            text("kind"),
            boolean("enabled"),
            json_binary("emails"),
            text("host"),
            integer("port"),
            boolean("tls"),
            text_null("authority"),
            big_integer("created_at"),
        ];
        let delivery = owned(
            "alert_delivery",
            [
                pk_uuid("id"),
                uuid_null("alert_id"),
                uuid("receiver_id"),
                text("event"),
                text("recipient"),
                uuid_null("mail_id"),
                text("state"),
                integer("attempts"),
                big_integer_null("next_at"),
                text_null("trouble"),
                big_integer("created_at"),
                big_integer_null("tried_at"),
            ],
        );
        manager.create_table(owned("alert_rule", rule)).await?;
        manager.create_table(owned("alert", alert)).await?;
        manager.create_table(owned("alert_receiver", receiver)).await?;
        manager
            .create_table(belonging(delivery, "alert_delivery", "receiver_id", "alert_receiver"))
            .await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}

/// In the order in which they refer to each other.
const TABLES: &[&str] = &["alert_rule", "alert", "alert_receiver", "alert_delivery"];

const INDICES: &[IndexOf] = &[
    ("alert_rule", &["organisation_id", "id"], true),
    ("alert", &["organisation_id", "id"], true),
    ("alert", &["open_rule"], true),
    ("alert", &["notify_at"], false),
    ("alert", &["resolved_at"], false),
    ("alert_receiver", &["organisation_id", "id"], true),
    ("alert_delivery", &["organisation_id", "id"], true),
    ("alert_delivery", &["receiver_id"], false),
    ("alert_delivery", &["state", "next_at"], false),
    ("alert_delivery", &["mail_id"], false),
    ("alert_delivery", &["created_at"], false),
];
