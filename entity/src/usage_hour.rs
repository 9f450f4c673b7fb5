//! What was watched within an hour, by stream, protocol and country.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// What was watched within an hour, by stream, protocol and country.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_hour")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// When the hour begins.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hour_at: i64,
    /// The name of what was watched.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream_name: String,
    /// As in `websocket`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub protocol: String,
    /// From which country; empty where that is not known.
    #[sea_orm(primary_key, auto_increment = false)]
    pub country: String,
    /// Sessions that began in it.
    pub sessions: i64,
    /// How long all viewers together watched, in microseconds.
    pub watched_us: i64,
    /// Bytes of media.
    pub bytes: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
