//! What whoever runs the program does to people, not over the network: platform operators are made and unmade, and a lost
//! second factor is reset.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{Table, app_user, password_reset, sign_in};
use ids::{OrganisationId, PasswordResetId, UserId};
use link::{Clock, Entropy};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::json;

use crate::{
    audit,
    fault::Fault,
    mail::AccountChange,
    people::{Actor, account, concerned, digest, factor, normal, notice},
    running::{Settings, StartError, state},
    state::State,
    store::Write,
};

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The database or the master key cannot be used.
    #[error("the installation cannot be used")]
    Installation(#[from] StartError),
    /// It is no address.
    #[error("`{0}` is not an email address")]
    Address(String),
    /// Nobody has that address.
    #[error("nobody has the address `{0}`")]
    Nobody(String),
    /// What failed was logged.
    #[error("the database did not take it")]
    Failed,
}

/// Makes the person with this address a platform operator, and gives back a link, good for a day and for once, with which
/// they choose a password. For a person who has an account, and for an operator who is locked out, it works just so.
pub async fn create(settings: &Settings, clock: Clock, entropy: Entropy, email: &str) -> Result<String, OperatorError> {
    let email = address(email)?;
    let state = state(settings, clock, entropy).await?;
    let done = make(&state, &email).await;
    let _ = state.store.close().await;
    done.map_err(|_: Fault| OperatorError::Failed)
}

/// Takes the rights of a platform operator away, and signs the person out.
pub async fn remove(settings: &Settings, clock: Clock, entropy: Entropy, email: &str) -> Result<(), OperatorError> {
    let email = address(email)?;
    let state = state(settings, clock, entropy).await?;
    let done = unmake(&state, &email).await;
    let _ = state.store.close().await;
    match done {
        Ok(true) => Ok(()),
        Ok(false) => Err(OperatorError::Nobody(email)),
        Err(_) => Err(OperatorError::Failed),
    }
}

/// Takes every second factor of a person away, and signs them out everywhere: the way back for who lost it. The password
/// stays.
pub async fn reset_second_factor(
    settings: &Settings,
    clock: Clock,
    entropy: Entropy,
    email: &str,
) -> Result<(), OperatorError> {
    let email = address(email)?;
    let state = state(settings, clock, entropy).await?;
    let done = reset(&state, &email).await;
    let _ = state.store.close().await;
    match done {
        Ok(true) => Ok(()),
        Ok(false) => Err(OperatorError::Nobody(email)),
        Err(_) => Err(OperatorError::Failed),
    }
}

async fn make(state: &State, email: &str) -> Result<String, Fault> {
    let write = state.store.write().await?;
    let now = state.now_us();
    let user = if let Some(user) = by_email(&write, email).await? {
        let mut user = user.into_active_model();
        user.operator = Set(true);
        user.update(&*write).await?
    } else {
        let id: UserId = state.mint();
        let user = app_user::ActiveModel {
            id: Set(id.uuid()),
            email: Set(email.to_owned()),
            name: Set(email.split('@').next().unwrap_or(email).to_owned()),
            password_hash: Set(String::new()),
            operator: Set(true),
            created_at: Set(now),
        };
        user.insert(&*write).await?
    };
    let secret = URL_SAFE_NO_PAD.encode(state.entropy.bytes::<32>());
    let id: PasswordResetId = state.mint();
    let reset = password_reset::ActiveModel {
        id: Set(id.uuid()),
        user_id: Set(user.id),
        token_hash: Set(digest(&secret)),
        created_at: Set(now),
        expires_at: Set(now.saturating_add(DAY_US)),
        used_at: Set(None),
    };
    password_reset::Entity::insert(reset)
        .exec_without_returning(&*write)
        .await?;
    record(state, &write, &user, "operator.create").await?;
    write.commit().await?;
    Ok(format!("{}/reset#{secret}", state.addresses.http))
}

/// Makes a new person a platform operator who has a password already; nothing where the address is somebody's.
pub(crate) async fn with_password(state: &State, email: &str, name: &str, password_hash: String) -> Result<(), Fault> {
    let write = state.store.write().await?;
    if by_email(&write, email).await?.is_some() {
        return Ok(());
    }
    let id: UserId = state.mint();
    let user = app_user::ActiveModel {
        id: Set(id.uuid()),
        email: Set(email.to_owned()),
        name: Set(name.to_owned()),
        password_hash: Set(password_hash),
        operator: Set(true),
        created_at: Set(state.now_us()),
    };
    let user = user.insert(&*write).await?;
    record(state, &write, &user, "operator.create").await?;
    write.commit().await?;
    Ok(())
}

async fn unmake(state: &State, email: &str) -> Result<bool, Fault> {
    let write = state.store.write().await?;
    let Some(user) = by_email(&write, email).await? else {
        return Ok(false);
    };
    sign_in::Entity::remove_across_tenants("the sign-ins of somebody who is no operator any more")
        .filter(sign_in::Column::UserId.eq(user.id))
        .exec(&*write)
        .await?;
    let mut user = user.into_active_model();
    user.operator = Set(false);
    let user = user.update(&*write).await?;
    record(state, &write, &user, "operator.remove").await?;
    write.commit().await?;
    Ok(true)
}

async fn reset(state: &State, email: &str) -> Result<bool, Fault> {
    let write = state.store.write().await?;
    let Some(user) = by_email(&write, email).await? else {
        return Ok(false);
    };
    account::held(&write, user.id).await?;
    factor::remove_all(&write, user.id).await?;
    sign_in::Entity::remove_across_tenants("the sign-ins of a person whose second factor is reset")
        .filter(sign_in::Column::UserId.eq(user.id))
        .exec(&*write)
        .await?;
    // Whoever sends this installation's mails finds it in the table.
    notice::queue(state, &write, &user, AccountChange::SecondFactorReset, None).await?;
    let told = concerned(&*write, UserId::from_uuid(user.id)).await?;
    // The platform's own chain comes last, as where all are locked.
    for organisation in told.into_iter().filter_map(|(organisation, _)| organisation) {
        record_in(state, &write, Some(organisation), &user, "second_factor.reset").await?;
    }
    record(state, &write, &user, "second_factor.reset").await?;
    write.commit().await?;
    Ok(true)
}

async fn by_email(write: &Write, email: &str) -> Result<Option<app_user::Model>, Fault> {
    let user = app_user::Entity::across_tenants("a platform operator, by email")
        .filter(app_user::Column::Email.eq(email))
        .one(&**write)
        .await?;
    Ok(user)
}

async fn record(state: &State, write: &Write, user: &app_user::Model, action: &'static str) -> Result<(), Fault> {
    record_in(state, write, None, user, action).await
}

async fn record_in(
    state: &State,
    write: &Write,
    organisation: Option<OrganisationId>,
    user: &app_user::Model,
    action: &'static str,
) -> Result<(), Fault> {
    let entry = audit::Entry {
        organisation,
        actor: Actor::Platform,
        role: None,
        action,
        object: UserId::from_uuid(user.id).to_string(),
        detail: json!({}),
        personal: json!({ "email": user.email }),
        request: None,
        at: state.now(),
    };
    Ok(audit::append(state, &**write, entry).await?)
}

fn address(email: &str) -> Result<String, OperatorError> {
    let email = normal(email);
    // lettre knows what an address is.
    match email.parse::<lettre::Address>() {
        Ok(_) => Ok(email),
        Err(_) => Err(OperatorError::Address(email)),
    }
}

const DAY_US: i64 = 24 * 3600 * 1_000_000;
