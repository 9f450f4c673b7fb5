//! How a query begins: with a tenant, or with a reason why not.

use ids::OrganisationId;
use sea_orm::{ColumnTrait, DeleteMany, EntityTrait, QueryFilter, Select, UpdateMany};

/// A table.
pub trait Table: EntityTrait {
    /// Rows of every organisation. `reason` says why that is right; a golden file lists the call sites.
    #[expect(
        clippy::disallowed_methods,
        reason = "the place where reading without a tenant is argued for"
    )]
    fn across_tenants(reason: &'static str) -> Select<Self> {
        let _ = reason;
        Self::find()
    }

    /// Changes rows of every organisation. `reason` as in [`Table::across_tenants`].
    #[expect(
        clippy::disallowed_methods,
        reason = "the place where changing without a tenant is argued for"
    )]
    fn change_across_tenants(reason: &'static str) -> UpdateMany<Self> {
        let _ = reason;
        Self::update_many()
    }

    /// Removes rows of every organisation. `reason` as in [`Table::across_tenants`].
    #[expect(
        clippy::disallowed_methods,
        reason = "the place where removing without a tenant is argued for"
    )]
    fn remove_across_tenants(reason: &'static str) -> DeleteMany<Self> {
        let _ = reason;
        Self::delete_many()
    }
}

/// A table whose rows belong to an organisation.
pub trait Tenanted: Table {
    /// The column that says to which.
    const TENANT: Self::Column;

    /// The rows of one organisation.
    #[expect(clippy::disallowed_methods, reason = "the place where a query is given its tenant")]
    fn in_tenant(organisation: OrganisationId) -> Select<Self> {
        Self::find().filter(Self::TENANT.eq(organisation.uuid()))
    }

    /// Changes rows of one organisation.
    #[expect(clippy::disallowed_methods, reason = "the place where a change is given its tenant")]
    fn change_in_tenant(organisation: OrganisationId) -> UpdateMany<Self> {
        Self::update_many().filter(Self::TENANT.eq(organisation.uuid()))
    }

    /// Removes rows of one organisation.
    #[expect(clippy::disallowed_methods, reason = "the place where a removal is given its tenant")]
    fn remove_in_tenant(organisation: OrganisationId) -> DeleteMany<Self> {
        Self::delete_many().filter(Self::TENANT.eq(organisation.uuid()))
    }
}
