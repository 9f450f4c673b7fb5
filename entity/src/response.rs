//! What is done, or to be done, about somebody in whom misuse was found.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// What is done, or to be done, about somebody in whom misuse was found.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "response")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// Whom it is about: `token`, `user` or `address`, or what they came from: `subnet`, `network` or `referrer`.
    pub kind: String,
    /// The token's id, the viewer, the address, more addresses as CIDR, the AS number, or the page's host.
    pub subject: String,
    /// What was found.
    pub indicator: String,
    /// What that adds to the score.
    pub points: i32,
    /// Why, in words and numbers.
    pub evidence: String,
    /// Until when that was seen.
    pub last_at: i64,
    /// `due` (found, and not looked at yet), `suggested`, `applied`, `refused`, `undone` or `over`.
    pub state: String,
    /// For how long it holds once it is applied.
    pub length_s: i64,
    /// Why, for people.
    pub note: Option<String>,
    /// The user that suggested it, also with software of theirs; none: the platform.
    pub proposed_by: Option<Uuid>,
    /// When it was suggested.
    pub proposed_at: i64,
    /// The user that applied it, or the user or API token that refused it; none: nobody, or the platform.
    pub decided_by: Option<Uuid>,
    /// When that was.
    pub decided_at: Option<i64>,
    /// Before when it holds.
    pub until_at: Option<i64>,
    /// The rule that it is, where it is one.
    pub rule_id: Option<Uuid>,
    /// The user or API token that took it back.
    pub undone_by: Option<Uuid>,
    /// When it was refused, or taken back, or its time was over.
    pub ended_at: Option<i64>,
    /// Whether it goes with its end, since whom it is about was erased, or the days of the address are over.
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
