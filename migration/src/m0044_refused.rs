//! Who was refused: the token, the viewer, from where in the world and with what.

use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    schema::{big_integer_null, text_null},
};

use crate::tables::{self, IndexOf, grow};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0044_refused"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            text_null("jti"),
            text_null("viewer"),
            text_null("tag"),
            text_null("country"),
            big_integer_null("asn"),
            text_null("provider"),
            text_null("user_agent"),
            text_null("referrer"),
        ];
        grow(manager, "denial", columns).await?;
        tables::indices(manager, INDICES).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

const INDICES: &[IndexOf] = &[
    ("denial", &["organisation_id", "jti"], false),
    ("denial", &["organisation_id", "viewer"], false),
];
