//! What of a token says how it stands, beside each session that runs or ran on it: of those that customers sign there is no
//! record.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer_null, boolean_null, text_null},
};

use crate::tables::{self, IndexOf, grow};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0043_standing"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["session", "session_token"] {
            let columns = [
                text_null("token_kid"),
                big_integer_null("token_issued_at"),
                big_integer_null("token_expires_at"),
                boolean_null("token_revocable"),
                text_null("token_word"),
            ];
            grow(manager, table, columns).await?;
        }
        grow(manager, "session_token", [text_null("tag")]).await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

const INDICES: &[IndexOf] = &[("session_token", &["organisation_id", "session_id"], false)];
