//! Signing in and out. An unknown address is answered like a wrong password, after the same work.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{Table, app_user, sign_in};
use ids::{SignInId, UserId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, QueryFilter};

use super::caller::{Caller, Person, digest, with_memberships};
use crate::{
    fault::{Fault, UserError},
    state::State,
};

/// The name of the cookie.
pub(crate) const COOKIE: &str = "portcullis_sign_in";

/// A cookie's secret; given to the browser once.
pub(crate) struct Secret(String);

impl Secret {
    /// The value of the header `set-cookie`.
    pub(crate) fn header(&self, https: bool) -> String {
        cookie(&self.0, MAX_AGE_S, https)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The value of `set-cookie` that takes the cookie away.
pub(crate) fn no_cookie(https: bool) -> String {
    cookie("", 0, https)
}

/// Signs a person in.
pub(crate) async fn sign_in(
    state: &State,
    caller: &Caller,
    email: &str,
    password: String,
) -> Result<(Person, Secret), Fault> {
    let email = normal(email);
    let attempt = state.throttle.begin(&email, caller.address, state.now())?;
    let user = app_user::Entity::across_tenants("sign-in, by email")
        .filter(app_user::Column::Email.eq(&email))
        .one(state.store.read())
        .await?;
    // What is longer than any password is not hashed.
    let fits = password.len() <= LONGEST_PASSWORD;
    let hash = user.as_ref().map(|user| user.password_hash.clone()).filter(|_| fits);
    let password = if fits { password } else { String::new() };
    let right = state.passwords.check(password, hash).await?;
    let Some(user) = user.filter(|_| right) else {
        tracing::info!(client.address = %caller.address, "a sign-in failed");
        return Err(wrong());
    };
    attempt.succeeded();
    let secret = URL_SAFE_NO_PAD.encode(state.entropy.bytes::<32>());
    let id: SignInId = state.mint();
    let now = state.now_us();
    let write = state.store.write().await?;
    sign_in::ActiveModel {
        id: Set(id.uuid()),
        user_id: Set(user.id),
        token_hash: Set(digest(&secret)),
        address: Set(caller.address.to_string()),
        created_at: Set(now),
        used_at: Set(now),
    }
    .insert(&*write)
    .await?;
    write.commit().await?;
    tracing::info!(user.id = %UserId::from_uuid(user.id), client.address = %caller.address, "signed in");
    Ok((with_memberships(state, user, id).await?, Secret(secret)))
}

/// Signs this browser out; its open subscriptions end.
pub(crate) async fn sign_out(state: &State, caller: &Caller) -> Result<(), Fault> {
    let person = caller.person()?;
    let write = state.store.write().await?;
    sign_in::Entity::remove_across_tenants("signing out, by the sign-in's id")
        .filter(sign_in::Column::Id.eq(person.sign_in.uuid()))
        .exec(&*write)
        .await?;
    write.commit().await?;
    state.access.ended(person.sign_in);
    Ok(())
}

/// The form in which addresses are compared.
pub(crate) fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

fn wrong() -> Fault {
    Fault::Caller(UserError {
        code: "SIGN_IN_FAILED".to_owned(),
        message: "the email address or the password is wrong".to_owned(),
        field: None,
    })
}

fn cookie(value: &str, max_age_s: u32, https: bool) -> String {
    let secure = if https { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}")
}

const MAX_AGE_S: u32 = 30 * 24 * 3600;
const LONGEST_PASSWORD: usize = 1024;
