//! Who did what to which object, from where, when. Only ever appended to.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// Who did what to which object, from where, when. Only ever appended to.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The user; none where the platform acted.
    pub actor_id: Option<Uuid>,
    /// The operation, as in `stream.lock`.
    pub action: String,
    /// What it was done to, by id or name.
    pub object: String,
    /// From where.
    pub address: Option<String>,
    /// What else belongs to it; never a secret.
    pub detail: Json,
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
