//! A key that verifies an organisation's tokens, ours with its private part, sealed; or where a set of such keys is.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A key that verifies an organisation's tokens, ours with its private part, sealed; or where a set of such keys is.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// What tokens carry in their header; unique in the organisation. Of a set that is fetched, its id.
    pub kid: String,
    /// As in `EdDSA`; `JWKS` for a set that is fetched.
    pub algorithm: String,
    /// The public part; empty where there is none.
    pub public_key: Vec<u8>,
    /// PKCS#8, sealed; ours only.
    pub private_key_sealed: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: i64,
    /// When it stops signing.
    pub retires_at: Option<i64>,
    /// When it stopped verifying.
    pub removed_at: Option<i64>,
    /// A shared secret, sealed; a customer's only.
    pub secret_sealed: Option<Vec<u8>>,
    /// `ant_media` or `names`; our own names of claims where there is none.
    pub dialect: Option<String>,
    /// The customer's names of claims, for `names`.
    pub claim_map: Option<Json>,
    /// Where a set of keys is fetched from.
    pub jwks_url: Option<String>,
    /// When it was last asked for.
    pub attempted_at: Option<i64>,
    /// When it last answered.
    pub fetched_at: Option<i64>,
    /// Why it did not answer the last time, where it did not.
    pub fetch_error: Option<String>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
