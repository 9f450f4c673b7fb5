//! Tokens for playback and for publishing: made, signed, recorded. The token itself is given out once and kept nowhere.

use std::{collections::BTreeSet, time::Duration};

use authz::Action;
use entity::{Tenanted, playback_token, playback_token_stream, signing_key, stream, stream_group};
use guard::{Door, Timestamp, Update, policy::Package, signature};
use ids::{GroupId, OrganisationId, StreamName, TokenId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{
    Work, handles, label,
    restrictions::{Restrictions, networks},
    revocation::latest_bulk,
};
use crate::{fault::Fault, keys, people::Acting, state::State};

/// What a token is to say.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a trait of its own")]
pub(crate) struct Wanted {
    pub(crate) scope: Scope,
    /// For a broadcaster, not for a viewer.
    pub(crate) publish: bool,
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
    /// The methods by which its bearer was recognised (RFC 8176).
    pub(crate) amr: Vec<String>,
    /// Whether a handle is wanted too.
    pub(crate) handle: bool,
    /// Made for the dashboard's own player.
    pub(crate) watch: bool,
}

/// Which streams a token is for.
#[derive(Clone, Debug, Default)]
pub(crate) enum Scope {
    /// These names.
    Streams(Vec<String>),
    /// Those of these groups.
    Groups(Vec<String>),
    /// Every one of the organisation.
    #[default]
    Organisation,
}

/// The same, looked up.
pub(crate) enum Scoped {
    Streams(Vec<stream::Model>),
    Groups(Vec<GroupId>),
    Organisation,
}

/// A token, to be shown once.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) token: String,
    /// A short text that stands for it; where one was wanted.
    pub(crate) handle: Option<String>,
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
    let checked = Checked::of(&wanted, state.now())?;
    let work = Work::begin(state, acting).await?;
    let signer = Signer::now(&work, acting).await?;
    let (made, update) = sign(&work, acting, &signer, &wanted, checked).await?;
    let detail = shown(&made.record, made.handle.is_some());
    let object = made.record.jti.clone();
    if let Some(update) = update {
        // A handle is known to every node before it is given out.
        work.finish(action, &object, detail, &[update]).await?;
    } else {
        work.finish_untold(action, &object, detail).await?;
    }
    Ok(made)
}

/// Makes many tokens at once, or none. A fault names the token that it is about. The role was judged.
pub(crate) async fn create_all(state: &State, acting: &Acting, all: Vec<Wanted>) -> Result<Vec<Made>, Fault> {
    acting.needs(state, Package::Secure).await?;
    if !(1..=AT_ONCE).contains(&all.len()) {
        return Err(Fault::field(
            "tokens",
            "INVALID",
            format!("1 to {AT_ONCE} tokens at once"),
        ));
    }
    let now = state.now();
    let within = |n: usize| move |fault: Fault| fault.within("tokens", n);
    let checked = all
        .iter()
        .enumerate()
        .map(|(n, wanted)| Checked::of(wanted, now).map_err(within(n)));
    let checked: Vec<_> = checked.collect::<Result<_, _>>()?;
    let work = Work::begin(state, acting).await?;
    let signer = Signer::now(&work, acting).await?;
    let (mut made, mut updates) = (Vec::with_capacity(all.len()), Vec::new());
    for (n, (wanted, checked)) in all.iter().zip(checked).enumerate() {
        let (one, update) = sign(&work, acting, &signer, wanted, checked).await.map_err(within(n))?;
        made.push(one);
        updates.extend(update);
    }
    let tokens: Vec<_> = made.iter().map(|made| made.record.jti.as_str()).collect();
    let detail = json!({ "tokens": tokens });
    let object = format!("{} tokens", made.len());
    if updates.is_empty() {
        work.finish_untold(Action::TokenCreate, &object, detail).await?;
    } else {
        work.finish(Action::TokenCreate, &object, detail, &updates).await?;
    }
    Ok(made)
}

/// What of a wish could be checked without looking anything up.
struct Checked {
    user: Option<String>,
    tag: Option<String>,
    networks: Option<Vec<String>>,
    restrictions: Vec<(&'static str, Value)>,
}

impl Checked {
    fn of(wanted: &Wanted, now: Timestamp) -> Result<Self, Fault> {
        check_times(wanted, now)?;
        let text = |field, text: &Option<String>| text.as_deref().map(|text| label(field, text, TEXT)).transpose();
        let is_method = |one: &String| (1..=METHOD).contains(&one.len()) && !one.contains(char::is_control);
        if wanted.amr.len() > METHODS || !wanted.amr.iter().all(is_method) {
            let message = "at most ten names of methods, as in `pwd` and `mfa` (RFC 8176)";
            return Err(Fault::field("amr", "INVALID", message));
        }
        Ok(Self {
            user: text("user", &wanted.user)?,
            tag: text("tag", &wanted.tag)?,
            networks: wanted.ip.as_deref().map(networks).transpose()?,
            restrictions: wanted.restrictions.claims()?,
        })
    }
}

/// What signs at the moment.
struct Signer {
    key: signing_key::Model,
    private: Zeroizing<Vec<u8>>,
    /// The claim `iat`.
    issued: Timestamp,
}

impl Signer {
    async fn now(work: &Work<'_>, acting: &Acting) -> Result<Self, Fault> {
        let key = keys::current(&*work.write, acting.id).await?;
        Ok(Self {
            private: keys::private(&work.state.seal, &key)?,
            issued: issued_at(work).await?,
            key,
        })
    }
}

/// Signs a token and records it; what the nodes have to know, where there is a handle.
async fn sign(
    work: &Work<'_>,
    acting: &Acting,
    signer: &Signer,
    wanted: &Wanted,
    checked: Checked,
) -> Result<(Made, Option<Update>), Fault> {
    let state = work.state;
    let scope = scoped(work, &wanted.scope).await?;
    let id: TokenId = state.mint();
    let claims = claims(acting, state, id, signer.issued, wanted, &checked, &scope);
    let token = signature::sign(&claims, &signer.key.kid, &signer.private).map_err(|error| Fault::bug(&error))?;
    if token.len() > guard::token::MAX_LENGTH {
        return Err(Fault::field(
            "streams",
            "TOO_LONG",
            "the token would be longer than 8192 bytes: name fewer streams",
        ));
    }
    let expires = Timestamp::from_s(wanted.expires);
    let record = playback_token::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(acting.id.uuid()),
        jti: Set(id.to_string()),
        signing_key_id: Set(signer.key.id),
        organisation_wide: Set(matches!(scope, Scoped::Organisation)),
        claims: Set(claims),
        viewer: Set(checked.user),
        tag: Set(checked.tag),
        revocable: Set(wanted.revocable),
        watch: Set(wanted.watch),
        created_by: Set(acting.actor.uuid().ok_or(Fault::Internal)?),
        created_at: Set(work.at.us()),
        issued_at: Set(signer.issued.us()),
        expires_at: Set(expires.us()),
        revoked_at: Set(None),
        door: Set(door(wanted).audience().to_owned()),
    }
    .insert(&*work.write)
    .await?;
    link(work, id, &scope).await?;
    let (handle, update) = if wanted.handle {
        let key = keys::verifying(&state.seal, &signer.key)?.ok_or(Fault::Internal)?;
        let stands = handles::Stands {
            key: &key,
            jti: &record.jti,
            claims: record.claims.to_string(),
            expires,
        };
        let (handle, update) = handles::make(work, acting, stands).await?;
        (Some(handle), Some(update))
    } else {
        (None, None)
    };
    let made = Made { token, handle, record };
    Ok((made, update))
}

fn claims(
    acting: &Acting,
    state: &State,
    id: TokenId,
    issued: Timestamp,
    wanted: &Wanted,
    checked: &Checked,
    scope: &Scoped,
) -> Value {
    let mut claims = Map::new();
    claims.insert("iss".to_owned(), json!(state.addresses.http));
    claims.insert("sub".to_owned(), json!(acting.id));
    claims.insert("aud".to_owned(), json!(door(wanted).audience()));
    claims.insert("jti".to_owned(), json!(id));
    claims.insert("iat".to_owned(), numeric_date(issued));
    claims.insert("exp".to_owned(), json!(wanted.expires));
    let optional = [
        ("nbf", wanted.not_before.map(Value::from)),
        ("ip", checked.networks.as_ref().map(|networks| json!(networks))),
        ("user", checked.user.clone().map(Value::from)),
        ("tag", checked.tag.clone().map(Value::from)),
        ("revocable", (!wanted.revocable).then_some(Value::Bool(false))),
        ("forceDisconnect", wanted.force_disconnect.map(Value::Bool)),
        ("amr", (!wanted.amr.is_empty()).then(|| json!(wanted.amr))),
    ];
    let given = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
    claims.extend(
        given
            .chain(checked.restrictions.iter().cloned())
            .map(|(name, value)| (name.to_owned(), value)),
    );
    match scope {
        Scoped::Streams(streams) => {
            let names: Vec<_> = streams.iter().map(|stream| stream.name.as_str()).collect();
            claims.insert("streams".to_owned(), json!(names))
        }
        Scoped::Groups(groups) => claims.insert("groups".to_owned(), json!(groups)),
        Scoped::Organisation => claims.insert("org".to_owned(), json!(true)),
    };
    Value::Object(claims)
}

/// Records which streams the token names.
async fn link(work: &Work<'_>, id: TokenId, scope: &Scoped) -> Result<(), Fault> {
    let Scoped::Streams(streams) = scope else { return Ok(()) };
    let links = streams.iter().map(|stream| {
        let link: TokenId = work.state.mint();
        playback_token_stream::ActiveModel {
            id: Set(link.uuid()),
            organisation_id: Set(work.organisation.uuid()),
            playback_token_id: Set(id.uuid()),
            stream_id: Set(stream.id),
        }
    });
    playback_token_stream::Entity::insert_many(links)
        .exec_without_returning(&*work.write)
        .await?;
    Ok(())
}

fn door(wanted: &Wanted) -> Door {
    if wanted.publish { Door::Ingest } else { Door::Playback }
}

/// What of a token the audit log says.
fn shown(record: &playback_token::Model, handle: bool) -> Value {
    json!({
        "door": record.door,
        "streams": stream_names(record),
        "organisationWide": record.organisation_wide,
        "expiresAt": Timestamp::from_us(record.expires_at).s(),
        "revocable": record.revocable,
        "tag": record.tag,
        "handle": handle,
    })
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
    let runs = || {
        state
            .live
            .runs_on(OrganisationId::from_uuid(record.organisation_id), &record.jti)
    };
    let revoking = Revoking {
        is_revoked: record.revoked_at.is_some(),
        is_revocable: record.revocable,
        expires: Timestamp::from_us(record.expires_at),
    };
    revoking.impossible_because(state.now(), runs)
}

/// What says whether a token can be revoked by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Revoking {
    pub(crate) is_revoked: bool,
    pub(crate) is_revocable: bool,
    pub(crate) expires: Timestamp,
}

impl Revoking {
    /// Why it cannot; `None` where it can. `runs`: whether a session runs on it.
    pub(crate) fn impossible_because(self, now: Timestamp, runs: impl FnOnce() -> bool) -> Option<&'static str> {
        if self.is_revoked {
            Some("it is revoked already")
        } else if !self.is_revocable {
            Some("it was made not revocable")
        } else if self.expires.plus(DAY) <= now {
            Some("it expired more than 24 hours ago, so that no session can run on it")
        } else if self.expires <= now && !runs() {
            Some("it has expired, and no session runs on it")
        } else {
            None
        }
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

/// The streams or groups of the scope, each once.
pub(crate) async fn scoped(work: &Work<'_>, scope: &Scope) -> Result<Scoped, Fault> {
    match scope {
        Scope::Streams(names) => streams(work, names).await.map(Scoped::Streams),
        Scope::Groups(ids) => groups(work, ids).await.map(Scoped::Groups),
        Scope::Organisation => Ok(Scoped::Organisation),
    }
}

async fn streams(work: &Work<'_>, names: &[String]) -> Result<Vec<stream::Model>, Fault> {
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
        Ok(found)
    } else {
        Err(Fault::NotFound)
    }
}

async fn groups(work: &Work<'_>, ids: &[String]) -> Result<Vec<GroupId>, Fault> {
    if !(1..=STREAMS).contains(&ids.len()) {
        return Err(Fault::field("groups", "INVALID", format!("1 to {STREAMS} groups")));
    }
    let ids: BTreeSet<GroupId> = ids
        .iter()
        .map(|id| id.parse())
        .collect::<Result<_, _>>()
        .map_err(|_| Fault::NotFound)?;
    let found = stream_group::Entity::in_tenant(work.organisation)
        .filter(stream_group::Column::Id.is_in(ids.iter().map(|id| id.uuid())))
        .count(&*work.write)
        .await?;
    if found == ids.len() as u64 {
        Ok(ids.into_iter().collect())
    } else {
        Err(Fault::NotFound)
    }
}

/// The claim `iat`: this second; this very moment where a bulk revocation of this second would cover the token.
async fn issued_at(work: &Work<'_>) -> Result<Timestamp, Fault> {
    let second = Timestamp::from_s(work.at.s());
    let latest = latest_bulk(&*work.write, work.organisation).await?;
    let covers = latest.filter(|latest| *latest >= second);
    Ok(covers.map_or(second, |latest| {
        let behind = Timestamp::from_us(latest.us().saturating_add(1));
        behind.max(work.at)
    }))
}

/// A moment as claims say it: seconds, with a fraction where it has one. RFC 7519 2.
fn numeric_date(at: Timestamp) -> Value {
    let fraction = at.us().rem_euclid(1_000_000);
    if fraction == 0 {
        return json!(at.s());
    }
    #[expect(clippy::cast_precision_loss, reason = "microseconds fit for three centuries")]
    let seconds = at.us() as f64 / 1e6;
    json!(seconds)
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
/// The same: how long after its end a token is remembered, because a session may run on it.
pub(crate) const DAY: Duration = Duration::from_hours(24);
/// The longest life of a token, in seconds.
pub(crate) const YEAR_S: i64 = 365 * DAY_S;
/// How many streams or groups a token names at most.
pub(crate) const STREAMS: usize = 100;
const AT_ONCE: usize = 100;
const METHODS: usize = 10;
const METHOD: usize = 32;
const TEXT: usize = 128;
