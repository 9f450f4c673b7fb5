//! An invitation into an organisation: single use, bound to an address and a role.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// An invitation into an organisation: single use, bound to an address and a role.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The address, in lower case.
    pub email: String,
    /// `nanoAdmin`, `nanoUser` or `nanoReadOnly`.
    pub role: String,
    /// SHA-256 of the link's secret.
    #[sea_orm(unique)]
    pub token_hash: Vec<u8>,
    /// The user, or the API token, that invites; none where the platform does.
    pub invited_by: Option<Uuid>,
    /// The mail that carries it, the newest one.
    pub mail_id: Option<Uuid>,
    /// When it was made.
    pub created_at: i64,
    /// Until when it can be accepted.
    pub expires_at: i64,
    /// When it was accepted.
    pub accepted_at: Option<i64>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<i64>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
