//! Viewers, erased.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use authz::Action;

use super::answer;
use crate::{
    fault::UserError,
    graphql::{caller, state},
    privacy::{self, Erased},
};

#[derive(Default)]
pub(super) struct Privacy;

#[Object]
impl Privacy {
    /// Erases a viewer, as tokens name them, from sessions, findings, records of tokens, refusals, calls and the audit log;
    /// addresses of their sessions are truncated. A ban, a revocation, or a token that they still hold goes on. For
    /// administrators.
    async fn erase_viewer(&self, context: &Context<'_>, input: EraseViewerInput) -> Result<Option<EraseViewerPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::ViewerErase)?;
        answer(
            privacy::erase(state, acting, &input.user).await,
            EraseViewerPayload::of,
            |errors| EraseViewerPayload {
                errors,
                ..EraseViewerPayload::of(Erased::default())
            },
        )
    }
}

/// Who is to be erased.
#[derive(InputObject)]
pub(super) struct EraseViewerInput {
    /// The viewer, exactly as tokens name them.
    user: String,
}

/// What there was of them.
#[derive(SimpleObject)]
pub(super) struct EraseViewerPayload {
    /// Sessions that name them no more.
    sessions: i32,
    /// Findings that are gone.
    findings: i32,
    /// Records of tokens that name them no more.
    tokens: i32,
    /// What can be mended.
    errors: Vec<UserError>,
}

impl EraseViewerPayload {
    fn of(erased: Erased) -> Self {
        let count = crate::graphql::types::count;
        Self {
            sessions: count(erased.sessions),
            findings: count(erased.findings),
            tokens: count(erased.tokens),
            errors: vec![],
        }
    }
}
