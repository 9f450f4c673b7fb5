//! Removes what an organisation keeps no longer, some rows at a time.

use std::time::Duration;

use entity::{
    Tenanted, denial, denial_minute, finding, organisation, package_grant, quality_minute, response, revocation,
    session, usage_hour, usage_minute,
};
use guard::policy::Package;
use ids::OrganisationId;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::Expr};

use super::cases;
use crate::{
    service::packages::{self, LimitName},
    state::State,
};

/// Removes the oldest rows that are past their time; whether there may be more.
pub(super) async fn step(state: &State, row: &organisation::Model) -> Result<bool, DbErr> {
    let organisation = OrganisationId::from_uuid(row.id);
    let own = row.keep_days.and_then(|days| u32::try_from(days).ok());
    let package = limit(state.store.read(), organisation).await?;
    let days = own.into_iter().chain(package).min();
    cases::keep(state, organisation, days).await?;
    let Some(days) = days else {
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
    // One that keeps somebody out, or waits for somebody, is not old.
    old!(response, response::Column::EndedAt.lt(before));
    // Of one token, as its index has it: what covers many is kept for good.
    old!(
        revocation,
        Expr::cust("revocation.kind = 'token'"),
        revocation::Column::KeepUntil.lt(before)
    );
    // By their minutes or hours, of which each has few rows.
    macro_rules! old_sums {
        ($table:ident, $at:ident, $before:expr) => {{
            let last: Option<i64> = $table::Entity::in_tenant(organisation)
                .select_only()
                .column($table::Column::$at)
                .filter($table::Column::$at.lt($before))
                .order_by_asc($table::Column::$at)
                .offset(ROWS)
                .limit(1)
                .into_tuple()
                .one(&*write)
                .await?;
            more |= last.is_some();
            let until = last.map_or($before, |last| last.saturating_add(1));
            $table::Entity::remove_in_tenant(organisation)
                .filter($table::Column::$at.lt(until))
                .exec(&*write)
                .await?;
        }};
    }
    // An hour that is partly young stays.
    old_sums!(usage_hour, HourAt, before.saturating_sub(HOUR_US));
    old_sums!(usage_minute, MinuteAt, before);
    old_sums!(denial_minute, MinuteAt, before);
    old_sums!(quality_minute, MinuteAt, before);
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

const HOUR_US: i64 = 3_600_000_000;
/// Of each table, in one step.
const ROWS: u64 = 500;
