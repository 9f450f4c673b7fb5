//! A text in a list that lets in until it expires: a tool for tests. Never the text itself.

use sea_orm::entity::prelude::*;

use crate::{Table, Tenanted};

/// A text in a list that lets in until it expires: a tool for tests. Never the text itself.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "static_token")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// What it is called; its sessions carry the id `static:` and this.
    pub name: String,
    /// Its first letters, to tell it by.
    pub prefix: String,
    /// SHA-256 of the text.
    pub digest: Vec<u8>,
    /// `play` or `publish`.
    pub door: String,
    /// Whether it is for every stream.
    pub organisation_wide: bool,
    /// The names of the streams that it is for.
    pub streams: Json,
    /// When it ends.
    pub expires_at: i64,
    /// The user or API token that made it.
    pub created_by: Uuid,
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
