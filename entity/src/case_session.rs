//! A session of what was put into a misuse case, as it was known then.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A session of what was put into a misuse case, as it was known then.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_session")]
pub struct Model {
    /// Of what.
    #[sea_orm(primary_key, auto_increment = false)]
    pub item_id: Uuid,
    /// The session.
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// In which case.
    pub case_id: Uuid,
    /// The stream's name.
    pub stream: String,
    /// As in `websocket`.
    pub protocol: String,
    /// From where.
    pub address: String,
    /// In which country that is, where it is known.
    pub country: Option<String>,
    /// Who runs that network, where it is known.
    pub provider: Option<String>,
    /// The token's id.
    pub jti: Option<String>,
    /// The viewer that the token names.
    pub viewer: Option<String>,
    /// Bytes of media.
    pub bytes: i64,
    /// When it began.
    pub started_at: i64,
    /// When it was last heard of.
    pub seen_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
