//! Codes of an authenticator app (RFC 6238: SHA-1, 6 digits, 30 seconds; what every app knows).
//!
//! A code of the step before or after is right too; none serves twice: the newest step that was accepted is kept, and
//! moved on by a change that only one of two can make.

use std::sync::Arc;

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use entity::{Table, totp};
use guard::Timestamp;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr,
};
use serde_json::json;
use uuid::Uuid;
use webauthn_rs::prelude::Url;
use zeroize::Zeroizing;

use super::{Factors, added, removed, wrong};
use crate::{
    fault::Fault,
    mail::AccountChange,
    people::{
        Caller, Whose,
        account::{Hold, password_needed},
        sign_in::failed,
    },
    state::State,
    store::Write,
};

/// A secret to put into an authenticator app; shown this once.
pub(crate) struct Offer {
    /// In base 32, for typing.
    pub(crate) secret: String,
    /// `otpauth://…`, for a QR code.
    pub(crate) uri: String,
}

/// Shows a new secret, which serves once a code of it was confirmed. Replacing one that serves needs the password, always.
pub(crate) async fn begin(state: &Arc<State>, caller: &Caller, password: Option<String>) -> Result<Offer, Fault> {
    let user = &caller.account()?.user;
    let replaces = Factors::of(state.store.read(), user.id).await?.totp.is_some();
    let hold = match password {
        None if replaces => return Err(password_needed()),
        password => Hold::by_password_or_young(state, caller, password).await?,
    };
    let secret = Zeroizing::new(state.entropy.bytes::<SECRET>());
    let sealed = state.seal.close(&place(user.id, "pending"), &*secret);
    let now = state.now_us();
    let known = row(&*hold.write, user.id).await?;
    if known.is_some() {
        let shown = totp::ActiveModel {
            user_id: Set(user.id),
            pending_sealed: Set(Some(sealed)),
            pending_at: Set(Some(now)),
            ..Default::default()
        };
        shown.update_without_returning(&*hold.write).await?;
    } else {
        let shown = totp::ActiveModel {
            user_id: Set(user.id),
            secret_sealed: Set(None),
            last_step: Set(0),
            confirmed_at: Set(None),
            pending_sealed: Set(Some(sealed)),
            pending_at: Set(Some(now)),
        };
        totp::Entity::insert(shown).exec_without_returning(&*hold.write).await?;
    }
    hold.finish("totp.begin", json!({ "replaces": replaces })).await?;
    Ok(Offer::of(&*secret, &user.email))
}

/// Has the secret that was shown serve, by a code of it. Gives recovery codes where it is the person's first factor.
pub(crate) async fn confirm(state: &Arc<State>, caller: &Caller, code: &str) -> Result<Option<Vec<String>>, Fault> {
    let person = caller.account()?;
    let Some(code) = digits(code) else {
        return Err(Fault::field("code", "INVALID", "a code has six digits"));
    };
    let hold = Hold::begin(state, caller).await?;
    let shown = row(&*hold.write, person.user.id).await?;
    let now = state.now();
    let young = |at: &i64| now.us() < at.saturating_add(PENDING_US);
    let Some(pending) = shown
        .filter(|row| row.pending_at.as_ref().is_some_and(young))
        .and_then(|row| row.pending_sealed)
    else {
        return Err(Fault::field(
            "code",
            "BEGIN_AGAIN",
            "that took too long: begin again, with a new secret",
        ));
    };
    let attempt = state
        .throttle
        .begin(&person.user.email, caller.presented.address, now)?;
    let pending = state.seal.open(&place(person.user.id, "pending"), &pending);
    let secret = pending.map_err(|error| Fault::bug(&error))?;
    let Some(step) = matching(&secret, code, now, 0) else {
        drop(hold);
        let detail = json!({ "factor": "code", "signedIn": true });
        failed(
            state,
            &caller.presented,
            Some(person.id()),
            person.user.email.clone(),
            detail,
        );
        return Err(wrong("code"));
    };
    attempt.undecided();
    let before = Factors::of(&*hold.write, person.user.id).await?;
    let confirmed = totp::ActiveModel {
        user_id: Set(person.user.id),
        secret_sealed: Set(Some(state.seal.close(&place(person.user.id, "secret"), &secret))),
        last_step: Set(step),
        confirmed_at: Set(Some(now.us())),
        pending_sealed: Set(None),
        pending_at: Set(None),
    };
    confirmed.update_without_returning(&*hold.write).await?;
    let codes = added(&hold, &before).await?;
    let replaces = before.totp.is_some();
    let change = if replaces {
        AccountChange::AppReplaced
    } else {
        AccountChange::AppSetUp
    };
    hold.finish_told("totp.confirm", json!({ "replaces": replaces }), change)
        .await?;
    state.access.changed(Whose::User(person.id()));
    Ok(codes)
}

/// Takes the authenticator app away.
pub(crate) async fn remove(state: &Arc<State>, caller: &Caller, password: String) -> Result<(), Fault> {
    let person = caller.account()?;
    if Factors::of(state.store.read(), person.user.id).await?.totp.is_none() {
        return Err(Fault::field(
            "password",
            "NOT_SET_UP",
            "there is no authenticator app to remove",
        ));
    }
    let hold = Hold::by_password(state, caller, "password", password).await?;
    totp::Entity::remove_across_tenants("a person's own authenticator app")
        .filter(totp::Column::UserId.eq(person.user.id))
        .exec(&*hold.write)
        .await?;
    removed(&hold).await?;
    hold.finish_told("totp.remove", json!({}), AccountChange::AppRemoved)
        .await?;
    state.access.changed(Whose::User(person.id()));
    Ok(())
}

/// Whether it is a code of the person's app that was not used yet; it is used up by that.
pub(super) async fn check(state: &State, write: &Write, row: &totp::Model, code: u32) -> Result<bool, Fault> {
    let Some(sealed) = &row.secret_sealed else {
        return Ok(false);
    };
    let secret = state.seal.open(&place(row.user_id, "secret"), sealed);
    let secret = secret.map_err(|error| Fault::bug(&error))?;
    let Some(step) = matching(&secret, code, state.now(), row.last_step) else {
        return Ok(false);
    };
    let used = totp::Entity::change_across_tenants("a code of a person's authenticator app, by its use")
        .col_expr(totp::Column::LastStep, Expr::value(step))
        .filter(totp::Column::UserId.eq(row.user_id))
        .filter(totp::Column::LastStep.lt(step))
        .filter(totp::Column::ConfirmedAt.is_not_null())
        .exec(&**write)
        .await?;
    Ok(used.rows_affected == 1)
}

/// The code that six digits mean, however they are spaced; none where it is something else.
pub(super) fn digits(text: &str) -> Option<u32> {
    let mut digits = text.chars().filter(|character| !character.is_whitespace());
    let mut code = 0_u32;
    for _ in 0..DIGITS {
        code = code * 10 + digits.next()?.to_digit(10)?;
    }
    digits.next().is_none().then_some(code)
}

impl Offer {
    fn of(secret: &[u8], email: &str) -> Self {
        let secret = BASE32_NOPAD.encode(secret);
        Self {
            uri: uri(&secret, email).unwrap_or_default(),
            secret,
        }
    }
}

impl std::fmt::Debug for Offer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What authenticator apps read from a QR code.
fn uri(secret: &str, email: &str) -> Option<String> {
    let mut uri = Url::parse("otpauth://totp/").ok()?;
    uri.path_segments_mut().ok()?.clear().push(&format!("{ISSUER}:{email}"));
    uri.query_pairs_mut()
        .append_pair("secret", secret)
        .append_pair("issuer", ISSUER)
        .append_pair("algorithm", "SHA1")
        .append_pair("digits", "6")
        .append_pair("period", "30");
    Some(uri.into())
}

/// The step behind `after` whose code it is, of the one that is now and its neighbours.
fn matching(secret: &[u8], given: u32, now: Timestamp, after: i64) -> Option<i64> {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let step = now.s().div_euclid(PERIOD_S);
    // All are computed, whichever fits.
    let steps = [step.saturating_sub(1), step, step.saturating_add(1)].map(|step| (step, code(&key, step)));
    let mut fitting = steps.into_iter().filter(|(step, code)| *step > after && *code == given);
    fitting.next().map(|(step, _)| step)
}

/// RFC 4226 5.3.
fn code(key: &hmac::Key, step: i64) -> u32 {
    let tag = hmac::sign(key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or(0) & 15);
    let word = bytes
        .iter()
        .skip(offset)
        .take(4)
        .fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    (word & 0x7fff_ffff) % 10_u32.pow(DIGITS)
}

async fn row(connection: &impl ConnectionTrait, user: Uuid) -> Result<Option<totp::Model>, Fault> {
    let rows = totp::Entity::across_tenants("a person's own authenticator app, confirmed or not");
    Ok(rows.filter(totp::Column::UserId.eq(user)).one(connection).await?)
}

/// For what a secret is sealed.
fn place(user: Uuid, which: &str) -> String {
    format!("totp:{user}:{which}")
}

const ISSUER: &str = "Portcullis";
const SECRET: usize = 20;
const DIGITS: u32 = 6;
const PERIOD_S: i64 = 30;
/// How long a secret that was shown can be confirmed.
const PENDING_US: i64 = 10 * 60 * 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_specification() {
        // RFC 6238 appendix B, the last six of eight digits.
        for (s, right) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            let now = Timestamp::from_s(s);
            assert_eq!(matching(RFC, right, now, 0), Some(s / 30), "{s}");
        }
    }

    #[test]
    fn a_neighbours_code_is_right_and_none_serves_twice() {
        let now = Timestamp::from_s(59);
        for (s, right) in [(29, true), (30, true), (89, true), (90, false), (-1, false)] {
            assert_eq!(matching(RFC, 287_082, Timestamp::from_s(s), 0).is_some(), right, "{s}");
        }
        assert_eq!(matching(RFC, 287_082, now, 1), None);
        assert_eq!(matching(RFC, 287_083, now, 0), None);
    }

    #[test]
    fn six_digits_are_a_code_and_nothing_else_is() {
        assert_eq!(digits(" 012 345\n"), Some(12_345));
        for text in ["", "12345", "1234567", "12345a", "-12345", "١٢٣٤٥٦"] {
            assert_eq!(digits(text), None, "{text}");
        }
    }

    #[test]
    fn an_app_reads_whose_secret_it_is() {
        let offer = Offer::of(b"12345678901234567890", "a+b/c?d@example.com");
        assert_eq!(
            offer.uri,
            "otpauth://totp/Portcullis:a+b%2Fc%3Fd@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Portcullis&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{offer:?}"), "[redacted]");
    }
}
