//! The audit log: who did what to which object, from where, when. Appended to within the transaction of what was done,
//! each entry linked to the one before by a hash.

mod chain;
pub(crate) mod heads;
pub(crate) mod verify;

use authz::Role;
use entity::{Tenanted, audit_chain, audit_entry};
use guard::Timestamp;
use ids::{AuditId, OrganisationId, RequestId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QuerySelect};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use chain::hash;

use crate::{people::Actor, state::State};

/// Something that was done.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Whose it is; none for what concerns no organisation.
    pub(crate) organisation: Option<OrganisationId>,
    pub(crate) actor: Actor,
    pub(crate) role: Option<Role>,
    /// The operation, as in `stream.lock`.
    pub(crate) action: &'static str,
    /// What it was done to, by id or name.
    pub(crate) object: String,
    /// Before and after where it matters; never a secret, nothing personal.
    pub(crate) detail: Value,
    /// Addresses of people and machines; outside the hash, so that they can be erased.
    pub(crate) personal: Value,
    pub(crate) request: Option<RequestId>,
    pub(crate) at: Timestamp,
}

/// Appends an entry. It waits for whoever appends to the same chain at the moment: do it last.
pub(crate) async fn append(state: &State, connection: &impl ConnectionTrait, entry: Entry) -> Result<(), DbErr> {
    let newest = newest(connection, entry.organisation).await?;
    let id: AuditId = state.mint();
    let mut row = audit_entry::Model {
        id: id.uuid(),
        organisation_id: entry.organisation.map(ids::OrganisationId::uuid),
        sequence: Some(newest.sequence.saturating_add(1)),
        actor_kind: entry.actor.kind().to_owned(),
        actor_id: entry.actor.uuid(),
        role: entry.role.map(|role| role.as_str().to_owned()),
        action: entry.action.to_owned(),
        object: entry.object,
        detail: entry.detail,
        personal: entry.personal,
        request_id: entry.request.map(|id| id.to_string()),
        created_at: entry.at.us(),
        previous_hash: Some(newest.hash),
        hash: None,
    };
    let hash = hash(&row);
    row.hash = Some(hash.clone());
    let sequence = row.sequence.unwrap_or_default();
    let row: audit_entry::ActiveModel = row.into();
    audit_entry::Entity::insert(row.reset_all())
        .exec_without_returning(connection)
        .await?;
    let newest = audit_chain::ActiveModel {
        id: Set(newest.id),
        sequence: Set(sequence),
        hash: Set(hash),
    };
    newest.update_without_returning(connection).await?;
    Ok(())
}

/// The addresses of an entry.
pub(crate) fn from_address(address: std::net::IpAddr) -> Value {
    json!({ "address": address.to_string() })
}

/// How many entries an organisation's chain has: another number, once anything of it was changed.
pub(crate) async fn sequence(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<Option<i64>, DbErr> {
    let chain = audit_chain::Entity::in_tenant(organisation).one(connection).await?;
    Ok(chain.map(|chain| chain.sequence))
}

/// The newest link of a chain, held until the transaction ends.
async fn newest(
    connection: &impl ConnectionTrait,
    organisation: Option<OrganisationId>,
) -> Result<audit_chain::Model, DbErr> {
    let id = organisation.map_or(Uuid::nil(), ids::OrganisationId::uuid);
    let locked = || {
        let chains = match organisation {
            Some(organisation) => audit_chain::Entity::in_tenant(organisation),
            None => audit_chain::Entity::of_platform(),
        };
        chains.lock_exclusive().one(connection)
    };
    if let Some(newest) = locked().await? {
        return Ok(newest);
    }
    let first = audit_chain::ActiveModel {
        id: Set(id),
        sequence: Set(0),
        hash: Set(vec![0; 32]),
    };
    audit_chain::Entity::insert(first)
        .on_conflict_do_nothing_on([audit_chain::Column::Id])
        .exec_without_returning(connection)
        .await?;
    locked()
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("the newest link of an audit chain".to_owned()))
}
