//! What is done, or to be done, about somebody in whom misuse was found; and what an organisation lets happen by itself.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, big_integer_null, boolean, integer, json_binary_null, pk_uuid, text, text_null, uuid_null},
};

use crate::tables::{self, IndexOf, grow, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0042_responses"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(manager, "organisation", [json_binary_null("responses")]).await?;
        let response = [
            pk_uuid("id"),
            text("kind"),
            text("subject"),
            text("indicator"),
            integer("points"),
            text("evidence"),
            text("state"),
            big_integer("length_s"),
            text_null("note"),
            uuid_null("proposed_by"),
            big_integer("proposed_at"),
            uuid_null("decided_by"),
            big_integer_null("decided_at"),
            big_integer_null("until_at"),
            uuid_null("rule_id"),
            uuid_null("undone_by"),
            big_integer_null("ended_at"),
            boolean("forget"),
        ];
        manager.create_table(owned("response", response)).await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, &["response"]).await
    }
}

const INDICES: &[IndexOf] = &[
    ("response", &["organisation_id", "state", "until_at"], false),
    ("response", &["organisation_id", "kind", "subject"], false),
    ("response", &["state", "until_at"], false),
];
