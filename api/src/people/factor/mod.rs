//! Second factors: codes of an authenticator app, passkeys, and recovery codes for when both are lost.
//!
//! Whoever changes them, or signs in, holds the person's row. A first factor ends the person's other sign-ins, and with the
//! last one goes what every sign-in had shown; so that a person with a second factor has no sign-in by password without it.

pub(crate) mod passkeys;
mod recovery;
pub(crate) mod totp;

use std::collections::HashSet;

use entity::{Table, app_user, passkey, recovery_code, sign_in, totp as totp_table};
use sea_orm::{ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, sea_query::Expr};
use serde_json::Value;
use uuid::Uuid;

pub(crate) use passkeys::RelyingParty;
pub(crate) use recovery::renew;

use super::{account::Hold, caller::Person};
use crate::{fault::Fault, state::State, store::Write};

/// What a person has beside the password.
#[derive(Clone, Debug)]
pub(crate) struct Factors {
    /// The authenticator app, once a code of it was confirmed.
    pub(crate) totp: Option<totp_table::Model>,
    /// The oldest first.
    pub(crate) passkeys: Vec<passkey::Model>,
    /// Recovery codes that were not used yet.
    pub(crate) codes_left: u64,
}

/// Which ways there are to show a second factor.
#[derive(Clone, Debug)]
pub(crate) struct Challenge {
    pub(crate) totp: bool,
    pub(crate) recovery_code: bool,
    pub(crate) passkey: Option<passkeys::Begun>,
}

/// What somebody shows as a second factor.
#[derive(Debug)]
pub(crate) enum Shown {
    /// A code: six digits of an authenticator app, else a recovery code.
    Code(String),
    /// What a browser made of a ceremony, and the ceremony's state.
    Passkey { state: String, credential: Value },
}

impl Factors {
    /// A person's.
    pub(crate) async fn of(connection: &impl ConnectionTrait, user: Uuid) -> Result<Self, Fault> {
        let totp = totp_table::Entity::across_tenants("a person's own authenticator app")
            .filter(totp_table::Column::UserId.eq(user))
            .filter(totp_table::Column::ConfirmedAt.is_not_null())
            .one(connection)
            .await?;
        let passkeys = passkey::Entity::across_tenants("a person's own passkeys")
            .filter(passkey::Column::UserId.eq(user))
            .order_by_asc(passkey::Column::Id)
            .all(connection)
            .await?;
        let codes_left = recovery_code::Entity::across_tenants("how many recovery codes a person has left")
            .filter(recovery_code::Column::UserId.eq(user))
            .count(connection)
            .await?;
        Ok(Self {
            totp,
            passkeys,
            codes_left,
        })
    }

    /// Recovery codes alone are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.totp.is_none() && self.passkeys.is_empty()
    }

    /// What is asked of whoever knows the password of `user`.
    pub(crate) fn challenge(&self, state: &State, user: &app_user::Model) -> Result<Challenge, Fault> {
        Ok(Challenge {
            totp: self.totp.is_some(),
            recovery_code: self.codes_left > 0,
            passkey: passkeys::begin_sign_in(state, user, &self.passkeys)?,
        })
    }
}

impl Shown {
    /// What it is, for records.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::Passkey { .. } => "passkey",
        }
    }
}

/// Whether what was shown is a second factor of `user`; it serves once. Gives how the audit log names it.
pub(crate) async fn check(
    state: &State,
    write: &Write,
    user: &app_user::Model,
    factors: &Factors,
    shown: Shown,
) -> Result<Option<&'static str>, Fault> {
    let (right, name) = match shown {
        Shown::Passkey {
            state: begun,
            credential,
        } => (
            passkeys::check(state, write, user, &factors.passkeys, &begun, credential).await?,
            "password+passkey",
        ),
        Shown::Code(code) => match totp::digits(&code) {
            Some(code) => {
                let right = match &factors.totp {
                    Some(row) => totp::check(state, write, row, code).await?,
                    None => false,
                };
                (right, "password+totp")
            }
            None => (
                recovery::check(state, write, user.id, &code).await?,
                "password+recovery_code",
            ),
        },
    };
    Ok(right.then_some(name))
}

/// What is answered to whoever shows something that is none.
pub(crate) fn wrong(kind: &str) -> Fault {
    if kind == "passkey" {
        return Fault::field("passkey", "PASSKEY_REFUSED", "that passkey does not fit: try again");
    }
    let message = "the code is wrong, or was used already: wait for the next one, or use a recovery code";
    Fault::field("code", "CODE_WRONG", message)
}

/// Who of these people has a second factor.
pub(crate) async fn who_has_one(state: &State, users: &[Uuid]) -> Result<HashSet<Uuid>, Fault> {
    let totp = totp_table::Entity::across_tenants("which people have a second factor")
        .filter(totp_table::Column::UserId.is_in(users.iter().copied()))
        .filter(totp_table::Column::ConfirmedAt.is_not_null())
        .all(state.store.read())
        .await?;
    let passkeys = passkey::Entity::across_tenants("which people have a second factor")
        .filter(passkey::Column::UserId.is_in(users.iter().copied()))
        .all(state.store.read())
        .await?;
    let with_passkeys = passkeys.into_iter().map(|passkey| passkey.user_id);
    Ok(totp.into_iter().map(|totp| totp.user_id).chain(with_passkeys).collect())
}

/// After a factor was added where `before` was all there was. The first one counts for the sign-in that added it, ends all
/// others by password, and gives recovery codes.
async fn added(hold: &Hold<'_>, before: &Factors) -> Result<Option<Vec<String>>, Fault> {
    if !before.is_empty() {
        return Ok(None);
    }
    let Person { user, sign_in, .. } = hold.person;
    sign_in::Entity::remove_across_tenants("a first second factor ends the person's sign-ins without one")
        .filter(sign_in::Column::UserId.eq(user.id))
        .filter(sign_in::Column::OrganisationId.is_null())
        .filter(sign_in::Column::Id.ne(sign_in.uuid()))
        .exec(&*hold.write)
        .await?;
    sign_in::Entity::change_across_tenants("the sign-in that showed a first second factor has one")
        .col_expr(sign_in::Column::SecondFactor, Expr::value(true))
        .filter(sign_in::Column::Id.eq(sign_in.uuid()))
        .exec(&*hold.write)
        .await?;
    Ok(Some(recovery::make(hold.state, &hold.write, user.id).await?))
}

/// After a factor was removed: with the last one go the recovery codes, and what sign-ins had shown.
async fn removed(hold: &Hold<'_>) -> Result<(), Fault> {
    let user = hold.person.user.id;
    if Factors::of(&*hold.write, user).await?.is_empty() {
        forget(&hold.write, user).await?;
    }
    Ok(())
}

/// Takes every second factor away from a person, and whatever it was worth.
pub(crate) async fn remove_all(write: &Write, user: Uuid) -> Result<(), Fault> {
    totp_table::Entity::remove_across_tenants("the authenticator app of a person whose second factor is reset")
        .filter(totp_table::Column::UserId.eq(user))
        .exec(&**write)
        .await?;
    passkey::Entity::remove_across_tenants("the passkeys of a person whose second factor is reset")
        .filter(passkey::Column::UserId.eq(user))
        .exec(&**write)
        .await?;
    forget(write, user).await
}

async fn forget(write: &Write, user: Uuid) -> Result<(), Fault> {
    recovery_code::Entity::remove_across_tenants("the recovery codes of a person without a second factor")
        .filter(recovery_code::Column::UserId.eq(user))
        .exec(&**write)
        .await?;
    sign_in::Entity::change_across_tenants("the sign-ins of a person without a second factor")
        .col_expr(sign_in::Column::SecondFactor, Expr::value(false))
        .filter(sign_in::Column::UserId.eq(user))
        .filter(sign_in::Column::OrganisationId.is_null())
        .exec(&**write)
        .await?;
    Ok(())
}
