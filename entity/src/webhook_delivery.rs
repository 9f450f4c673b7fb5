//! A call to a customer's address: one that was made, or one that waits.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A call to a customer's address: one that was made, or one that waits.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    /// Its id; what the receiver knows it by.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// Which address.
    pub webhook_id: Uuid,
    /// What it is about, as the receiver reads it: as in `play`.
    pub call: String,
    /// The stream that it is about.
    pub stream_name: Option<String>,
    /// `waiting`, `delivered`, `denied` or `failed`.
    pub state: String,
    /// The status of the newest answer.
    pub status: Option<i32>,
    /// How long the newest answer took.
    pub took_ms: Option<i64>,
    /// What was wrong the last time; never a secret or a token.
    pub trouble: Option<String>,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next.
    pub next_at: Option<i64>,
    /// What it says; none for a question, which may hold a token.
    pub content: Option<Json>,
    /// When it was made.
    pub created_at: i64,
    /// When it was tried last.
    pub tried_at: Option<i64>,
    /// Whether what it says goes once it is over: it names somebody who was erased while it waited.
    pub forget: bool,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
