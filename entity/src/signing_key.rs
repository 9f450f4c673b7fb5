//! A key that verifies an organisation's tokens; ours with its private part, sealed.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A key that verifies an organisation's tokens; ours with its private part, sealed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// What tokens carry in their header; unique in the installation.
    #[sea_orm(unique)]
    pub kid: String,
    /// As in `EdDSA`.
    pub algorithm: String,
    /// The public part.
    pub public_key: Vec<u8>,
    /// PKCS#8, sealed; ours only.
    pub private_key_sealed: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: i64,
    /// When it stops signing.
    pub retires_at: Option<i64>,
    /// When it stopped verifying.
    pub removed_at: Option<i64>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
