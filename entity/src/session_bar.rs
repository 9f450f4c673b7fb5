//! A session that an operator ended, and who is kept out therefore.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A session that an operator ended, and who is kept out therefore.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session_bar")]
pub struct Model {
    /// The session's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it was.
    pub organisation_id: Uuid,
    /// On which stream.
    pub stream_id: Uuid,
    /// `playback` or `ingest`.
    pub door: String,
    /// From where.
    pub address: String,
    /// The ids of its tokens; where there are none, whoever comes without one is kept out of the stream.
    pub tokens: Json,
    /// When it was ended.
    pub created_at: i64,
    /// From when on nobody is kept out any more.
    pub keep_until: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
