//! Who is asking, in which organisation, with which role. Found out anew for every operation.

use std::{net::IpAddr, str::FromStr};

use authz::{Action, Role};
use entity::{Table, Tenanted, app_user, member, organisation, sign_in};
use guard::policy::{Package, Packages};
use ids::{MemberId, OrganisationHash, OrganisationId, SignInId, UserId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbErr, QueryFilter, QueryOrder};
use sha2::{Digest, Sha256};

use crate::{fault::Fault, publisher::policy, state::State};

/// What came with a request.
#[derive(Clone)]
pub(crate) struct Presented {
    /// From where.
    pub(crate) address: IpAddr,
    /// Whether nobody could read along.
    pub(crate) https: bool,
    /// The secret of the cookie.
    pub(crate) cookie: Option<String>,
    /// The organisation that the request names.
    pub(crate) organisation: Option<String>,
}

/// Who is asking.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) address: IpAddr,
    pub(crate) https: bool,
    pub(crate) person: Option<Person>,
    /// What the request says about the organisation; none where it says nothing and there is none.
    acting: Option<Result<Acting, Fault>>,
}

/// A signed-in person.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) user: app_user::Model,
    pub(crate) sign_in: SignInId,
    pub(crate) memberships: Vec<Membership>,
}

/// A person's place in an organisation.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) member: MemberId,
    pub(crate) organisation: organisation::Model,
    pub(crate) role: Role,
}

/// A person in the organisation in which this request acts.
#[derive(Clone, Debug)]
pub(crate) struct Acting {
    pub(crate) user: UserId,
    pub(crate) member: MemberId,
    pub(crate) role: Role,
    pub(crate) id: OrganisationId,
    pub(crate) hash: OrganisationHash,
    pub(crate) row: organisation::Model,
    pub(crate) address: IpAddr,
}

impl Caller {
    /// The organisation in which the caller acts, if the role allows `action` there. Judged before anything is looked up.
    pub(crate) fn may(&self, state: &State, action: Action) -> Result<&Acting, Fault> {
        let acting = self.acting()?;
        if state.policy.allows(acting.role, action) {
            Ok(acting)
        } else {
            Err(Fault::Forbidden)
        }
    }

    /// Who is signed in.
    pub(crate) fn person(&self) -> Result<&Person, Fault> {
        self.person.as_ref().ok_or(Fault::Unauthenticated)
    }

    /// The organisation in which the caller acts, whatever the role.
    pub(crate) fn acting(&self) -> Result<&Acting, Fault> {
        self.person()?;
        match &self.acting {
            Some(Ok(acting)) => Ok(acting),
            Some(Err(fault)) => Err(fault.clone()),
            None => Err(Fault::NotFound),
        }
    }
}

impl Acting {
    /// Whether the role allows `action`; for fields that show more to some.
    pub(crate) fn may(&self, state: &State, action: Action) -> bool {
        state.policy.allows(self.role, action)
    }

    /// The organisation's packages, if `package` is among them.
    pub(crate) async fn needs(&self, state: &State, package: Package) -> Result<Packages, Fault> {
        let packages = policy::packages(state.store.read(), self.id).await?;
        if packages.has(package) {
            Ok(packages)
        } else {
            Err(Fault::PackageRequired(package))
        }
    }
}

/// Finds out who is asking.
pub(crate) async fn identify(state: &State, presented: &Presented) -> Result<Caller, Fault> {
    let person = match &presented.cookie {
        Some(secret) => person(state, secret).await?,
        None => None,
    };
    let acting = match &person {
        Some(person) => acting(person, presented)?,
        None => None,
    };
    Ok(Caller {
        address: presented.address,
        https: presented.https,
        person,
        acting,
    })
}

/// What the table `sign_in` knows a cookie's secret by.
pub(crate) fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// The person behind a user's row, with every membership; the newest first.
pub(crate) async fn with_memberships(state: &State, user: app_user::Model, sign_in: SignInId) -> Result<Person, DbErr> {
    let members = member::Entity::across_tenants("a person's own memberships")
        .filter(member::Column::UserId.eq(user.id))
        .order_by_desc(member::Column::CreatedAt)
        .order_by_desc(member::Column::Id)
        .all(state.store.read())
        .await?;
    let ids: Vec<_> = members.iter().map(|member| member.organisation_id).collect();
    let organisations = organisation::Entity::across_tenants("the organisations of a person's own memberships")
        .filter(organisation::Column::Id.is_in(ids))
        .all(state.store.read())
        .await?;
    let memberships = members
        .into_iter()
        .filter_map(|member| {
            Some(Membership {
                member: MemberId::from_uuid(member.id),
                role: Role::from_str(&member.role).ok()?,
                organisation: organisations
                    .iter()
                    .find(|organisation| organisation.id == member.organisation_id)?
                    .clone(),
            })
        })
        .collect();
    Ok(Person {
        user,
        sign_in,
        memberships,
    })
}

/// Whether a sign-in still stands and still has the role that it had.
pub(crate) async fn still_may(state: &State, sign_in: Option<SignInId>, acting: &Acting) -> Result<(), Fault> {
    let row = match sign_in {
        Some(id) => {
            sign_in::Entity::across_tenants("a sign-in, by its id")
                .filter(sign_in::Column::Id.eq(id.uuid()))
                .one(state.store.read())
                .await?
        }
        None => None,
    };
    if row.is_none_or(|row| state.now_us() >= row.used_at.saturating_add(IDLE_US)) {
        return Err(Fault::Unauthenticated);
    }
    let member = member::Entity::in_tenant(acting.id)
        .filter(member::Column::Id.eq(acting.member.uuid()))
        .one(state.store.read())
        .await?
        .ok_or(Fault::NotFound)?;
    if member.role == acting.role.as_str() {
        Ok(())
    } else {
        Err(Fault::Forbidden)
    }
}

async fn person(state: &State, secret: &str) -> Result<Option<Person>, DbErr> {
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
        Some(user) => with_memberships(state, user, SignInId::from_uuid(row.id))
            .await
            .map(Some),
        None => Ok(None),
    }
}

fn acting(person: &Person, presented: &Presented) -> Result<Option<Result<Acting, Fault>>, Fault> {
    let membership = match &presented.organisation {
        Some(hash) => person
            .memberships
            .iter()
            .find(|membership| membership.organisation.hash == *hash),
        None => person.memberships.first(),
    };
    let Some(membership) = membership else {
        return Ok(presented.organisation.as_ref().map(|_| Err(Fault::NotFound)));
    };
    let row = membership.organisation.clone();
    Ok(Some(Ok(Acting {
        user: UserId::from_uuid(person.user.id),
        member: membership.member,
        role: membership.role,
        id: OrganisationId::from_uuid(row.id),
        hash: row.hash.parse().map_err(|error| Fault::bug(&error))?,
        row,
        address: presented.address,
    })))
}

/// A sign-in that nobody used for 30 days is over.
const IDLE_US: i64 = 30 * 24 * HOUR_US;
const HOUR_US: i64 = 3_600 * 1_000_000;
