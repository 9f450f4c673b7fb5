//! A person, in however many organisations. Read by sign-in and by membership only.

use sea_orm::entity::prelude::*;

use crate::Table;

/// A person, in however many organisations. Read by sign-in and by membership only.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "app_user")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The address, in lower case; unique.
    #[sea_orm(unique)]
    pub email: String,
    /// What others see.
    pub name: String,
    /// Argon2id, in PHC form; empty where the person signs in elsewhere.
    pub password_hash: String,
    /// Whether this is a platform operator.
    pub operator: bool,
    /// When it was made.
    pub created_at: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}
