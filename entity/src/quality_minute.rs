//! How well players played within a minute, by stream, protocol, country and browser.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// How well players played within a minute, by stream, protocol, country and browser; by their own account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quality_minute")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    /// When the minute begins.
    #[sea_orm(primary_key, auto_increment = false)]
    pub minute_at: i64,
    /// The name of what was watched.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream_name: String,
    /// As in `websocket`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub protocol: String,
    /// From which country; empty where that is not known.
    #[sea_orm(primary_key, auto_increment = false)]
    pub country: String,
    /// As in `Firefox`; empty where that is not known.
    #[sea_orm(primary_key, auto_increment = false)]
    pub browser: String,
    /// Its main version; empty where that is not known.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: String,
    /// Players that set out to play.
    pub attempts: i64,
    /// First pictures that were seen.
    pub starts: i64,
    /// Those within two seconds.
    pub quick_starts: i64,
    /// How long those that were seen took together, in milliseconds.
    pub start_ms: i64,
    /// How long pictures moved, in milliseconds.
    pub played_ms: i64,
    /// How long they stood still although somebody waited, in milliseconds.
    pub stalled_ms: i64,
    /// How often they came to stand still.
    pub stalls: i64,
    /// Delays behind live that were told, in milliseconds, together.
    pub latency_ms: i64,
    /// How many those are.
    pub latencies: i64,
    /// Connections that were lost.
    pub lost: i64,
    /// Times that what came could not be decoded.
    pub undecoded: i64,
    /// Players that had no way to play it.
    pub unsupported: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
