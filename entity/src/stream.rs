//! A stream with its settings and standing.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A stream with its settings and standing.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stream")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The public name; unique in the installation, a deleted stream's included.
    #[sea_orm(unique)]
    pub name: String,
    /// What people call it.
    pub title: Option<String>,
    /// `active`, `stopped` or `locked`.
    pub standing: String,
    /// `inherit`, `required` or `open`.
    pub secure_playback: String,
    /// `inherit`, `open`, `key` or `token`.
    pub ingest_authorisation: String,
    /// The secret ingest key, sealed.
    pub ingest_key_sealed: Vec<u8>,
    /// Whether the built-in test source publishes it.
    pub test_source: bool,
    /// When it was made.
    pub created_at: i64,
    /// When it last went live.
    pub last_live_at: Option<i64>,
    /// When it was deleted.
    pub deleted_at: Option<i64>,
    /// The group that it is in.
    pub group_id: Option<Uuid>,
    /// Whether the list of static tokens lets in: `inherit`, `on` or `off`.
    pub static_tokens: String,
    /// Whether the organisation's backend judges tokens: `inherit`, `on` or `off`.
    pub backend_tokens: String,
    /// Whether viewers' tokens must say that a second factor was shown.
    pub mfa_required: bool,
    /// Whether a second broadcaster takes it over from the first.
    pub takeover: bool,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
