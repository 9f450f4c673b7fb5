//! An indicator of misuse that held of a token, a viewer or an address.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// An indicator of misuse that held of a token, a viewer or an address.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "finding")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// Of what: `token`, `user` or `address`.
    pub kind: String,
    /// Of which.
    pub subject: String,
    /// Which indicator, as in `SESSIONS`.
    pub indicator: String,
    /// What it adds to the score.
    pub points: i32,
    /// Why, in words and numbers.
    pub evidence: String,
    /// Since when it held.
    pub first_at: i64,
    /// Until when it was seen.
    pub last_at: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
