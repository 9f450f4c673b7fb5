//! What is done about somebody in whom misuse was found: suggested, approved, refused, taken back.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use authz::Action;

use super::answer;
use crate::{
    fault::UserError,
    graphql::{
        caller, state,
        types::{Change, GuardianKind, MisuseResponse},
    },
    service::responses::{self, Suggestion},
};

#[derive(Default)]
pub(super) struct Responses;

#[Object]
impl Responses {
    /// Suggests to keep somebody out in whom misuse was found; a second person approves it. Needs the package `ANALYTICS`.
    async fn suggest_response(
        &self,
        context: &Context<'_>,
        input: SuggestResponseInput,
    ) -> Result<Option<SuggestResponsePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::ResponseWrite)?;
        let suggestion = Suggestion {
            finding: &input.finding,
            block: input
                .block
                .as_ref()
                .map(|block| (block.kind.into(), block.value.as_str())),
            length_s: input.length_seconds,
            note: input.note.as_deref(),
        };
        answer(
            responses::suggest(state, acting, suggestion).await,
            |row| SuggestResponsePayload {
                response: Some(MisuseResponse(row)),
                errors: vec![],
            },
            |errors| SuggestResponsePayload { response: None, errors },
        )
    }

    /// Applies what another person, or the platform, suggested: on every node, on running sessions too. It takes the place of
    /// what keeps them out for a shorter time already. What blocks needs the package `GUARDIAN`.
    async fn approve_response(
        &self,
        context: &Context<'_>,
        input: ApproveResponseInput,
    ) -> Result<Option<ApproveResponsePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::ResponseWrite)?;
        answer(
            responses::approve(state, acting, &input.id).await,
            |(row, progress)| ApproveResponsePayload {
                response: Some(MisuseResponse(row)),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| ApproveResponsePayload {
                response: None,
                change: None,
                errors,
            },
        )
    }

    /// Refuses what was suggested; whoever suggested it takes it back so.
    async fn refuse_response(
        &self,
        context: &Context<'_>,
        input: RefuseResponseInput,
    ) -> Result<Option<RefuseResponsePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::ResponseWrite)?;
        answer(
            responses::refuse(state, acting, &input.id).await,
            |row| RefuseResponsePayload {
                response: Some(MisuseResponse(row)),
                errors: vec![],
            },
            |errors| RefuseResponsePayload { response: None, errors },
        )
    }

    /// Lets somebody in again whom a response keeps out, whoever applied it.
    async fn undo_response(
        &self,
        context: &Context<'_>,
        input: UndoResponseInput,
    ) -> Result<Option<UndoResponsePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::ResponseWrite)?;
        answer(
            responses::undo(state, acting, &input.id).await,
            |(row, progress)| UndoResponsePayload {
                response: Some(MisuseResponse(row)),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| UndoResponsePayload {
                response: None,
                change: None,
                errors,
            },
        )
    }
}

/// What is suggested. 200 suggestions may wait.
#[derive(InputObject)]
pub(super) struct SuggestResponseInput {
    /// The finding's id. Its address is kept out, or its token, or its viewer.
    finding: ID,
    /// What is kept out rather than that: what they came from.
    block: Option<SuggestedBlockInput>,
    /// For how long: 60 to 2592000 (30 days); an hour unless said.
    length_seconds: Option<i64>,
    /// Why, for people: 500 characters at most.
    note: Option<String>,
}

/// What a Guardian rule is to keep out.
#[derive(InputObject)]
pub(super) struct SuggestedBlockInput {
    /// `IP`, `ASN` or `REFERRER`.
    kind: GuardianKind,
    /// An address, several as in `192.0.2.0/24`, a network's number, or a page's host, as in a rule; not all of them.
    value: String,
}

/// What came of a suggestion.
#[derive(SimpleObject)]
pub(super) struct SuggestResponsePayload {
    /// The suggestion.
    response: Option<MisuseResponse>,
    /// What can be mended; `ALREADY` where something is suggested, or done, about them already, `NOT_REVOCABLE` where the
    /// token cannot be held, `PERSON_REQUIRED` for the organisation's key.
    errors: Vec<UserError>,
}

/// What is approved.
#[derive(InputObject)]
pub(super) struct ApproveResponseInput {
    /// Which one.
    id: ID,
}

/// What came of approving.
#[derive(SimpleObject)]
pub(super) struct ApproveResponsePayload {
    /// The response, applied.
    response: Option<MisuseResponse>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended; `SAME_PERSON` where whoever asks suggested it, `PERSON_REQUIRED` for the organisation's
    /// key, `DECIDED` where it waits no longer, `NOT_REVOCABLE` where the token cannot be held, `ALREADY` where they are kept
    /// out for as long already.
    errors: Vec<UserError>,
}

/// What is refused.
#[derive(InputObject)]
pub(super) struct RefuseResponseInput {
    /// Which one.
    id: ID,
}

/// What came of refusing.
#[derive(SimpleObject)]
pub(super) struct RefuseResponsePayload {
    /// The response, refused.
    response: Option<MisuseResponse>,
    /// What can be mended; `DECIDED` where it waits no longer.
    errors: Vec<UserError>,
}

/// What is taken back.
#[derive(InputObject)]
pub(super) struct UndoResponseInput {
    /// Which one.
    id: ID,
}

/// What came of taking it back.
#[derive(SimpleObject)]
pub(super) struct UndoResponsePayload {
    /// The response, taken back.
    response: Option<MisuseResponse>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended; `NOT_APPLIED` where nobody is kept out by it, `RULE_CHANGED` where somebody made its rule
    /// their own.
    errors: Vec<UserError>,
}
