//! Guardian rules taken away as a file.

use std::collections::HashMap;

use authz::Action;
use entity::{Tenanted, guardian_rule, stream_group};
use ids::OrganisationId;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use super::{
    Work, reading,
    rule_file::{self, FIELDS, Format},
    rules::{self, Which},
};
use crate::{fault::Fault, people::Acting, state::State};

/// A rule as it is written, in the order of [`FIELDS`].
pub(crate) type Texts = [Option<String>; FIELDS.len()];

/// Whether there can be such rules.
pub(crate) fn check(state: &State, organisation: OrganisationId, which: &Which) -> Result<(), Fault> {
    rules::select(state, organisation, which.clone()).map(drop)
}

/// Records that rules are exported, by whom and which; what was checked.
pub(crate) async fn export(state: &State, acting: &Acting, which: &Which, format: Format) -> Result<(), Fault> {
    let work = Work::begin(state, acting).await?;
    let detail = json!({
        "format": format.as_str(),
        "text": which.text,
        "kind": which.kind.map(guard::rules::Kind::as_str),
        "action": which.action.as_ref().map(rules::name),
    });
    let organisation = acting.id.to_string();
    work.finish_untold(EXPORT, &organisation, detail).await
}

/// The rules behind `after` of an export, the oldest first, some at a time; and the last that was looked at. Without those
/// for streams that are deleted, which are about nobody any more.
pub(crate) async fn batch(
    state: &State,
    organisation: OrganisationId,
    which: &Which,
    after: Option<Uuid>,
) -> Result<(Vec<Texts>, Option<Uuid>), Fault> {
    let connection = state.store.read();
    let mut select = rules::select(state, organisation, which.clone())?;
    if let Some(after) = after {
        select = select.filter(guardian_rule::Column::Id.gt(after));
    }
    let rows = select
        .order_by_asc(guardian_rule::Column::Id)
        .limit(BATCH)
        .all(connection)
        .await?;
    let streams = rows.iter().filter_map(|row| row.stream_id);
    let streams = reading::streams_by_ids(connection, organisation, streams).await?;
    let streams = streams.into_iter().filter(|row| row.deleted_at.is_none());
    let streams: HashMap<_, _> = streams.map(|row| (row.id, row.name)).collect();
    let groups = stream_group::Entity::in_tenant(organisation)
        .filter(stream_group::Column::Id.is_in(rows.iter().filter_map(|row| row.group_id)))
        .all(connection)
        .await?;
    let groups: HashMap<_, _> = groups.into_iter().map(|row| (row.id, row.name)).collect();
    let named = |names: &HashMap<Uuid, String>, id: Option<Uuid>| id.and_then(|id| names.get(&id).cloned());
    let written = rows.iter().filter_map(|row| {
        let (stream, group) = (named(&streams, row.stream_id), named(&groups, row.group_id));
        let there = stream.is_some() == row.stream_id.is_some() && group.is_some() == row.group_id.is_some();
        there.then(|| rule_file::texts_of(row, stream.as_deref(), group.as_deref()))
    });
    Ok((written.collect(), rows.last().map(|row| row.id)))
}

/// What an export needs.
pub(crate) const READ: Action = Action::RuleRead;
/// As the audit log calls it.
const EXPORT: &str = "rule.export";
const BATCH: u64 = 500;
