//! Stream groups and tags.

use async_graphql::{Context, ID, Object, Result, dataloader::DataLoader};
use chrono::{DateTime, Utc};
use entity::stream_group;
use ids::{GroupId, OrganisationId, StreamId};

use super::{
    Part,
    page::{connection, wanted},
    stream::{Stream, StreamConnection},
};
use crate::graphql::loaders::{Below, GroupStreams, TagCounts};

/// Several streams that are renditions of one programme.
#[derive(Clone)]
pub(crate) struct StreamGroup(pub(crate) stream_group::Model);

connection!(
    /// Stream groups.
    StreamGroupConnection,
    StreamGroupEdge,
    StreamGroup
);

#[Object]
impl StreamGroup {
    /// Its id.
    async fn id(&self) -> ID {
        GroupId::from_uuid(self.0.id).to_string().into()
    }

    /// What people call it; unique in the organisation.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        super::moment(self.0.created_at)
    }

    /// Its streams, the newest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn streams(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
    ) -> Result<StreamConnection> {
        let below = Below {
            parent: self.0.id,
            wanted: wanted(context, first, after.as_deref())?,
            live: None,
        };
        let none = below.wanted.of_none();
        let loader = context.data_unchecked::<DataLoader<GroupStreams>>();
        let key = (OrganisationId::from_uuid(self.0.organisation_id), below);
        let page = loader.load_one(key).await?.unwrap_or(none);
        let key = |row: &entity::stream::Model| StreamId::from_uuid(row.id).to_string();
        Ok(Part::of(page, key, Stream).into())
    }
}

/// A label of streams.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) organisation: OrganisationId,
    pub(crate) name: String,
    /// Where it is known already.
    pub(crate) streams: Option<i64>,
}

#[Object]
impl Tag {
    /// The label.
    async fn name(&self) -> &str {
        &self.name
    }

    /// How many streams have it.
    async fn streams(&self, context: &Context<'_>) -> Result<i32> {
        let streams = if let Some(known) = self.streams {
            known
        } else {
            let loader = context.data_unchecked::<DataLoader<TagCounts>>();
            let key = (self.organisation, self.name.clone());
            loader.load_one(key).await?.unwrap_or_default()
        };
        Ok(super::count(u64::try_from(streams).unwrap_or_default()))
    }
}
