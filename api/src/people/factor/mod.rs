//! Second factors: codes of an authenticator app, passkeys, and recovery codes for when both are lost.

use std::collections::HashSet;

use entity::{Table, passkey, totp};
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use crate::{fault::Fault, state::State};

/// Who of these people has a second factor.
pub(crate) async fn who_has_one(state: &State, users: &[Uuid]) -> Result<HashSet<Uuid>, Fault> {
    let totp = totp::Entity::across_tenants("which people have a second factor")
        .filter(totp::Column::UserId.is_in(users.iter().copied()))
        .filter(totp::Column::ConfirmedAt.is_not_null())
        .all(state.store.read())
        .await?;
    let passkeys = passkey::Entity::across_tenants("which people have a second factor")
        .filter(passkey::Column::UserId.is_in(users.iter().copied()))
        .all(state.store.read())
        .await?;
    let with_passkeys = passkeys.into_iter().map(|passkey| passkey.user_id);
    Ok(totp.into_iter().map(|totp| totp.user_id).chain(with_passkeys).collect())
}
