//! A person's own account: their name, their password, and what every change of it asks for.
//!
//! A change holds the person's row, and finds the password that was proven still valid and the sign-in still standing
//! under it: of two that come at once the second sees what the first did.

use std::sync::Arc;

use entity::{Table, app_user, password_reset, sign_in};
use ids::UserId;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, LockType},
};
use serde_json::{Value, json};

use super::{
    Caller, Whose,
    caller::Person,
    notice, password,
    sign_in::{LONGEST_PASSWORD, failed, record},
};
use crate::{fault::Fault, mail::AccountChange, service::label, state::State, store::Write};

/// A change of somebody's account, by themselves.
pub(crate) struct Hold<'a> {
    pub(crate) state: &'a State,
    pub(crate) write: Write,
    pub(crate) person: &'a Person,
    caller: &'a Caller,
}

impl<'a> Hold<'a> {
    /// Begins a change that needs no more than the sign-in; nothing is kept unless it is finished.
    pub(crate) async fn begin(state: &'a State, caller: &'a Caller) -> Result<Self, Fault> {
        let person = caller.account()?;
        let write = state.store.write().await?;
        let user = held(&write, person.user.id).await?.ok_or(Fault::Unauthenticated)?;
        let stands = sign_in::Entity::across_tenants("whether the sign-in still stands that changes its account")
            .filter(sign_in::Column::Id.eq(person.sign_in.uuid()))
            .one(&*write)
            .await?;
        if stands.is_none() {
            return Err(Fault::Unauthenticated);
        }
        if user.password_hash != person.user.password_hash {
            return Err(wrong());
        }
        Ok(Self {
            state,
            write,
            person,
            caller,
        })
    }

    /// Begins a change that takes something away: it needs the password, always.
    pub(crate) async fn by_password(
        state: &'a Arc<State>,
        caller: &'a Caller,
        field: &str,
        password: String,
    ) -> Result<Self, Fault> {
        prove(state, caller, field, password).await?;
        Self::begin(state, caller).await
    }

    /// Begins a change that adds something: it needs the password, or a sign-in that is young.
    pub(crate) async fn by_password_or_young(
        state: &'a Arc<State>,
        caller: &'a Caller,
        password: Option<String>,
    ) -> Result<Self, Fault> {
        match password {
            Some(password) => Self::by_password(state, caller, "password", password).await,
            None if caller.account()?.is_young(state) => Self::begin(state, caller).await,
            None => Err(password_needed()),
        }
    }

    /// Mails the person what is changed; the same as `finish` for the rest.
    pub(crate) async fn finish_told(
        self,
        action: &'static str,
        detail: Value,
        change: AccountChange<'_>,
    ) -> Result<(), Fault> {
        let from = Some(self.caller.presented.address);
        notice::queue(self.state, &self.write, &self.person.user, change, from).await?;
        let state = self.state;
        self.finish(action, detail).await?;
        state.post.wake();
        Ok(())
    }

    /// Records it and makes it durable.
    pub(crate) async fn finish(self, action: &'static str, detail: Value) -> Result<(), Fault> {
        let id = self.person.id();
        record(
            self.state,
            &self.caller.presented,
            &*self.write,
            id,
            action,
            detail,
            None,
        )
        .await?;
        self.write.commit().await?;
        tracing::info!(user.id = %id, action, "changed an account");
        Ok(())
    }
}

impl Person {
    /// The person's id.
    pub(crate) fn id(&self) -> UserId {
        UserId::from_uuid(self.user.id)
    }

    fn is_young(&self, state: &State) -> bool {
        state.now_us() < self.signed_in_at.saturating_add(YOUNG_US)
    }
}

/// Changes what others see.
pub(crate) async fn change_name(state: &State, caller: &Caller, name: &str) -> Result<(), Fault> {
    let hold = Hold::begin(state, caller).await?;
    let named = app_user::ActiveModel {
        id: Set(hold.person.user.id),
        name: Set(label("name", name, NAME)?),
        ..Default::default()
    };
    named.update_without_returning(&*hold.write).await?;
    hold.finish("name.change", json!({})).await
}

/// Changes the password; every other sign-in of the person ends, and so does every way to a new password.
pub(crate) async fn change_password(
    state: &Arc<State>,
    caller: &Caller,
    current: String,
    new: String,
) -> Result<(), Fault> {
    let person = caller.account()?;
    password::fits("new", &new, &person.user.email)?;
    prove(state, caller, "current", current).await?;
    let hash = state.passwords.hash(new, state.entropy.bytes()).await?;
    let hold = Hold::begin(state, caller).await?;
    let id = hold.person.user.id;
    let renewed = app_user::ActiveModel {
        id: Set(id),
        password_hash: Set(hash),
        ..Default::default()
    };
    renewed.update_without_returning(&*hold.write).await?;
    sign_in::Entity::remove_across_tenants("a changed password ends the person's other sign-ins")
        .filter(sign_in::Column::UserId.eq(id))
        .filter(sign_in::Column::Id.ne(person.sign_in.uuid()))
        .exec(&*hold.write)
        .await?;
    password_reset::Entity::change_across_tenants("a changed password ends the person's ways to a new one")
        .col_expr(password_reset::Column::ExpiresAt, Expr::value(state.now_us()))
        .filter(password_reset::Column::UserId.eq(id))
        .filter(password_reset::Column::ExpiresAt.gt(state.now_us()))
        .exec(&*hold.write)
        .await?;
    hold.finish_told("password.change", json!({}), AccountChange::Password)
        .await?;
    state.access.changed(Whose::User(person.id()));
    Ok(())
}

/// Has the caller prove that they know the password. A wrong one counts like a failed sign-in.
async fn prove(state: &Arc<State>, caller: &Caller, field: &str, password: String) -> Result<(), Fault> {
    let person = caller.account()?;
    let email = &person.user.email;
    let attempt = state.throttle.begin(email, caller.presented.address, state.now())?;
    if is_password(state, &person.user, password).await? {
        attempt.undecided();
        return Ok(());
    }
    let detail = json!({ "factor": "password", "signedIn": true });
    failed(state, &caller.presented, Some(person.id()), email.clone(), detail);
    Err(Fault::field(field, "PASSWORD_WRONG", "that is not your password"))
}

/// The person's row, held until the transaction ends: whoever changes an account, or signs in to it, takes turns.
pub(crate) async fn held(write: &Write, user: uuid::Uuid) -> Result<Option<app_user::Model>, Fault> {
    let row = app_user::Entity::across_tenants("the person who signs in, or changes their account")
        .filter(app_user::Column::Id.eq(user))
        .lock(LockType::NoKeyUpdate)
        .one(&**write)
        .await?;
    Ok(row)
}

/// Whether that is the person's password; what is longer than any is not hashed.
async fn is_password(state: &State, user: &app_user::Model, password: String) -> Result<bool, Fault> {
    let fits = password.len() <= LONGEST_PASSWORD && !user.password_hash.is_empty();
    let hash = fits.then(|| user.password_hash.clone());
    let password = if fits { password } else { String::new() };
    state.passwords.check(password, hash).await
}

/// What is answered where the sign-in alone is not enough.
pub(super) fn password_needed() -> Fault {
    Fault::field(
        "password",
        "PASSWORD_NEEDED",
        "give your password: your sign-in alone is not enough for this",
    )
}

fn wrong() -> Fault {
    Fault::field("password", "PASSWORD_WRONG", "your password was changed just now")
}

const NAME: usize = 100;
/// How long a sign-in proves that the person is there.
const YOUNG_US: i64 = 10 * 60 * 1_000_000;
