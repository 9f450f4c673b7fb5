//! A stream that a token is for.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A stream that a token is for.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "playback_token_stream")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// Which token.
    pub playback_token_id: Uuid,
    /// Which stream.
    pub stream_id: Uuid,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
