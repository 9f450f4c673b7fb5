//! Sign-in with an organisation's own identity provider: the provider, its domains, and whom it is known to vouch for.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, blob, json_binary, pk_uuid, text, text_null, uuid},
};

use crate::tables::{self, IndexOf, belonging, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0005_provider"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let provider = owned(
            "identity_provider",
            [
                pk_uuid("id"),
                text("issuer"),
                text("client_id"),
                blob("client_secret_sealed"),
                text_null("group_claim"),
                json_binary("role_map"),
                text_null("default_role"),
                big_integer("created_at"),
            ],
        );
        let domain = owned("provider_domain", [pk_uuid("id"), uuid("provider_id"), text("domain")]);
        let identity = owned(
            "provider_identity",
            [
                pk_uuid("id"),
                uuid("provider_id"),
                uuid("user_id"),
                text("subject"),
                big_integer("created_at"),
            ],
        );
        let identity = belonging(identity, "provider_identity", "provider_id", "identity_provider");
        manager.create_table(provider).await?;
        manager
            .create_table(belonging(domain, "provider_domain", "provider_id", "identity_provider"))
            .await?;
        manager
            .create_table(belonging(identity, "provider_identity", "user_id", "app_user"))
            .await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, TABLES).await
    }
}

/// In the order in which they refer to each other.
const TABLES: &[&str] = &["identity_provider", "provider_domain", "provider_identity"];

const INDICES: &[IndexOf] = &[
    ("identity_provider", &["organisation_id"], true),
    ("provider_domain", &["provider_id", "domain"], true),
    ("provider_domain", &["domain"], false),
    ("provider_identity", &["provider_id", "subject"], true),
    ("provider_identity", &["provider_id", "user_id"], true),
    ("provider_identity", &["user_id"], false),
    ("sign_in", &["organisation_id"], false),
];
