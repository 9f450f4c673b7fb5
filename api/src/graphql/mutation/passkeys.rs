//! Passkeys as a second factor.

use async_graphql::{Context, ID, InputObject, Json, Object, Result, SimpleObject};

use super::{answer, told};
use crate::{
    fault::UserError,
    graphql::{
        caller, state,
        types::{Ceremony, Passkey},
    },
    people::factor::passkeys,
};

#[derive(Default)]
pub(super) struct Passkeys;

#[Object]
impl Passkeys {
    /// Begins making a passkey.
    async fn begin_passkey(
        &self,
        context: &Context<'_>,
        input: BeginPasskeyInput,
    ) -> Result<Option<BeginPasskeyPayload>> {
        let done = passkeys::begin(state(context), caller(context), input.password).await;
        answer(
            told(context, done),
            |begun| BeginPasskeyPayload {
                ceremony: Some(begun.into()),
                errors: vec![],
            },
            |errors| BeginPasskeyPayload { ceremony: None, errors },
        )
    }

    /// Keeps a passkey that the browser made. A first second factor ends the person's other sign-ins, and gives recovery
    /// codes, shown this once.
    async fn add_passkey(&self, context: &Context<'_>, input: AddPasskeyInput) -> Result<Option<AddPasskeyPayload>> {
        let (state, caller) = (state(context), caller(context));
        answer(
            passkeys::add(state, caller, &input.state, input.credential.0, &input.name).await,
            |(row, recovery_codes)| AddPasskeyPayload {
                passkey: Some(Passkey::of(row)),
                recovery_codes,
                errors: vec![],
            },
            |errors| AddPasskeyPayload {
                passkey: None,
                recovery_codes: None,
                errors,
            },
        )
    }

    /// Calls one of one's own passkeys otherwise.
    async fn rename_passkey(
        &self,
        context: &Context<'_>,
        input: RenamePasskeyInput,
    ) -> Result<Option<RenamePasskeyPayload>> {
        answer(
            passkeys::rename(state(context), caller(context), &input.id, &input.name).await,
            |row| RenamePasskeyPayload {
                passkey: Some(Passkey::of(row)),
                errors: vec![],
            },
            |errors| RenamePasskeyPayload { passkey: None, errors },
        )
    }

    /// Removes one of one's own passkeys. With the last second factor go the recovery codes, and what the person's sign-ins
    /// had shown.
    async fn remove_passkey(
        &self,
        context: &Context<'_>,
        input: RemovePasskeyInput,
    ) -> Result<Option<RemovePasskeyPayload>> {
        let done = passkeys::remove(state(context), caller(context), &input.id, input.password).await;
        answer(
            told(context, done),
            |()| RemovePasskeyPayload { errors: vec![] },
            |errors| RemovePasskeyPayload { errors },
        )
    }
}

/// What proves that it is oneself.
#[derive(InputObject)]
pub(super) struct BeginPasskeyInput {
    /// The password; needed where the sign-in is older than ten minutes.
    password: Option<String>,
}

/// What the browser made.
#[derive(InputObject)]
pub(super) struct AddPasskeyInput {
    /// The ceremony's `state`.
    state: String,
    /// What `navigator.credentials.create` gave, as its `toJSON` writes it.
    credential: Json<serde_json::Value>,
    /// What to call it: 1 to 100 characters.
    name: String,
}

/// Which passkey, and its name.
#[derive(InputObject)]
pub(super) struct RenamePasskeyInput {
    /// Its id.
    id: ID,
    /// What to call it: 1 to 100 characters.
    name: String,
}

/// Which passkey.
#[derive(InputObject)]
pub(super) struct RemovePasskeyInput {
    /// Its id.
    id: ID,
    /// The password.
    password: String,
}

/// What came of beginning.
#[derive(SimpleObject)]
pub(super) struct BeginPasskeyPayload {
    /// What the browser goes on with.
    ceremony: Option<Ceremony>,
    /// What can be mended: `PASSWORD_NEEDED`, `PASSWORD_WRONG`, `NO_PASSKEYS`, `TOO_MANY`.
    errors: Vec<UserError>,
}

/// What came of adding.
#[derive(SimpleObject)]
pub(super) struct AddPasskeyPayload {
    /// The passkey.
    passkey: Option<Passkey>,
    /// Recovery codes, where it is the person's first second factor.
    recovery_codes: Option<Vec<String>>,
    /// What can be mended: `PASSKEY_REFUSED`, `TOO_MANY`.
    errors: Vec<UserError>,
}

/// What came of another name.
#[derive(SimpleObject)]
pub(super) struct RenamePasskeyPayload {
    /// The passkey afterwards.
    passkey: Option<Passkey>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of removing.
#[derive(SimpleObject)]
pub(super) struct RemovePasskeyPayload {
    /// What can be mended: `PASSWORD_WRONG`.
    errors: Vec<UserError>,
}
