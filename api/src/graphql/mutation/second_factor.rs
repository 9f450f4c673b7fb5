//! Codes of an authenticator app as a second factor, and the recovery codes that stand in for one.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::{answer, told};
use crate::{
    fault::UserError,
    graphql::{caller, state},
    people::factor::{renew, totp},
};

#[derive(Default)]
pub(super) struct SecondFactors;

#[Object]
impl SecondFactors {
    /// Shows a new secret for an authenticator app, this once. It serves when a code of it is confirmed, within ten minutes.
    async fn begin_totp(&self, context: &Context<'_>, input: BeginTotpInput) -> Result<Option<BeginTotpPayload>> {
        let done = totp::begin(state(context), caller(context), input.password).await;
        answer(
            told(context, done),
            |offer| BeginTotpPayload {
                secret: Some(offer.secret),
                uri: Some(offer.uri),
                errors: vec![],
            },
            |errors| BeginTotpPayload {
                secret: None,
                uri: None,
                errors,
            },
        )
    }

    /// Turns codes on by a first one, which counts for this sign-in. A first second factor ends the person's other sign-ins,
    /// and gives recovery codes, shown this once.
    async fn confirm_totp(&self, context: &Context<'_>, input: ConfirmTotpInput) -> Result<Option<ConfirmTotpPayload>> {
        let done = totp::confirm(state(context), caller(context), &input.code).await;
        answer(
            told(context, done),
            |recovery_codes| ConfirmTotpPayload {
                recovery_codes,
                errors: vec![],
            },
            |errors| ConfirmTotpPayload {
                recovery_codes: None,
                errors,
            },
        )
    }

    /// Turns codes off. With the last second factor go the recovery codes, and what the person's sign-ins had shown.
    async fn remove_totp(&self, context: &Context<'_>, input: RemoveTotpInput) -> Result<Option<RemoveTotpPayload>> {
        let done = totp::remove(state(context), caller(context), input.password).await;
        answer(
            told(context, done),
            |()| RemoveTotpPayload { errors: vec![] },
            |errors| RemoveTotpPayload { errors },
        )
    }

    /// Makes ten new recovery codes, shown this once; older ones serve no more.
    async fn renew_recovery_codes(
        &self,
        context: &Context<'_>,
        input: RenewRecoveryCodesInput,
    ) -> Result<Option<RenewRecoveryCodesPayload>> {
        let done = renew(state(context), caller(context), input.password).await;
        answer(
            told(context, done),
            |codes| RenewRecoveryCodesPayload {
                recovery_codes: Some(codes),
                errors: vec![],
            },
            |errors| RenewRecoveryCodesPayload {
                recovery_codes: None,
                errors,
            },
        )
    }
}

/// What proves that it is oneself.
#[derive(InputObject)]
pub(super) struct BeginTotpInput {
    /// The password; needed where the sign-in is older than ten minutes, or another app is replaced.
    password: Option<String>,
}

/// What the app shows.
#[derive(InputObject)]
pub(super) struct ConfirmTotpInput {
    /// Six digits.
    code: String,
}

/// What proves that it is oneself.
#[derive(InputObject)]
pub(super) struct RemoveTotpInput {
    /// The password.
    password: String,
}

/// What proves that it is oneself.
#[derive(InputObject)]
pub(super) struct RenewRecoveryCodesInput {
    /// The password.
    password: String,
}

/// What came of beginning.
#[derive(SimpleObject)]
pub(super) struct BeginTotpPayload {
    /// The secret in base 32, for typing.
    secret: Option<String>,
    /// `otpauth://…`, for a QR code.
    uri: Option<String>,
    /// What can be mended: `PASSWORD_NEEDED`, `PASSWORD_WRONG`.
    errors: Vec<UserError>,
}

/// What came of confirming.
#[derive(SimpleObject)]
pub(super) struct ConfirmTotpPayload {
    /// Recovery codes, where it is the person's first second factor.
    recovery_codes: Option<Vec<String>>,
    /// What can be mended: `CODE_WRONG`, `BEGIN_AGAIN`.
    errors: Vec<UserError>,
}

/// What came of removing.
#[derive(SimpleObject)]
pub(super) struct RemoveTotpPayload {
    /// What can be mended: `PASSWORD_WRONG`, `NOT_SET_UP`.
    errors: Vec<UserError>,
}

/// What came of new recovery codes.
#[derive(SimpleObject)]
pub(super) struct RenewRecoveryCodesPayload {
    /// The new ones.
    recovery_codes: Option<Vec<String>>,
    /// What can be mended: `PASSWORD_WRONG`, `NO_SECOND_FACTOR`.
    errors: Vec<UserError>,
}
