//! The record of a token that we made. Never the token itself.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// The record of a token that we made. Never the token itself.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "playback_token")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The claim `jti`.
    #[sea_orm(unique)]
    pub jti: String,
    /// What signed it.
    pub signing_key_id: Uuid,
    /// Whether it is for every stream.
    pub organisation_wide: bool,
    /// What it says.
    pub claims: Json,
    /// The claim `user`.
    pub viewer: Option<String>,
    /// The claim `tag`.
    pub tag: Option<String>,
    /// Whether it can be revoked by itself.
    pub revocable: bool,
    /// Whether it was made for the dashboard's own player.
    pub watch: bool,
    /// The user who made it.
    pub created_by: Uuid,
    /// When it was made.
    pub created_at: i64,
    /// The claim `iat`.
    pub issued_at: i64,
    /// The claim `exp`.
    pub expires_at: i64,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
    /// The claim `aud`: `play` or `publish`.
    pub door: String,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
