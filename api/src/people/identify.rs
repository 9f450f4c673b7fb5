//! Finds out who is asking, in which organisation, with which role. Done anew for every operation, so that whatever was
//! taken away is gone with the next request.

use std::{collections::HashSet, str::FromStr};

use authz::Role;
use entity::{Table, Tenanted, api_token, app_user, barred_sign_in, member, organisation, provider_identity, sign_in};
use guard::{Timestamp, policy::Package};
use ids::{ApiTokenId, MemberId, OrganisationId, SignInId, UserId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder};
use sha2::{Digest, Sha256};

use super::{
    api_token::secret_hash,
    caller::{Acting, Actor, Caller, Membership, Person, Software, Who},
    presented::Presented,
};
use crate::{fault::Fault, state::State};

/// Finds out who is asking. A credential that is worth nothing makes nobody of the caller.
pub(crate) async fn identify(state: &State, presented: &Presented) -> Result<Caller, Fault> {
    let mut presented = presented.clone();
    let who = match (&presented.bearer, &presented.cookie) {
        (Some(secret), _) => software(state, secret, &presented)
            .await?
            .map(|one| Who::Software(Box::new(one))),
        (None, Some(secret)) => match person(state, secret).await? {
            Some((person, vouched_for)) => {
                presented.vouched_for = vouched_for;
                Some(Who::Person(Box::new(person)))
            }
            None => None,
        },
        (None, None) => None,
    };
    let who = who.unwrap_or(Who::Nobody);
    let acting = match &who {
        Who::Nobody => None,
        Who::Person(person) => in_membership(person, &presented)?,
        Who::Software(software) => Some(with_token(software, &presented)?),
    };
    Ok(Caller { presented, who, acting })
}

/// Whether a caller still stands where they stood, with the same role, and with the package, where one is needed.
pub(crate) async fn still_may(
    state: &State,
    caller: &Caller,
    acting: &Acting,
    package: Option<Package>,
) -> Result<(), Fault> {
    let mut presented = caller.presented.clone();
    presented.organisation = Some(acting.row.hash.clone());
    let now = identify(state, &presented).await?;
    let now = now.acting()?;
    if now.role != acting.role || now.actor != acting.actor {
        return Err(Fault::Forbidden);
    }
    match package {
        Some(package) => acting.needs(state, package).await.map(drop),
        None => Ok(()),
    }
}

/// Whether who acts still stands where they stood when the request was judged: looked at within the transaction of a
/// change, which begins once every change before it is done.
pub(crate) async fn still_stands(
    connection: &impl ConnectionTrait,
    acting: &Acting,
    now: Timestamp,
) -> Result<(), Fault> {
    let organisation = organisation::Entity::in_tenant(acting.id).one(connection).await?;
    if organisation.ok_or(Fault::NotFound)?.standing != "active" {
        return Err(Fault::Suspended);
    }
    match acting.actor {
        Actor::Member { member: id, .. } => {
            let member = member::Entity::in_tenant(acting.id)
                .filter(member::Column::Id.eq(id.uuid()))
                .one(connection)
                .await?
                .ok_or(Fault::NotFound)?;
            if let Some((sign_in, began)) = acting.sign_in
                && (began <= member.access_since || is_ended(connection, acting.id, sign_in).await?)
            {
                return Err(Fault::SignInAgain);
            }
            let same = member.role == acting.role.as_str();
            same.then_some(()).ok_or(Fault::Forbidden)
        }
        Actor::Software { token, .. } => {
            let standing = api_token::Entity::in_tenant(acting.id)
                .filter(api_token::Column::Id.eq(token.uuid()))
                .filter(api_token::Column::RevokedAt.is_null());
            let token = standing.one(connection).await?;
            let stands = |token: &api_token::Model| token.expires_at.is_none_or(|until| now.us() < until);
            token.filter(stands).map(drop).ok_or(Fault::Unauthenticated)
        }
        _ => Ok(()),
    }
}

/// Whether a sign-in was ended, by its owner or in this organisation.
async fn is_ended(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    id: SignInId,
) -> Result<bool, DbErr> {
    let there = sign_in::Entity::across_tenants("whether a caller's own sign-in is still there")
        .filter(sign_in::Column::Id.eq(id.uuid()))
        .one(connection)
        .await?;
    let barred = barred_sign_in::Entity::in_tenant(organisation)
        .filter(barred_sign_in::Column::SignInId.eq(id.uuid()))
        .one(connection)
        .await?;
    Ok(there.is_none() || barred.is_some())
}

/// What the tables know a random secret by.
pub(crate) fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// The person behind a user's row, with every membership; the newest first.
pub(crate) async fn with_memberships(
    state: &State,
    user: app_user::Model,
    sign_in: &sign_in::Model,
) -> Result<Person, DbErr> {
    let mut theirs =
        member::Entity::across_tenants("a person's own memberships").filter(member::Column::UserId.eq(user.id));
    if let Some(only) = sign_in.organisation_id {
        // An organisation's provider vouches for whom it likes: it must not learn where else they belong.
        theirs = theirs.filter(member::Column::OrganisationId.eq(only));
    }
    let members = theirs
        .order_by_desc(member::Column::CreatedAt)
        .order_by_desc(member::Column::Id)
        .all(state.store.read())
        .await?;
    let ids: Vec<_> = members.iter().map(|member| member.organisation_id).collect();
    let organisations = organisation::Entity::across_tenants("the organisations of a person's own memberships")
        .filter(organisation::Column::Id.is_in(ids.iter().copied()))
        .all(state.store.read())
        .await?;
    let vouching: HashSet<_> = provider_identity::Entity::across_tenants(
        "which identity providers let a person in, of their own organisations",
    )
    .filter(provider_identity::Column::UserId.eq(user.id))
    .all(state.store.read())
    .await?
    .into_iter()
    .map(|identity| identity.organisation_id)
    .collect();
    let barred: HashSet<_> = barred_sign_in::Entity::across_tenants("where a person's own sign-in was ended")
        .filter(barred_sign_in::Column::SignInId.eq(sign_in.id))
        .all(state.store.read())
        .await?
        .into_iter()
        .map(|barred| barred.organisation_id)
        .collect();
    let memberships = members
        .into_iter()
        .filter_map(|member| {
            let organisation = organisations
                .iter()
                .find(|organisation| organisation.id == member.organisation_id)?
                .clone();
            let ended = barred.contains(&organisation.id) || sign_in.created_at <= member.access_since;
            // Whom the organisation's provider lets in, nothing else does for as long as there is one: not a password that
            // they chose for another organisation. Administrators come in to mend a provider that lets in nobody.
            let passed = member.given
                && member.role != Role::Admin.as_str()
                && sign_in.organisation_id.is_none()
                && vouching.contains(&organisation.id);
            let closed = if ended || passed {
                Some(Fault::SignInAgain)
            } else if organisation.standing != "active" {
                Some(Fault::Suspended)
            } else if organisation.second_factor_required && !sign_in.second_factor {
                Some(Fault::SecondFactorRequired)
            } else {
                None
            };
            Some(Membership {
                member: MemberId::from_uuid(member.id),
                role: Role::from_str(&member.role).ok()?,
                given: member.given,
                organisation,
                closed,
            })
        })
        .collect();
    Ok(Person {
        user,
        sign_in: SignInId::from_uuid(sign_in.id),
        signed_in_at: sign_in.created_at,
        second_factor: sign_in.second_factor,
        memberships,
    })
}

/// The person behind a cookie, and whether only an organisation's identity provider vouches for them.
async fn person(state: &State, secret: &str) -> Result<Option<(Person, bool)>, DbErr> {
    let row = sign_in::Entity::across_tenants("a sign-in, by its cookie")
        .filter(sign_in::Column::TokenHash.eq(digest(secret)))
        .one(state.store.read())
        .await?;
    let now = state.now_us();
    let Some(row) = row.filter(|row| now < row.used_at.saturating_add(IDLE_US)) else {
        return Ok(None);
    };
    if now >= row.used_at.saturating_add(HOUR_US) {
        let write = state.store.write().await?;
        let used = sign_in::ActiveModel {
            id: Set(row.id),
            used_at: Set(now),
            ..Default::default()
        };
        used.update_without_returning(&*write).await?;
        write.commit().await?;
    }
    let user = app_user::Entity::across_tenants("the person who signed in")
        .filter(app_user::Column::Id.eq(row.user_id))
        .one(state.store.read())
        .await?;
    match user {
        Some(user) => {
            let person = with_memberships(state, user, &row).await?;
            Ok(Some((person, row.organisation_id.is_some())))
        }
        None => Ok(None),
    }
}

/// The software behind the secret of an API token that still stands.
async fn software(state: &State, secret: &str, presented: &Presented) -> Result<Option<Software>, DbErr> {
    let token = api_token::Entity::across_tenants("an API token, by its secret")
        .filter(api_token::Column::SecretHash.eq(secret_hash(state, secret)))
        .filter(api_token::Column::RevokedAt.is_null())
        .one(state.store.read())
        .await?;
    let now = state.now_us();
    let Some(token) = token.filter(|token| token.expires_at.is_none_or(|until| now < until)) else {
        return Ok(None);
    };
    let Ok(role) = Role::from_str(&token.role) else {
        return Ok(None);
    };
    let organisation = OrganisationId::from_uuid(token.organisation_id);
    if let Some(id) = token.member_id {
        // Removing and demoting revoke tokens; this holds even where that was missed.
        let member = member::Entity::in_tenant(organisation)
            .filter(member::Column::Id.eq(id))
            .one(state.store.read())
            .await?;
        let theirs = member.and_then(|member| Role::from_str(&member.role).ok());
        if theirs.is_none_or(|theirs| role.exceeds(theirs)) {
            return Ok(None);
        }
    }
    let Some(organisation) = organisation::Entity::in_tenant(organisation)
        .one(state.store.read())
        .await?
    else {
        return Ok(None);
    };
    let address = presented.address.to_string();
    let stale = token.used_at.is_none_or(|used| now >= used.saturating_add(MINUTE_US));
    if stale || token.used_address.as_ref() != Some(&address) {
        let write = state.store.write().await?;
        let used = api_token::ActiveModel {
            id: Set(token.id),
            used_at: Set(Some(now)),
            used_address: Set(Some(address)),
            ..Default::default()
        };
        used.update_without_returning(&*write).await?;
        write.commit().await?;
    }
    Ok(Some(Software {
        token,
        organisation,
        role,
    }))
}

fn in_membership(person: &Person, presented: &Presented) -> Result<Option<Result<Acting, Fault>>, Fault> {
    let mut memberships = person.memberships.iter();
    let membership = if let Some(hash) = &presented.organisation {
        memberships.find(|membership| membership.organisation.hash == *hash)
    } else {
        let open = memberships.clone().filter(|membership| membership.closed.is_none());
        // A customer's provider can vouch for anybody: it must not choose where they act from now on.
        let own = open.clone().find(|membership| !membership.given);
        own.or_else(|| open.clone().next()).or_else(|| memberships.next())
    };
    let Some(membership) = membership else {
        return Ok(presented.organisation.as_ref().map(|_| Err(Fault::NotFound)));
    };
    if let Some(closed) = &membership.closed {
        return Ok(Some(Err(closed.clone())));
    }
    let actor = Actor::Member {
        user: UserId::from_uuid(person.user.id),
        member: membership.member,
    };
    let sign_in = Some((person.sign_in, person.signed_in_at));
    acting(actor, membership.role, &membership.organisation, sign_in, presented).map(|acting| Some(Ok(acting)))
}

fn with_token(software: &Software, presented: &Presented) -> Result<Result<Acting, Fault>, Fault> {
    let elsewhere = |named: &String| *named != software.organisation.hash;
    if presented.organisation.as_ref().is_some_and(elsewhere) {
        return Ok(Err(Fault::NotFound));
    }
    if software.organisation.standing != "active" {
        return Ok(Err(Fault::Suspended));
    }
    let actor = Actor::Software {
        token: ApiTokenId::from_uuid(software.token.id),
        made_by: UserId::from_uuid(software.token.created_by),
    };
    acting(actor, software.role, &software.organisation, None, presented).map(Ok)
}

fn acting(
    actor: Actor,
    role: Role,
    row: &organisation::Model,
    sign_in: Option<(SignInId, i64)>,
    presented: &Presented,
) -> Result<Acting, Fault> {
    Ok(Acting {
        actor,
        role,
        id: OrganisationId::from_uuid(row.id),
        hash: row.hash.parse().map_err(|error| Fault::bug(&error))?,
        row: row.clone(),
        sign_in,
        address: presented.address,
        request: presented.request,
    })
}

/// A sign-in that nobody used for 30 days is over.
pub(super) const IDLE_US: i64 = 30 * 24 * HOUR_US;
const HOUR_US: i64 = 60 * MINUTE_US;
const MINUTE_US: i64 = 60 * 1_000_000;
