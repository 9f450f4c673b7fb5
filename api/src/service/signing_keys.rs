//! Signing keys: ours, which are rotated, and those of the organisation's own, which are added and removed.

use std::collections::HashMap;

use authz::Action;
use entity::{Tenanted, jwks_key, playback_token, signing_key};
use guard::{
    Update,
    policy::{FOREIGN_KEYS, Package},
};
use ids::KeyId;
use reqwest::Url;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, IntoActiveModel, ModelTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Work, organisations};
use crate::{
    fault::{Fault, UserError},
    jwks::{self, Found},
    keys::{self, Dialect, Material},
    people::Acting,
    publisher::Progress,
    state::State,
};

/// A key that a customer wants to add.
pub(crate) struct New {
    pub(crate) source: Source,
    /// What tokens will carry in their header.
    pub(crate) kid: Option<String>,
    pub(crate) dialect: Dialect,
}

/// What it is made of.
pub(crate) enum Source {
    /// A key.
    Key(Material),
    /// Where a set of keys is.
    Set(String),
}

/// A key with what rests on it.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) row: signing_key::Model,
    /// Those of a set, by name.
    pub(crate) fetched: Vec<jwks_key::Model>,
    /// How many recorded tokens it signed that are neither expired nor revoked.
    pub(crate) tokens: u64,
    /// The end of the last of them.
    pub(crate) last_expiry: Option<i64>,
    /// How many sessions run on what it signed.
    pub(crate) sessions: u64,
}

/// The organisation's keys, the newest first.
pub(crate) async fn all(state: &State, acting: &Acting) -> Result<Vec<Known>, Fault> {
    let connection = state.store.read();
    let rows = signing_key::Entity::in_tenant(acting.id)
        .filter(signing_key::Column::RemovedAt.is_null())
        .order_by_desc(signing_key::Column::Id)
        .all(connection)
        .await?;
    known(state, connection, acting, rows).await
}

/// Adds a key of the organisation's own. The role was judged.
pub(crate) async fn add(state: &State, acting: &Acting, new: New) -> Result<(Known, Progress), Fault> {
    acting.needs(state, Package::Secure).await?;
    let kid = new.kid.as_deref().map(name).transpose()?;
    let id: KeyId = state.mint();
    let mut row = signing_key::Model {
        id: id.uuid(),
        organisation_id: acting.id.uuid(),
        kid: kid.unwrap_or_else(|| id.to_string()),
        algorithm: String::new(),
        public_key: Vec::new(),
        private_key_sealed: None,
        created_at: 0,
        retires_at: None,
        removed_at: None,
        secret_sealed: None,
        dialect: None,
        claim_map: None,
        jwks_url: None,
        attempted_at: None,
        fetched_at: None,
        fetch_error: None,
    };
    (row.dialect, row.claim_map) = new.dialect.columns();
    let mut set = Vec::new();
    match new.source {
        Source::Key(Material::Public(algorithm, material)) => {
            algorithm.as_str().clone_into(&mut row.algorithm);
            row.public_key = material;
        }
        Source::Key(Material::Secret(secret)) => {
            guard::key::Algorithm::Hs256.as_str().clone_into(&mut row.algorithm);
            row.secret_sealed = Some(keys::seal_secret(&state.seal, id, secret.as_bytes()));
        }
        Source::Set(_) if new.kid.is_some() => {
            return Err(Fault::field(
                "kid",
                "INVALID",
                "the keys of a set bring their own names",
            ));
        }
        Source::Set(url) => {
            SET.clone_into(&mut row.algorithm);
            set = fetched(state, &url).await?;
            row.jwks_url = Some(url);
        }
    }

    let work = Work::begin(state, acting).await?;
    // Whoever counts keys does so one after the other.
    organisations::row(&*work.write, acting.id).await?;
    row.created_at = work.at.us();
    if row.jwks_url.is_some() {
        row.attempted_at = Some(work.at.us());
        row.fetched_at = Some(work.at.us());
    }
    check_room(&work, &row, &set).await?;
    let row: signing_key::ActiveModel = row.into();
    let row = row.reset_all().insert(&*work.write).await?;
    let mut updates: Vec<_> = keys::verifying(&state.seal, &row)?
        .map(|key| Update::Key {
            organisation: acting.id,
            key,
        })
        .into_iter()
        .collect();
    for found in &set {
        updates.push(jwks::insert(&work, &row, found).await?);
    }
    let known = known(state, &*work.write, acting, vec![row]).await?;
    let known = known.into_iter().next().ok_or(Fault::Internal)?;
    let detail = shown(&known);
    let progress = work
        .finish(Action::SigningKeyAdd, &id.to_string(), detail, &updates)
        .await?;
    Ok((known, progress))
}

/// Signs with a new key from now on. The old one verifies until nothing that it signed can run; or, where it is to end at
/// once, not any more. The role was judged.
pub(crate) async fn rotate(state: &State, acting: &Acting, end_old: bool) -> Result<(Known, Progress), Fault> {
    let work = Work::begin(state, acting).await?;
    organisations::row(&*work.write, acting.id).await?;
    let ours = signing_key::Entity::in_tenant(acting.id)
        .filter(signing_key::Column::PrivateKeySealed.is_not_null())
        .filter(signing_key::Column::RemovedAt.is_null())
        .count(&*work.write)
        .await?;
    if ours >= OURS && !end_old {
        return Err(Fault::Caller(UserError {
            code: "TOO_MANY".to_owned(),
            message: format!(
                "{OURS} keys of ours verify, because what they signed is not over: remove one that signs no more"
            ),
            field: None,
        }));
    }
    let old = keys::current(&*work.write, acting.id).await?;
    let (old_id, old_kid) = (KeyId::from_uuid(old.id), old.kid.clone());
    let mut old = old.into_active_model();
    old.retires_at = Set(Some(work.at.us()));
    old.removed_at = Set(end_old.then_some(work.at.us()));
    old.update(&*work.write).await?;
    let new = keys::create(state, &*work.write, acting.id).await?;
    let mut updates: Vec<_> = keys::verifying(&state.seal, &new)?
        .map(|key| Update::Key {
            organisation: acting.id,
            key,
        })
        .into_iter()
        .collect();
    if end_old {
        updates.push(Update::KeyRemoved {
            organisation: acting.id,
            kid: old_kid.into(),
        });
    }
    let detail = json!({ "replaces": old_id.to_string(), "ended": end_old });
    let id = KeyId::from_uuid(new.id).to_string();
    let progress = work.finish(Action::SigningKeyRotate, &id, detail, &updates).await?;
    let known = Known {
        row: new,
        fetched: Vec::new(),
        tokens: 0,
        last_expiry: None,
        sessions: 0,
    };
    Ok((known, progress))
}

/// Removes a key, or a set with its keys: what they signed is worth nothing from now on, and sessions on it end. The one of
/// ours that signs stays. The role was judged.
pub(crate) async fn remove(state: &State, acting: &Acting, id: &str) -> Result<(KeyId, Progress), Fault> {
    let id: KeyId = id.parse().map_err(|_| Fault::NotFound)?;
    let work = Work::begin(state, acting).await?;
    organisations::row(&*work.write, acting.id).await?;
    let row = signing_key::Entity::in_tenant(acting.id)
        .filter(signing_key::Column::Id.eq(id.uuid()))
        .filter(signing_key::Column::RemovedAt.is_null())
        .one(&*work.write)
        .await?
        .ok_or(Fault::NotFound)?;
    let ours = row.private_key_sealed.is_some();
    if ours && row.retires_at.is_none() {
        let message = "this key signs the organisation's tokens: rotate it, and end the old one at once if you must";
        return Err(Fault::field("id", "IN_USE", message));
    }
    let known = known(state, &*work.write, acting, vec![row.clone()]).await?;
    let known = known.into_iter().next().ok_or(Fault::Internal)?;
    let kids = match &row.jwks_url {
        Some(_) => known.fetched.iter().map(|key| key.kid.clone()).collect(),
        None => vec![row.kid.clone()],
    };
    if ours {
        // Records of tokens refer to it.
        let mut row = row.into_active_model();
        row.removed_at = Set(Some(work.at.us()));
        row.update(&*work.write).await?;
    } else {
        jwks_key::Entity::remove_in_tenant(acting.id)
            .filter(jwks_key::Column::SigningKeyId.eq(row.id))
            .exec(&*work.write)
            .await?;
        row.delete(&*work.write).await?;
    }
    let updates: Vec<_> = kids
        .into_iter()
        .map(|kid| Update::KeyRemoved {
            organisation: acting.id,
            kid: kid.into(),
        })
        .collect();
    let detail = json!({ "before": shown(&known) });
    let progress = work
        .finish(Action::SigningKeyRemove, &id.to_string(), detail, &updates)
        .await?;
    Ok((id, progress))
}

/// The keys of a set that is to be added.
async fn fetched(state: &State, url: &str) -> Result<Vec<Found>, Fault> {
    let bad = |code, message: String| Err(Fault::field("jwksUrl", code, message));
    let allowed = Url::parse(url).is_ok_and(|url| state.outbound.allows(&url));
    if url.len() > URL || !allowed {
        let message = "an address with https:// that everybody can reach, without a password in it";
        return bad("INVALID", message.to_owned());
    }
    match jwks::fetch(state, url).await {
        Ok(found) if found.is_empty() => bad("INVALID", "the set has no keys".to_owned()),
        Ok(found) => Ok(found),
        Err(error @ (jwks::SetError::Outbound(_) | jwks::SetError::Address(_))) => {
            bad("UNREACHABLE", error.to_string())
        }
        Err(error) => bad("INVALID", error.to_string()),
    }
}

async fn check_room(work: &Work<'_>, row: &signing_key::Model, set: &[Found]) -> Result<(), Fault> {
    let (room, taken) = jwks::room(&*work.write, work.organisation, None).await?;
    let wanted = if row.jwks_url.is_some() { set.len() } else { 1 };
    if wanted > room {
        let message = format!("an organisation has {FOREIGN_KEYS} keys of its own at most, and {room} are free");
        return Err(Fault::Caller(UserError {
            code: "TOO_MANY".to_owned(),
            message,
            field: None,
        }));
    }
    if let Some(found) = set.iter().find(|found| taken.contains(&found.kid)) {
        let message = format!("there is a key called `{}` already", found.kid);
        return Err(Fault::field("jwksUrl", "TAKEN", message));
    }
    if row.jwks_url.is_none() && taken.contains(&row.kid) {
        return Err(Fault::field("kid", "TAKEN", "there is a key of that name already"));
    }
    let same = signing_key::Entity::in_tenant(work.organisation).filter(signing_key::Column::RemovedAt.is_null());
    let same = match (&row.jwks_url, row.public_key.is_empty()) {
        (Some(url), _) => same.filter(signing_key::Column::JwksUrl.eq(url.as_str())),
        (None, false) => same.filter(signing_key::Column::PublicKey.eq(row.public_key.clone())),
        // A secret is not compared: it is sealed differently each time.
        (None, true) => return Ok(()),
    };
    if same.count(&*work.write).await? > 0 {
        let field = if row.jwks_url.is_some() {
            "jwksUrl"
        } else {
            "publicKeyPem"
        };
        return Err(Fault::field(field, "TAKEN", "this key is there already"));
    }
    Ok(())
}

async fn known(
    state: &State,
    connection: &impl ConnectionTrait,
    acting: &Acting,
    rows: Vec<signing_key::Model>,
) -> Result<Vec<Known>, Fault> {
    let fetched = jwks_key::Entity::in_tenant(acting.id)
        .order_by_asc(jwks_key::Column::Kid)
        .all(connection)
        .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let last = keys::last_expiries(connection, acting.id, &ids).await?;
    let signed: Vec<(Uuid, i64)> = playback_token::Entity::in_tenant(acting.id)
        .select_only()
        .column(playback_token::Column::SigningKeyId)
        .column_as(playback_token::Column::Id.count(), "many")
        .filter(playback_token::Column::ExpiresAt.gt(state.now_us()))
        .filter(playback_token::Column::RevokedAt.is_null())
        .filter(playback_token::Column::SigningKeyId.is_in(ids))
        .group_by(playback_token::Column::SigningKeyId)
        .into_tuple()
        .all(connection)
        .await?;
    let signed: HashMap<_, _> = signed.into_iter().collect();
    let running = state.live.on_keys(acting.id);
    let on = |kid: &str| running.get(kid).copied().unwrap_or(0);
    let shape = |row: signing_key::Model| {
        let many = signed.get(&row.id).copied();
        let fetched: Vec<_> = (fetched.iter().filter(|key| key.signing_key_id == row.id))
            .cloned()
            .collect();
        Known {
            tokens: many.map_or(0, |many: i64| u64::try_from(many).unwrap_or(0)),
            last_expiry: last.get(&row.id).copied(),
            sessions: on(&row.kid) + fetched.iter().map(|key| on(&key.kid)).sum::<u64>(),
            fetched,
            row,
        }
    };
    Ok(rows.into_iter().map(shape).collect())
}

/// What a key is called; names that begin like ours are ours.
fn name(kid: &str) -> Result<String, Fault> {
    if jwks::is_free_name(kid) {
        Ok(kid.to_owned())
    } else {
        let message = "1 to 256 bytes without control characters, and not beginning with `key_`, as our own do";
        Err(Fault::field("kid", "INVALID", message))
    }
}

/// What of a key the audit log says.
fn shown(known: &Known) -> Value {
    let row = &known.row;
    json!({
        "kid": row.kid,
        "algorithm": row.algorithm,
        "dialect": row.dialect,
        "claimMap": row.claim_map,
        "jwksUrl": row.jwks_url,
        "keys": known.fetched.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(),
    })
}

/// The column `algorithm` of a set.
pub(crate) const SET: &str = "JWKS";
/// Keys of ours that verify at once.
const OURS: u64 = 8;
const URL: usize = 2048;
