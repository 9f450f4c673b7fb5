//! A wish for a package, sent to the platform operators.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A wish for a package, sent to the platform operators.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "package_request")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// Its public name, as in `LIVE`.
    pub package: String,
    /// What the operators should know.
    pub note: Option<String>,
    /// The user who asks.
    pub requested_by: Uuid,
    /// When it was made.
    pub created_at: i64,
    /// When the package was enabled or the wish declined.
    pub answered_at: Option<i64>,
    /// Why it was declined, in the operators' words; none where it was not.
    pub refusal: Option<String>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
