//! The end of our keys that stopped signing: they verify, and stand in the JWKS, until nothing that they signed can run.

use std::collections::HashMap;

use entity::{Table, Tenanted, playback_token, signing_key};
use guard::Update;
use ids::{KeyId, OrganisationId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, IntoActiveModel, QueryFilter, QuerySelect,
};
use serde_json::json;
use uuid::Uuid;

use crate::{fault::Fault, people::By, service::Work, state::State};

/// Ends those whose time is over.
pub(crate) async fn tend(state: &State) -> Result<(), Fault> {
    let retired = signing_key::Entity::across_tenants("keys of ours that stopped signing")
        .filter(signing_key::Column::PrivateKeySealed.is_not_null())
        .filter(signing_key::Column::RemovedAt.is_null())
        .filter(signing_key::Column::RetiresAt.lte(state.now_us().saturating_sub(SETTLED_US)))
        .all(state.store.read())
        .await?;
    for row in retired {
        let organisation = OrganisationId::from_uuid(row.organisation_id);
        let last = last_expiries(state.store.read(), organisation, &[row.id]).await?;
        if ends_at(&row, last.get(&row.id).copied()).is_none_or(|end| end > state.now_us()) {
            continue;
        }
        let work = Work::on(state, organisation, By::platform(state)).await?;
        let (id, kid) = (KeyId::from_uuid(row.id), row.kid.clone());
        let mut row = row.into_active_model();
        row.removed_at = Set(Some(work.at.us()));
        row.update(&*work.write).await?;
        let removed = Update::KeyRemoved {
            organisation,
            kid: kid.as_str().into(),
        };
        work.finish("signing_key.end", &id.to_string(), json!({ "kid": kid }), &[removed])
            .await?;
    }
    Ok(())
}

/// When a key of ours verifies no more; `None` while it signs. `last`: the end of the last token that it signed.
pub(crate) fn ends_at(row: &signing_key::Model, last: Option<i64>) -> Option<i64> {
    let retired = row.retires_at?;
    // A session may run for a day longer than its token.
    let last = last.map_or(0, |last| last.saturating_add(DAY_US));
    Some(last.max(retired.saturating_add(SETTLED_US)))
}

/// The end of the last token that each of these keys signed, whatever became of it.
pub(crate) async fn last_expiries(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    keys: &[Uuid],
) -> Result<HashMap<Uuid, i64>, DbErr> {
    let last: Vec<(Uuid, i64)> = playback_token::Entity::in_tenant(organisation)
        .select_only()
        .column(playback_token::Column::SigningKeyId)
        .column_as(playback_token::Column::ExpiresAt.max(), "last")
        .filter(playback_token::Column::SigningKeyId.is_in(keys.iter().copied()))
        .group_by(playback_token::Column::SigningKeyId)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(last.into_iter().collect())
}

const DAY_US: i64 = 24 * 3600 * 1_000_000;
/// Whoever read the key a moment before it stopped signing has signed by then.
const SETTLED_US: i64 = 60 * 1_000_000;
