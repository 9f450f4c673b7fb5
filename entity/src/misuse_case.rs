//! Somebody who steals, as an organisation works on it.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// Somebody who steals, as an organisation works on it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "misuse_case")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// What people call it.
    pub title: String,
    /// When it was called so.
    pub titled_at: i64,
    /// `open` or `closed`.
    pub state: String,
    /// The user, or the API token, that opened it.
    pub created_by: Uuid,
    /// When it was opened.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
    /// When it was closed.
    pub closed_at: Option<i64>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
