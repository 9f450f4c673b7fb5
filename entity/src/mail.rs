//! A mail on its way. What it says may hold a secret link, so it is sealed.

use sea_orm::entity::prelude::*;

use crate::Table;

/// A mail on its way. What it says may hold a secret link, so it is sealed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// On whose behalf; none where it is about a person or the installation.
    pub organisation_id: Option<Uuid>,
    /// `invitation`, `password_reset`, `package_request`, `package_declined`, `account_change` or `alert`.
    pub kind: String,
    /// The address.
    pub recipient: String,
    /// Subject, text and HTML, sealed.
    pub content_sealed: Vec<u8>,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next.
    pub next_at: i64,
    /// When it was handed over.
    pub sent_at: Option<i64>,
    /// When it was given up.
    pub given_up_at: Option<i64>,
    /// Why the last attempt failed; what the mail server said.
    pub trouble: Option<String>,
    /// When it was made.
    pub created_at: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}
