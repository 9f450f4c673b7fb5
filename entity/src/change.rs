//! A change to policy, and how far it got.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A change to policy, and how far it got.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The operation that it came by, as in the audit log; none for changes from before that was kept.
    pub action: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// When every node had acknowledged it, or the wait was over.
    pub delivered_at: Option<i64>,
    /// Sessions that it ended.
    pub sessions_ended: i32,
    /// Bytes written to them after the policy was swapped.
    pub bytes_after: i64,
    /// Microseconds from its record to the last acknowledgement; none while a node is missing.
    pub done_after_us: Option<i64>,
    /// Each node with its acknowledgement, where there is one.
    pub nodes: Json,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
