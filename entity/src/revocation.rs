//! Something that was taken back.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// Something that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revocation")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// `token`, `user`, `tag`, `stream`, `key` or `everything`.
    pub kind: String,
    /// What it names, in the form of its kind; empty for `everything`.
    pub subject: String,
    /// Bulk revocations cover what was issued up to here.
    pub at: i64,
    /// From when on nothing that it covers can be valid.
    pub keep_until: i64,
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
