//! Misuse cases, with copies of what belongs to them.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, big_integer_null, integer, pk_uuid, text, text_null, uuid, uuid_null},
};

use crate::tables::{self, IndexOf, belonging, keyed, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0033_cases"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let case = [
            pk_uuid("id"),
            text("title"),
            big_integer("titled_at"),
            text("state"),
            uuid("created_by"),
            big_integer("created_at"),
            big_integer("updated_at"),
            big_integer_null("closed_at"),
        ];
        let item = [
            pk_uuid("id"),
            uuid("case_id"),
            text("kind"),
            text("subject_kind"),
            text("subject"),
            uuid_null("finding_id"),
            text_null("indicator"),
            integer("points"),
            text("evidence"),
            text_null("viewer"),
            text_null("tag"),
            text_null("status"),
            text_null("country"),
            big_integer_null("asn"),
            text_null("provider"),
            big_integer("sessions"),
            big_integer("first_at"),
            big_integer("last_at"),
            big_integer("added_at"),
        ];
        let session = [
            uuid("item_id"),
            uuid("session_id"),
            uuid("case_id"),
            text("stream"),
            text("protocol"),
            text("address"),
            text_null("country"),
            text_null("provider"),
            text_null("jti"),
            text_null("viewer"),
            big_integer("bytes"),
            big_integer("started_at"),
            big_integer("seen_at"),
            big_integer_null("ended_at"),
        ];
        let note = [
            pk_uuid("id"),
            uuid("case_id"),
            text("text"),
            uuid("created_by"),
            big_integer("created_at"),
        ];
        let item = belonging(owned("case_item", item), "case_item", "case_id", "misuse_case");
        let session = belonging(owned("case_session", session), "case_session", "item_id", "case_item");
        let note = belonging(owned("case_note", note), "case_note", "case_id", "misuse_case");
        manager.create_table(owned("misuse_case", case)).await?;
        manager.create_table(item).await?;
        manager.create_table(keyed(session, &["item_id", "session_id"])).await?;
        manager.create_table(note).await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}

/// In the order in which they refer to each other.
const TABLES: &[&str] = &["misuse_case", "case_item", "case_session", "case_note"];

const INDICES: &[IndexOf] = &[
    ("misuse_case", &["organisation_id", "id"], true),
    ("misuse_case", &["organisation_id", "closed_at"], false),
    ("case_item", &["case_id", "id"], true),
    ("case_item", &["organisation_id", "last_at"], false),
    ("case_item", &["organisation_id", "viewer"], false),
    ("case_session", &["case_id"], false),
    ("case_session", &["organisation_id", "started_at"], false),
    ("case_session", &["organisation_id", "viewer"], false),
    ("case_note", &["case_id", "id"], true),
    ("case_note", &["organisation_id", "created_at"], false),
];
