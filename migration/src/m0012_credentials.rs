//! Customers' own keys, handles, static tokens, and viewers who are banned.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{
        big_integer, big_integer_null, blob, blob_null, boolean, json_binary, json_binary_null, pk_uuid, text,
        text_null, uuid,
    },
    sea_query::Index,
};

use crate::tables::{self, IndexOf, belonging, grow, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0012_credentials"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(
            manager,
            "signing_key",
            [
                text_null("dialect"),
                json_binary_null("claim_map"),
                blob_null("secret_sealed"),
                text_null("jwks_url"),
                big_integer_null("attempted_at"),
                big_integer_null("fetched_at"),
                text_null("fetch_error"),
            ],
        )
        .await?;
        grow(manager, "playback_token", [text("door").default("play").take()]).await?;
        grow(
            manager,
            "organisation",
            [boolean("static_tokens").default(false).take()],
        )
        .await?;
        // Names of keys are the customer's to choose: two organisations may choose the same.
        let mut kid = Index::drop();
        kid.name("signing_key_kid").table("signing_key").if_exists();
        manager.drop_index(kid).await?;
        for table in all() {
            manager.create_table(table).await?;
        }
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}

fn all() -> [sea_orm_migration::sea_query::TableCreateStatement; 4] {
    [
        belonging(
            owned(
                "jwks_key",
                [
                    pk_uuid("id"),
                    uuid("signing_key_id"),
                    text("kid"),
                    text("algorithm"),
                    blob("public_key"),
                    big_integer("created_at"),
                ],
            ),
            "jwks_key",
            "signing_key_id",
            "signing_key",
        ),
        owned(
            "token_handle",
            [
                pk_uuid("id"),
                blob("digest"),
                text("kid"),
                text("jti"),
                text("claims"),
                big_integer("expires_at"),
                uuid("created_by"),
                big_integer("created_at"),
            ],
        ),
        owned(
            "static_token",
            [
                pk_uuid("id"),
                text("name"),
                text("prefix"),
                blob("digest"),
                text("door"),
                boolean("organisation_wide"),
                json_binary("streams"),
                big_integer("expires_at"),
                uuid("created_by"),
                big_integer("created_at"),
            ],
        ),
        owned(
            "banned_viewer",
            [
                pk_uuid("id"),
                text("viewer"),
                text_null("note"),
                uuid("created_by"),
                big_integer("created_at"),
            ],
        ),
    ]
}

const TABLES: &[&str] = &["jwks_key", "token_handle", "static_token", "banned_viewer"];

const INDICES: &[IndexOf] = &[
    ("signing_key", &["organisation_id", "kid"], true),
    ("jwks_key", &["organisation_id", "kid"], true),
    ("jwks_key", &["signing_key_id"], false),
    ("token_handle", &["digest"], true),
    ("token_handle", &["organisation_id", "jti"], false),
    ("token_handle", &["expires_at"], false),
    ("static_token", &["organisation_id", "name"], true),
    ("static_token", &["organisation_id", "digest"], true),
    ("banned_viewer", &["organisation_id", "viewer"], true),
];
