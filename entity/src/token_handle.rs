//! A short text that stands for a token's claims. Never the text itself.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A short text that stands for a token's claims. Never the text itself.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "token_handle")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// SHA-256 of the text.
    pub digest: Vec<u8>,
    /// The name of the key that signed the token.
    pub kid: String,
    /// What tells that key from others of its name, sealed; none in what an earlier version made.
    pub key_fingerprint_sealed: Option<Vec<u8>>,
    /// The token's id.
    pub jti: String,
    /// What the token says: a JSON object under our names.
    pub claims: String,
    /// The token's end.
    pub expires_at: i64,
    /// The user or API token that made it.
    pub created_by: Uuid,
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
