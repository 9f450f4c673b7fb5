//! By which operation a change came, and which tokens a session ran on before its newest.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{text, text_null, uuid},
    sea_query::Index,
};

use crate::tables::{self, IndexOf, belonging, grow, owned};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0019_renewed"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grow(manager, "change", [text_null("action")]).await?;
        let token = owned("session_token", [uuid("session_id"), text("jti")]);
        let mut token = belonging(token, "session_token", "session_id", "session");
        token.primary_key(Index::create().col("session_id").col("jti"));
        manager.create_table(token).await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tables::drop(manager, &["session_token"]).await
    }
}

const INDICES: &[IndexOf] = &[
    ("session_token", &["organisation_id", "jti"], false),
    ("change", &["organisation_id", "id"], false),
];
