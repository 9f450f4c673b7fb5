//! What somebody wrote into a misuse case.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// What somebody wrote into a misuse case.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_note")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// In which case.
    pub case_id: Uuid,
    /// What they wrote.
    pub text: String,
    /// The user, or the API token, that wrote it.
    pub created_by: Uuid,
    /// When it was written.
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
