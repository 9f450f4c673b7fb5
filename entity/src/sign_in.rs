//! A signed-in browser. The cookie's secret is stored as its SHA-256 only.

use sea_orm::entity::prelude::*;

use crate::Table;

/// A signed-in browser. The cookie's secret is stored as its SHA-256 only.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who.
    pub user_id: Uuid,
    /// SHA-256 of the cookie's secret.
    #[sea_orm(unique)]
    pub token_hash: Vec<u8>,
    /// From where the person signed in.
    pub address: String,
    /// With what the person signed in.
    pub user_agent: Option<String>,
    /// How the person proved who they are, as in `password`; none for those older than this column.
    pub how: Option<String>,
    /// Whether a second factor was shown.
    pub second_factor: bool,
    /// The only organisation in which it acts, where that organisation's identity provider vouched for it.
    pub organisation_id: Option<Uuid>,
    /// When it was made.
    pub created_at: i64,
    /// When it was last used, to the hour.
    pub used_at: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}
