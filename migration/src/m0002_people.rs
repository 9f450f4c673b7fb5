//! Organisations that run themselves: invitations, mail, resets, API tokens, packages with limits, the chained audit log.
//!
//! Every statement may run again, so that a crash between two of them leaves nothing to repair.

use sea_orm::{ConnectionTrait, DbErr, TransactionTrait};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{
        big_integer, big_integer_null, blob, blob_null, boolean, integer, json_binary, json_binary_null, pk_uuid, text,
        text_null, uuid, uuid_null,
    },
    sea_query::{Table, TableCreateStatement},
};

use crate::tables::{self, IndexOf, belonging, grow, owned, table};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0002_people"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(manager, "app_user", [boolean("operator").default(false).take()]).await?;
        grow(
            manager,
            "organisation",
            [boolean("second_factor_required").default(false).take()],
        )
        .await?;
        grow(manager, "member", [big_integer("access_since").default(0).take()]).await?;
        grow(
            manager,
            "sign_in",
            [
                text_null("user_agent"),
                boolean("second_factor").default(false).take(),
                uuid_null("organisation_id"),
            ],
        )
        .await?;
        grow(manager, "package_grant", [json_binary_null("limits")]).await?;
        for table in all() {
            manager.create_table(table).await?;
        }
        chain(manager).await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}

/// The audit log anew, with its chain, and with entries that belong to no organisation. Older entries come along, as what
/// they are: entries before the chain.
async fn chain(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if manager.has_column("audit_entry", "sequence").await? {
        return Ok(());
    }
    // One connection for all of it: another one of SQLite's may not know yet that the old table is gone.
    let transaction = manager.get_connection().begin().await?;
    rebuild(&SchemaManager::new(&transaction)).await?;
    transaction.commit().await
}

/// Puts every entry into a table with a chain, in place of the one without.
async fn rebuild(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let chained = belonging(
        table(
            "audit_entry_chained",
            [
                pk_uuid("id"),
                uuid_null("organisation_id"),
                big_integer_null("sequence"),
                text("actor_kind"),
                uuid_null("actor_id"),
                text_null("role"),
                text("action"),
                text("object"),
                json_binary("detail"),
                json_binary("personal"),
                text_null("request_id"),
                big_integer("created_at"),
                blob_null("previous_hash"),
                blob_null("hash"),
            ],
        ),
        "audit_entry_chained",
        "organisation_id",
        "organisation",
    );
    manager.create_table(chained).await?;
    manager
        .get_connection()
        .execute_unprepared(
            "INSERT INTO audit_entry_chained \
             (id, organisation_id, actor_kind, actor_id, action, object, detail, personal, created_at) \
             SELECT id, organisation_id, 'member', actor_id, action, object, detail, '{}', created_at FROM audit_entry",
        )
        .await?;
    manager.drop_table(Table::drop().table("audit_entry").take()).await?;
    let mut rename = Table::rename();
    manager
        .rename_table(rename.table("audit_entry_chained", "audit_entry").take())
        .await
}

fn all() -> Vec<TableCreateStatement> {
    vec![
        table(
            "mail",
            [
                pk_uuid("id"),
                uuid_null("organisation_id"),
                text("kind"),
                text("recipient"),
                blob("content_sealed"),
                integer("attempts"),
                big_integer("next_at"),
                big_integer_null("sent_at"),
                big_integer_null("given_up_at"),
                text_null("trouble"),
                big_integer("created_at"),
            ],
        ),
        owned(
            "invitation",
            [
                pk_uuid("id"),
                text("email"),
                text("role"),
                blob("token_hash"),
                uuid_null("invited_by"),
                uuid_null("mail_id"),
                big_integer("created_at"),
                big_integer("expires_at"),
                big_integer_null("accepted_at"),
                big_integer_null("withdrawn_at"),
            ],
        ),
        belonging(
            table(
                "password_reset",
                [
                    pk_uuid("id"),
                    uuid("user_id"),
                    blob("token_hash"),
                    big_integer("created_at"),
                    big_integer("expires_at"),
                    big_integer_null("used_at"),
                ],
            ),
            "password_reset",
            "user_id",
            "app_user",
        ),
        owned(
            "api_token",
            [
                pk_uuid("id"),
                uuid_null("member_id"),
                text("name"),
                text("role"),
                text("prefix"),
                blob("secret_hash"),
                uuid("created_by"),
                big_integer("created_at"),
                big_integer_null("expires_at"),
                big_integer_null("used_at"),
                text_null("used_address"),
                big_integer_null("revoked_at"),
            ],
        ),
        belonging(
            owned("barred_sign_in", [pk_uuid("id"), uuid("sign_in_id")]),
            "barred_sign_in",
            "sign_in_id",
            "sign_in",
        ),
        owned(
            "package_request",
            [
                pk_uuid("id"),
                text("package"),
                text_null("note"),
                uuid("requested_by"),
                big_integer("created_at"),
                big_integer_null("answered_at"),
            ],
        ),
        table("audit_chain", [pk_uuid("id"), big_integer("sequence"), blob("hash")]),
    ]
}

/// In the order in which they refer to each other.
const TABLES: &[&str] = &[
    "mail",
    "invitation",
    "password_reset",
    "api_token",
    "barred_sign_in",
    "package_request",
    "audit_chain",
];

const INDICES: &[IndexOf] = &[
    ("mail", &["sent_at", "given_up_at", "next_at"], false),
    ("invitation", &["token_hash"], true),
    ("invitation", &["organisation_id", "created_at"], false),
    ("password_reset", &["token_hash"], true),
    ("password_reset", &["user_id"], false),
    ("api_token", &["secret_hash"], true),
    ("api_token", &["organisation_id", "created_at"], false),
    ("api_token", &["member_id"], false),
    ("barred_sign_in", &["sign_in_id", "organisation_id"], true),
    ("package_request", &["organisation_id", "created_at"], false),
    ("audit_entry", &["organisation_id", "created_at"], false),
    ("audit_entry", &["organisation_id", "sequence"], true),
];
