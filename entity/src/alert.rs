//! Something that a rule watched for, from its beginning to its end.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// Something that a rule watched for, from its beginning to its end.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "alert")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// Which rule; it may be gone.
    pub rule_id: Uuid,
    /// The same while it is open: a rule has one open alert at most.
    pub open_rule: Option<Uuid>,
    /// The rule's name when it began.
    pub name: String,
    /// The rule as it was then.
    pub definition: Json,
    /// What was measured last.
    pub value: f64,
    /// What was measured at its worst.
    pub peak: f64,
    /// What was usual when it began, where the rule compares with that.
    pub usual: Option<f64>,
    /// Names of streams that it is about, the first of them.
    pub streams: Json,
    /// When it began.
    pub opened_at: i64,
    /// When it was measured last.
    pub changed_at: i64,
    /// When it was over.
    pub resolved_at: Option<i64>,
    /// Why it was over: `cleared`, `changed`, `disabled` or `deleted`.
    pub ending: Option<String>,
    /// When somebody took it on.
    pub acknowledged_at: Option<i64>,
    /// When the next notification is due.
    pub notify_at: Option<i64>,
    /// How many notifications there were.
    pub notices: i32,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
