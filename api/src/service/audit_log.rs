//! Reading the audit log, and taking it away as a file.

use authz::Action;
use entity::{Tenanted, audit_entry};
use guard::Timestamp;
use ids::{ApiTokenId, AuditId, OrganisationId, UserId};
use sea_orm::{ColumnTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::LikeExpr};
use serde_json::json;
use uuid::Uuid;

use super::{
    Work,
    page::{Page, Wanted},
    reading::{bound, escaped},
};
use crate::{fault::Fault, people::Acting, state::State};

/// Which entries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Which {
    /// This operation, or, as in `stream.*`, those that begin like this.
    pub(crate) action: Option<String>,
    /// Of this user or API token.
    pub(crate) actor: Option<String>,
    /// On this object.
    pub(crate) object: Option<String>,
    pub(crate) from: Option<Timestamp>,
    /// Up to and without.
    pub(crate) to: Option<Timestamp>,
}

/// A page of an organisation's entries, the newest first.
pub(crate) async fn page(
    state: &State,
    organisation: OrganisationId,
    which: &Which,
    wanted: Wanted,
) -> Result<Page<audit_entry::Model>, Fault> {
    let key = |key: &str| key.parse::<AuditId>().ok().map(|id| id.uuid().into());
    wanted
        .of(
            state.store.read(),
            select(organisation, which)?,
            audit_entry::Column::Id,
            Order::Desc,
            key,
        )
        .await
}

/// Whether there can be such entries.
pub(crate) fn check(organisation: OrganisationId, which: &Which) -> Result<(), Fault> {
    select(organisation, which).map(drop)
}

/// Records that the log is exported, by whom and what of it; what was checked.
pub(crate) async fn export(state: &State, acting: &Acting, which: &Which) -> Result<(), Fault> {
    let mut work = Work::begin(state, acting).await?;
    if let Some(object) = &which.object {
        // It may be a person's name for themselves.
        work = work.about(&format!("entries of {object}"));
    }
    let detail = json!({
        "format": "csv",
        "action": which.action,
        "actor": which.actor,
        "from": which.from.map(Timestamp::us),
        "to": which.to.map(Timestamp::us),
    });
    let organisation = acting.id.to_string();
    work.finish_untold(EXPORT, &organisation, detail).await
}

/// The entries behind `after` of an export, the newest first, some at a time.
pub(crate) async fn batch(
    state: &State,
    organisation: OrganisationId,
    which: &Which,
    after: Option<Uuid>,
) -> Result<Vec<audit_entry::Model>, Fault> {
    let mut select = select(organisation, which)?;
    if let Some(after) = after {
        select = select.filter(audit_entry::Column::Id.lt(after));
    }
    Ok(select
        .order_by_desc(audit_entry::Column::Id)
        .limit(BATCH)
        .all(state.store.read())
        .await?)
}

/// Whom an entry names: the user or the API token. Who acts for the platform is its own affair.
pub(crate) fn actor(row: &audit_entry::Model) -> Option<Uuid> {
    row.actor_id.filter(|_| row.actor_kind != OPERATOR)
}

/// What it was done to. Where that is a person's name for themselves, it stands among what can be erased.
pub(crate) fn object(row: &audit_entry::Model) -> &str {
    personal(row, "object").unwrap_or(&row.object)
}

/// Something of an entry that can be erased: `address`, `email`.
pub(crate) fn personal<'a>(row: &'a audit_entry::Model, field: &str) -> Option<&'a str> {
    row.personal.get(field).and_then(serde_json::Value::as_str)
}

fn select(organisation: OrganisationId, which: &Which) -> Result<Select<audit_entry::Entity>, Fault> {
    use audit_entry::Column;
    let mut select = audit_entry::Entity::in_tenant(organisation);
    if let Some(action) = &which.action {
        let action = bound(action)?;
        select = select.filter(match action.strip_suffix('*') {
            Some(beginning) => Column::Action.like(LikeExpr::new(format!("{}%", escaped(beginning))).escape('\\')),
            None => Column::Action.eq(action),
        });
    }
    if let Some(actor) = &which.actor {
        let actor = bound(actor)?;
        let user = actor.parse::<UserId>().map(UserId::uuid);
        let actor = user.or_else(|_| actor.parse::<ApiTokenId>().map(ApiTokenId::uuid));
        // What is nobody's id did nothing.
        select = select
            .filter(Column::ActorId.eq(actor.unwrap_or_default()))
            .filter(Column::ActorKind.ne(OPERATOR));
    }
    if let Some(object) = &which.object {
        select = select.filter(Column::Object.eq(bound(object)?));
    }
    if let Some(from) = which.from {
        select = select.filter(Column::CreatedAt.gte(from.us()));
    }
    if let Some(to) = which.to {
        select = select.filter(Column::CreatedAt.lt(to.us()));
    }
    Ok(select)
}

/// What reading the log needs.
pub(crate) const READ: Action = Action::AuditRead;
const EXPORT: &str = "audit.export";
const OPERATOR: &str = "operator";
const BATCH: u64 = 500;
