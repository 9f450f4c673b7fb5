//! The first tables: organisations, people, streams, keys, tokens, changes, sessions, audit.
//!
//! Every statement may run again, so that a crash between two of them leaves nothing to repair.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{
        big_integer, big_integer_null, big_pk_auto, blob, blob_null, boolean, integer, json_binary, pk_uuid, text,
        text_null, uuid, uuid_null,
    },
    sea_query::TableCreateStatement,
};

use crate::tables::{self, IndexOf, belonging, owned, table};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0001_first"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
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
        table(
            "organisation",
            [
                pk_uuid("id"),
                text("hash"),
                text("name"),
                text("standing"),
                boolean("secure_playback"),
                text("ingest_authorisation"),
                boolean("force_disconnect"),
                big_integer("created_at"),
            ],
        ),
        owned(
            "package_grant",
            [pk_uuid("id"), text("package"), big_integer("created_at")],
        ),
        table(
            "app_user",
            [
                pk_uuid("id"),
                text("email"),
                text("name"),
                text("password_hash"),
                big_integer("created_at"),
            ],
        ),
        belonging(
            owned(
                "member",
                [pk_uuid("id"), uuid("user_id"), text("role"), big_integer("created_at")],
            ),
            "member",
            "user_id",
            "app_user",
        ),
        belonging(
            table(
                "sign_in",
                [
                    pk_uuid("id"),
                    uuid("user_id"),
                    blob("token_hash"),
                    text("address"),
                    big_integer("created_at"),
                    big_integer("used_at"),
                ],
            ),
            "sign_in",
            "user_id",
            "app_user",
        ),
        owned(
            "stream",
            [
                pk_uuid("id"),
                text("name"),
                text_null("title"),
                json_binary("tags"),
                text("standing"),
                text("secure_playback"),
                text("ingest_authorisation"),
                blob("ingest_key_sealed"),
                boolean("test_source"),
                big_integer("created_at"),
                big_integer_null("last_live_at"),
                big_integer_null("deleted_at"),
            ],
        ),
        owned(
            "signing_key",
            [
                pk_uuid("id"),
                text("kid"),
                text("algorithm"),
                blob("public_key"),
                blob_null("private_key_sealed"),
                big_integer("created_at"),
                big_integer_null("retires_at"),
                big_integer_null("removed_at"),
            ],
        ),
        belonging(
            owned(
                "playback_token",
                [
                    pk_uuid("id"),
                    text("jti"),
                    uuid("signing_key_id"),
                    boolean("organisation_wide"),
                    json_binary("claims"),
                    text_null("viewer"),
                    text_null("tag"),
                    boolean("revocable"),
                    boolean("watch"),
                    uuid("created_by"),
                    big_integer("created_at"),
                    big_integer("issued_at"),
                    big_integer("expires_at"),
                    big_integer_null("revoked_at"),
                ],
            ),
            "playback_token",
            "signing_key_id",
            "signing_key",
        ),
        belonging(
            owned(
                "playback_token_stream",
                [pk_uuid("id"), uuid("playback_token_id"), uuid("stream_id")],
            ),
            "playback_token_stream",
            "playback_token_id",
            "playback_token",
        ),
        owned(
            "revocation",
            [
                pk_uuid("id"),
                text("kind"),
                text("subject"),
                big_integer("at"),
                big_integer("keep_until"),
                big_integer("created_at"),
            ],
        ),
        owned(
            "change",
            [
                pk_uuid("id"),
                big_integer("created_at"),
                big_integer_null("delivered_at"),
                integer("sessions_ended"),
                big_integer("bytes_after"),
                big_integer_null("done_after_us"),
                json_binary("nodes"),
            ],
        ),
        owned(
            "outbox",
            [
                big_pk_auto("id"),
                uuid("change_id"),
                json_binary("updates"),
                big_integer("created_at"),
                big_integer_null("delivered_at"),
            ],
        ),
        owned(
            "session",
            [
                pk_uuid("id"),
                uuid("stream_id"),
                text("stream_name"),
                uuid("node_id"),
                text("door"),
                text("protocol"),
                text("address"),
                text_null("jti"),
                text_null("viewer"),
                text_null("tag"),
                text_null("user_agent"),
                text_null("referrer"),
                big_integer("started_at"),
                big_integer("beat_at"),
                big_integer_null("ended_at"),
                big_integer("bytes"),
                text_null("reason"),
            ],
        ),
        owned(
            "audit_entry",
            [
                pk_uuid("id"),
                uuid_null("actor_id"),
                text("action"),
                text("object"),
                text_null("address"),
                json_binary("detail"),
                big_integer("created_at"),
            ],
        ),
    ]
}

/// In the order in which they refer to each other.
const TABLES: &[&str] = &[
    "organisation",
    "package_grant",
    "app_user",
    "member",
    "sign_in",
    "stream",
    "signing_key",
    "playback_token",
    "playback_token_stream",
    "revocation",
    "change",
    "outbox",
    "session",
    "audit_entry",
];

const INDICES: &[IndexOf] = &[
    ("organisation", &["hash"], true),
    ("package_grant", &["organisation_id", "package"], true),
    ("app_user", &["email"], true),
    ("member", &["organisation_id", "user_id"], true),
    ("member", &["user_id"], false),
    ("sign_in", &["token_hash"], true),
    ("sign_in", &["user_id"], false),
    ("stream", &["name"], true),
    ("stream", &["organisation_id", "created_at"], false),
    ("signing_key", &["kid"], true),
    ("signing_key", &["organisation_id"], false),
    ("playback_token", &["jti"], true),
    ("playback_token", &["organisation_id", "created_at"], false),
    ("playback_token", &["organisation_id", "viewer"], false),
    ("playback_token", &["organisation_id", "tag"], false),
    ("playback_token_stream", &["stream_id"], false),
    ("playback_token_stream", &["playback_token_id"], false),
    ("revocation", &["organisation_id", "kind", "subject"], false),
    ("change", &["organisation_id", "created_at"], false),
    ("outbox", &["delivered_at", "id"], false),
    ("session", &["organisation_id", "started_at"], false),
    ("session", &["stream_id", "started_at"], false),
    ("session", &["ended_at"], false),
    ("audit_entry", &["organisation_id", "created_at"], false),
];
