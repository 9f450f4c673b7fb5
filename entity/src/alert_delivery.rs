//! A notification to a receiver: one that was made, or one that waits.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A notification to a receiver: one that was made, or one that waits.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert_delivery")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// Of which alert; none for a trial.
    pub alert_id: Option<Uuid>,
    /// To which receiver.
    pub receiver_id: Uuid,
    /// `opened`, `reminded`, `resolved` or `test`.
    pub event: String,
    /// The address of a mail, or the place of a collector.
    pub recipient: String,
    /// The mail, where it is one.
    pub mail_id: Option<Uuid>,
    /// `waiting`, `delivered` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next; none for a mail, which has its own queue.
    pub next_at: Option<i64>,
    /// What was wrong the last time.
    pub trouble: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// When it was tried last.
    pub tried_at: Option<i64>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
