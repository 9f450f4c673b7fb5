//! How many Guardian rules an organisation has.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// How many Guardian rules an organisation has; there is none where it never had any. Written by triggers only.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rule_count")]
pub struct Model {
    /// Whose they are.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// How many, those whose time is over included.
    pub rules: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
