//! For how long addresses are full and rows are kept, and the keys under which addresses are hashed.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer, blob, integer, integer_null, pk_uuid, text},
    sea_query::Index,
};

use crate::tables::{self, IndexOf, grow, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0021_privacy"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(
            manager,
            "organisation",
            [
                integer("address_days").default(30).take(),
                text("address_after").default("truncated").take(),
                integer_null("keep_days"),
            ],
        )
        .await?;
        let key = owned(
            "address_key",
            [pk_uuid("id"), big_integer("period_at"), blob("secret_sealed")],
        );
        let mut mask = owned("address_mask", [big_integer("until_at")]);
        mask.primary_key(Index::create().col("organisation_id"));
        for table in [key, mask] {
            manager.create_table(table).await?;
        }
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, &["address_key", "address_mask"]).await
    }
}

const INDICES: &[IndexOf] = &[
    ("address_key", &["organisation_id", "period_at"], true),
    ("session", &["organisation_id", "viewer"], false),
    ("session", &["organisation_id", "id"], false),
];
