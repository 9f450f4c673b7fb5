//! A label of a stream.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A label of a stream.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stream_tag")]
pub struct Model {
    /// Which stream.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream_id: Uuid,
    /// The label.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Whose it is.
    pub organisation_id: Uuid,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
