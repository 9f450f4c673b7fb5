//! What was put into a misuse case, as it was known then: a finding, a token or an address.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// What was put into a misuse case, as it was known then: a finding, a token or an address.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_item")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// In which case.
    pub case_id: Uuid,
    /// `finding`, `token` or `address`.
    pub kind: String,
    /// Of what: `token`, `user` or `address`.
    pub subject_kind: String,
    /// Of which.
    pub subject: String,
    /// The finding that it was copied from.
    pub finding_id: Option<Uuid>,
    /// Which indicator, of a finding.
    pub indicator: Option<String>,
    /// What it adds to the score; of a token or an address its score.
    pub points: i32,
    /// Why, in words and numbers; of a finding.
    pub evidence: String,
    /// The viewer that the token names.
    pub viewer: Option<String>,
    /// The token's label.
    pub tag: Option<String>,
    /// What the token was when it was put in: `active`, `revoked` or `expired`.
    pub status: Option<String>,
    /// In which country the address is, where it is known.
    pub country: Option<String>,
    /// In which network that is, where it is known.
    pub asn: Option<i64>,
    /// Who runs that network, where it is known.
    pub provider: Option<String>,
    /// How many sessions there were.
    pub sessions: i64,
    /// Since when it held, or was there; of an address without sessions, when it was put in last.
    pub first_at: i64,
    /// Until when it was seen; the same.
    pub last_at: i64,
    /// When it was put in.
    pub added_at: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
