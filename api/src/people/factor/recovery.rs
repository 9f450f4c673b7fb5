//! Recovery codes: 80 random bits each, shown once, kept as a keyed hash, removed by their use.

use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use entity::{Table, recovery_code};
use hmac::{Hmac, Mac};
use ids::RecoveryCodeId;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use sha2::Sha256;
use uuid::Uuid;

use super::Factors;
use crate::{
    fault::Fault,
    mail::AccountChange,
    people::{Caller, account::Hold},
    state::State,
    store::Write,
};

/// New ones in place of all that are left; for who has a second factor.
pub(crate) async fn renew(state: &Arc<State>, caller: &Caller, password: String) -> Result<Vec<String>, Fault> {
    let none = || {
        let message = "recovery codes stand in for a second factor: set one up first";
        Fault::field("password", "NO_SECOND_FACTOR", message)
    };
    let user = caller.account()?.user.id;
    if Factors::of(state.store.read(), user).await?.is_empty() {
        return Err(none());
    }
    let hold = Hold::by_password(state, caller, "password", password).await?;
    if Factors::of(&*hold.write, user).await?.is_empty() {
        return Err(none());
    }
    let codes = make(state, &hold.write, user).await?;
    hold.finish_told("recovery_codes.renew", json!({}), AccountChange::RecoveryCodes)
        .await?;
    Ok(codes)
}

/// Makes new ones; what was there before serves no more.
pub(super) async fn make(state: &State, write: &Write, user: Uuid) -> Result<Vec<String>, Fault> {
    recovery_code::Entity::remove_across_tenants("a person's recovery codes that are replaced")
        .filter(recovery_code::Column::UserId.eq(user))
        .exec(&**write)
        .await?;
    let codes: Vec<[u8; BYTES]> = (0..COUNT).map(|_| state.entropy.bytes()).collect();
    let rows = codes.iter().map(|code| recovery_code::ActiveModel {
        id: Set(state.mint::<RecoveryCodeId>().uuid()),
        user_id: Set(user),
        hash: Set(hash(state, user, code)),
        created_at: Set(state.now_us()),
    });
    recovery_code::Entity::insert_many(rows)
        .exec_without_returning(&**write)
        .await?;
    Ok(codes.iter().map(shown).collect())
}

/// Whether it is one of the person's, which is used up by that. Of two who show the same one is right.
pub(super) async fn check(state: &State, write: &Write, user: Uuid, text: &str) -> Result<bool, Fault> {
    let Some(code) = parsed(text) else {
        return Ok(false);
    };
    let used = recovery_code::Entity::remove_across_tenants("a person's recovery code, by its use")
        .filter(recovery_code::Column::UserId.eq(user))
        .filter(recovery_code::Column::Hash.eq(hash(state, user, &code)))
        .exec(&**write)
        .await?;
    Ok(used.rows_affected == 1)
}

/// What the table knows a code by: a hash under a key that is not in the database, and of this person only.
fn hash(state: &State, user: Uuid, code: &[u8]) -> Vec<u8> {
    let key = state.seal.derive("recovery code");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any size"));
    mac.update(user.as_bytes());
    mac.update(code);
    mac.finalize().into_bytes().to_vec()
}

/// As in `abcd-efgh-ijkl-mnop`.
fn shown(code: &[u8; BYTES]) -> String {
    let text = BASE32_NOPAD.encode(code).to_lowercase();
    let groups: Vec<_> = text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    groups.join("-")
}

/// However it was typed.
fn parsed(text: &str) -> Option<Vec<u8>> {
    if text.len() > LONGEST {
        return None;
    }
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let code = BASE32_NOPAD.decode(plain.to_uppercase().as_bytes()).ok()?;
    (code.len() == BYTES).then_some(code)
}

const COUNT: usize = 10;
const BYTES: usize = 10;
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_was_typed() {
        let code = [0x5a; BYTES];
        let text = shown(&code);
        assert_eq!(text.len(), 19);
        for typed in [
            text.clone(),
            text.to_uppercase(),
            text.replace('-', ""),
            format!(" {} ", text.replace('-', " ")),
        ] {
            assert_eq!(parsed(&typed).as_deref(), Some(&code[..]), "{typed}");
        }
        for typed in ["", "123456", "abcd-efgh", &"a".repeat(65), "abcd-efgh-ijkl-mno0"] {
            assert_eq!(parsed(typed), None, "{typed}");
        }
    }
}
