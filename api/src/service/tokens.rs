//! Playback tokens: made, signed, recorded. The token itself is given out once and kept nowhere.

use std::{collections::BTreeSet, net::IpAddr};

use authz::Action;
use entity::{Tenanted, playback_token, playback_token_stream, revocation, stream};
use guard::{Timestamp, policy::Package, signature};
use ids::{OrganisationId, StreamName, TokenId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Map, Value, json};

use super::{Work, label, restrictions::Restrictions};
use crate::{fault::Fault, keys, people::Acting, state::State};

/// What a token is to say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) scope: Scope,
    /// Unix seconds.
    pub(crate) expires: i64,
    /// Unix seconds.
    pub(crate) not_before: Option<i64>,
    pub(crate) ip: Option<Vec<String>>,
    pub(crate) restrictions: Restrictions,
    pub(crate) user: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) revocable: bool,
    pub(crate) force_disconnect: Option<bool>,
    /// Made for the dashboard's own player.
    pub(crate) watch: bool,
}

/// Which streams a token is for.
#[derive(Clone, Debug, Default)]
pub(crate) enum Scope {
    /// These names.
    Streams(Vec<String>),
    /// Every one of the organisation.
    #[default]
    Organisation,
}

/// A token, to be shown once.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) token: String,
    pub(crate) record: playback_token::Model,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Made")
            .field("jti", &self.record.jti)
            .finish_non_exhaustive()
    }
}

/// Makes a token. The role was judged for `action`.
pub(crate) async fn create(state: &State, acting: &Acting, action: Action, wanted: Wanted) -> Result<Made, Fault> {
    acting.needs(state, Package::Secure).await?;
    let now = state.now();
    check_times(&wanted, now)?;
    let user = wanted
        .user
        .as_deref()
        .map(|user| label("user", user, TEXT))
        .transpose()?;
    let tag = wanted.tag.as_deref().map(|tag| label("tag", tag, TEXT)).transpose()?;
    let networks = wanted.ip.as_deref().map(networks).transpose()?;
    let restrictions = wanted.restrictions.claims()?;

    let work = Work::begin(state, acting).await?;
    let streams = scoped(&work, &wanted.scope).await?;
    let key = keys::current(&*work.write, acting.id).await?;
    let private = keys::private(&state.seal, &key)?;
    let id: TokenId = state.mint();
    let issued = issued_at(&work).await?;

    let mut claims = Map::new();
    claims.insert("iss".to_owned(), json!(state.addresses.http));
    claims.insert("sub".to_owned(), json!(acting.id));
    claims.insert("aud".to_owned(), json!("play"));
    claims.insert("jti".to_owned(), json!(id));
    claims.insert("iat".to_owned(), json!(issued));
    claims.insert("exp".to_owned(), json!(wanted.expires));
    let optional = [
        ("nbf", wanted.not_before.map(Value::from)),
        ("ip", networks.as_ref().map(|networks| json!(networks))),
        ("user", user.clone().map(Value::from)),
        ("tag", tag.clone().map(Value::from)),
        ("revocable", (!wanted.revocable).then_some(Value::Bool(false))),
        ("forceDisconnect", wanted.force_disconnect.map(Value::Bool)),
    ];
    claims.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .chain(restrictions)
            .map(|(name, value)| (name.to_owned(), value)),
    );
    match &streams {
        Some(streams) => {
            let names: Vec<_> = streams.iter().map(|stream| stream.name.as_str()).collect();
            claims.insert("streams".to_owned(), json!(names))
        }
        None => claims.insert("org".to_owned(), json!(true)),
    };
    let claims = Value::Object(claims);
    let token = signature::sign(&claims, &key.kid, &private).map_err(|error| Fault::bug(&error))?;
    if token.len() > guard::token::MAX_LENGTH {
        return Err(Fault::field(
            "streams",
            "TOO_LONG",
            "the token would be longer than 8192 bytes: name fewer streams",
        ));
    }
    let record = playback_token::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(acting.id.uuid()),
        jti: Set(id.to_string()),
        signing_key_id: Set(key.id),
        organisation_wide: Set(streams.is_none()),
        claims: Set(claims),
        viewer: Set(user),
        tag: Set(tag),
        revocable: Set(wanted.revocable),
        watch: Set(wanted.watch),
        created_by: Set(acting.actor.uuid().ok_or(Fault::Internal)?),
        created_at: Set(work.at.us()),
        issued_at: Set(Timestamp::from_s(issued).us()),
        expires_at: Set(Timestamp::from_s(wanted.expires).us()),
        revoked_at: Set(None),
    }
    .insert(&*work.write)
    .await?;
    let links: Vec<_> = streams
        .iter()
        .flatten()
        .map(|stream| {
            let link: TokenId = state.mint();
            playback_token_stream::ActiveModel {
                id: Set(link.uuid()),
                organisation_id: Set(acting.id.uuid()),
                playback_token_id: Set(id.uuid()),
                stream_id: Set(stream.id),
            }
        })
        .collect();
    if !links.is_empty() {
        playback_token_stream::Entity::insert_many(links)
            .exec_without_returning(&*work.write)
            .await?;
    }
    let detail = json!({
        "streams": stream_names(&record),
        "organisationWide": record.organisation_wide,
        "expiresAt": wanted.expires,
        "revocable": record.revocable,
        "tag": record.tag,
    });
    work.finish_untold(action, &record.jti, detail).await?;
    Ok(Made { token, record })
}

/// The record with that id in the organisation.
pub(crate) async fn by_jti(
    connection: &impl sea_orm::ConnectionTrait,
    organisation: OrganisationId,
    jti: &str,
) -> Result<playback_token::Model, Fault> {
    let id: TokenId = jti.parse().map_err(|_| Fault::NotFound)?;
    playback_token::Entity::in_tenant(organisation)
        .filter(playback_token::Column::Id.eq(id.uuid()))
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)
}

/// Why a token cannot be revoked by itself now; `None` where it can.
pub(crate) fn not_revocable_because(state: &State, record: &playback_token::Model) -> Option<&'static str> {
    let now = state.now();
    let runs = || {
        state
            .live
            .runs_on(OrganisationId::from_uuid(record.organisation_id), &record.jti)
    };
    let over = Timestamp::from_us(record.expires_at.saturating_add(DAY_S * 1_000_000));
    if record.revoked_at.is_some() {
        Some("it is revoked already")
    } else if !record.revocable {
        Some("it was made not revocable")
    } else if over <= now {
        Some("it expired more than 24 hours ago, so that no session can run on it")
    } else if Timestamp::from_us(record.expires_at) <= now && !runs() {
        Some("it has expired, and no session runs on it")
    } else {
        None
    }
}

fn check_times(wanted: &Wanted, now: Timestamp) -> Result<(), Fault> {
    let lifetime = wanted.expires.saturating_sub(now.s());
    if Timestamp::from_s(wanted.expires) <= now {
        return Err(Fault::field(
            "expiresAt",
            "INVALID",
            "the token would have expired already",
        ));
    }
    if lifetime > YEAR_S {
        return Err(Fault::field("expiresAt", "TOO_LONG", "a token lives 365 days at most"));
    }
    if !wanted.revocable && lifetime > DAY_S {
        return Err(Fault::field(
            "revocable",
            "TOO_LONG",
            "a token that cannot be revoked lives 24 hours at most",
        ));
    }
    if wanted.not_before.is_some_and(|from| from >= wanted.expires) {
        return Err(Fault::field(
            "notBefore",
            "INVALID",
            "the token would expire before it is valid",
        ));
    }
    Ok(())
}

/// The streams of the scope, each once; `None` for the whole organisation.
async fn scoped(work: &Work<'_>, scope: &Scope) -> Result<Option<Vec<stream::Model>>, Fault> {
    let Scope::Streams(names) = scope else {
        return Ok(None);
    };
    if !(1..=STREAMS).contains(&names.len()) {
        return Err(Fault::field("streams", "INVALID", format!("1 to {STREAMS} streams")));
    }
    let names: BTreeSet<StreamName> = names
        .iter()
        .map(|name| name.parse())
        .collect::<Result<_, _>>()
        .map_err(|_| Fault::NotFound)?;
    let found = stream::Entity::in_tenant(work.organisation)
        .filter(stream::Column::Name.is_in(names.iter().map(StreamName::as_str)))
        .filter(stream::Column::DeletedAt.is_null())
        .all(&*work.write)
        .await?;
    if found.len() == names.len() {
        Ok(Some(found))
    } else {
        Err(Fault::NotFound)
    }
}

/// The claim `iat`: this second; the next one where a bulk revocation of this second would cover it.
async fn issued_at(work: &Work<'_>) -> Result<i64, Fault> {
    let second = work.at.s();
    let latest = revocation::Entity::in_tenant(work.organisation)
        .filter(revocation::Column::Kind.ne("token"))
        .filter(revocation::Column::At.gte(Timestamp::from_s(second).us()))
        .order_by_desc(revocation::Column::At)
        .one(&*work.write)
        .await?;
    Ok(latest.map_or(second, |latest| Timestamp::from_us(latest.at).s() + 1))
}

/// Addresses and networks in their shortest form.
fn networks(texts: &[String]) -> Result<Vec<String>, Fault> {
    let bad = || {
        Fault::field(
            "ip",
            "INVALID",
            "one to ten addresses or networks, as in 192.0.2.7 or 2001:db8::/32",
        )
    };
    if !(1..=NETWORKS).contains(&texts.len()) {
        return Err(bad());
    }
    let checked = |text: &String| {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u8>().map_err(|_| bad())?)),
            None => (text.as_str(), None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| bad())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        match length {
            Some(length) if length <= most => Ok(format!("{address}/{length}")),
            Some(_) => Err(bad()),
            None => Ok(guard::fold(address).to_string()),
        }
    };
    texts.iter().map(checked).collect()
}

/// The row's names of streams, from its claims.
pub(crate) fn stream_names(record: &playback_token::Model) -> Vec<String> {
    let names = record.claims.get("streams").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

/// A day, in seconds.
pub(crate) const DAY_S: i64 = 24 * 3600;
/// The longest life of a token, in seconds.
pub(crate) const YEAR_S: i64 = 365 * DAY_S;
const STREAMS: usize = 100;
const NETWORKS: usize = 10;
const TEXT: usize = 128;
