//! Handles: short texts that stand for tokens where those are too long. Shown once, stored hashed, known to every node, and
//! gone with their token.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{Table, Tenanted, jwks_key, signing_key, token_handle};
use guard::{
    Timestamp, Update, VerifyingKey,
    key::Fingerprint,
    policy::{CredentialDigest, Handle, Package},
};
use ids::{OrganisationId, TokenId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use super::{
    Work,
    proof::{self, Verdict},
    tokens,
};
use crate::{
    fault::Fault,
    keys,
    people::{Acting, By},
    publisher::{Progress, policy::Extent},
    state::State,
};

/// For what a handle stands.
pub(crate) struct Stands<'a> {
    /// The key that signed the token: the handle is worth nothing under another of its name.
    pub(crate) key: &'a VerifyingKey,
    pub(crate) jti: &'a str,
    /// What the token says: a JSON object under our names.
    pub(crate) claims: String,
    pub(crate) expires: Timestamp,
}

/// A handle of a token that somebody shows, whoever signed it. The role was judged.
pub(crate) async fn create(state: &State, acting: &Acting, text: &str) -> Result<(String, Progress), Fault> {
    acting.needs(state, Package::Secure).await?;
    let work = Work::begin(state, acting).await?;
    let bad = |code, message: String| Err(Fault::field("token", code, message));
    let proven = match proof::judge(state, &*work.write, acting.id, text).await? {
        Verdict::Proven(proven) => proven,
        Verdict::Malformed(why) => return bad("MALFORMED", why.to_string()),
        Verdict::NoKey(_) => return bad("KEY", "no key of the organisation is the one that it names".to_owned()),
        Verdict::Unsigned(_) => return bad("SIGNATURE", "its signature fits no key of the organisation".to_owned()),
    };
    if proven.claims.exp <= work.at {
        return bad("EXPIRED", "it has expired".to_owned());
    }
    let stands = Stands {
        key: &proven.key,
        jti: &proven.claims.jti,
        claims: serde_json::to_string(&proven.object).map_err(|error| Fault::bug(&error))?,
        expires: proven.claims.exp,
    };
    let jti = proven.claims.jti.to_string();
    let (handle, update) = make(&work, acting, stands).await?;
    let progress = work
        .finish("handle.create", &jti, json!({ "kid": &**proven.key.kid() }), &[update])
        .await?;
    Ok((handle, progress))
}

/// Makes a handle within a change; what the nodes have to know of it.
pub(crate) async fn make(work: &Work<'_>, acting: &Acting, stands: Stands<'_>) -> Result<(String, Update), Fault> {
    let text = format!("h_{}", URL_SAFE_NO_PAD.encode(work.state.entropy.bytes::<16>()));
    let id: TokenId = work.state.mint();
    let row = token_handle::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(acting.id.uuid()),
        digest: Set(CredentialDigest::of(&text).bytes().to_vec()),
        kid: Set(stands.key.kid().to_string()),
        key_fingerprint_sealed: Set(Some(
            work.state.seal.close(&place(id), &stands.key.fingerprint().bytes()),
        )),
        jti: Set(stands.jti.to_owned()),
        claims: Set(stands.claims),
        expires_at: Set(stands.expires.us()),
        created_by: Set(acting.actor.uuid().ok_or(Fault::Internal)?),
        created_at: Set(work.at.us()),
    }
    .insert(&*work.write)
    .await?;
    Ok((text, told(row, stands.key.fingerprint())?))
}

/// Every handle, for a policy; or the one that is shown.
pub(crate) async fn policy(
    state: &State,
    connection: &impl ConnectionTrait,
    extent: Extent<'_>,
) -> Result<Vec<Update>, DbErr> {
    let listed = extent.listed::<token_handle::Entity>(token_handle::Column::Digest);
    let rows = listed.all(connection).await?;
    let there = if rows.iter().any(|row| row.key_fingerprint_sealed.is_none()) {
        verifying(state, connection, extent).await?
    } else {
        HashMap::new()
    };
    let mut updates = Vec::with_capacity(rows.len());
    for row in rows {
        let key = match &row.key_fingerprint_sealed {
            Some(sealed) => Some(fingerprint(state, row.id, sealed)?),
            // An earlier version did not say. The key that has the name signed the token if it is no younger than the handle;
            // else the one that did is gone, and the handle with it.
            None => there
                .get(&(row.organisation_id, row.kid.clone()))
                .filter(|(since, _)| *since <= row.created_at)
                .map(|(_, key)| *key),
        };
        if let Some(key) = key {
            updates.push(told(row, key)?);
        }
    }
    Ok(updates)
}

/// The keys that verify, by organisation and name, with the moment since when each does.
async fn verifying(
    state: &State,
    connection: &impl ConnectionTrait,
    extent: Extent<'_>,
) -> Result<HashMap<(Uuid, String), (i64, Fingerprint)>, DbErr> {
    let rows = extent
        .rows::<signing_key::Entity>()
        .filter(signing_key::Column::RemovedAt.is_null())
        .all(connection)
        .await?;
    let mut there = HashMap::new();
    for row in &rows {
        if let Some(key) = keys::verifying(&state.seal, row)? {
            let since = (row.created_at, key.fingerprint());
            there.insert((row.organisation_id, row.kid.clone()), since);
        }
    }
    let sets: HashMap<_, _> = rows.iter().map(|row| (row.id, row)).collect();
    for row in extent.rows::<jwks_key::Entity>().all(connection).await? {
        if let Some(set) = sets.get(&row.signing_key_id) {
            let since = (row.created_at, keys::fetched(set, &row)?.fingerprint());
            there.insert((row.organisation_id, row.kid), since);
        }
    }
    Ok(there)
}

/// Forgets those that nobody can use any more.
pub(crate) async fn tend(state: &State) -> Result<(), Fault> {
    // A session may run for a day longer than its token.
    let before = state.now().minus(tokens::DAY).us();
    let over = token_handle::Entity::across_tenants("handles whose tokens are over")
        .filter(token_handle::Column::ExpiresAt.lte(before))
        .limit(BATCH)
        .all(state.store.read())
        .await?;
    let mut organisations: Vec<_> = over.iter().map(|row| row.organisation_id).collect();
    organisations.sort_unstable();
    organisations.dedup();
    for id in organisations {
        let organisation = OrganisationId::from_uuid(id);
        let theirs: Vec<_> = over.iter().filter(|row| row.organisation_id == id).collect();
        let work = Work::on(state, organisation, By::platform(state)).await?;
        token_handle::Entity::remove_in_tenant(organisation)
            .filter(token_handle::Column::Id.is_in(theirs.iter().map(|row| row.id)))
            .exec(&*work.write)
            .await?;
        let mut updates = Vec::with_capacity(theirs.len());
        for row in &theirs {
            let digest = digest(row)?;
            updates.push(Update::HandleRemoved { organisation, digest });
        }
        let detail = json!({ "handles": theirs.len() });
        work.finish("handle.end", "handles", detail, &updates).await?;
    }
    Ok(())
}

fn told(row: token_handle::Model, key: Fingerprint) -> Result<Update, DbErr> {
    Ok(Update::Handle {
        organisation: OrganisationId::from_uuid(row.organisation_id),
        handle: Handle {
            digest: digest(&row)?,
            kid: row.kid.into(),
            key: Some(key),
            jti: row.jti.into(),
            claims: row.claims.into(),
        },
    })
}

fn digest(row: &token_handle::Model) -> Result<CredentialDigest, DbErr> {
    let bytes = row.digest.as_slice().try_into();
    bytes.map(CredentialDigest::from_bytes).map_err(|_| unreadable(row.id))
}

fn fingerprint(state: &State, id: Uuid, sealed: &[u8]) -> Result<Fingerprint, DbErr> {
    let opened = state.seal.open(&place(TokenId::from_uuid(id)), sealed);
    let opened = opened.map_err(|error| DbErr::Custom(error.to_string()))?;
    let bytes = opened.as_slice().try_into();
    bytes.map(Fingerprint::from_bytes).map_err(|_| unreadable(id))
}

fn unreadable(id: Uuid) -> DbErr {
    DbErr::Custom(format!("a row holds what cannot be: token_handle {id}"))
}

/// Where the fingerprint of a handle's key is sealed for: a shared secret that is weak could be guessed by it.
fn place(id: TokenId) -> String {
    format!("token_handle.key:{id}")
}

const BATCH: u64 = 1000;
