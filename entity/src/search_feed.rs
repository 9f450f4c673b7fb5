//! What a search index outside the database must hear of. Written by triggers, in the transaction of what it is about.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// An object that came, changed or went.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_feed")]
pub struct Model {
    /// The order.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose it is, or was.
    pub organisation_id: Uuid,
    /// `stream`, `token`, `member` or `audit`.
    pub kind: String,
    /// Its id.
    pub object_id: Uuid,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
