//! Removes what an organisation keeps no longer, some rows at a time.

use std::time::Duration;

use entity::{
    Tenanted, denial, denial_minute, finding, organisation, package_grant, quality_minute, session, usage_minute,
};
use guard::policy::Package;
use ids::OrganisationId;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::{
    service::packages::{self, LimitName},
    state::State,
};

/// Removes the oldest rows that are past their time; whether there may be more.
pub(super) async fn step(state: &State, row: &organisation::Model) -> Result<bool, DbErr> {
    let organisation = OrganisationId::from_uuid(row.id);
    let own = row.keep_days.and_then(|days| u32::try_from(days).ok());
    let package = limit(state.store.read(), organisation).await?;
    let Some(days) = own.into_iter().chain(package).min() else {
        return Ok(false);
    };
    let before = state.now().minus(Duration::from_hours(24 * u64::from(days))).us();
    let write = state.store.write().await?;
    let mut more = false;
    // By their ids, where there is one.
    macro_rules! old {
        ($table:ident, $($filter:expr),+) => {{
            let oldest = $table::Entity::in_tenant(organisation)
                .select_only()
                .column($table::Column::Id)
                $(.filter($filter))+
                .limit(ROWS)
                .into_query();
            let removed = $table::Entity::remove_in_tenant(organisation)
                .filter($table::Column::Id.in_subquery(oldest))
                .exec(&*write)
                .await?;
            more |= removed.rows_affected >= ROWS;
        }};
    }
    // One that goes on is not old.
    old!(session, session::Column::EndedAt.lt(before));
    old!(finding, finding::Column::LastAt.lt(before));
    old!(denial, denial::Column::CreatedAt.lt(before));
    // By their minutes, of which each has few rows.
    macro_rules! old_minutes {
        ($table:ident) => {{
            let last: Option<i64> = $table::Entity::in_tenant(organisation)
                .select_only()
                .column($table::Column::MinuteAt)
                .filter($table::Column::MinuteAt.lt(before))
                .order_by_asc($table::Column::MinuteAt)
                .offset(ROWS)
                .limit(1)
                .into_tuple()
                .one(&*write)
                .await?;
            more |= last.is_some();
            let until = last.map_or(before, |last| last.saturating_add(1));
            $table::Entity::remove_in_tenant(organisation)
                .filter($table::Column::MinuteAt.lt(until))
                .exec(&*write)
                .await?;
        }};
    }
    old_minutes!(usage_minute);
    old_minutes!(denial_minute);
    old_minutes!(quality_minute);
    write.commit().await?;
    Ok(more)
}

/// How long the package lets them be kept, where it says.
async fn limit(connection: &impl ConnectionTrait, organisation: OrganisationId) -> Result<Option<u32>, DbErr> {
    let grants = package_grant::Entity::in_tenant(organisation)
        .filter(package_grant::Column::Package.eq(Package::Analytics.as_str()))
        .all(connection)
        .await?;
    Ok(packages::standings(&grants, &[])
        .into_iter()
        .filter(|standing| standing.package == Package::Analytics)
        .find_map(|standing| standing.limits.get(&LimitName::Retention).copied()))
}

/// Of each table, in one step.
const ROWS: u64 = 500;
