//! A tenant with its settings.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A tenant with its settings.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organisation")]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The public hash that its stream names begin with.
    #[sea_orm(unique)]
    pub hash: String,
    /// What people call it.
    pub name: String,
    /// `active` or `suspended`.
    pub standing: String,
    /// Whether playback needs a token, where a stream does not say.
    pub secure_playback: bool,
    /// `open`, `key` or `token`, where a stream does not say.
    pub ingest_authorisation: String,
    /// Whether sessions end when their token expires, where the token does not say.
    pub force_disconnect: bool,
    /// Whether members must have a second factor.
    pub second_factor_required: bool,
    /// Whether broadcasters must come encrypted.
    pub encrypted_ingest: bool,
    /// Whether a webhook of its own is asked about each viewer.
    pub asks_play: bool,
    /// Whether a webhook of its own is asked about each broadcaster.
    pub asks_publish: bool,
    /// Whether a webhook of its own judges what is neither a JWT nor a handle.
    pub judges_backend: bool,
    /// Whether its list of static tokens lets in, where a stream does not say.
    pub static_tokens: bool,
    /// Whether that webhook judges them, where a stream does not say.
    pub backend_tokens: bool,
    /// Counts what changed of the webhooks that are asked something.
    pub webhook_edition: i64,
    /// From when on something is a sign of misuse; as the platform has it where it does not say.
    pub thresholds: Option<Json>,
    /// What is done by itself about whom misuse is found in; nothing where it does not say.
    pub responses: Option<Json>,
    /// For how many days addresses of viewers are full.
    pub address_days: i32,
    /// What becomes of them then: `truncated` or `hashed`.
    pub address_after: String,
    /// For how many days rows of what was watched are kept; as the package has it where it does not say.
    pub keep_days: Option<i32>,
    /// Pages that may read what their players fetch: a list of their origins; all of them where there is none.
    pub origins: Option<Json>,
    /// When it was made.
    pub created_at: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::Id;
}
