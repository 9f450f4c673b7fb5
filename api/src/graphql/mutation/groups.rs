//! Stream groups and tags.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use authz::Action;

use super::answer;
use crate::{
    fault::UserError,
    graphql::{
        caller, state,
        types::{StreamGroup, count},
    },
    service::{groups, tags},
};

#[derive(Default)]
pub(super) struct Groups;

#[Object]
impl Groups {
    /// Makes a group. Streams that are in another group leave it.
    async fn create_group(&self, context: &Context<'_>, input: CreateGroupInput) -> Result<Option<CreateGroupPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::GroupCreate)?;
        let streams = input.streams.unwrap_or_default();
        let done = groups::create(state, acting, &input.name, &streams).await;
        answer(
            done,
            |row| CreateGroupPayload {
                group: Some(StreamGroup(row)),
                errors: vec![],
            },
            |errors| CreateGroupPayload { group: None, errors },
        )
    }

    /// Changes a group; what is left out stays. Streams that are in another group leave it.
    async fn update_group(&self, context: &Context<'_>, input: UpdateGroupInput) -> Result<Option<UpdateGroupPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::GroupUpdate)?;
        let done = groups::update(
            state,
            acting,
            &input.id,
            input.name.as_deref(),
            input.streams.as_deref(),
        )
        .await;
        answer(
            done,
            |row| UpdateGroupPayload {
                group: Some(StreamGroup(row)),
                errors: vec![],
            },
            |errors| UpdateGroupPayload { group: None, errors },
        )
    }

    /// Deletes a group, and the rules for it alone; its streams stay.
    async fn delete_group(&self, context: &Context<'_>, input: DeleteGroupInput) -> Result<Option<DeleteGroupPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::GroupDelete)?;
        answer(
            groups::delete(state, acting, &input.id).await,
            |id| DeleteGroupPayload {
                id: Some(id.to_string().into()),
                errors: vec![],
            },
            |errors| DeleteGroupPayload { id: None, errors },
        )
    }

    /// Takes a label off every stream.
    async fn delete_tag(&self, context: &Context<'_>, input: DeleteTagInput) -> Result<Option<DeleteTagPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::TagDelete)?;
        answer(
            tags::delete(state, acting, &input.name).await,
            |streams| DeleteTagPayload {
                streams: Some(count(streams)),
                errors: vec![],
            },
            |errors| DeleteTagPayload { streams: None, errors },
        )
    }
}

/// What a new group is to be.
#[derive(InputObject)]
pub(super) struct CreateGroupInput {
    /// What people call it; unique in the organisation, 200 characters at most.
    name: String,
    /// The names of its streams, 100 at most.
    streams: Option<Vec<String>>,
}

/// What of a group is to be different.
#[derive(InputObject)]
pub(super) struct UpdateGroupInput {
    /// Which group.
    id: ID,
    /// What people call it.
    name: Option<String>,
    /// The names of its streams, in place of those it has.
    streams: Option<Vec<String>>,
}

/// Which group.
#[derive(InputObject)]
pub(super) struct DeleteGroupInput {
    /// Its id.
    id: ID,
}

/// Which label.
#[derive(InputObject)]
pub(super) struct DeleteTagInput {
    /// The label.
    name: String,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct CreateGroupPayload {
    /// The new group.
    group: Option<StreamGroup>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct UpdateGroupPayload {
    /// The group afterwards.
    group: Option<StreamGroup>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct DeleteGroupPayload {
    /// The id that the group had.
    id: Option<ID>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct DeleteTagPayload {
    /// From how many streams it was taken.
    streams: Option<i32>,
    /// What can be mended.
    errors: Vec<UserError>,
}
