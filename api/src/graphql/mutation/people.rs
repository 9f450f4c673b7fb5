//! Signing in and out.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use ids::OrganisationId;

use super::answer;
use crate::{
    fault::{Fault, UserError},
    graphql::{caller, state, types::Viewer},
    http::OverSocket,
    people::sign_in,
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
        let done = sign_in::sign_in(state, caller, &input.email, input.password).await;
        if let Err(Fault::RateLimited { retry_after_s }) = &done {
            context.insert_http_header("retry-after", retry_after_s.to_string());
        }
        answer(
            done,
            |(person, secret)| {
                context.append_http_header("set-cookie", secret.header(caller.https));
                let acting = person
                    .memberships
                    .first()
                    .map(|place| OrganisationId::from_uuid(place.organisation.id));
                SignInPayload {
                    viewer: Some(Viewer::of(state, &person, acting)),
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
        context.append_http_header("set-cookie", sign_in::no_cookie(caller.https));
        Ok(Some(SignOutPayload { errors: vec![] }))
    }
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
