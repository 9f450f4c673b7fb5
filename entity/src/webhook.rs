//! An address of a customer's that is called. What signs its calls is sealed.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// An address of a customer's that is called. What signs its calls is sealed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The address.
    pub url: String,
    /// Whether it is called at all.
    pub enabled: bool,
    /// For what it is called: an array of names, as in `on_play`.
    pub calls: Json,
    /// Whether it judges what is neither a JWT nor a handle.
    pub judges_tokens: bool,
    /// `form` or `json`.
    pub encoding: String,
    /// What holds where it does not answer: `open` or `closed`.
    pub outage: String,
    /// The secret, sealed.
    pub secret_sealed: Vec<u8>,
    /// The secret before it, sealed.
    pub previous_sealed: Option<Vec<u8>>,
    /// Until when that one signs as well.
    pub previous_until: Option<i64>,
    /// Calls that were not made, since there were too many.
    pub suppressed: i64,
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
