//! What a set said becomes what is known of it; a change of keys is a change like any other.

use std::time::Duration;

use entity::{Tenanted, jwks_key, signing_key};
use guard::{Timestamp, Update, policy::FOREIGN_KEYS};
use ids::{KeyId, OrganisationId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, IntoActiveModel, QueryFilter};
use serde_json::json;

use super::{Found, SetError};
use crate::{
    fault::Fault,
    keys,
    people::By,
    service::{Work, organisations},
    state::State,
};

/// Takes on what was fetched, or that nothing was.
pub(super) async fn apply(
    state: &State,
    organisation: OrganisationId,
    id: KeyId,
    found: Result<Vec<Found>, SetError>,
) -> Result<(), Fault> {
    let work = Work::on(state, organisation, By::platform(state)).await?;
    // Whoever counts keys does so one after the other.
    organisations::row(&*work.write, organisation).await?;
    let set = signing_key::Entity::in_tenant(organisation)
        .filter(signing_key::Column::Id.eq(id.uuid()))
        .one(&*work.write)
        .await?;
    // Removed meanwhile.
    let Some(set) = set else { return Ok(()) };
    let known = jwks_key::Entity::in_tenant(organisation)
        .filter(jwks_key::Column::SigningKeyId.eq(set.id))
        .all(&*work.write)
        .await?;
    let (wanted, error, answered) = match found {
        Ok(found) => {
            let (taken, left) = fitting(&work, &set, &known, found).await?;
            (Some(taken), left, true)
        }
        Err(error) => {
            tracing::warn!(organisation.id = %organisation, key.id = %id, %error, "a set of keys was not fetched");
            let fetched = Timestamp::from_us(set.fetched_at.unwrap_or(set.created_at));
            let stale = fetched.plus(STALE) <= work.at;
            let note = if stale {
                format!("{error}; its keys verify no more, a day after they were last fetched")
            } else {
                error.to_string()
            };
            (stale.then(Vec::new), Some(note), false)
        }
    };
    let mut row = set.clone().into_active_model();
    row.fetch_error = Set(error);
    if answered {
        row.fetched_at = Set(Some(work.at.us()));
    }
    let set = row.update(&*work.write).await?;
    let wanted = wanted.unwrap_or_else(|| known.iter().filter_map(as_found).collect());
    let (mut updates, mut added, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    for key in &known {
        if wanted.iter().any(|found| is(key, found)) {
            continue;
        }
        jwks_key::Entity::remove_in_tenant(organisation)
            .filter(jwks_key::Column::Id.eq(key.id))
            .exec(&*work.write)
            .await?;
        updates.push(Update::KeyRemoved {
            organisation,
            kid: key.kid.as_str().into(),
        });
        removed.push(key.kid.clone());
    }
    for found in &wanted {
        if known.iter().any(|key| is(key, found)) {
            continue;
        }
        updates.push(insert(&work, &set, found).await?);
        added.push(found.kid.clone());
    }
    if updates.is_empty() {
        return Ok(work.write.commit().await?);
    }
    let detail = json!({ "added": added, "removed": removed });
    work.finish("signing_key.fetch", &id.to_string(), detail, &updates)
        .await?;
    Ok(())
}

/// A key of a set, from now on; what the nodes have to know of it.
pub(crate) async fn insert(work: &Work<'_>, set: &signing_key::Model, found: &Found) -> Result<Update, Fault> {
    let id: KeyId = work.state.mint();
    let key = jwks_key::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(set.organisation_id),
        signing_key_id: Set(set.id),
        kid: Set(found.kid.clone()),
        algorithm: Set(found.algorithm.as_str().to_owned()),
        public_key: Set(found.material.clone()),
        created_at: Set(work.at.us()),
    }
    .insert(&*work.write)
    .await?;
    Ok(Update::Key {
        organisation: work.organisation,
        key: keys::fetched(set, &key)?,
    })
}

/// How many keys of its own an organisation may still have, those of one set left out; and the names that are taken.
pub(crate) async fn room(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    without: Option<&signing_key::Model>,
) -> Result<(usize, Vec<String>), DbErr> {
    let own = signing_key::Entity::in_tenant(organisation)
        .filter(signing_key::Column::RemovedAt.is_null())
        .filter(signing_key::Column::PrivateKeySealed.is_null())
        .all(connection)
        .await?;
    let fetched = jwks_key::Entity::in_tenant(organisation).all(connection).await?;
    let single = own.iter().filter(|key| key.jwks_url.is_none()).map(|key| &key.kid);
    let of_sets = fetched
        .iter()
        .filter(|key| without.is_none_or(|set| set.id != key.signing_key_id))
        .map(|key| &key.kid);
    let names: Vec<_> = single.chain(of_sets).cloned().collect();
    Ok((FOREIGN_KEYS.saturating_sub(names.len()), names))
}

/// Those that there is room for, what is known already first; and what is to be said of the others.
async fn fitting(
    work: &Work<'_>,
    set: &signing_key::Model,
    known: &[jwks_key::Model],
    mut found: Vec<Found>,
) -> Result<(Vec<Found>, Option<String>), Fault> {
    let (room, taken) = room(&*work.write, work.organisation, Some(set)).await?;
    let many = found.len();
    found.retain(|found| !taken.contains(&found.kid));
    found.sort_by_key(|found| !known.iter().any(|key| is(key, found)));
    found.truncate(room);
    let left = many - found.len();
    let note = (left > 0).then(|| {
        format!("there is no room for {left} of the set's keys: an organisation has {FOREIGN_KEYS} of its own, and each name once")
    });
    Ok((found, note))
}

fn is(key: &jwks_key::Model, found: &Found) -> bool {
    key.kid == found.kid && key.algorithm == found.algorithm.as_str() && key.public_key == found.material
}

fn as_found(key: &jwks_key::Model) -> Option<Found> {
    let algorithm = guard::key::Algorithm::ALL
        .into_iter()
        .find(|algorithm| algorithm.as_str() == key.algorithm)?;
    Some(Found {
        kid: key.kid.clone(),
        algorithm,
        material: key.public_key.clone(),
    })
}

/// How long the keys of a set that does not answer go on verifying.
const STALE: Duration = Duration::from_hours(24);
