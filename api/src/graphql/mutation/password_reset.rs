//! A forgotten password.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::{answer, told};
use crate::{
    fault::UserError,
    graphql::{caller, state},
    people::password_reset,
};

#[derive(Default)]
pub(super) struct Resets;

#[Object]
impl Resets {
    /// Mails a way to a new password, where that address has an account; the answer is the same where it has none.
    /// Asking often slows the next ones (`RATE_LIMITED`).
    async fn request_password_reset(
        &self,
        context: &Context<'_>,
        input: RequestPasswordResetInput,
    ) -> Result<Option<RequestPasswordResetPayload>> {
        let done = password_reset::request(state(context), caller(context), &input.email).await;
        answer(
            told(context, done),
            |()| RequestPasswordResetPayload { errors: vec![] },
            |errors| RequestPasswordResetPayload { errors },
        )
    }

    /// Sets the new password and ends every sign-in of that person; signs nobody in. A link that is not good any more is
    /// `NOT_FOUND`, whatever the reason.
    async fn reset_password(
        &self,
        context: &Context<'_>,
        input: ResetPasswordInput,
    ) -> Result<Option<ResetPasswordPayload>> {
        let done = password_reset::reset(state(context), caller(context), &input.secret, input.password).await;
        answer(
            done,
            |()| ResetPasswordPayload {
                done: true,
                errors: vec![],
            },
            |errors| ResetPasswordPayload { done: false, errors },
        )
    }
}

/// Who forgot a password.
#[derive(InputObject)]
pub(super) struct RequestPasswordResetInput {
    /// The address, whatever its case.
    email: String,
}

/// The new password.
#[derive(InputObject)]
pub(super) struct ResetPasswordInput {
    /// What stands behind the `#` of the link.
    secret: String,
    /// 10 to 1024 characters, and not the address.
    password: String,
}

/// What came of asking.
#[derive(SimpleObject)]
pub(super) struct RequestPasswordResetPayload {
    /// Always empty.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct ResetPasswordPayload {
    /// Whether the password is set.
    done: bool,
    /// What can be mended: `WEAK` for a password that is none.
    errors: Vec<UserError>,
}
