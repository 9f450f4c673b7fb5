//! A refusal, with what led to it.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A refusal, with what led to it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "denial")]
pub struct Model {
    /// The decision's id, as whoever was refused was told.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose stream it was for.
    pub organisation_id: Uuid,
    /// The name that was asked for.
    pub stream_name: String,
    /// `playback` or `ingest`.
    pub door: String,
    /// By which protocol.
    pub protocol: String,
    /// From where.
    pub address: String,
    /// Why, by its public name.
    pub reason: String,
    /// The steps, in their order.
    pub trace: Json,
    /// When.
    pub created_at: i64,
    /// The token that was shown, where it was proven.
    pub jti: Option<String>,
    /// The viewer whom it names.
    pub viewer: Option<String>,
    /// Its label.
    pub tag: Option<String>,
    /// In which country the address is, where it is known.
    pub country: Option<String>,
    /// In which network that is, where it is known.
    pub asn: Option<i64>,
    /// Who runs that network, where it is known.
    pub provider: Option<String>,
    /// The player's name for itself.
    pub user_agent: Option<String>,
    /// The host of the page it came from.
    pub referrer: Option<String>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
