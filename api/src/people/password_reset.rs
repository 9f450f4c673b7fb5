//! A forgotten password. Asking answers alike whoever is asked for, by one path: a job is queued, and looks up the person
//! when it is its turn. The link that it mails works once, for an hour, and only the newest one does.

use std::{net::IpAddr, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{Table, app_user, mail as mail_table, password_reset, sign_in};
use guard::Timestamp;
use ids::{MailId, PasswordResetId, RequestId, UserId};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, QuerySelect, Select,
    sea_query::{Expr, LockType},
};
use serde_json::json;

use super::{
    Caller, Whose,
    identify::digest,
    notice, password,
    presented::Presented,
    sign_in::{normal, record},
};
use crate::{
    fault::Fault,
    mail::{self, AccountChange, Content, Kind, Letter, Outgoing},
    state::State,
};

/// Queues the job. An address that is none is answered like one that nobody has.
pub(crate) async fn request(state: &Arc<State>, caller: &Caller, email: &str) -> Result<(), Fault> {
    let address = caller.presented.address;
    // Every request counts: there is no right one.
    state.resets.begin(&normal(email), address, state.now())?;
    // What no account can have is kept short, and found to be nobody's like any other.
    let recipient = mail::address(email).unwrap_or_default();
    let job = Outgoing {
        kind: Kind::PasswordReset,
        organisation: None,
        recipient,
        content: Content::Forgotten {
            address,
            request: caller.presented.request,
        },
    };
    let write = state.store.write().await?;
    mail::queue(state, &*write, job).await?;
    write.commit().await?;
    state.post.wake();
    Ok(())
}

/// What the job mails; none where nobody has that address, or they were mailed often enough of late.
pub(crate) async fn compose(
    state: &State,
    job: &mail_table::Model,
    address: IpAddr,
    request: RequestId,
) -> Result<Option<Letter>, Fault> {
    let write = state.store.write().await?;
    let user = app_user::Entity::across_tenants("who forgot a password, by email")
        .filter(app_user::Column::Email.eq(&job.recipient))
        // One job for a person at a time: two would not see each other's link.
        .lock(LockType::NoKeyUpdate)
        .one(&*write)
        .await?;
    let now = state.now();
    let user = match user {
        Some(user) if of_late(&*write, &user, now).await? < OFTEN => user,
        _ => {
            mail_table::Entity::remove_across_tenants("a job that mails nobody")
                .filter(mail_table::Column::Id.eq(job.id))
                .exec(&*write)
                .await?;
            write.commit().await?;
            return Ok(None);
        }
    };
    // An operator chooses their first password by the link that the machine shows. Anybody else who has none so far is whose
    // mailbox it is, whatever identity provider vouched for them: a password opens no place that a provider keeps.
    let letter = if user.operator && user.password_hash.is_empty() {
        mail::no_password(&user.email, &format!("{}/", state.addresses.http))
    } else {
        let (secret, until) = issue(state, &*write, &user, now).await?;
        let link = format!("{}/reset#{secret}", state.addresses.http);
        mail::password_reset(&user.email, &link, until)
    };
    let written = mail_table::ActiveModel {
        id: Set(job.id),
        content_sealed: Set(mail::seal(
            state,
            MailId::from_uuid(job.id),
            &Content::Written(letter.clone()),
        )?),
        ..Default::default()
    };
    written.update_without_returning(&*write).await?;
    let presented = Presented::by_job(address, request);
    let id = UserId::from_uuid(user.id);
    record(
        state,
        &presented,
        &*write,
        id,
        "password_reset.request",
        json!({ "password": !user.password_hash.is_empty() }),
        None,
    )
    .await?;
    write.commit().await?;
    Ok(Some(letter))
}

/// Gives a person the password that they chose, and ends every sign-in of theirs.
pub(crate) async fn reset(state: &State, caller: &Caller, secret: &str, new: String) -> Result<(), Fault> {
    let found = by_secret(secret, state.now()).one(state.store.read()).await?;
    let found = found.ok_or(Fault::NotFound)?;
    let user = app_user::Entity::across_tenants("whose password is reset")
        .filter(app_user::Column::Id.eq(found.user_id))
        .one(state.store.read())
        .await?
        .ok_or(Fault::NotFound)?;
    password::fits("password", &new, &user.email)?;
    let hash = state.passwords.hash(new, state.entropy.bytes()).await?;
    let write = state.store.write().await?;
    // Read again, and held: of two that come at once the second finds it used.
    let row = by_secret(secret, state.now())
        .lock(LockType::Update)
        .one(&*write)
        .await?;
    let row = row.ok_or(Fault::NotFound)?;
    let used = password_reset::ActiveModel {
        id: Set(row.id),
        used_at: Set(Some(state.now_us())),
        ..Default::default()
    };
    used.update_without_returning(&*write).await?;
    let renewed = app_user::ActiveModel {
        id: Set(user.id),
        password_hash: Set(hash),
        ..Default::default()
    };
    renewed.update_without_returning(&*write).await?;
    sign_in::Entity::remove_across_tenants("a new password ends every sign-in of the person")
        .filter(sign_in::Column::UserId.eq(user.id))
        .exec(&*write)
        .await?;
    let from = Some(caller.presented.address);
    notice::queue(state, &write, &user, AccountChange::PasswordByLink, from).await?;
    let id = UserId::from_uuid(user.id);
    record(
        state,
        &caller.presented,
        &*write,
        id,
        "password_reset.finish",
        json!({}),
        None,
    )
    .await?;
    write.commit().await?;
    state.post.wake();
    state.access.changed(Whose::User(id));
    tracing::info!(user.id = %id, "a password was reset");
    Ok(())
}

/// A new link; older ones are dead from now on.
async fn issue(
    state: &State,
    connection: &impl ConnectionTrait,
    user: &app_user::Model,
    now: Timestamp,
) -> Result<(String, Timestamp), Fault> {
    password_reset::Entity::change_across_tenants("only a person's newest link works")
        .col_expr(password_reset::Column::ExpiresAt, Expr::value(now.us()))
        .filter(password_reset::Column::UserId.eq(user.id))
        .filter(password_reset::Column::ExpiresAt.gt(now.us()))
        .exec(connection)
        .await?;
    let secret = URL_SAFE_NO_PAD.encode(state.entropy.bytes::<32>());
    let id: PasswordResetId = state.mint();
    let until = now.plus(LIFE);
    password_reset::ActiveModel {
        id: Set(id.uuid()),
        user_id: Set(user.id),
        token_hash: Set(digest(&secret)),
        created_at: Set(now.us()),
        expires_at: Set(until.us()),
        used_at: Set(None),
    }
    .insert(connection)
    .await?;
    Ok((secret, until))
}

/// How many links a person was mailed in the last hour.
async fn of_late(connection: &impl ConnectionTrait, user: &app_user::Model, now: Timestamp) -> Result<u64, Fault> {
    let since = now.us().saturating_sub(Timestamp::default().plus(LIFE).us());
    Ok(
        password_reset::Entity::across_tenants("how often a person was mailed a link")
            .filter(password_reset::Column::UserId.eq(user.id))
            .filter(password_reset::Column::CreatedAt.gt(since))
            .count(connection)
            .await?,
    )
}

fn by_secret(secret: &str, now: Timestamp) -> Select<password_reset::Entity> {
    password_reset::Entity::across_tenants("a way to a new password, by its secret")
        .filter(password_reset::Column::TokenHash.eq(digest(secret)))
        .filter(password_reset::Column::UsedAt.is_null())
        .filter(password_reset::Column::ExpiresAt.gt(now.us()))
}

/// How long a link works.
const LIFE: Duration = Duration::from_hours(1);
/// How many links a person is mailed in that time.
const OFTEN: u64 = 5;
