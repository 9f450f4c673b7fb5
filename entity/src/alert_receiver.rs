//! Where alerts go.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// Where alerts go.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert_receiver")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// What people call it.
    pub name: String,
    /// `email` or `syslog`.
    pub kind: String,
    /// Whether anything is sent there.
    pub enabled: bool,
    /// The addresses of mails.
    pub emails: Json,
    /// The name or address of a collector; empty for mails.
    pub host: String,
    /// Its port; 0 for mails.
    pub port: i32,
    /// Whether it is reached by TLS.
    pub tls: bool,
    /// The certificate that vouches for it, where it is not a public one.
    pub authority: Option<String>,
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
