//! What spoke against tokens that were shown, by the key that signed them.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// What spoke against tokens that were shown, by the key that signed them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "weak_token")]
pub struct Model {
    /// Whose they are.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// The key; empty for static tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    /// What it is, as guard's linter numbers it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub mark: i32,
    /// Whether the key is one of ours.
    pub ours: bool,
    /// How often a session began on such a token, or went on with one.
    pub sessions: i64,
    /// When that was first.
    pub first_at: i64,
    /// When that was last.
    pub last_at: i64,
    /// The id of the last of them.
    pub jti: String,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
