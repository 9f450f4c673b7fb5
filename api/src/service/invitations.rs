//! Invitations: issued, resent, withdrawn, shown to whoever has the link, accepted once.
//!
//! A link that was used, withdrawn, replaced or is too old answers like one that never was.

use std::{str::FromStr, time::Duration};

use authz::{PlatformAction, Role};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{Table, Tenanted, app_user, invitation, mail as mail_table, member, organisation};
use guard::Timestamp;
use ids::{InvitationId, MailId, MemberId, OrganisationId, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, IntoActiveModel, Order,
    PaginatorTrait, QueryFilter, QuerySelect, Select, SqlErr, sea_query::LockType,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Work, label,
    page::{Page, Wanted},
};
use crate::{
    fault::{Fault, UserError},
    mail::{self, Content, Kind, Outgoing},
    people::{
        Acting, Actor, By, Caller, Who, digest, password,
        sign_in::{self, How, Secret},
    },
    state::State,
};

/// What an invitation is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvitationIs {
    Pending,
    Accepted,
    Withdrawn,
    Expired,
}

/// What whoever has the link is shown.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) invitation: invitation::Model,
    pub(crate) organisation: organisation::Model,
    /// The person who has that address, if there is one.
    pub(crate) user: Option<app_user::Model>,
}

impl Offer {
    /// Whether there is an account to sign in to. One that only identity providers vouch for is none: anybody's provider
    /// can vouch for any address, and lets in to its own organisation alone. An operator's is one, from its making on.
    pub(crate) fn has_account(&self) -> bool {
        self.user
            .as_ref()
            .is_some_and(|user| user.operator || !user.password_hash.is_empty())
    }
}

/// What somebody without an account chooses.
#[derive(Clone, Default)]
pub(crate) struct Chosen {
    pub(crate) name: Option<String>,
    pub(crate) password: Option<String>,
}

/// Whom accepting let in.
pub(crate) struct Accepted {
    pub(crate) organisation: organisation::Model,
    /// The new sign-in, where the account is new.
    pub(crate) secret: Option<Secret>,
}

/// What an invitation is at `now`.
pub(crate) fn invitation_is(row: &invitation::Model, now: Timestamp) -> InvitationIs {
    if row.accepted_at.is_some() {
        InvitationIs::Accepted
    } else if row.withdrawn_at.is_some() {
        InvitationIs::Withdrawn
    } else if row.expires_at <= now.us() {
        InvitationIs::Expired
    } else {
        InvitationIs::Pending
    }
}

/// The organisation's invitations, the newest first.
pub(crate) async fn list(
    state: &State,
    organisation: OrganisationId,
    pending_only: bool,
    wanted: Wanted,
) -> Result<Page<invitation::Model>, Fault> {
    let select = invitation::Entity::in_tenant(organisation);
    let select = if pending_only {
        select.filter(pending(state.now()))
    } else {
        select
    };
    let key = |text: &str| Some(InvitationId::from_str(text).ok()?.uuid().into());
    wanted
        .of(state.store.read(), select, invitation::Column::Id, Order::Desc, key)
        .await
}

/// Invites an address.
pub(crate) async fn invite(
    state: &State,
    acting: &Acting,
    email: &str,
    role: Role,
) -> Result<invitation::Model, Fault> {
    let work = Work::begin(state, acting).await?;
    let row = issue(&work, email, role).await?;
    let id = InvitationId::from_uuid(row.id).to_string();
    work.concerning(&row.email)
        .finish_untold("invitation.create", &id, json!({ "role": role.as_str() }))
        .await?;
    state.post.wake();
    Ok(row)
}

/// Issues an invitation as part of `work`; the caller finishes it, and wakes the post after that.
pub(crate) async fn issue(work: &Work<'_>, email: &str, role: Role) -> Result<invitation::Model, Fault> {
    let state = work.state;
    let email = mail::address(email)
        .map_err(|_| Fault::field("email", "INVALID", "an email address, as in ann@example.com"))?;
    let organisation = held(work).await?;
    free(work, &email).await?;
    if of_late(work).await? >= OFTEN || to_one_of_late(work, &email).await? >= OFTEN_TO_ONE {
        return Err(Fault::RateLimited { retry_after_s: 600 });
    }
    let id: InvitationId = state.mint();
    let until = work.at.plus(LIFE);
    let (secret, hash) = secret(state);
    let mut row = invitation::Model {
        id: id.uuid(),
        organisation_id: work.organisation.uuid(),
        email,
        role: role.as_str().to_owned(),
        token_hash: hash,
        invited_by: work
            .by
            .actor
            .uuid()
            .filter(|_| !matches!(work.by.actor, Actor::Operator(_))),
        mail_id: None,
        created_at: work.at.us(),
        expires_at: until.us(),
        accepted_at: None,
        withdrawn_at: None,
    };
    row.mail_id = Some(post(work, &organisation, &row, role, &secret).await?.uuid());
    Ok(row.into_active_model().reset_all().insert(&*work.write).await?)
}

/// Sends an invitation anew, with a new secret and another week: the old link is dead.
pub(crate) async fn resend(state: &State, acting: &Acting, id: &str) -> Result<invitation::Model, Fault> {
    let work = Work::begin(state, acting).await?;
    let organisation = held(&work).await?;
    let row = by_id(&work, id).await?;
    again(work, &organisation, row, "invitation.resend").await
}

/// Sends the invitation of an organisation's first administrator anew, as its operators may.
pub(crate) async fn resend_first(
    state: &State,
    by: By,
    organisation: OrganisationId,
) -> Result<invitation::Model, Fault> {
    let work = Work::on(state, organisation, by).await?;
    let organisation = held(&work).await?;
    let row = invitation::Entity::in_tenant(work.organisation)
        .filter(first())
        .lock(LockType::Update)
        .one(&*work.write)
        .await?
        .ok_or_else(|| {
            let message = "no invitation of the operators is open there: its first administrator has joined";
            Fault::field("organisation", "CLOSED", message)
        })?;
    again(work, &organisation, row, PlatformAction::OrganisationInviteAgain).await
}

/// The invitations of first administrators that nobody accepted, of those organisations.
pub(crate) async fn first_of(
    connection: &impl ConnectionTrait,
    organisations: &[Uuid],
) -> Result<Vec<invitation::Model>, DbErr> {
    invitation::Entity::across_tenants("the invitations of first administrators, for platform operators")
        .filter(invitation::Column::OrganisationId.is_in(organisations.iter().copied()))
        .filter(first())
        .all(connection)
        .await
}

/// An operator's, which founds an organisation, for as long as nobody accepted it.
fn first() -> Condition {
    Condition::all()
        .add(invitation::Column::InvitedBy.is_null())
        .add(invitation::Column::AcceptedAt.is_null())
        .add(invitation::Column::WithdrawnAt.is_null())
}

async fn again(
    work: Work<'_>,
    organisation: &organisation::Model,
    mut row: invitation::Model,
    action: impl Into<&'static str>,
) -> Result<invitation::Model, Fault> {
    let state = work.state;
    match invitation_is(&row, work.at) {
        InvitationIs::Pending => {}
        InvitationIs::Expired => free(&work, &row.email).await?,
        InvitationIs::Accepted | InvitationIs::Withdrawn => return Err(closed()),
    }
    if of_late(&work).await? >= OFTEN || to_one_of_late(&work, &row.email).await? >= OFTEN_TO_ONE {
        return Err(Fault::RateLimited { retry_after_s: 600 });
    }
    let role = role_of(&row)?;
    if let Some(old) = row.mail_id {
        mail::cancel(state, &*work.write, old).await?;
    }
    let (secret, hash) = secret(state);
    row.token_hash = hash;
    row.expires_at = work.at.plus(LIFE).us();
    row.mail_id = Some(post(&work, organisation, &row, role, &secret).await?.uuid());
    let row = row.into_active_model().reset_all().update(&*work.write).await?;
    let id = InvitationId::from_uuid(row.id).to_string();
    work.concerning(&row.email)
        .finish_untold(action, &id, json!({}))
        .await?;
    state.post.wake();
    Ok(row)
}

/// Takes an invitation back: its link is dead.
pub(crate) async fn withdraw(state: &State, acting: &Acting, id: &str) -> Result<invitation::Model, Fault> {
    let work = Work::begin(state, acting).await?;
    let row = by_id(&work, id).await?;
    if !matches!(
        invitation_is(&row, work.at),
        InvitationIs::Pending | InvitationIs::Expired
    ) {
        return Err(closed());
    }
    if let Some(mail) = row.mail_id {
        mail::cancel(state, &*work.write, mail).await?;
    }
    let mut row = row.into_active_model();
    row.withdrawn_at = Set(Some(work.at.us()));
    let row = row.update(&*work.write).await?;
    work.concerning(&row.email)
        .finish_untold("invitation.withdraw", id, json!({}))
        .await?;
    Ok(row)
}

/// What the link with that secret offers.
pub(crate) async fn offer(state: &State, secret: &str) -> Result<Offer, Fault> {
    let invitation = by_secret(secret, state.now()).one(state.store.read()).await?;
    let invitation = invitation.ok_or(Fault::NotFound)?;
    let organisation = organisation::Entity::in_tenant(OrganisationId::from_uuid(invitation.organisation_id))
        .one(state.store.read())
        .await?
        .ok_or(Fault::NotFound)?;
    let user = app_user::Entity::across_tenants("whether the address of an invitation has an account")
        .filter(app_user::Column::Email.eq(&invitation.email))
        .one(state.store.read())
        .await?;
    Ok(Offer {
        invitation,
        organisation,
        user,
    })
}

/// Accepts an invitation: as whoever is signed in with its address, or as somebody new.
pub(crate) async fn accept(state: &State, caller: &Caller, secret: &str, chosen: Chosen) -> Result<Accepted, Fault> {
    let offer = offer(state, secret).await?;
    let person = match &caller.who {
        Who::Software(_) => return Err(Fault::Forbidden),
        // Another organisation's identity provider says who this is: that opens nothing here.
        Who::Person(_) if caller.presented.vouched_for => None,
        Who::Person(person) => Some(person),
        Who::Nobody => None,
    };
    match person {
        Some(person) if person.user.email != offer.invitation.email => Err(refused(
            "OTHER_ACCOUNT",
            "the invitation is for another address: sign out first",
        )),
        Some(person) => join(state, caller, secret, offer.organisation, &person.user).await,
        None if offer.has_account() => Err(sign_in_first()),
        None => enrol(state, caller, secret, offer, chosen).await,
    }
}

/// Lets somebody in who has an account.
async fn join(
    state: &State,
    caller: &Caller,
    secret: &str,
    organisation: organisation::Model,
    user: &app_user::Model,
) -> Result<Accepted, Fault> {
    let by = caller.by(Actor::User(UserId::from_uuid(user.id)));
    let work = Work::on(state, OrganisationId::from_uuid(organisation.id), by).await?;
    let row = taken(&work, secret).await?;
    enter(&work, &row, user).await?;
    finish(work, &row, json!({ "role": row.role, "account": "existing" })).await?;
    Ok(Accepted {
        organisation,
        secret: None,
    })
}

/// Makes an account, its membership and its first sign-in, in one transaction. The link proves whose the address is: an
/// account that only identity providers vouched for so far becomes that person's own.
async fn enrol(state: &State, caller: &Caller, secret: &str, offer: Offer, chosen: Chosen) -> Result<Accepted, Fault> {
    let name = label("name", &chosen.name.unwrap_or_default(), NAME)?;
    let chosen = chosen.password.unwrap_or_default();
    password::fits("password", &chosen, &offer.invitation.email)?;
    let hash = state.passwords.hash(chosen, state.entropy.bytes()).await?;
    let vouched = offer.user.as_ref().map(|user| UserId::from_uuid(user.id));
    let id = vouched.unwrap_or_else(|| state.mint());
    let by: By = caller.by(Actor::User(id));
    let work = Work::on(state, OrganisationId::from_uuid(offer.organisation.id), by).await?;
    let row = taken(&work, secret).await?;
    let user = if vouched.is_some() {
        let user = app_user::Entity::across_tenants("whose account an invitation makes their own")
            .filter(app_user::Column::Id.eq(id.uuid()))
            .filter(app_user::Column::PasswordHash.eq(""))
            .filter(app_user::Column::Operator.eq(false))
            .lock(LockType::NoKeyUpdate)
            .one(&*work.write)
            .await?;
        // Otherwise they chose a password at the same moment.
        let mut user = user.ok_or_else(sign_in_first)?.into_active_model();
        user.name = Set(name);
        user.password_hash = Set(hash);
        user.update(&*work.write).await?
    } else {
        let made = app_user::ActiveModel {
            id: Set(id.uuid()),
            email: Set(row.email.clone()),
            name: Set(name),
            password_hash: Set(hash),
            operator: Set(false),
            created_at: Set(work.at.us()),
        }
        .insert(&*work.write)
        .await;
        made.map_err(|error| match error.sql_err() {
            // Another invitation of theirs was accepted at the same moment.
            Some(SqlErr::UniqueConstraintViolation(_)) => sign_in_first(),
            _ => error.into(),
        })?
    };
    enter(&work, &row, &user).await?;
    let how = How {
        name: "invitation",
        second_factor: false,
        only: None,
    };
    let (_, cookie) = sign_in::open(state, &caller.presented, &work.write, &user, how).await?;
    finish(work, &row, json!({ "role": row.role, "account": "new" })).await?;
    Ok(Accepted {
        organisation: offer.organisation,
        secret: Some(cookie),
    })
}

/// Makes the membership.
async fn enter(work: &Work<'_>, row: &invitation::Model, user: &app_user::Model) -> Result<(), Fault> {
    let id: MemberId = work.state.mint();
    let made = member::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(row.organisation_id),
        user_id: Set(user.id),
        role: Set(role_of(row)?.as_str().to_owned()),
        access_since: Set(0),
        given: Set(false),
        created_at: Set(work.at.us()),
    }
    .insert(&*work.write)
    .await;
    made.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => refused("MEMBER", "you are a member already"),
        _ => error.into(),
    })?;
    Ok(())
}

async fn finish(work: Work<'_>, row: &invitation::Model, detail: serde_json::Value) -> Result<(), Fault> {
    let id = InvitationId::from_uuid(row.id).to_string();
    work.concerning(&row.email)
        .finish_untold("invitation.accept", &id, detail)
        .await
}

/// The invitation with that secret, held and marked as accepted: of two that come at once the second finds none.
async fn taken(work: &Work<'_>, secret: &str) -> Result<invitation::Model, Fault> {
    let row = by_secret(secret, work.at)
        .lock(LockType::Update)
        .one(&*work.write)
        .await?
        .ok_or(Fault::NotFound)?;
    let used = invitation::ActiveModel {
        id: Set(row.id),
        accepted_at: Set(Some(work.at.us())),
        ..Default::default()
    };
    used.update_without_returning(&*work.write).await?;
    Ok(row)
}

/// The organisation, held, so that nobody else invites into it before this is done.
async fn held(work: &Work<'_>) -> Result<organisation::Model, Fault> {
    organisation::Entity::in_tenant(work.organisation)
        .lock(LockType::NoKeyUpdate)
        .one(&*work.write)
        .await?
        .ok_or(Fault::NotFound)
}

/// Whether an address can be invited.
async fn free(work: &Work<'_>, email: &str) -> Result<(), Fault> {
    let waits = invitation::Entity::in_tenant(work.organisation)
        .filter(invitation::Column::Email.eq(email))
        .filter(pending(work.at))
        .count(&*work.write)
        .await?;
    if waits > 0 {
        return Err(Fault::field(
            "email",
            "INVITED",
            "this address has an invitation already: resend or withdraw that one",
        ));
    }
    let user = app_user::Entity::across_tenants("whether an invited address is a member already")
        .filter(app_user::Column::Email.eq(email))
        .one(&*work.write)
        .await?;
    if let Some(user) = user {
        let members = member::Entity::in_tenant(work.organisation)
            .filter(member::Column::UserId.eq(user.id))
            .count(&*work.write)
            .await?;
        if members > 0 {
            return Err(Fault::field("email", "MEMBER", "this person is a member already"));
        }
    }
    Ok(())
}

/// Queues the mail that carries an invitation.
async fn post(
    work: &Work<'_>,
    organisation: &organisation::Model,
    row: &invitation::Model,
    role: Role,
    secret: &str,
) -> Result<MailId, Fault> {
    let state = work.state;
    let inviter = match work.by.actor {
        Actor::Member { user, .. } => {
            app_user::Entity::across_tenants("the name of the member who invites")
                .filter(app_user::Column::Id.eq(user.uuid()))
                .one(&*work.write)
                .await?
        }
        _ => None,
    };
    let letter = mail::invitation(
        &organisation.name,
        inviter.as_ref().map(|user| user.name.as_str()),
        role,
        &row.email,
        &format!("{}/invitation#{secret}", state.addresses.http),
        Timestamp::from_us(row.expires_at),
    );
    let outgoing = Outgoing {
        kind: Kind::Invitation,
        organisation: Some(work.organisation),
        recipient: row.email.clone(),
        content: Content::Written(letter),
    };
    mail::queue(state, &*work.write, outgoing).await
}

/// How many invitations the organisation sent in the last hour: nobody's mailbox is filled from here.
async fn of_late(work: &Work<'_>) -> Result<u64, Fault> {
    let since = work.at.us().saturating_sub(HOUR_US);
    Ok(
        mail_table::Entity::across_tenants("how many invitations the caller's organisation sent of late")
            .filter(mail_table::Column::OrganisationId.eq(work.organisation.uuid()))
            .filter(mail_table::Column::Kind.eq(Kind::Invitation.as_str()))
            .filter(mail_table::Column::CreatedAt.gt(since))
            .count(&*work.write)
            .await?,
    )
}

/// How many of them went to one address, whoever sent them.
async fn to_one_of_late(work: &Work<'_>, email: &str) -> Result<u64, Fault> {
    let since = work.at.us().saturating_sub(HOUR_US);
    Ok(
        mail_table::Entity::across_tenants("how many invitations an address was sent of late")
            .filter(mail_table::Column::Recipient.eq(email))
            .filter(mail_table::Column::Kind.eq(Kind::Invitation.as_str()))
            .filter(mail_table::Column::CreatedAt.gt(since))
            .count(&*work.write)
            .await?,
    )
}

async fn by_id(work: &Work<'_>, id: &str) -> Result<invitation::Model, Fault> {
    let id: InvitationId = id.parse().map_err(|_| Fault::NotFound)?;
    invitation::Entity::in_tenant(work.organisation)
        .filter(invitation::Column::Id.eq(id.uuid()))
        .lock(LockType::Update)
        .one(&*work.write)
        .await?
        .ok_or(Fault::NotFound)
}

fn by_secret(secret: &str, now: Timestamp) -> Select<invitation::Entity> {
    invitation::Entity::across_tenants("an invitation, by its secret")
        .filter(invitation::Column::TokenHash.eq(digest(secret)))
        .filter(pending(now))
}

/// What [`InvitationIs::Pending`] is, for the database.
fn pending(now: Timestamp) -> Condition {
    Condition::all()
        .add(invitation::Column::AcceptedAt.is_null())
        .add(invitation::Column::WithdrawnAt.is_null())
        .add(invitation::Column::ExpiresAt.gt(now.us()))
}

/// A link's secret, 256 random bits, and what the table knows it by.
fn secret(state: &State) -> (String, Vec<u8>) {
    let secret = URL_SAFE_NO_PAD.encode(state.entropy.bytes::<32>());
    let hash = digest(&secret);
    (secret, hash)
}

fn role_of(row: &invitation::Model) -> Result<Role, Fault> {
    row.role.parse().map_err(|error| Fault::bug(&error))
}

fn closed() -> Fault {
    Fault::field("id", "CLOSED", "the invitation was accepted or withdrawn already")
}

fn sign_in_first() -> Fault {
    refused("SIGN_IN_FIRST", "this address has an account: sign in, then accept")
}

fn refused(code: &str, message: &str) -> Fault {
    Fault::Caller(UserError {
        code: code.to_owned(),
        message: message.to_owned(),
        field: None,
    })
}

/// How long an invitation can be accepted.
const LIFE: Duration = Duration::from_hours(7 * 24);
/// How many invitations an organisation sends in an hour.
const OFTEN: u64 = 200;
const OFTEN_TO_ONE: u64 = 10;
const HOUR_US: i64 = 3_600_000_000;
const NAME: usize = 100;
