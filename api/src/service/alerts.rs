//! An organisation's alerts: listed, and taken on.

use authz::Action;
use entity::{Tenanted, alert};
use ids::{AlertId, OrganisationId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, Order, QueryFilter};
use serde_json::json;

use super::{
    Work,
    page::{Page, Wanted},
};
use crate::{alerts::Event, fault::Fault, people::Acting, state::State};

/// Which alerts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Which {
    /// Only those that are open, or only those that are over.
    pub(crate) open: Option<bool>,
    /// Of this rule.
    pub(crate) rule: Option<String>,
}

/// A page of alerts, the newest first.
pub(crate) async fn page(
    state: &State,
    organisation: OrganisationId,
    which: Which,
    wanted: Wanted,
) -> Result<Page<alert::Model>, Fault> {
    use alert::Column;
    let mut select = alert::Entity::in_tenant(organisation);
    select = match which.open {
        Some(true) => select.filter(Column::ResolvedAt.is_null()),
        Some(false) => select.filter(Column::ResolvedAt.is_not_null()),
        None => select,
    };
    if let Some(rule) = which.rule {
        // What is no id names none: it has no alerts, like one that does not exist.
        let rule: Option<ids::AlertRuleId> = rule.parse().ok();
        select = select.filter(Column::RuleId.eq(rule.map(ids::AlertRuleId::uuid).unwrap_or_default()));
    }
    let key = |key: &str| key.parse::<AlertId>().ok().map(|id| id.uuid().into());
    wanted
        .of(state.store.read(), select, Column::Id, Order::Desc, key)
        .await
}

/// Takes an alert on: nobody is reminded of it any more. The role was judged. Twice is once.
pub(crate) async fn acknowledge(state: &State, acting: &Acting, id: &str) -> Result<alert::Model, Fault> {
    let work = Work::begin(state, acting).await?;
    let id: AlertId = id.parse().map_err(|_| Fault::NotFound)?;
    let row = alert::Entity::in_tenant(acting.id)
        .filter(alert::Column::Id.eq(id.uuid()))
        .one(&*work.write)
        .await?
        .ok_or(Fault::NotFound)?;
    if row.resolved_at.is_some() {
        return Err(Fault::field("id", "RESOLVED", "the alert is over already"));
    }
    let mut after = alert::ActiveModel {
        id: Set(row.id),
        acknowledged_at: Set(Some(row.acknowledged_at.unwrap_or(work.at.us()))),
        ..Default::default()
    };
    if row.notices > 0 {
        after.notify_at = Set(None);
    }
    let row = after.update(&*work.write).await?;
    work.finish_untold(Action::AlertAcknowledge, &id.to_string(), json!({ "name": row.name }))
        .await?;
    state.alerts.tell(Event::Acknowledged, row.clone());
    Ok(row)
}
