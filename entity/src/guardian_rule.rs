//! A Guardian rule.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A Guardian rule.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "guardian_rule")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// `IP`, `ASN`, `COUNTRY`, `REFERRER` or `USER_AGENT`.
    pub kind: String,
    /// What it looks for, in its shortest form.
    pub value: String,
    /// `ALLOW` or `DENY`.
    pub action: String,
    /// `ENFORCE` or `MONITOR`.
    pub mode: String,
    /// `PLAYBACK`, `INGEST` or `BOTH`.
    pub door: String,
    /// The one stream that it is for.
    pub stream_id: Option<Uuid>,
    /// The one group that it is for; neither: the organisation.
    pub group_id: Option<Uuid>,
    /// What people say of it.
    pub note: Option<String>,
    /// From when on it is as if it were not there.
    pub expires_at: Option<i64>,
    /// The user, or the API token, that made it.
    pub created_by: Uuid,
    /// When it was made.
    pub created_at: i64,
    /// How often it was met by requests.
    pub matches: i64,
    /// When it was met last.
    pub last_match_at: Option<i64>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
