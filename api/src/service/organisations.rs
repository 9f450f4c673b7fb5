//! Organisations: founded, set up, suspended, resumed; and the list of them that platform operators see.

use std::collections::HashMap;

use authz::{Action, PlatformAction, Role};
use entity::{Table, Tenanted, invitation, member, organisation, package_grant, package_request, rule_count, stream};
use guard::{OriginError, OriginPattern, Update, policy::Package};
use ids::{OrganisationHash, OrganisationId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, IntoActiveModel, Order, QueryFilter,
    QuerySelect, sea_query::LockType,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Work, invitations, label, packages,
    page::{Page, Wanted},
    responses::{self, settings::Automatic},
};
use crate::{
    analytics::findings::{self, ThresholdsEdit},
    fault::{Fault, UserError},
    keys,
    live::Counters,
    people::{Acting, By, Whose},
    privacy::Masking,
    publisher::{Progress, policy},
    state::State,
};

/// What of an organisation is to be different; `None` stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edit {
    pub(crate) name: Option<String>,
    pub(crate) secure_playback: Option<bool>,
    pub(crate) force_disconnect: Option<bool>,
    /// The column `ingest_authorisation`.
    pub(crate) ingest_authorisation: Option<&'static str>,
    pub(crate) second_factor_required: Option<bool>,
    pub(crate) encrypted_ingest: Option<bool>,
    pub(crate) static_tokens: Option<bool>,
    pub(crate) backend_tokens: Option<bool>,
    pub(crate) origins: Option<Vec<String>>,
    pub(crate) thresholds: Option<ThresholdsEdit>,
    /// What is to happen by itself about whom misuse is found in.
    pub(crate) responses: Option<responses::settings::Edit>,
    /// For how many days addresses are full.
    pub(crate) address_days: Option<i64>,
    pub(crate) masking: Option<Masking>,
    pub(crate) retention: Option<Retention>,
}

/// For how long rows are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retention {
    /// As the package says, where it is none.
    pub(crate) days: Option<i64>,
}

/// An organisation after a change, and how far the change got.
pub(crate) type Changed = (organisation::Model, Progress);

/// An organisation as platform operators see one: nothing of what is inside.
#[derive(Clone, Debug)]
pub(crate) struct Overview {
    pub(crate) row: organisation::Model,
    pub(crate) members: u64,
    pub(crate) streams: u64,
    /// Of Guardian.
    pub(crate) rules: u64,
    pub(crate) live: Counters,
    pub(crate) packages: Vec<packages::Standing>,
    /// That of its first administrator, while nobody accepted it.
    pub(crate) first_invitation: Option<invitation::Model>,
}

/// Founds an organisation within `work`, which is on a new id: its row, its packages, its first signing key. Gives back what
/// the nodes have to know.
pub(crate) async fn found(
    work: &Work<'_>,
    name: &str,
    enabled: &[Package],
) -> Result<(organisation::Model, Vec<Update>), Fault> {
    let name = label("name", name, NAME)?;
    let row = organisation::ActiveModel {
        id: Set(work.organisation.uuid()),
        hash: Set(free_hash(work).await?.to_string()),
        name: Set(name),
        standing: Set("active".to_owned()),
        secure_playback: Set(true),
        ingest_authorisation: Set("key".to_owned()),
        force_disconnect: Set(false),
        second_factor_required: Set(false),
        encrypted_ingest: Set(false),
        asks_play: Set(false),
        asks_publish: Set(false),
        judges_backend: Set(false),
        static_tokens: Set(false),
        backend_tokens: Set(true),
        webhook_edition: Set(0),
        thresholds: Set(None),
        responses: Set(None),
        address_days: Set(ADDRESS_DAYS),
        address_after: Set(Masking::Truncated.column().to_owned()),
        keep_days: Set(None),
        origins: Set(None),
        created_at: Set(work.at.us()),
    }
    .insert(&*work.write)
    .await?;
    for package in enabled {
        packages::set(work, *package, true, &packages::Limits::new()).await?;
    }
    let key = keys::create(work.state, &*work.write, work.organisation).await?;
    let mut updates = vec![told(work, &row).await?];
    updates.extend(keys::verifying(&work.state.seal, &key)?.map(|key| Update::Key {
        organisation: work.organisation,
        key,
    }));
    Ok((row, updates))
}

/// Creates an organisation, and invites its first administrator; one cannot be without the other.
pub(crate) async fn create(
    state: &State,
    by: By,
    name: &str,
    admin: &str,
    enabled: &[Package],
) -> Result<(organisation::Model, invitation::Model, Progress), Fault> {
    let work = Work::on(state, state.mint(), by).await?;
    let (row, updates) = found(&work, name, enabled).await?;
    let invitation = invitations::issue(&work, admin, Role::Admin)
        .await
        .map_err(|fault| fault.called("adminEmail"))?;
    let packages: Vec<_> = enabled.iter().map(|package| package.as_str()).collect();
    let detail = json!({ "name": row.name, "packages": packages });
    let progress = work
        .concerning(&invitation.email)
        .finish(PlatformAction::OrganisationCreate, &row.hash, detail, &updates)
        .await?;
    state.post.wake();
    Ok((row, invitation, progress))
}

/// Changes an organisation's settings.
pub(crate) async fn edit(
    state: &State,
    acting: &Acting,
    with_second_factor: bool,
    edit: Edit,
) -> Result<Changed, Fault> {
    if edit.second_factor_required == Some(true) && !with_second_factor {
        return Err(Fault::field(
            "secondFactorRequired",
            "SECOND_FACTOR_FIRST",
            "sign in with a second factor yourself before you require it of everybody",
        ));
    }
    if edit.ingest_authorisation == Some("inherit") {
        let message = "an organisation has nothing to inherit from: open, key or token";
        return Err(Fault::field("ingestAuthorisation", "INVALID", message));
    }
    let work = Work::begin(state, acting).await?;
    let before = row(&*work.write, acting.id).await?;
    let mut after = before.clone().into_active_model();
    if let Some(name) = &edit.name {
        after.name = Set(label("name", name, NAME)?);
    }
    if let Some(secure) = edit.secure_playback {
        after.secure_playback = Set(secure);
    }
    if let Some(force) = edit.force_disconnect {
        after.force_disconnect = Set(force);
    }
    if let Some(ingest) = edit.ingest_authorisation {
        after.ingest_authorisation = Set(ingest.to_owned());
    }
    if let Some(required) = edit.second_factor_required {
        after.second_factor_required = Set(required);
    }
    if let Some(encrypted) = edit.encrypted_ingest {
        after.encrypted_ingest = Set(encrypted);
    }
    if let Some(on) = edit.static_tokens {
        after.static_tokens = Set(on);
    }
    if let Some(on) = edit.backend_tokens {
        after.backend_tokens = Set(on);
    }
    if let Some(origins) = &edit.origins {
        let origins = allowed(origins)?;
        after.origins = Set((!origins.is_empty()).then(|| json!(origins)));
    }
    if let Some(edit) = edit.thresholds {
        after.thresholds = Set(Some(json!(edit.of(&findings::thresholds_of(&before)))));
    }
    if let Some(edit) = &edit.responses {
        let automatic = Automatic::of(&before).changed(edit)?;
        after.responses = Set(Some(json!(automatic)));
    }
    if let Some(days) = edit.address_days {
        after.address_days = Set(within(days, "privacy")?);
    }
    if let Some(masking) = edit.masking {
        after.address_after = Set(masking.column().to_owned());
    }
    if let Some(Retention { days }) = edit.retention {
        after.keep_days = Set(days.map(|days| within(days, "retention")).transpose()?);
    }
    let after = after.update(&*work.write).await?;
    let shown = |row: &organisation::Model| {
        json!({ "name": row.name, "securePlayback": row.secure_playback, "forceDisconnect": row.force_disconnect,
            "ingestAuthorisation": row.ingest_authorisation, "secondFactorRequired": row.second_factor_required,
            "encryptedIngest": row.encrypted_ingest, "staticTokens": row.static_tokens,
            "backendTokens": row.backend_tokens, "allowedOrigins": row.origins,
            "misuseThresholds": findings::thresholds_of(row), "responses": Automatic::of(row).told(), "addressDays": row.address_days,
            "addressesAfterwards": row.address_after, "retentionDays": row.keep_days })
    };
    let detail = json!({ "before": shown(&before), "after": shown(&after) });
    let update = told(&work, &after).await?;
    let progress = work
        .finish(Action::OrganisationUpdate, &after.hash, detail, &[update])
        .await?;
    state.access.changed(Whose::Organisation(acting.id));
    if edit.thresholds.is_some() {
        state.analytics.set(acting.id, findings::thresholds_of(&after));
    }
    state.privacy.wake();
    Ok((after, progress))
}

/// A number of days for which something is kept.
fn within(days: i64, field: &str) -> Result<i32, Fault> {
    let days = i32::try_from(days).ok();
    days.filter(|days| (1..=MOST_DAYS).contains(days))
        .ok_or_else(|| Fault::field(field, "INVALID", "days are 1 to 3650"))
}

/// Each origin once, as browsers write it.
fn allowed(origins: &[String]) -> Result<Vec<OriginPattern>, Fault> {
    let wrong = |why: String| Fault::field("allowedOrigins", "INVALID", why);
    let mut allowed = Vec::new();
    for origin in origins {
        let origin: OriginPattern = origin.parse().map_err(|error: OriginError| wrong(error.to_string()))?;
        if !allowed.contains(&origin) {
            allowed.push(origin);
        }
    }
    if allowed.len() > ORIGINS {
        return Err(wrong(format!("{ORIGINS} at most")));
    }
    Ok(allowed)
}

/// Enables a package with these limits, or takes it away. Running sessions are decided again.
pub(crate) async fn set_package(
    state: &State,
    by: By,
    hash: &str,
    package: Package,
    enabled: bool,
    limits: packages::Limits,
) -> Result<Changed, Fault> {
    let work = Work::on(state, by_hash(state, hash).await?, by).await?;
    let row = row(&*work.write, work.organisation).await?;
    let before = packages::set(&work, package, enabled, &limits).await?;
    let shown = |limits: Option<&packages::Limits>| limits.map(packages::shown);
    let detail = json!({ "package": package.as_str(), "before": shown(before.as_ref()),
        "after": shown(enabled.then_some(&limits)) });
    let update = told(&work, &row).await?;
    let id = work.organisation;
    let progress = work
        .finish(PlatformAction::PackageSet, &row.hash, detail, &[update])
        .await?;
    state.access.changed(Whose::Organisation(id));
    Ok((row, progress))
}

/// Declines an organisation's wish for a package, for this reason.
pub(crate) async fn decline_package(
    state: &State,
    by: By,
    hash: &str,
    package: Package,
    reason: &str,
) -> Result<organisation::Model, Fault> {
    let work = Work::on(state, by_hash(state, hash).await?, by).await?;
    let row = row(&*work.write, work.organisation).await?;
    let reason = packages::decline(&work, &row, package, reason).await?;
    let detail = json!({ "package": package.as_str(), "reason": reason });
    work.finish_untold(PlatformAction::PackageDecline, &row.hash, detail)
        .await?;
    state.post.wake();
    Ok(row)
}

/// Sends an organisation's first administrator the invitation again; the old link is dead.
pub(crate) async fn invite_again(state: &State, by: By, hash: &str) -> Result<invitation::Model, Fault> {
    let organisation = by_hash(state, hash).await?;
    invitations::resend_first(state, by, organisation).await
}

/// Suspends an organisation, or lets it go on. Suspended, nothing of it plays or is published, and its people and software
/// are refused; nothing is lost.
pub(crate) async fn set_standing(state: &State, by: By, hash: &str, suspended: bool) -> Result<Changed, Fault> {
    let work = Work::on(state, by_hash(state, hash).await?, by).await?;
    let before = row(&*work.write, work.organisation).await?;
    let mut after = before.clone().into_active_model();
    let (standing, action) = if suspended {
        ("suspended", PlatformAction::OrganisationSuspend)
    } else {
        ("active", PlatformAction::OrganisationResume)
    };
    after.standing = Set(standing.to_owned());
    let after = after.update(&*work.write).await?;
    let id = work.organisation;
    let detail = json!({ "before": before.standing, "after": after.standing });
    let update = told(&work, &after).await?;
    let progress = work.finish(action, &after.hash, detail, &[update]).await?;
    state.access.changed(Whose::Organisation(id));
    Ok((after, progress))
}

/// A page of the installation's organisations, the newest first.
pub(crate) async fn page(state: &State, text: Option<&str>, wanted: Wanted) -> Result<Page<Overview>, Fault> {
    let mut select = organisation::Entity::across_tenants("the list of organisations, for platform operators");
    if let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) {
        let columns = [organisation::Column::Name, organisation::Column::Hash];
        select = select.filter(super::reading::contains(&columns, text)?);
    }
    let key = |key: &str| key.parse::<OrganisationId>().ok().map(|id| id.uuid().into());
    let connection = state.store.read();
    let page = wanted
        .of(connection, select, organisation::Column::Id, Order::Desc, key)
        .await?;
    let ids: Vec<_> = page.rows.iter().map(|row| row.id).collect();
    let mut overviews = overviews(state, &ids, page.rows).await?;
    overviews.sort_by_key(|overview| ids.iter().position(|id| *id == overview.row.id));
    Ok(Page {
        rows: overviews,
        has_previous: page.has_previous,
        has_next: page.has_next,
        total: page.total,
    })
}

/// One organisation as platform operators see it.
pub(crate) async fn overview(state: &State, row: organisation::Model) -> Result<Overview, Fault> {
    let ids = [row.id];
    overviews(state, &ids, vec![row])
        .await?
        .into_iter()
        .next()
        .ok_or(Fault::Internal)
}

/// The wishes for packages that nobody answered, the oldest first.
pub(crate) async fn requests(state: &State) -> Result<Vec<(package_request::Model, organisation::Model)>, Fault> {
    let connection = state.store.read();
    let mut requests = package_request::Entity::across_tenants("wishes for packages, for platform operators")
        .filter(package_request::Column::AnsweredAt.is_null())
        .limit(REQUESTS)
        .all(connection)
        .await?;
    requests.sort_by_key(|request| request.created_at);
    let organisations = organisation::Entity::across_tenants("wishes for packages, for platform operators")
        .filter(organisation::Column::Id.is_in(requests.iter().map(|request| request.organisation_id)))
        .all(connection)
        .await?;
    let of = |id: Uuid| organisations.iter().find(|row| row.id == id).cloned();
    Ok(requests
        .into_iter()
        .filter_map(|request| of(request.organisation_id).map(|row| (request, row)))
        .collect())
}

/// The organisation of that hash, for platform operators.
async fn by_hash(state: &State, hash: &str) -> Result<OrganisationId, Fault> {
    let hash: OrganisationHash = hash.parse().map_err(|_| Fault::NotFound)?;
    let row = organisation::Entity::across_tenants("an organisation by its hash, for platform operators")
        .filter(organisation::Column::Hash.eq(hash.to_string()))
        .one(state.store.read())
        .await?
        .ok_or(Fault::NotFound)?;
    Ok(OrganisationId::from_uuid(row.id))
}

/// The organisation's row, held until the transaction ends, and not from those who write rows that belong to it: who holds
/// one of these may wait for nothing that waits for this.
pub(crate) async fn row(connection: &impl ConnectionTrait, id: OrganisationId) -> Result<organisation::Model, Fault> {
    organisation::Entity::in_tenant(id)
        .lock(LockType::NoKeyUpdate)
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)
}

/// What the nodes have to know of an organisation.
pub(crate) async fn told(work: &Work<'_>, row: &organisation::Model) -> Result<Update, DbErr> {
    let grants = package_grant::Entity::in_tenant(work.organisation)
        .all(&*work.write)
        .await?;
    Ok(Update::Organisation(policy::organisation(row, &grants)?))
}

async fn free_hash(work: &Work<'_>) -> Result<OrganisationHash, Fault> {
    for _ in 0..HASHES {
        let hash = OrganisationHash::mint(work.state.entropy.bytes());
        let taken = organisation::Entity::across_tenants("whether a new organisation's hash is free")
            .filter(organisation::Column::Hash.eq(hash.to_string()))
            .one(&*work.write)
            .await?;
        if taken.is_none() {
            return Ok(hash);
        }
    }
    Err(Fault::Caller(UserError {
        code: "FULL".to_owned(),
        message: "no free hash was found; try again".to_owned(),
        field: None,
    }))
}

async fn overviews(state: &State, ids: &[Uuid], rows: Vec<organisation::Model>) -> Result<Vec<Overview>, Fault> {
    let connection = state.store.read();
    let members: Vec<(Uuid, i64)> = member::Entity::across_tenants("how many members organisations have")
        .select_only()
        .column(member::Column::OrganisationId)
        .column_as(member::Column::Id.count(), "many")
        .filter(member::Column::OrganisationId.is_in(ids.iter().copied()))
        .group_by(member::Column::OrganisationId)
        .into_tuple()
        .all(connection)
        .await?;
    let streams: Vec<(Uuid, i64)> = stream::Entity::across_tenants("how many streams organisations have")
        .select_only()
        .column(stream::Column::OrganisationId)
        .column_as(stream::Column::Id.count(), "many")
        .filter(stream::Column::OrganisationId.is_in(ids.iter().copied()))
        .filter(stream::Column::DeletedAt.is_null())
        .group_by(stream::Column::OrganisationId)
        .into_tuple()
        .all(connection)
        .await?;
    let rules: Vec<(Uuid, i64)> = rule_count::Entity::across_tenants("how many rules organisations have")
        .select_only()
        .column(rule_count::Column::OrganisationId)
        .column(rule_count::Column::Rules)
        .filter(rule_count::Column::OrganisationId.is_in(ids.iter().copied()))
        .into_tuple()
        .all(connection)
        .await?;
    let grants = package_grant::Entity::across_tenants("which packages organisations have")
        .filter(package_grant::Column::OrganisationId.is_in(ids.iter().copied()))
        .all(connection)
        .await?;
    let requests = package_request::Entity::across_tenants("which packages organisations wish for")
        .filter(package_request::Column::OrganisationId.is_in(ids.iter().copied()))
        .all(connection)
        .await?;
    let mut invitations: HashMap<_, _> = invitations::first_of(connection, ids)
        .await?
        .into_iter()
        .map(|invitation| (invitation.organisation_id, invitation))
        .collect();
    let mut by_organisation: HashMap<Uuid, (Vec<_>, Vec<_>)> = HashMap::new();
    for grant in grants {
        by_organisation.entry(grant.organisation_id).or_default().0.push(grant);
    }
    for request in requests {
        by_organisation
            .entry(request.organisation_id)
            .or_default()
            .1
            .push(request);
    }
    let many = |counts: &[(Uuid, i64)], id: Uuid| {
        counts
            .iter()
            .find(|(one, _)| *one == id)
            .map_or(0, |(_, many)| u64::try_from(*many).unwrap_or(0))
    };
    Ok(rows
        .into_iter()
        .map(|row| {
            let (grants, requests) = by_organisation.remove(&row.id).unwrap_or_default();
            Overview {
                members: many(&members, row.id),
                streams: many(&streams, row.id),
                rules: many(&rules, row.id),
                live: state.live.counters(OrganisationId::from_uuid(row.id), None),
                packages: packages::standings(&grants, &requests),
                first_invitation: invitations.remove(&row.id),
                row,
            }
        })
        .collect())
}

/// For how many days addresses are full, unless an organisation says otherwise.
const ADDRESS_DAYS: i32 = 30;
/// Ten years.
const MOST_DAYS: i32 = 3650;
const NAME: usize = 100;
const ORIGINS: usize = 50;
const REQUESTS: u64 = 200;
const HASHES: usize = 20;
