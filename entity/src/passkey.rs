//! A passkey (`WebAuthn`) of a person: its public half.

use sea_orm::entity::prelude::*;

use crate::Table;

/// A passkey (`WebAuthn`) of a person: its public half.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "passkey")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// What its owner calls it.
    pub name: String,
    /// How the authenticator names it.
    #[sea_orm(unique)]
    pub credential_id: Vec<u8>,
    /// The public key, the counter, and what else a check needs.
    pub credential: Json,
    /// When it was made.
    pub created_at: i64,
    /// When it was last used; what was begun before that is not accepted any more.
    pub used_at: Option<i64>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}
