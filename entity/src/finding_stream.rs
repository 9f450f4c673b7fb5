//! A stream on which a sign of misuse was seen.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A stream on which a sign of misuse was seen.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "finding_stream")]
pub struct Model {
    /// The finding.
    #[sea_orm(primary_key, auto_increment = false)]
    pub finding_id: Uuid,
    /// The stream's name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream_name: String,
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
