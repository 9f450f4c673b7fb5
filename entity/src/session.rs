//! A viewer's or broadcaster's stay, live or past.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A viewer's or broadcaster's stay, live or past.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// On which stream.
    pub stream_id: Uuid,
    /// The stream's name.
    pub stream_name: String,
    /// Where.
    pub node_id: Uuid,
    /// `playback` or `ingest`.
    pub door: String,
    /// As in `websocket`.
    pub protocol: String,
    /// From where.
    pub address: String,
    /// What counts as one address: itself, or the /64 of an IPv6 one; none for sessions from before that was kept.
    pub address_block: Option<String>,
    /// In which country that is, where it is known.
    pub country: Option<String>,
    /// In which network that is, where it is known.
    pub asn: Option<i64>,
    /// Who runs that network, where it is known.
    pub provider: Option<String>,
    /// Whether nobody on the way could read it.
    pub encrypted: bool,
    /// The token's id.
    pub jti: Option<String>,
    /// The viewer that the token names.
    pub viewer: Option<String>,
    /// The token's label.
    pub tag: Option<String>,
    /// The player's name for itself.
    pub user_agent: Option<String>,
    /// The host of the page it came from.
    pub referrer: Option<String>,
    /// When it began.
    pub started_at: i64,
    /// When it was last heard of.
    pub beat_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// Bytes of media.
    pub bytes: i64,
    /// Requests; one that stayed open is one; none for sessions from before that was kept.
    pub requests: Option<i64>,
    /// Why the platform ended it.
    pub reason: Option<String>,
    /// What spoke against its newest token, as guard's linter numbers it; none where there is no token.
    pub token_marks: Option<i32>,
    /// The key that signed its newest token, where one did and it is known.
    pub token_kid: Option<String>,
    /// The claim `iat` of that token.
    pub token_issued_at: Option<i64>,
    /// When that token expires; none where there is no token, and for sessions from before that was kept.
    pub token_expires_at: Option<i64>,
    /// Whether that token can be revoked by itself.
    pub token_revocable: Option<bool>,
    /// On whose word that token is believed: `ours`, `foreign`, `listed` or `backend`.
    pub token_word: Option<String>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
