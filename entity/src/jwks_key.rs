//! A public key of a set that a customer keeps elsewhere, as it was last fetched.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A public key of a set that a customer keeps elsewhere, as it was last fetched.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jwks_key")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The set that it is of.
    pub signing_key_id: Uuid,
    /// What tokens carry in their header; made up where the set gives it none.
    pub kid: String,
    /// As in `ES256`.
    pub algorithm: String,
    /// The public part.
    pub public_key: Vec<u8>,
    /// When it was first seen.
    pub created_at: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
