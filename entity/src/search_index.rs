//! The search index outside the database, if there is one: one row, without which nothing is fed.

use sea_orm::entity::prelude::*;

use crate::Table;

/// The search index outside the database.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_index")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Where it is: an index elsewhere is another one, and built anew.
    pub place: String,
    /// When it was last built from the tables; none while it does not hold all of them.
    pub built_at: Option<i64>,
    /// The process that feeds it.
    pub holder: Uuid,
    /// Until when nobody else does.
    pub held_until: i64,
}

/// None: there is one row.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}
