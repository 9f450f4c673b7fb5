//! Signing in and out. An unknown address is answered like a wrong password, after the same work.
//!
//! Where a person has a second factor, a right password alone opens nothing: it is answered with the ways there are. It
//! neither counts as a failure nor makes earlier ones forgotten; a wrong code counts.

use std::sync::Arc;

use authz::Role;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{Table, Tenanted, app_user, member, sign_in};
use ids::{OrganisationId, SignInId, UserId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter};
use serde_json::{Value, json};

use super::{
    Whose, account,
    caller::{Actor, Caller, Person},
    factor::{self, Challenge, Factors, Shown},
    identify::digest,
    presented::Presented,
};
use crate::{
    audit,
    fault::{Fault, UserError},
    state::State,
    store::Write,
};

/// The name of the cookie.
pub(crate) const COOKIE: &str = "portcullis_sign_in";

/// A cookie's secret; given to the browser once.
pub(crate) struct Secret(String);

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct How {
    /// As the audit log names it, as in `password`.
    pub(crate) name: &'static str,
    /// Whether a second factor was shown.
    pub(crate) second_factor: bool,
    /// The only organisation in which it is worth something, where that organisation's identity provider vouched.
    pub(crate) only: Option<OrganisationId>,
}

impl Secret {
    /// The value of the header `set-cookie`.
    pub(crate) fn header(&self, https: bool) -> String {
        cookie(&self.0, MAX_AGE_S, https)
    }

    /// The value of the header `cookie` with which a browser would come back.
    pub(crate) fn as_presented(&self) -> String {
        self.0.clone()
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

/// What a right password leads to.
pub(crate) enum Answer {
    /// The person is in.
    In(Secret),
    /// A second factor is wanted.
    Challenged(Challenge),
}

/// Signs a person in by password, and by a second factor where they have one.
pub(crate) async fn sign_in(
    state: &Arc<State>,
    caller: &Caller,
    email: &str,
    password: String,
    shown: Option<Shown>,
) -> Result<Answer, Fault> {
    let presented = &caller.presented;
    let email = normal(email);
    let attempt = state.throttle.begin(&email, presented.address, state.now())?;
    let user = app_user::Entity::across_tenants("sign-in, by email")
        .filter(app_user::Column::Email.eq(&email))
        .one(state.store.read())
        .await?;
    // What is longer than any password is not hashed.
    let fits = password.len() <= LONGEST_PASSWORD;
    let hash = user
        .as_ref()
        .map(|user| user.password_hash.clone())
        .filter(|hash| fits && !hash.is_empty());
    let password = if fits { password } else { String::new() };
    let right = state.passwords.check(password, hash).await?;
    let Some(user) = user.as_ref().filter(|_| right) else {
        tracing::info!(client.address = %presented.address, "a sign-in failed");
        failed(
            state,
            presented,
            user.as_ref().map(|user| UserId::from_uuid(user.id)),
            email,
            json!({ "factor": "password" }),
        );
        return Err(wrong());
    };
    let write = state.store.write().await?;
    let held = account::held(&write, user.id).await?;
    // A password that was changed in between is not the right one any more.
    let Some(user) = held.filter(|now| now.password_hash == user.password_hash) else {
        return Err(wrong());
    };
    let id = UserId::from_uuid(user.id);
    let factors = Factors::of(&*write, user.id).await?;
    let name = match shown {
        _ if factors.is_empty() => "password",
        None => {
            let challenge = factors.challenge(state, &user)?;
            record(state, presented, &*write, id, "sign_in.challenged", json!({}), None).await?;
            write.commit().await?;
            attempt.undecided();
            return Ok(Answer::Challenged(challenge));
        }
        Some(shown) => {
            let tried = shown.kind();
            let Some(name) = factor::check(state, &write, &user, &factors, shown).await? else {
                drop(write);
                tracing::info!(user.id = %id, client.address = %presented.address, "a second factor was wrong");
                failed(state, presented, Some(id), email, json!({ "factor": tried }));
                return Err(factor::wrong(tried));
            };
            name
        }
    };
    let how = How {
        name,
        second_factor: !factors.is_empty(),
        only: None,
    };
    let (_, secret) = open(state, presented, &write, &user, how).await?;
    write.commit().await?;
    attempt.succeeded();
    Ok(Answer::In(secret))
}

/// Opens a sign-in for `user`, as part of what `write` does.
pub(crate) async fn open(
    state: &State,
    presented: &Presented,
    write: &Write,
    user: &app_user::Model,
    how: How,
) -> Result<(sign_in::Model, Secret), Fault> {
    let secret = URL_SAFE_NO_PAD.encode(state.entropy.bytes::<32>());
    let id: SignInId = state.mint();
    let now = state.now_us();
    let row = sign_in::ActiveModel {
        id: Set(id.uuid()),
        user_id: Set(user.id),
        token_hash: Set(digest(&secret)),
        address: Set(presented.address.to_string()),
        user_agent: Set(presented.user_agent.clone()),
        how: Set(Some(how.name.to_owned())),
        second_factor: Set(how.second_factor),
        organisation_id: Set(how.only.map(ids::OrganisationId::uuid)),
        created_at: Set(now),
        used_at: Set(now),
    }
    .insert(&**write)
    .await?;
    let person = UserId::from_uuid(user.id);
    let detail = json!({ "how": how.name, "secondFactor": how.second_factor });
    let told = match how.only {
        // What a provider vouches for is nobody else's business.
        Some(only) => vec![(Some(only), role_in(&**write, only, person).await?)],
        None => concerned(&**write, person).await?,
    };
    record_in(
        state,
        presented,
        &**write,
        person,
        "sign_in.succeeded",
        detail,
        None,
        told,
    )
    .await?;
    tracing::info!(user.id = %person, client.address = %presented.address, how = how.name, "signed in");
    Ok((row, Secret(secret)))
}

/// Signs this browser out; its open subscriptions end.
pub(crate) async fn sign_out(state: &State, caller: &Caller) -> Result<(), Fault> {
    let person = caller.person()?;
    let write = state.store.write().await?;
    sign_in::Entity::remove_across_tenants("signing out, by the sign-in's id")
        .filter(sign_in::Column::Id.eq(person.sign_in.uuid()))
        .exec(&*write)
        .await?;
    record_of_caller(state, caller, person, &*write, "sign_out", json!({})).await?;
    write.commit().await?;
    state.access.changed(Whose::SignIn(person.sign_in));
    Ok(())
}

/// Records what a person did to their own account: in each of their organisations, or with the platform where they have
/// none.
pub(crate) async fn record(
    state: &State,
    presented: &Presented,
    connection: &impl ConnectionTrait,
    user: UserId,
    action: &'static str,
    detail: Value,
    email: Option<&str>,
) -> Result<(), Fault> {
    let told = concerned(connection, user).await?;
    record_in(state, presented, connection, user, action, detail, email, told).await
}

/// Records what `person`, who asks, did to their sign-ins. What a provider vouches for is nobody else's business: it is
/// recorded where that sign-in acts.
pub(crate) async fn record_of_caller(
    state: &State,
    caller: &Caller,
    person: &Person,
    connection: &impl ConnectionTrait,
    action: &'static str,
    detail: Value,
) -> Result<(), Fault> {
    let user = UserId::from_uuid(person.user.id);
    let told = if caller.presented.vouched_for {
        let here = person.memberships.iter();
        here.map(|place| (Some(OrganisationId::from_uuid(place.organisation.id)), Some(place.role)))
            .collect()
    } else {
        concerned(connection, user).await?
    };
    record_in(state, &caller.presented, connection, user, action, detail, None, told).await
}

/// An organisation whose audit log tells of a person, with what they may do there; none for the platform's.
pub(crate) type Told = (Option<OrganisationId>, Option<Role>);

/// Whose audit logs tell of what a person did to their own account.
pub(crate) async fn concerned(connection: &impl ConnectionTrait, user: UserId) -> Result<Vec<Told>, Fault> {
    let members = member::Entity::across_tenants("the organisations whose audit logs tell of a person's sign-ins")
        .filter(member::Column::UserId.eq(user.uuid()))
        // A provider vouches for whom it likes: it must not learn what they do elsewhere.
        .filter(member::Column::Given.eq(false))
        .all(connection)
        .await?;
    let mut told: Vec<Told> = members
        .iter()
        .map(|member| {
            let organisation = OrganisationId::from_uuid(member.organisation_id);
            (Some(organisation), member.role.parse().ok())
        })
        .collect();
    // INVARIANT: chains are locked in one order, whoever locks several.
    told.sort_by_key(|(organisation, _)| *organisation);
    if told.is_empty() {
        told.push((None, None));
    }
    Ok(told)
}

#[expect(clippy::too_many_arguments, reason = "the parts of one entry, and where it goes")]
async fn record_in(
    state: &State,
    presented: &Presented,
    connection: &impl ConnectionTrait,
    user: UserId,
    action: &'static str,
    detail: Value,
    email: Option<&str>,
    told: Vec<Told>,
) -> Result<(), Fault> {
    for (organisation, role) in told {
        let mut personal = audit::from_address(presented.address);
        if let (Some(email), Some(map)) = (email, personal.as_object_mut()) {
            map.insert("email".to_owned(), email.into());
        }
        let entry = audit::Entry {
            organisation,
            actor: Actor::User(user),
            role,
            action,
            object: user.to_string(),
            detail: detail.clone(),
            personal,
            request: Some(presented.request),
            at: state.now(),
        };
        audit::append(state, connection, entry).await?;
    }
    Ok(())
}

/// What a person may do in an organisation.
async fn role_in(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    user: UserId,
) -> Result<Option<Role>, Fault> {
    let member = member::Entity::in_tenant(organisation)
        .filter(member::Column::UserId.eq(user.uuid()))
        .one(connection)
        .await?;
    Ok(member.and_then(|member| member.role.parse().ok()))
}

/// Records a failed sign-in, after the answer: a known address must not take longer than an unknown one.
pub(super) fn failed(state: &Arc<State>, presented: &Presented, user: Option<UserId>, email: String, detail: Value) {
    let (state, presented) = (state.clone(), presented.clone());
    tokio::spawn(async move {
        let done = async {
            let write = state.store.write().await?;
            if let Some(user) = user {
                record(
                    &state,
                    &presented,
                    &*write,
                    user,
                    "sign_in.failed",
                    detail,
                    Some(&email),
                )
                .await?;
            } else {
                let mut personal = audit::from_address(presented.address);
                if let Some(map) = personal.as_object_mut() {
                    map.insert(
                        "email".to_owned(),
                        email.chars().take(LONGEST_EMAIL).collect::<String>().into(),
                    );
                }
                let entry = audit::Entry {
                    organisation: None,
                    actor: Actor::Nobody,
                    role: None,
                    action: "sign_in.failed",
                    object: String::new(),
                    detail,
                    personal,
                    request: Some(presented.request),
                    at: state.now(),
                };
                audit::append(&state, &*write, entry).await?;
            }
            write.commit().await?;
            Ok::<(), Fault>(())
        };
        // What failed was logged where it arose.
        let _ = done.await;
    });
}

/// The form in which addresses are compared.
pub(crate) fn normal(email: &str) -> String {
    // No database need keep the character 0: nobody has such an address.
    email.trim().to_lowercase().replace('\0', "\u{fffd}")
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
pub(crate) const LONGEST_PASSWORD: usize = 1024;
pub(crate) const LONGEST_EMAIL: usize = 254;
