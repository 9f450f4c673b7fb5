//! A person's authenticator app (RFC 6238): the secret that both know.

use sea_orm::entity::prelude::*;

use crate::Table;

/// A person's authenticator app (RFC 6238): the secret that both know.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "totp")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// The secret that codes are checked with, sealed; none until the first one is confirmed.
    pub secret_sealed: Option<Vec<u8>>,
    /// The newest step whose code was accepted: no code serves twice.
    pub last_step: i64,
    /// When the secret was confirmed.
    pub confirmed_at: Option<i64>,
    /// A secret that was shown and not confirmed yet, sealed.
    pub pending_sealed: Option<Vec<u8>>,
    /// When that one was shown.
    pub pending_at: Option<i64>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}
