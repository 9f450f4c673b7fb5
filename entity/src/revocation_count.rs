//! How many revocations an organisation has that are kept for long.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// How many revocations an organisation has that are kept for longer than a token of ours can live; there is none where it
/// never had any. Written by triggers only.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revocation_count")]
pub struct Model {
    /// Whose they are.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// How many.
    pub revocations: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
