//! With whom an organisation lets its people sign in; one per organisation.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// With whom an organisation lets its people sign in; one per organisation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identity_provider")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// Its issuer, exactly as ID tokens name it.
    pub issuer: String,
    /// As whom the installation is registered with it.
    pub client_id: String,
    /// With what the installation proves that, sealed.
    pub client_secret_sealed: Vec<u8>,
    /// The claim that names a person's groups.
    pub group_claim: Option<String>,
    /// Groups and the roles they give: an array of `{group, role}`.
    pub role_map: Json,
    /// The role of people whose groups give none; without it they are refused.
    pub default_role: Option<String>,
    /// When it was made.
    pub created_at: i64,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::OrganisationId;
}
