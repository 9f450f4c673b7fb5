//! A viewer whose tokens are refused until that is taken back.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A viewer whose tokens are refused until that is taken back.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "banned_viewer")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// As tokens name them in `user`.
    pub viewer: String,
    /// Why, for people.
    pub note: Option<String>,
    /// The user or API token that did it.
    pub created_by: Uuid,
    /// Since when.
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
