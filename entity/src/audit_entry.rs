//! Who did what to which object, from where, when. Only ever appended to, each entry linked to the one before.

use sea_orm::{QueryFilter, Select, entity::prelude::*};

use crate::{Table, Tenanted};

/// Who did what to which object, from where, when. Only ever appended to, each entry linked to the one before.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is; none for what the platform did.
    pub organisation_id: Option<Uuid>,
    /// Its number in the chain, from 1; none for entries from before there was a chain.
    pub sequence: Option<i64>,
    /// `member`, `api_token`, `operator`, `platform` or `nobody`.
    pub actor_kind: String,
    /// The user, or the API token.
    pub actor_id: Option<Uuid>,
    /// With which role.
    pub role: Option<String>,
    /// The operation, as in `stream.lock`.
    pub action: String,
    /// What it was done to, by id or name.
    pub object: String,
    /// What else belongs to it: before and after where it matters; never a secret, nothing personal.
    pub detail: Json,
    /// Addresses of people and machines: outside the hash, so that they can be erased.
    pub personal: Json,
    /// The request that did it.
    pub request_id: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// The hash of the entry before it.
    pub previous_hash: Option<Vec<u8>>,
    /// Over everything but `personal`.
    pub hash: Option<Vec<u8>>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}

impl Entity {
    /// The entries of no organisation.
    #[expect(clippy::disallowed_methods, reason = "the entries that are no organisation's")]
    pub fn of_platform() -> Select<Self> {
        Self::find().filter(Column::OrganisationId.is_null())
    }
}
