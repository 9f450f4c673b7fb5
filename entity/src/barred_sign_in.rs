//! A sign-in that an administrator ended for one organisation; elsewhere it goes on.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A sign-in that an administrator ended for one organisation; elsewhere it goes on.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "barred_sign_in")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// Which sign-in.
    pub sign_in_id: Uuid,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
