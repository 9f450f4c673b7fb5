//! Updates on their way to the nodes, in order.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// Updates on their way to the nodes, in order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// The order.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// Of which change.
    pub change_id: Uuid,
    /// What is different, in order.
    pub updates: Json,
    /// When it was made.
    pub created_at: i64,
    /// When it was handed to the nodes.
    pub delivered_at: Option<i64>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
