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
                jti: ended.jti.map(|jti| ID(jti.to_string())),
                not_revocable_because: ended.not_revocable_because.map(str::to_owned),
                token: ended.token.map(PlaybackToken),
                errors: vec![],
            },
            |errors| EndSessionPayload {
                change: None,
                barred_until: None,
                jti: None,
                not_revocable_because: None,
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
    /// The id of the token that it ran on, whoever signed it; none where it had none. To keep its holder out for good, and
    /// from everywhere, revoke it by this.
    jti: Option<ID>,
    /// Why that token cannot be revoked by itself now; null where it can.
    not_revocable_because: Option<String>,
    /// The record of that token, where there is one.
    token: Option<PlaybackToken>,
    /// What can be mended; `ENDED` where the session is over.
    errors: Vec<UserError>,
}
