//! Accounts: how a sign-in began, second factors, recovery codes.
//!
//! Every statement may run again, so that a crash between two of them leaves nothing to repair.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, big_integer_null, blob, blob_null, json_binary, pk_uuid, text, text_null, uuid},
    sea_query::{ColumnDef, TableCreateStatement},
};

use crate::tables::{self, IndexOf, belonging, grow, table};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0004_accounts"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(manager, "sign_in", [text_null("how")]).await?;
        for table in all() {
            manager.create_table(table).await?;
        }
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}

fn all() -> Vec<TableCreateStatement> {
    vec![
        persons(
            "totp",
            vec![
                pk_uuid("user_id"),
                blob_null("secret_sealed"),
                big_integer("last_step"),
                big_integer_null("confirmed_at"),
                blob_null("pending_sealed"),
                big_integer_null("pending_at"),
            ],
        ),
        persons(
            "recovery_code",
            vec![pk_uuid("id"), uuid("user_id"), blob("hash"), big_integer("created_at")],
        ),
        persons(
            "passkey",
            vec![
                pk_uuid("id"),
                uuid("user_id"),
                text("name"),
                blob("credential_id"),
                json_binary("credential"),
                big_integer("created_at"),
                big_integer_null("used_at"),
            ],
        ),
    ]
}

/// A table whose rows go with a person.
fn persons(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    belonging(table(name, columns), name, "user_id", "app_user")
}

/// In the order in which they refer to each other.
const TABLES: &[&str] = &["totp", "recovery_code", "passkey"];

const INDICES: &[IndexOf] = &[
    ("recovery_code", &["user_id", "hash"], true),
    ("passkey", &["user_id"], false),
    ("passkey", &["credential_id"], true),
];
