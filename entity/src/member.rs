//! A person's place in an organisation, with exactly one role.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A person's place in an organisation, with exactly one role.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// Who.
    pub user_id: Uuid,
    /// `nanoAdmin`, `nanoUser` or `nanoReadOnly`.
    pub role: String,
    /// Sign-ins up to this moment do not act here: access was invalidated.
    pub access_since: i64,
    /// Whether the organisation's identity provider gave it, without asking the person.
    pub given: bool,
    /// When it was made.
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
