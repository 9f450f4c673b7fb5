//! Stream groups: several streams that are renditions of one programme. A stream is in one group at most.

use std::collections::{BTreeSet, HashMap};

use authz::Action;
use entity::{Tenanted, stream, stream_group};
use guard::{Update, rules::RuleScope};
use ids::{GroupId, OrganisationId, StreamName};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, IntoActiveModel, ModelTrait, Order,
    QueryFilter, SqlErr, sea_query::Expr,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Work, label,
    page::{Page, Wanted},
    rules,
};
use crate::{fault::Fault, people::Acting, publisher::policy, state::State};

/// Makes a group of these streams; they leave the groups that they were in.
pub(crate) async fn create(
    state: &State,
    acting: &Acting,
    name: &str,
    streams: &[String],
) -> Result<stream_group::Model, Fault> {
    let name = label("name", name, NAME)?;
    let id: GroupId = state.mint();
    let work = Work::begin(state, acting).await?;
    let streams = named(&work, streams).await?;
    let row = stream_group::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(acting.id.uuid()),
        name: Set(name),
        created_at: Set(work.at.us()),
    }
    .insert(&*work.write)
    .await
    .map_err(taken)?;
    join(&work, id, &streams).await?;
    let detail = json!({ "name": row.name, "streams": names(&streams) });
    finish(work, Action::GroupCreate, id, detail, streams, vec![]).await?;
    Ok(row)
}

/// Gives a group another name, or other streams in place of those it has; what is left out stays.
pub(crate) async fn update(
    state: &State,
    acting: &Acting,
    id: &str,
    name: Option<&str>,
    streams: Option<&[String]>,
) -> Result<stream_group::Model, Fault> {
    let work = Work::begin(state, acting).await?;
    let mut row = by_id(&*work.write, acting.id, id).await?;
    let group = GroupId::from_uuid(row.id);
    let (mut before, mut after) = (json!({}), json!({}));
    let mut moved = Vec::new();
    if let Some(name) = name {
        let name = label("name", name, NAME)?;
        (before["name"], after["name"]) = (json!(row.name), json!(name));
        let mut changed = row.into_active_model();
        changed.name = Set(name);
        row = changed.update(&*work.write).await.map_err(taken)?;
    }
    if let Some(streams) = streams {
        let streams = named(&work, streams).await?;
        let left = members(&*work.write, acting.id, group).await?;
        before["streams"] = json!(names(&left));
        after["streams"] = json!(names(&streams));
        leave(&work, group).await?;
        join(&work, group, &streams).await?;
        moved = [left, streams].concat();
    }
    let detail = json!({ "before": before, "after": after });
    finish(work, Action::GroupUpdate, group, detail, moved, vec![]).await?;
    Ok(row)
}

/// Deletes a group, and the rules for it alone; its streams stay.
pub(crate) async fn delete(state: &State, acting: &Acting, id: &str) -> Result<GroupId, Fault> {
    let work = Work::begin(state, acting).await?;
    let row = by_id(&*work.write, acting.id, id).await?;
    let group = GroupId::from_uuid(row.id);
    let streams = members(&*work.write, acting.id, group).await?;
    leave(&work, group).await?;
    let rules = rules::remove_of(&work, RuleScope::Group(group)).await?;
    let detail = json!({ "name": row.name, "streams": names(&streams), "rules": rules::removed(&rules) });
    row.delete(&*work.write).await?;
    finish(work, Action::GroupDelete, group, detail, streams, rules).await?;
    Ok(group)
}

/// Makes it durable, and tells the nodes of the streams that moved, for tokens and rules may be for a group, and of what
/// else is different.
async fn finish(
    work: Work<'_>,
    action: Action,
    group: GroupId,
    detail: Value,
    moved: Vec<stream::Model>,
    mut updates: Vec<Update>,
) -> Result<(), Fault> {
    if moved.is_empty() && updates.is_empty() {
        return work.finish_untold(action, &group.to_string(), detail).await;
    }
    let ids: BTreeSet<_> = moved.iter().map(|row| row.id).collect();
    let rows = stream::Entity::in_tenant(work.organisation)
        .filter(stream::Column::DeletedAt.is_null())
        .filter(stream::Column::Id.is_in(ids))
        .all(&*work.write)
        .await?;
    for row in &rows {
        updates.push(Update::Stream(policy::stream(work.state, row)?));
    }
    work.finish(action, &group.to_string(), detail, &updates).await?;
    Ok(())
}

/// A page of an organisation's groups, the newest first.
pub(crate) async fn page(
    state: &State,
    organisation: OrganisationId,
    wanted: Wanted,
) -> Result<Page<stream_group::Model>, Fault> {
    let select = stream_group::Entity::in_tenant(organisation);
    let key = |key: &str| key.parse::<GroupId>().ok().map(|id| id.uuid().into());
    wanted
        .of(state.store.read(), select, stream_group::Column::Id, Order::Desc, key)
        .await
}

/// Groups by their ids.
pub(crate) async fn by_ids(
    state: &State,
    organisation: OrganisationId,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<stream_group::Model>, Fault> {
    Ok(stream_group::Entity::in_tenant(organisation)
        .filter(stream_group::Column::Id.is_in(ids))
        .all(state.store.read())
        .await?)
}

/// The same page of the streams of several groups.
pub(crate) async fn streams(
    state: &State,
    organisation: OrganisationId,
    groups: impl IntoIterator<Item = Uuid>,
    wanted: &Wanted,
) -> Result<HashMap<Uuid, Page<stream::Model>>, Fault> {
    let select = stream::Entity::in_tenant(organisation)
        .filter(stream::Column::DeletedAt.is_null())
        .filter(stream::Column::GroupId.is_in(groups));
    let columns = (stream::Column::Id, stream::Column::GroupId);
    let key = |key: &str| key.parse::<ids::StreamId>().ok().map(|id| id.uuid().into());
    wanted
        .of_each(state.store.read(), select, columns, key, |row| {
            row.group_id.unwrap_or_default()
        })
        .await
}

/// The group of that id, if it is the organisation's.
pub(crate) async fn by_id(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    id: &str,
) -> Result<stream_group::Model, Fault> {
    let id: GroupId = id.parse().map_err(|_| Fault::NotFound)?;
    stream_group::Entity::in_tenant(organisation)
        .filter(stream_group::Column::Id.eq(id.uuid()))
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)
}

/// The streams of these names, every one of them.
async fn named(work: &Work<'_>, wanted: &[String]) -> Result<Vec<stream::Model>, Fault> {
    if wanted.len() > STREAMS {
        return Err(Fault::field("streams", "INVALID", format!("{STREAMS} streams at most")));
    }
    let names = wanted
        .iter()
        .map(|name| name.parse::<StreamName>().map(|name| name.to_string()))
        .collect::<Result<BTreeSet<_>, _>>()
        .map_err(|_| Fault::NotFound)?;
    let rows = stream::Entity::in_tenant(work.organisation)
        .filter(stream::Column::DeletedAt.is_null())
        .filter(stream::Column::Name.is_in(names.iter().cloned()))
        .all(&*work.write)
        .await?;
    if rows.len() == names.len() {
        Ok(rows)
    } else {
        Err(Fault::NotFound)
    }
}

async fn members(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    group: GroupId,
) -> Result<Vec<stream::Model>, Fault> {
    Ok(stream::Entity::in_tenant(organisation)
        .filter(stream::Column::GroupId.eq(group.uuid()))
        .all(connection)
        .await?)
}

async fn join(work: &Work<'_>, group: GroupId, streams: &[stream::Model]) -> Result<(), Fault> {
    stream::Entity::change_in_tenant(work.organisation)
        .filter(stream::Column::Id.is_in(streams.iter().map(|stream| stream.id)))
        .col_expr(stream::Column::GroupId, Expr::value(group.uuid()))
        .exec(&*work.write)
        .await?;
    Ok(())
}

async fn leave(work: &Work<'_>, group: GroupId) -> Result<(), Fault> {
    stream::Entity::change_in_tenant(work.organisation)
        .filter(stream::Column::GroupId.eq(group.uuid()))
        .col_expr(stream::Column::GroupId, Expr::value(Option::<Uuid>::None))
        .exec(&*work.write)
        .await?;
    Ok(())
}

fn names(streams: &[stream::Model]) -> Vec<&str> {
    let mut names: Vec<_> = streams.iter().map(|stream| stream.name.as_str()).collect();
    names.sort_unstable();
    names
}

fn taken(error: DbErr) -> Fault {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Fault::field("name", "TAKEN", "there is a group of that name"),
        _ => error.into(),
    }
}

const NAME: usize = 200;
/// Streams in one group.
const STREAMS: usize = 100;
