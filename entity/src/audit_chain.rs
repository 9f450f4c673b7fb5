//! The newest link of an audit chain: an organisation's, or the platform's under the nil id.

use sea_orm::{QueryFilter, Select, entity::prelude::*};

use crate::{Table, Tenanted};

/// The newest link of an audit chain: an organisation's, or the platform's under the nil id.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_chain")]
pub struct Model {
    /// The organisation, or nil.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The number of the newest entry.
    pub sequence: i64,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// None: a relation could cross organisations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {}

impl Tenanted for Entity {
    const TENANT: Column = Column::Id;
}

impl Entity {
    /// The platform's own chain.
    #[expect(clippy::disallowed_methods, reason = "the one chain that is no organisation's")]
    pub fn of_platform() -> Select<Self> {
        Self::find().filter(Column::Id.eq(Uuid::nil()))
    }
}
