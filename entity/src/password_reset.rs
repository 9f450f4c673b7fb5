//! A way to a new password, sent by mail: single use, for an hour.

use sea_orm::entity::prelude::*;

use crate::Table;

/// A way to a new password, sent by mail: single use, for an hour.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "password_reset")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// SHA-256 of the link's secret.
    #[sea_orm(unique)]
    pub token_hash: Vec<u8>,
    /// When it was made.
    pub created_at: i64,
    /// Until when it can be used.
    pub expires_at: i64,
    /// When it was used.
    pub used_at: Option<i64>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}
