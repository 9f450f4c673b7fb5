//! A key under which addresses of a time are hashed, until all of that time are.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A key under which addresses of a time are hashed, until all of that time are.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "address_key")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// When the time begins.
    pub period_at: i64,
    /// The key, sealed.
    pub secret_sealed: Vec<u8>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
