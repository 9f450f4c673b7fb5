//! Signing in and out.

use async_graphql::{Context, InputObject, Json, Object, Result, SimpleObject};

use super::{answer, told};
use crate::{
    fault::{Fault, UserError},
    graphql::{
        caller, state,
        types::{SignInChallenge, Viewer},
    },
    http::OverSocket,
    people::{Caller, factor::Shown, identify, sign_in},
    state::State,
};

#[derive(Default)]
pub(super) struct People;

#[Object]
impl People {
    /// Signs in: sets an `HttpOnly`, `SameSite=Strict` cookie. Where the account has a second factor, a right password alone
    /// is answered with a challenge: sign in again with the password and a code, or a passkey. Failed attempts slow the next
    /// ones (`RATE_LIMITED`).
    async fn sign_in(&self, context: &Context<'_>, mut input: SignInInput) -> Result<Option<SignInPayload>> {
        if context.data_opt::<OverSocket>().is_some() {
            return Err(Fault::Invalid("sign in over HTTP: a socket cannot set a cookie").into());
        }
        let (state, caller) = (state(context), caller(context));
        let shown = input.shown();
        let done = async {
            match sign_in::sign_in(state, caller, &input.email, input.password, shown).await? {
                sign_in::Answer::In(secret) => {
                    let viewer = signed_in(state, caller, &secret).await?;
                    context.append_http_header("set-cookie", secret.header(caller.presented.https));
                    Ok((Some(viewer), None))
                }
                sign_in::Answer::Challenged(challenge) => Ok((None, Some(challenge.into()))),
            }
        };
        answer(
            told(context, done.await),
            |(viewer, challenge)| SignInPayload {
                viewer,
                challenge,
                errors: vec![],
            },
            |errors| SignInPayload {
                viewer: None,
                challenge: None,
                errors,
            },
        )
    }

    /// Signs this browser out; its open subscriptions end.
    async fn sign_out(&self, context: &Context<'_>) -> Result<Option<SignOutPayload>> {
        let caller = caller(context);
        sign_in::sign_out(state(context), caller).await?;
        context.append_http_header("set-cookie", sign_in::no_cookie(caller.presented.https));
        Ok(Some(SignOutPayload { errors: vec![] }))
    }
}

/// Who a request with this cookie comes from.
async fn signed_in(state: &State, caller: &Caller, secret: &sign_in::Secret) -> Result<Viewer, Fault> {
    let mut presented = caller.presented.clone();
    presented.cookie = Some(secret.as_presented());
    presented.bearer = None;
    presented.organisation = None;
    let caller = identify(state, &presented).await?;
    let acting = caller.acting().ok().map(|acting| acting.id);
    Viewer::of(state, &caller, acting)
}

/// With what to sign in.
#[derive(InputObject)]
pub(super) struct SignInInput {
    /// The email address, whatever its case.
    email: String,
    /// The password.
    password: String,
    /// A code of the authenticator app, or a recovery code, for accounts that have a second factor.
    code: Option<String>,
    /// A passkey instead of a code.
    passkey: Option<PasskeyProof>,
}

/// A passkey, as a second factor.
#[derive(InputObject)]
pub(super) struct PasskeyProof {
    /// The `state` of the challenge.
    state: String,
    /// What `navigator.credentials.get` gave, as its `toJSON` writes it.
    credential: Json<serde_json::Value>,
}

impl SignInInput {
    fn shown(&mut self) -> Option<Shown> {
        match (self.passkey.take(), self.code.take()) {
            (Some(passkey), _) => Some(Shown::Passkey {
                state: passkey.state,
                credential: passkey.credential.0,
            }),
            (None, Some(code)) if !code.trim().is_empty() => Some(Shown::Code(code)),
            (None, _) => None,
        }
    }
}

/// What came of signing in.
#[derive(SimpleObject)]
pub(super) struct SignInPayload {
    /// Who is signed in now.
    viewer: Option<Viewer>,
    /// Which second factor is wanted; none where somebody is signed in, or nothing fitted.
    challenge: Option<SignInChallenge>,
    /// What can be mended; `SIGN_IN_FAILED` for a wrong address and a wrong password alike, `CODE_WRONG` and
    /// `PASSKEY_REFUSED` for a second factor that is none.
    errors: Vec<UserError>,
}

/// What came of signing out.
#[derive(SimpleObject)]
pub(super) struct SignOutPayload {
    /// Always empty.
    errors: Vec<UserError>,
}
