//! Tags: labels of streams, in an organisation's own words.

use std::collections::HashMap;

use authz::Action;
use entity::{Tenanted, stream_tag};
use ids::{OrganisationId, StreamId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::SelectStatement,
};
use serde_json::json;
use uuid::Uuid;

use super::{Work, label};
use crate::{fault::Fault, people::Acting, state::State};

/// A tag, and how many streams have it.
pub(crate) type Counted = (String, i64);

/// The tags that somebody wants for a stream: each once, in order.
pub(crate) fn parse(wanted: &[String]) -> Result<Vec<String>, Fault> {
    if wanted.len() > TAGS {
        return Err(Fault::field("tags", "INVALID", format!("{TAGS} tags at most")));
    }
    let mut tags = wanted
        .iter()
        .map(|tag| match label("tags", tag, TAG)? {
            // Lists of tags are written with commas between them.
            tag if tag.contains(',') => Err(Fault::field("tags", "INVALID", "a tag has no comma in it")),
            tag => Ok(tag),
        })
        .collect::<Result<Vec<_>, _>>()?;
    tags.sort();
    tags.dedup();
    Ok(tags)
}

/// Gives a stream these tags, in place of those it has.
pub(crate) async fn put(work: &Work<'_>, stream: StreamId, tags: &[String]) -> Result<(), Fault> {
    stream_tag::Entity::remove_in_tenant(work.organisation)
        .filter(stream_tag::Column::StreamId.eq(stream.uuid()))
        .exec(&*work.write)
        .await?;
    let rows = tags.iter().map(|tag| stream_tag::ActiveModel {
        stream_id: Set(stream.uuid()),
        name: Set(tag.clone()),
        organisation_id: Set(work.organisation.uuid()),
    });
    if !tags.is_empty() {
        stream_tag::Entity::insert_many(rows)
            .exec_without_returning(&*work.write)
            .await?;
    }
    Ok(())
}

/// The tags of several streams, each stream's in order.
pub(crate) async fn of_streams(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    streams: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Vec<String>>, Fault> {
    let rows = stream_tag::Entity::in_tenant(organisation)
        .filter(stream_tag::Column::StreamId.is_in(streams))
        .order_by_asc(stream_tag::Column::Name)
        .all(connection)
        .await?;
    let mut tags: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        tags.entry(row.stream_id).or_default().push(row.name);
    }
    Ok(tags)
}

/// On how many streams each of these tags is.
pub(crate) async fn counts(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    names: impl IntoIterator<Item = String>,
) -> Result<Vec<Counted>, Fault> {
    let select = stream_tag::Entity::in_tenant(organisation).filter(stream_tag::Column::Name.is_in(names));
    Ok(counted(select).all(connection).await?)
}

/// Every tag of an organisation, by name.
pub(crate) async fn all(state: &State, organisation: OrganisationId) -> Result<Vec<Counted>, Fault> {
    let select = stream_tag::Entity::in_tenant(organisation);
    Ok(counted(select.limit(MOST)).all(state.store.read()).await?)
}

/// Takes a tag off every stream; says of how many.
pub(crate) async fn delete(state: &State, acting: &Acting, name: &str) -> Result<u64, Fault> {
    if name.contains('\0') {
        return Err(Fault::NotFound);
    }
    let work = Work::begin(state, acting).await?;
    let removed = stream_tag::Entity::remove_in_tenant(acting.id)
        .filter(stream_tag::Column::Name.eq(name))
        .exec(&*work.write)
        .await?
        .rows_affected;
    if removed == 0 {
        return Err(Fault::NotFound);
    }
    work.finish_untold(Action::TagDelete, name, json!({ "streams": removed }))
        .await?;
    Ok(removed)
}

/// The ids of the streams with a tag.
pub(crate) fn streams_with(organisation: OrganisationId, name: &str) -> SelectStatement {
    stream_tag::Entity::in_tenant(organisation)
        .select_only()
        .column(stream_tag::Column::StreamId)
        .filter(stream_tag::Column::Name.eq(name))
        .into_query()
}

fn counted(select: sea_orm::Select<stream_tag::Entity>) -> sea_orm::Selector<sea_orm::SelectGetableTuple<Counted>> {
    select
        .select_only()
        .column(stream_tag::Column::Name)
        .column_as(stream_tag::Column::StreamId.count(), "streams")
        .group_by(stream_tag::Column::Name)
        .order_by_asc(stream_tag::Column::Name)
        .into_tuple()
}

const TAGS: usize = 20;
const TAG: usize = 40;
/// How many tags a list of all has.
const MOST: u64 = 1000;
