//! A token with which software acts for an organisation. Its secret is stored as a keyed hash only.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A token with which software acts for an organisation. Its secret is stored as a keyed hash only.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_token")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The member whose it is; none for the API key, which is the organisation's.
    pub member_id: Option<Uuid>,
    /// What people call it.
    pub name: String,
    /// `nanoAdmin`, `nanoUser` or `nanoReadOnly`.
    pub role: String,
    /// How its secret begins; enough to recognise it by.
    pub prefix: String,
    /// Keyed hash of the secret.
    #[sea_orm(unique)]
    pub secret_hash: Vec<u8>,
    /// The user who made it.
    pub created_by: Uuid,
    /// When it was made.
    pub created_at: i64,
    /// Until when it acts; the API key does not expire.
    pub expires_at: Option<i64>,
    /// When it was last used, to the minute.
    pub used_at: Option<i64>,
    /// From where it was last used.
    pub used_address: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
