//! A person's own account: name and password. Software, and who was vouched for by a provider, changes nothing of it.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::{answer, told};
use crate::{
    fault::UserError,
    graphql::{caller, state},
    people::account,
};

#[derive(Default)]
pub(super) struct Account;

#[Object]
impl Account {
    /// Changes the name that others see.
    async fn change_name(&self, context: &Context<'_>, input: ChangeNameInput) -> Result<Option<ChangeNamePayload>> {
        let done = account::change_name(state(context), caller(context), &input.name).await;
        answer(
            done,
            |()| ChangeNamePayload { errors: vec![] },
            |errors| ChangeNamePayload { errors },
        )
    }

    /// Changes the password, and ends the person's other sign-ins. Wrong attempts slow the next ones (`RATE_LIMITED`).
    async fn change_password(
        &self,
        context: &Context<'_>,
        input: ChangePasswordInput,
    ) -> Result<Option<ChangePasswordPayload>> {
        let done = account::change_password(state(context), caller(context), input.current, input.new).await;
        answer(
            told(context, done),
            |()| ChangePasswordPayload { errors: vec![] },
            |errors| ChangePasswordPayload { errors },
        )
    }
}

/// What one wants to be called.
#[derive(InputObject)]
pub(super) struct ChangeNameInput {
    /// 1 to 100 characters.
    name: String,
}

/// The password, and the one that it becomes.
#[derive(InputObject)]
pub(super) struct ChangePasswordInput {
    /// The password.
    current: String,
    /// 10 to 1024 characters, and not the address.
    new: String,
}

/// What came of another name.
#[derive(SimpleObject)]
pub(super) struct ChangeNamePayload {
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of another password.
#[derive(SimpleObject)]
pub(super) struct ChangePasswordPayload {
    /// What can be mended: `PASSWORD_WRONG`, or `WEAK` for a password that is none.
    errors: Vec<UserError>,
}
