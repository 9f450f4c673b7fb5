//! A domain whose addresses an identity provider may vouch for.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A domain whose addresses an identity provider may vouch for.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "provider_domain")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// Which provider.
    pub provider_id: Uuid,
    /// A host name in lower case. Several organisations may name one.
    pub domain: String,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
