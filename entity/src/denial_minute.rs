//! How often somebody was refused within a minute, by stream, door, protocol, reason and country.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// How often somebody was refused within a minute, by stream, door, protocol, reason and country.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "denial_minute")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// When the minute begins.
    #[sea_orm(primary_key, auto_increment = false)]
    pub minute_at: i64,
    /// The stream's name; empty where none has the name that was asked for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream_name: String,
    /// `playback` or `ingest`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub door: String,
    /// As in `websocket`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub protocol: String,
    /// Why, as in `TOKEN_EXPIRED`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reason: String,
    /// From which country, as in `DE`; empty where it is not known.
    #[sea_orm(primary_key, auto_increment = false)]
    pub country: String,
    /// How often.
    pub times: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
