//! Sessions: ended.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use authz::Action;
use chrono::{DateTime, Utc};

use super::answer;
use crate::{
    fault::UserError,
    graphql::{
        caller, state,
        types::{Change, PlaybackToken, moment},
    },
    service::sessions,
};

#[derive(Default)]
pub(super) struct Sessions;

#[Object]
impl Sessions {
    /// Ends a session on whichever node it is, and keeps its token out from its address for 5 minutes on every node; where
    /// there was no token, whoever comes to the stream without one from there. A broadcaster's: for administrators.
    async fn end_session(&self, context: &Context<'_>, input: EndSessionInput) -> Result<Option<EndSessionPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::SessionEnd)?;
        answer(
            sessions::end(state, acting, &input.id).await,
            |ended| EndSessionPayload {
                change: Some(ended.progress.into()),
                barred_until: Some(moment(ended.until.us())),
                token: ended.token.map(PlaybackToken),
                errors: vec![],
            },
            |errors| EndSessionPayload {
                change: None,
                barred_until: None,
                token: None,
                errors,
            },
        )
    }
}

/// What is to end.
#[derive(InputObject)]
pub(super) struct EndSessionInput {
    /// The session's id.
    id: ID,
}

/// What came of ending a session.
#[derive(SimpleObject)]
pub(super) struct EndSessionPayload {
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// Until when who was in it is kept out from that address.
    barred_until: Option<DateTime<Utc>>,
    /// The record of the token that it ran on. To keep its holder out for good, and from everywhere, revoke it by its `jti`.
    token: Option<PlaybackToken>,
    /// What can be mended; `ENDED` where the session is over.
    errors: Vec<UserError>,
}
