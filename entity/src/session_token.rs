//! A token that a session ran on before its newest.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A token that a session ran on before its newest.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session_token")]
pub struct Model {
    /// The session.
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: Uuid,
    /// The token's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub jti: String,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// Its label.
    pub tag: Option<String>,
    /// The key that signed it, where one did and it is known.
    pub token_kid: Option<String>,
    /// The claim `iat`.
    pub token_issued_at: Option<i64>,
    /// When it expires; none for those from before that was kept.
    pub token_expires_at: Option<i64>,
    /// Whether it can be revoked by itself.
    pub token_revocable: Option<bool>,
    /// On whose word it is believed: `ours`, `foreign`, `listed` or `backend`.
    pub token_word: Option<String>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
