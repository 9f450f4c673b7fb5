//! An address that a token locked itself to.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// An address that a token locked itself to.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "token_address")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The token's id.
    pub jti: String,
    /// The address; of IPv6 its /64.
    pub address: String,
    /// When it locked itself.
    pub created_at: i64,
    /// From when on the token can be used no more.
    pub keep_until: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
