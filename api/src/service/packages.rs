//! Packages: what the platform operators enable for an organisation, with which limits, and how much of them is used.

use std::collections::BTreeMap;

use authz::{Action, Role};
use entity::{
    Table, Tenanted, app_user, member, organisation, package_grant, package_request, revocation_count, rule_count,
    stream,
};
use guard::{policy::Package, rules::Matcher};
use ids::{OrganisationId, PackageRequestId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter,
};
use serde_json::{Value, json};

use super::{Work, concerning, label};
use crate::{
    fault::{Fault, UserError},
    mail::{self, Content, Outgoing},
    people::Acting,
    state::State,
};

/// What a package may be limited in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LimitName {
    /// Streams that are not deleted.
    Streams,
    /// Viewers at once.
    Viewers,
    /// Megabits a second, going out.
    Bandwidth,
    /// Guardian rules.
    Rules,
    /// Days for which something is kept.
    Retention,
}

/// Limits, by name; what is not in here is not limited.
pub(crate) type Limits = BTreeMap<LimitName, u32>;

/// An organisation's package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) package: Package,
    pub(crate) enabled: bool,
    pub(crate) limits: Limits,
    /// When somebody asked for it, where that was not answered.
    pub(crate) requested_at: Option<i64>,
    /// What became of the newest wish, where that was declined.
    pub(crate) refusal: Option<Refusal>,
}

/// That the operators declined a wish for a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) at: i64,
    /// In their words.
    pub(crate) reason: String,
}

/// Each package of the catalogue with what it may be limited in.
pub(crate) const CATALOGUE: [(Package, &[LimitName]); 7] = [
    (
        Package::Live,
        &[LimitName::Streams, LimitName::Viewers, LimitName::Bandwidth],
    ),
    (Package::Secure, &[]),
    (Package::Guardian, &[LimitName::Rules]),
    (Package::Analytics, &[LimitName::Retention]),
    (Package::Webhooks, &[]),
    (Package::Encryption, &[]),
    (Package::Recording, &[LimitName::Retention]),
];

impl Refusal {
    fn of(request: &package_request::Model) -> Option<Self> {
        Some(Self {
            at: request.answered_at?,
            reason: request.refusal.clone()?,
        })
    }
}

impl LimitName {
    /// The key in the column `limits`.
    const fn column(self) -> &'static str {
        match self {
            Self::Streams => "streams",
            Self::Viewers => "viewers",
            Self::Bandwidth => "bandwidth_mbit_s",
            Self::Rules => "rules",
            Self::Retention => "retention_days",
        }
    }
}

/// Every package of the catalogue as it stands for one organisation.
pub(crate) async fn of(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<Vec<Standing>, DbErr> {
    let grants = package_grant::Entity::in_tenant(organisation).all(connection).await?;
    let requests = package_request::Entity::in_tenant(organisation).all(connection).await?;
    Ok(standings(&grants, &requests))
}

/// Every package of the catalogue, as rows of one organisation say.
pub(crate) fn standings(grants: &[package_grant::Model], requests: &[package_request::Model]) -> Vec<Standing> {
    let standing = |(package, names): (Package, &[LimitName])| {
        let grant = grants.iter().find(|grant| grant.package == package.as_str());
        let asked = requests
            .iter()
            .filter(|request| request.package == package.as_str())
            .max_by_key(|request| (request.created_at, request.id));
        Standing {
            package,
            enabled: grant.is_some(),
            limits: grant.map(|grant| limits(names, grant)).unwrap_or_default(),
            requested_at: asked
                .filter(|request| request.answered_at.is_none())
                .map(|request| request.created_at),
            refusal: asked.filter(|_| grant.is_none()).and_then(Refusal::of),
        }
    };
    CATALOGUE.into_iter().map(standing).collect()
}

/// Refuses one stream more than the organisation may have.
pub(crate) async fn one_stream_more(work: &Work<'_>) -> Result<(), Fault> {
    let standings = of(&*work.write, work.organisation).await?;
    let Some(most) = limit(&standings, LimitName::Streams) else {
        return Ok(());
    };
    let there = stream::Entity::in_tenant(work.organisation)
        .filter(stream::Column::DeletedAt.is_null())
        .count(&*work.write)
        .await?;
    room(there.saturating_add(1), most, "streams")
}

/// Refuses so many Guardian rules more than the organisation may have.
pub(crate) async fn more_rules(work: &Work<'_>, more: u64) -> Result<(), Fault> {
    let standings = of(&*work.write, work.organisation).await?;
    let most = limit(&standings, LimitName::Rules).unwrap_or(RULES);
    let there = rules(&*work.write, work.organisation).await?;
    room(there.saturating_add(more), most, "rules")
}

/// Refuses a Guardian rule that is one more than the organisation may have: of all, or of such.
pub(crate) async fn one_rule_more(work: &Work<'_>, matcher: &Matcher) -> Result<(), Fault> {
    more_rules(work, 1).await?;
    if matcher.is_agent_pattern() && agent_patterns_left(work).await? == 0 {
        return Err(Fault::field("value", "LIMIT_REACHED", too_many_agent_patterns()));
    }
    Ok(())
}

/// How many rules on players with a pattern there may be beside those that there are: every request is compared with
/// each, on nodes that all share.
pub(crate) async fn agent_patterns_left(work: &Work<'_>) -> Result<usize, DbErr> {
    let there = concerning::agent_patterns(&*work.write, work.organisation).await?;
    let left = u64::from(AGENT_PATTERNS).saturating_sub(there);
    Ok(usize::try_from(left).unwrap_or(usize::MAX))
}

/// What is said of one more.
pub(crate) fn too_many_agent_patterns() -> String {
    format!(
        "an organisation has at most {AGENT_PATTERNS} rules on players with a pattern, for each is compared with every \
         request; whole names, `none` and `*` are not counted"
    )
}

/// How many Guardian rules an organisation has: not counted, since there may be a million.
pub(crate) async fn rules(connection: &impl ConnectionTrait, organisation: OrganisationId) -> Result<u64, DbErr> {
    let row = rule_count::Entity::in_tenant(organisation).one(connection).await?;
    Ok(row.map_or(0, |row| u64::try_from(row.rules).unwrap_or(0)))
}

/// Refuses one revocation more than the organisation may have of those that are kept for long.
pub(crate) async fn one_revocation_more(work: &Work<'_>) -> Result<(), Fault> {
    let row = revocation_count::Entity::in_tenant(work.organisation)
        .one(&*work.write)
        .await?;
    let there = row.map_or(0, |row| u64::try_from(row.revocations).unwrap_or(0));
    let what = "revocations that are kept for good; one of a signed token, by its text, goes with the token";
    room(there.saturating_add(1), REVOCATIONS, what)
}

fn room(wanted: u64, most: u32, what: &str) -> Result<(), Fault> {
    if wanted <= u64::from(most) {
        return Ok(());
    }
    Err(Fault::Caller(UserError {
        code: "LIMIT_REACHED".to_owned(),
        message: format!("the organisation may have {most} {what}"),
        field: None,
    }))
}

/// A limit, whichever package it comes with.
pub(crate) fn limit(standings: &[Standing], name: LimitName) -> Option<u32> {
    standings
        .iter()
        .find_map(|standing| standing.limits.get(&name).copied())
}

/// Enables a package with these limits, or takes it away; gives back what it was before.
pub(crate) async fn set(
    work: &Work<'_>,
    package: Package,
    enabled: bool,
    limits: &Limits,
) -> Result<Option<Limits>, Fault> {
    let names = CATALOGUE
        .iter()
        .find(|(one, _)| *one == package)
        .map_or(&[][..], |(_, names)| names);
    if let Some(foreign) = limits.keys().find(|name| !names.contains(name)) {
        return Err(Fault::field(
            "limits",
            "INVALID",
            format!("{} has no limit {}", package.as_str(), foreign.column()),
        ));
    }
    let found = package_grant::Entity::in_tenant(work.organisation)
        .filter(package_grant::Column::Package.eq(package.as_str()))
        .one(&*work.write)
        .await?;
    let before = found.as_ref().map(|grant| self::limits(names, grant));
    let column: serde_json::Map<_, _> = limits
        .iter()
        .map(|(name, limit)| (name.column().to_owned(), Value::from(*limit)))
        .collect();
    let column = (!column.is_empty()).then_some(Value::Object(column));
    match (found, enabled) {
        (Some(grant), true) => {
            let mut grant = grant.into_active_model();
            grant.limits = Set(column);
            grant.update_without_returning(&*work.write).await?;
        }
        (Some(grant), false) => {
            grant.into_active_model().delete(&*work.write).await?;
        }
        (None, true) => {
            let id: OrganisationId = work.state.mint();
            let grant = package_grant::ActiveModel {
                id: Set(id.uuid()),
                organisation_id: Set(work.organisation.uuid()),
                package: Set(package.as_str().to_owned()),
                limits: Set(column),
                created_at: Set(work.at.us()),
            };
            package_grant::Entity::insert(grant)
                .exec_without_returning(&*work.write)
                .await?;
        }
        (None, false) => {}
    }
    if enabled {
        answer_requests(work, package).await?;
    }
    Ok(before)
}

/// Notes that an organisation wishes for a package; nothing more where it did before.
pub(crate) async fn request(
    state: &State,
    acting: &Acting,
    package: Package,
    note: Option<String>,
) -> Result<(), Fault> {
    let note = note.filter(|note| !note.trim().is_empty());
    let note = note.map(|note| label("note", &note, NOTE)).transpose()?;
    let work = Work::begin(state, acting).await?;
    let standing = of(&*work.write, work.organisation)
        .await?
        .into_iter()
        .find(|one| one.package == package);
    if standing.as_ref().is_some_and(|standing| standing.enabled) {
        return Err(Fault::field(
            "package",
            "ENABLED",
            "the organisation has this package already",
        ));
    }
    if standing.is_some_and(|standing| standing.requested_at.is_some()) {
        return Ok(());
    }
    let id: PackageRequestId = work.state.mint();
    let row = package_request::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(work.organisation.uuid()),
        package: Set(package.as_str().to_owned()),
        note: Set(note.clone()),
        requested_by: Set(acting.actor.uuid().ok_or(Fault::Internal)?),
        created_at: Set(work.at.us()),
        answered_at: Set(None),
        refusal: Set(None),
    };
    package_request::Entity::insert(row)
        .exec_without_returning(&*work.write)
        .await?;
    tell_operators(&work, acting, package, note.as_deref()).await?;
    work.finish_untold(Action::PackageRequest, package.as_str(), json!({}))
        .await?;
    state.post.wake();
    Ok(())
}

/// Mails every platform operator that somebody wishes for a package.
async fn tell_operators(work: &Work<'_>, acting: &Acting, package: Package, note: Option<&str>) -> Result<(), Fault> {
    let operators = app_user::Entity::across_tenants("platform operators, who are mailed a wish for a package")
        .filter(app_user::Column::Operator.eq(true))
        .all(&*work.write)
        .await?;
    let link = format!("{}/platform", work.state.addresses.http);
    let letter = mail::package_request(&acting.row.name, package.as_str(), note, &link);
    mail_all(work, mail::Kind::PackageRequest, operators, &letter).await
}

/// Declines what the organisation wishes, and mails its administrators why. Part of `work`, whose caller finishes it, and
/// wakes the post after that.
pub(crate) async fn decline(
    work: &Work<'_>,
    organisation: &organisation::Model,
    package: Package,
    reason: &str,
) -> Result<String, Fault> {
    let reason = label("reason", reason, NOTE)?;
    let declined = package_request::Entity::change_in_tenant(work.organisation)
        .col_expr(package_request::Column::AnsweredAt, work.at.us().into())
        .col_expr(package_request::Column::Refusal, reason.clone().into())
        .filter(package_request::Column::Package.eq(package.as_str()))
        .filter(package_request::Column::AnsweredAt.is_null())
        .exec(&*work.write)
        .await?;
    if declined.rows_affected == 0 {
        let message = "the organisation does not ask for this package, or was answered already";
        return Err(Fault::field("package", "NOT_REQUESTED", message));
    }
    let administrators = member::Entity::in_tenant(work.organisation)
        .filter(member::Column::Role.eq(Role::Admin.as_str()))
        .all(&*work.write)
        .await?;
    let administrators = app_user::Entity::across_tenants("administrators, who are mailed that a wish was declined")
        .filter(app_user::Column::Id.is_in(administrators.iter().map(|member| member.user_id)))
        .all(&*work.write)
        .await?;
    let link = format!("{}/organisation", work.state.addresses.http);
    let letter = mail::package_declined(&organisation.name, package.as_str(), &reason, &link);
    mail_all(work, mail::Kind::PackageDeclined, administrators, &letter).await?;
    Ok(reason)
}

/// Queues one letter for each of these people.
async fn mail_all(
    work: &Work<'_>,
    kind: mail::Kind,
    people: Vec<app_user::Model>,
    letter: &mail::Letter,
) -> Result<(), Fault> {
    for person in people {
        let outgoing = Outgoing {
            kind,
            organisation: Some(work.organisation),
            recipient: person.email,
            content: Content::Written(letter.clone()),
        };
        mail::queue(work.state, &*work.write, outgoing).await?;
    }
    Ok(())
}

/// Limits as the audit log shows them.
pub(crate) fn shown(limits: &Limits) -> Value {
    limits
        .iter()
        .map(|(name, limit)| (name.column().to_owned(), json!(limit)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

async fn answer_requests(work: &Work<'_>, package: Package) -> Result<(), Fault> {
    package_request::Entity::change_in_tenant(work.organisation)
        .col_expr(package_request::Column::AnsweredAt, work.at.us().into())
        .filter(package_request::Column::Package.eq(package.as_str()))
        .filter(package_request::Column::AnsweredAt.is_null())
        .exec(&*work.write)
        .await?;
    Ok(())
}

fn limits(names: &[LimitName], grant: &package_grant::Model) -> Limits {
    let number = |name: &LimitName| grant.limits.as_ref()?.get(name.column())?.as_u64()?.try_into().ok();
    names.iter().filter_map(|name| Some((*name, number(name)?))).collect()
}

/// Guardian rules, where no package says otherwise: as many as the benchmark of the decision has.
const RULES: u32 = 1_000_000;
/// Of them on players with a pattern, whatever the package: with a hundred times as many a decision takes 15 ms.
const AGENT_PATTERNS: u32 = 1_000;
/// Revocations of names that anybody may think of, as ids of tokens.
const REVOCATIONS: u32 = 1_000_000;
/// Characters of a wish's note, and of the answer.
const NOTE: usize = 500;
