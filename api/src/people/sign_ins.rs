//! Sign-ins listed and ended: one's own, and as an administrator those that act in the organisation.
//!
//! A person's own one ends everywhere. An administrator ends another's in their organisation only: elsewhere it goes on.

use std::collections::{HashMap, HashSet};

use authz::Action;
use entity::{Table, Tenanted, barred_sign_in, member, sign_in};
use ids::{MemberId, OrganisationId, SignInId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use super::{
    Whose,
    caller::{Acting, Caller, Person, Who},
    identify::IDLE_US,
    sign_in::record_of_caller,
};
use crate::{fault::Fault, service::Work, state::State};

/// A member's place, as far as it says which of their sign-ins act there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) organisation: Uuid,
    pub(crate) user: Uuid,
    pub(crate) access_since: i64,
    pub(crate) second_factor_required: bool,
    /// A provider gave it, without asking: only what that one vouched for is told there.
    pub(crate) given: bool,
}

impl Place {
    /// A member's, in the organisation in which `acting` acts.
    pub(crate) fn of(acting: &Acting, member: &member::Model) -> Self {
        Self {
            organisation: member.organisation_id,
            user: member.user_id,
            access_since: member.access_since,
            second_factor_required: acting.row.second_factor_required,
            given: member.given,
        }
    }

    fn admits(&self, row: &sign_in::Model, barred: &HashSet<(Uuid, Uuid)>) -> bool {
        row.user_id == self.user
            && row.created_at > self.access_since
            && row
                .organisation_id
                .map_or(!self.given, |only| only == self.organisation)
            && (row.second_factor || !self.second_factor_required)
            && !barred.contains(&(row.id, self.organisation))
    }
}

/// The caller's own, the newest first. Who was vouched for by an organisation's identity provider sees what that one
/// vouched for.
pub(crate) async fn own(state: &State, person: &Person) -> Result<Vec<sign_in::Model>, Fault> {
    let rows = standing(state, &[person.user.id]).await?;
    let Some(current) = rows.iter().find(|row| row.id == person.sign_in.uuid()) else {
        return Ok(Vec::new());
    };
    let only = current.organisation_id;
    Ok(rows
        .into_iter()
        .filter(|row| only.is_none() || row.organisation_id == only)
        .collect())
}

/// For each place those that act there, the newest first.
pub(crate) async fn of_places(state: &State, places: &[Place]) -> Result<HashMap<Place, Vec<sign_in::Model>>, Fault> {
    let users: Vec<_> = places.iter().map(|place| place.user).collect();
    let rows = standing(state, &users).await?;
    let barred: HashSet<_> =
        barred_sign_in::Entity::across_tenants("where sign-ins of the caller's members were ended")
            .filter(barred_sign_in::Column::SignInId.is_in(rows.iter().map(|row| row.id)))
            .filter(barred_sign_in::Column::OrganisationId.is_in(places.iter().map(|place| place.organisation)))
            .all(state.store.read())
            .await?
            .into_iter()
            .map(|barred| (barred.sign_in_id, barred.organisation_id))
            .collect();
    let those = |place: &Place| rows.iter().filter(|row| place.admits(row, &barred)).cloned().collect();
    Ok(places.iter().map(|place| (*place, those(place))).collect())
}

/// Ends one: the caller's own everywhere, another's in the organisation in which an administrator acts.
pub(crate) async fn end(state: &State, caller: &Caller, id: &str) -> Result<(), Fault> {
    let acting = caller.may(state, Action::MemberInvalidate).ok();
    let person = match &caller.who {
        Who::Nobody => return Err(Fault::Unauthenticated),
        Who::Person(person) => Some(person),
        Who::Software(_) if acting.is_some() => None,
        Who::Software(_) => return Err(Fault::Forbidden),
    };
    let id: SignInId = id.parse().map_err(|_| Fault::NotFound)?;
    if let Some(person) = person
        && own(state, person).await?.iter().any(|row| row.id == id.uuid())
    {
        return end_own(state, caller, person, id).await;
    }
    end_here(state, acting.ok_or(Fault::NotFound)?, id).await
}

async fn end_own(state: &State, caller: &Caller, person: &Person, id: SignInId) -> Result<(), Fault> {
    let write = state.store.write().await?;
    sign_in::Entity::remove_across_tenants("a person ends a sign-in of their own")
        .filter(sign_in::Column::Id.eq(id.uuid()))
        .filter(sign_in::Column::UserId.eq(person.user.id))
        .exec(&*write)
        .await?;
    let detail = json!({ "signIn": id.to_string() });
    record_of_caller(state, caller, person, &*write, "sign_in.ended", detail).await?;
    write.commit().await?;
    state.access.changed(Whose::SignIn(id));
    Ok(())
}

async fn end_here(state: &State, acting: &Acting, id: SignInId) -> Result<(), Fault> {
    let row = sign_in::Entity::across_tenants("a sign-in that an administrator ends, of a member as is checked next")
        .filter(sign_in::Column::Id.eq(id.uuid()))
        .one(state.store.read())
        .await?
        .ok_or(Fault::NotFound)?;
    let member = member::Entity::in_tenant(acting.id)
        .filter(member::Column::UserId.eq(row.user_id))
        .one(state.store.read())
        .await?
        .ok_or(Fault::NotFound)?;
    let place = Place::of(acting, &member);
    let acts = of_places(state, &[place]).await?.remove(&place).unwrap_or_default();
    if !acts.iter().any(|one| one.id == row.id) {
        return Err(Fault::NotFound);
    }
    let work = Work::begin(state, acting).await?;
    let barred: OrganisationId = state.mint();
    barred_sign_in::Entity::insert(barred_sign_in::ActiveModel {
        id: Set(barred.uuid()),
        organisation_id: Set(acting.id.uuid()),
        sign_in_id: Set(row.id),
    })
    .on_conflict_do_nothing_on([barred_sign_in::Column::SignInId, barred_sign_in::Column::OrganisationId])
    .exec_without_returning(&*work.write)
    .await?;
    let detail = json!({ "member": MemberId::from_uuid(member.id).to_string() });
    work.finish_untold("sign_in.barred", &id.to_string(), detail).await?;
    state.access.changed(Whose::SignIn(id));
    Ok(())
}

/// Those of these people that are not over, the newest first.
async fn standing(state: &State, users: &[Uuid]) -> Result<Vec<sign_in::Model>, Fault> {
    Ok(
        sign_in::Entity::across_tenants("sign-ins of the caller, or of the caller's members")
            .filter(sign_in::Column::UserId.is_in(users.iter().copied()))
            .filter(sign_in::Column::UsedAt.gt(state.now_us().saturating_sub(IDLE_US)))
            .order_by_desc(sign_in::Column::Id)
            .all(state.store.read())
            .await?,
    )
}
