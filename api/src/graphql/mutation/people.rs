//! Signing in and out.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::answer;
use crate::{
    fault::{Fault, UserError},
    graphql::{caller, state, types::Viewer},
    http::OverSocket,
    people::{Caller, identify, sign_in},
    state::State,
};

#[derive(Default)]
pub(super) struct People;

#[Object]
impl People {
    /// Signs in: sets an `HttpOnly`, `SameSite=Strict` cookie. Failed attempts slow the next ones (`RATE_LIMITED`).
    async fn sign_in(&self, context: &Context<'_>, input: SignInInput) -> Result<Option<SignInPayload>> {
        if context.data_opt::<OverSocket>().is_some() {
            return Err(Fault::Invalid("sign in over HTTP: a socket cannot set a cookie").into());
        }
        let (state, caller) = (state(context), caller(context));
        let done = async {
            let secret = sign_in::sign_in(state, caller, &input.email, input.password).await?;
            Ok((signed_in(state, caller, &secret).await?, secret))
        };
        let done = done.await;
        if let Err(Fault::RateLimited { retry_after_s }) = &done {
            context.insert_http_header("retry-after", retry_after_s.to_string());
        }
        answer(
            done,
            |(viewer, secret)| {
                context.append_http_header("set-cookie", secret.header(caller.presented.https));
                SignInPayload {
                    viewer: Some(viewer),
                    errors: vec![],
                }
            },
            |errors| SignInPayload { viewer: None, errors },
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
    /// The code of the second factor, for accounts that have one.
    #[graphql(name = "code")]
    _code: Option<String>,
}

/// What came of signing in.
#[derive(SimpleObject)]
pub(super) struct SignInPayload {
    /// Who is signed in now.
    viewer: Option<Viewer>,
    /// What can be mended; `SIGN_IN_FAILED` for a wrong address and a wrong password alike.
    errors: Vec<UserError>,
}

/// What came of signing out.
#[derive(SimpleObject)]
pub(super) struct SignOutPayload {
    /// Always empty.
    errors: Vec<UserError>,
}
