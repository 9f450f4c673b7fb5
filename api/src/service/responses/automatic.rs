//! Responses of the platform's own accord: whom something was found of is noted in the transaction that writes the finding,
//! and seen to at once afterwards, or after a crash. What the settings say is read in the transaction that acts on it.
//!
//! Nothing happens by itself about whom nobody would call a thief: a sign alone may hold of a phone on its way home, or of
//! an office.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use authz::Action;
use entity::{Table, Tenanted, finding, organisation, response, session};
use guard::{Timestamp, policy::Package};
use ids::{OrganisationId, ResponseId};
use misuse::CALLED;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    APPLIED, DUE, Found, OVER, SUGGESTED, SUGGESTED_STATE, Standing, UNDONE, Work, about, applying, forget,
    is_kept_out, is_suggested, new, of,
    settings::{Automatic, Way},
    suggested, told,
};
use crate::{
    analytics::{
        Found as Sign,
        findings::{self, TOKEN, USER},
    },
    fault::Fault,
    people::By,
    publisher::policy,
    state::State,
};

/// Notes of whom something was found, where an organisation wants something to be done about it by itself: each once, as
/// long as nothing is done, and so many of an organisation at once.
pub(crate) async fn note(state: &State, connection: &impl ConnectionTrait, found: &[Sign]) -> Result<(), DbErr> {
    if found.is_empty() {
        return Ok(());
    }
    let ids: BTreeSet<_> = found.iter().map(|one| one.organisation.uuid()).collect();
    let wanted: HashMap<_, _> = organisation::Entity::across_tenants("what organisations let happen by itself")
        .filter(organisation::Column::Id.is_in(ids))
        .filter(organisation::Column::Responses.is_not_null())
        .all(connection)
        .await?
        .iter()
        .map(|row| (OrganisationId::from_uuid(row.id), Automatic::of(row)))
        .collect();
    let mut due: BTreeMap<OrganisationId, BTreeMap<_, &Sign>> = BTreeMap::new();
    for one in found {
        let ways = wanted.get(&one.organisation).map(|wanted| &wanted.ways);
        if ways.is_some_and(|ways| !ways.is_empty()) {
            due.entry(one.organisation)
                .or_default()
                .insert(&one.finding.subject, one);
        }
    }
    for (organisation, of) in due {
        let open = open(connection, organisation, state.now()).await?;
        let rows: Vec<_> = of
            .into_values()
            .filter_map(|one| row(state, one, &open))
            .take(DUE_AT_ONCE.saturating_sub(open.due))
            .collect();
        if !rows.is_empty() {
            response::Entity::insert_many(rows)
                .exec_without_returning(connection)
                .await?;
        }
    }
    Ok(())
}

/// About whom something is due or done.
struct Open {
    of: BTreeSet<(String, String)>,
    due: usize,
}

async fn open(connection: &impl ConnectionTrait, organisation: OrganisationId, now: Timestamp) -> Result<Open, DbErr> {
    use response::Column;
    let rows: Vec<(String, String, String)> = response::Entity::in_tenant(organisation)
        .select_only()
        .columns([Column::Kind, Column::Subject, Column::State])
        .filter(
            Condition::any()
                .add(Column::State.eq(DUE))
                .add(Standing::Applied.filter(now.us())),
        )
        .into_tuple()
        .all(connection)
        .await?;
    Ok(Open {
        due: rows.iter().filter(|(.., state)| state == DUE).count(),
        of: rows.into_iter().map(|(kind, subject, _)| (kind, subject)).collect(),
    })
}

fn row(state: &State, Sign { organisation, finding }: &Sign, open: &Open) -> Option<response::ActiveModel> {
    let (kind, subject) = findings::named(&finding.subject);
    if subject.len() > findings::LONGEST || open.of.contains(&(kind.to_owned(), subject.clone())) {
        return None;
    }
    let found = Found {
        kind,
        subject: &subject,
        indicator: finding.indicator.as_str(),
        points: i32::try_from(finding.points).unwrap_or(i32::MAX),
        evidence: &finding.evidence,
    };
    Some(new(state.mint(), *organisation, state.now(), found))
}

/// The task: sees to what is due, and to what is over. Ends with `stop`.
pub(crate) async fn run(state: Arc<State>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = state.responses.notified() => {}
            _ = tick.tick() => {}
        }
        for step in [Step::Due, Step::Over] {
            if let Err(error) = pass(&state, step, &stop).await {
                tracing::error!(%error, "responses wait: the database refused");
            }
        }
    }
}

/// What is seen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Due,
    Over,
}

/// A turn for each organisation.
async fn pass(state: &State, step: Step, stop: &CancellationToken) -> Result<(), DbErr> {
    let organisations: Vec<Uuid> = response::Entity::across_tenants("organisations whose responses are due or over")
        .select_only()
        .column(response::Column::OrganisationId)
        .distinct()
        .filter(step.filter(state.now_us()))
        .into_tuple()
        .all(state.store.read())
        .await?;
    for organisation in organisations {
        let organisation = OrganisationId::from_uuid(organisation);
        // One's trouble, or crowd, is nobody else's.
        for turn in 1..=TURNS {
            if stop.is_cancelled() {
                return Ok(());
            }
            match one(state, organisation, step).await {
                Ok(true) if turn == TURNS => state.responses.notify_one(),
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::error!(organisation.id = %organisation, ?error, "a response waits");
                    break;
                }
            }
        }
    }
    Ok(())
}

impl Step {
    fn filter(self, now_us: i64) -> Condition {
        use response::Column;
        match self {
            Self::Due => Condition::all().add(Column::State.eq(DUE)),
            Self::Over => Condition::any()
                .add(
                    Condition::all()
                        .add(Column::State.eq(APPLIED))
                        .add(Column::UntilAt.lte(now_us)),
                )
                .add(lapsed(now_us, WAITS_US).add(Column::ProposedBy.is_null()))
                .add(lapsed(now_us, PEOPLES_WAITS_US)),
        }
    }
}

/// Suggestions that nobody took up for so long.
fn lapsed(now_us: i64, waits_us: i64) -> Condition {
    use response::Column;
    Condition::all()
        .add(Column::State.eq(SUGGESTED_STATE))
        .add(Column::ProposedAt.lt(now_us.saturating_sub(waits_us)))
}

/// Sees to the next, tokens before viewers; whether there was one.
async fn one(state: &State, organisation: OrganisationId, step: Step) -> Result<bool, Fault> {
    let work = Work::on(state, organisation, By::platform(state)).await?;
    let next = response::Entity::in_tenant(organisation)
        .filter(step.filter(work.at.us()))
        .order_by_asc(response::Column::Kind)
        .order_by_asc(response::Column::Id)
        .one(&*work.write)
        .await?;
    let Some(row) = next else { return Ok(false) };
    match step {
        Step::Due => decide(work, row).await?,
        Step::Over if row.state == SUGGESTED_STATE => lapse(work, row).await?,
        Step::Over => end(work, row).await?,
    }
    Ok(true)
}

async fn decide(work: Work<'_>, row: response::Model) -> Result<(), Fault> {
    let said = organisation::Entity::in_tenant(work.organisation)
        .one(&*work.write)
        .await?
        .map(|row| Automatic::of(&row))
        .unwrap_or_default();
    let Some((way, sign)) = called(&work, &said, &row).await? else {
        return dismiss(work, row.id).await;
    };
    let row = response::Model {
        indicator: sign.indicator,
        points: sign.points,
        evidence: sign.evidence,
        length_s: said.length_s,
        ..row
    };
    if way == Way::Apply && of_late(&work).await? < u64::from(said.per_hour) {
        match applying::apply(&work, &row, None).await {
            Ok((applied, update)) => {
                // What waits for a person is done.
                response::Entity::remove_in_tenant(work.organisation)
                    .filter(response::Column::Kind.eq(row.kind.as_str()))
                    .filter(response::Column::Subject.eq(row.subject.as_str()))
                    .filter(response::Column::State.eq(SUGGESTED_STATE))
                    .exec(&*work.write)
                    .await?;
                let applied = found_again(applied, &row).update(&*work.write).await?;
                return finish(work, "applied", &applied, &[update]).await;
            }
            // What cannot be done by itself a person looks at.
            Err(Fault::Caller(_) | Fault::PackageRequired(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    if is_suggested(&work, &row.kind, &row.subject).await? || suggested(&work, false).await? >= SUGGESTED {
        return dismiss(work, row.id).await;
    }
    let waits = response::ActiveModel {
        id: Set(row.id),
        state: Set(SUGGESTED_STATE.to_owned()),
        ..Default::default()
    };
    let row = found_again(waits, &row).update(&*work.write).await?;
    let (object, detail) = (ResponseId::from_uuid(row.id).to_string(), told("suggested", &row));
    about(work, &row)
        .finish_untold(Action::ResponseWrite, &object, detail)
        .await
}

/// What is said of them now.
fn found_again(row: response::ActiveModel, found: &response::Model) -> response::ActiveModel {
    response::ActiveModel {
        indicator: Set(found.indicator.clone()),
        points: Set(found.points),
        evidence: Set(found.evidence.clone()),
        length_s: Set(found.length_s),
        ..row
    }
}

/// What is to happen about them, and the sign that says most for it; none where nothing is.
async fn called(
    work: &Work<'_>,
    said: &Automatic,
    row: &response::Model,
) -> Result<Option<(Way, finding::Model)>, Fault> {
    let packages = policy::packages(&*work.write, work.organisation).await?;
    if !packages.has(Package::Analytics) || is_seen_to(work, row).await? {
        return Ok(None);
    }
    let now = work.at;
    let time = (now.minus(FRESH), Timestamp::from_us(i64::MAX));
    let subjects = vec![row.subject.clone()];
    let mut found = findings::of(&*work.write, work.organisation, &row.kind, subjects, time).await?;
    let signs = found.remove(&row.subject).unwrap_or_default();
    let score: i64 = signs.iter().map(|sign| i64::from(sign.points)).sum();
    if score < i64::from(CALLED) {
        return Ok(None);
    }
    let way = |sign: &finding::Model| {
        let mut ways = said.ways.iter();
        ways.find(|(indicator, _)| indicator.as_str() == sign.indicator)
            .map(|(_, way)| *way)
    };
    let wanted = signs.into_iter().filter_map(|sign| Some((way(&sign)?, sign)));
    Ok(wanted.max_by_key(|(way, sign)| (*way, sign.points)))
}

/// Whether somebody, or the platform, saw to them, or to the viewer of a token, or to a token of a viewer: one thief is one
/// response. Whom a person refused, or let in again, the platform leaves alone for a day.
async fn is_seen_to(work: &Work<'_>, row: &response::Model) -> Result<bool, Fault> {
    for (kind, subject) in kin(work, row).await? {
        let overruled = of(work.organisation, kind, &subject)
            .filter(response::Column::State.is_in([super::REFUSED, UNDONE]))
            .filter(response::Column::EndedAt.gt(work.at.us().saturating_sub(WAITS_US)))
            .count(&*work.write)
            .await?;
        if overruled > 0 || is_kept_out(work, kind, &subject).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn kin(work: &Work<'_>, row: &response::Model) -> Result<Vec<(&'static str, String)>, DbErr> {
    use session::Column;
    let (kind, other, by, names) = match row.kind.as_str() {
        TOKEN => (TOKEN, USER, Column::Jti, Column::Viewer),
        USER => (USER, TOKEN, Column::Viewer, Column::Jti),
        _ => return Ok(vec![(findings::ADDRESS, row.subject.clone())]),
    };
    let named: Vec<Option<String>> = session::Entity::in_tenant(work.organisation)
        .select_only()
        .column(names)
        .distinct()
        .filter(by.eq(row.subject.as_str()))
        .filter(Column::StartedAt.gt(work.at.minus(KIN).us()))
        .limit(KIN_ROWS)
        .into_tuple()
        .all(&*work.write)
        .await?;
    let others = named.into_iter().flatten().map(|name| (other, name));
    Ok(others.chain([(kind, row.subject.clone())]).collect())
}

/// How many were kept out by themselves within the last hour.
async fn of_late(work: &Work<'_>) -> Result<u64, DbErr> {
    use response::Column;
    let hour = work.at.minus(Duration::from_hours(1)).us();
    response::Entity::in_tenant(work.organisation)
        .filter(Column::ProposedBy.is_null())
        .filter(Column::DecidedBy.is_null())
        .filter(Column::DecidedAt.gt(hour))
        .count(&*work.write)
        .await
}

/// The time of what was applied is over: nodes let in by themselves, and forget it now.
async fn end(work: Work<'_>, row: response::Model) -> Result<(), Fault> {
    let newer = row.rule_id.is_none() && is_kept_out(&work, &row.kind, &row.subject).await?;
    // Who was erased is not named again.
    let updates = if newer || row.forget && row.rule_id.is_none() {
        vec![]
    } else {
        applying::lift(&work, &row).await?
    };
    let ended = response::ActiveModel {
        id: Set(row.id),
        state: Set(OVER.to_owned()),
        ended_at: Set(row.until_at),
        ..Default::default()
    };
    let ended = ended.update(&*work.write).await?;
    if ended.forget {
        forget(&work, &ended).await?;
    }
    finish(work, "over", &ended, &updates).await
}

/// Nobody took it up.
async fn lapse(work: Work<'_>, row: response::Model) -> Result<(), Fault> {
    let (object, detail) = (ResponseId::from_uuid(row.id).to_string(), told("lapsed", &row));
    forget(&work, &row).await?;
    about(work, &row)
        .finish_untold(Action::ResponseWrite, &object, detail)
        .await
}

/// Nothing is done about it, and nothing was told of it.
async fn dismiss(work: Work<'_>, id: Uuid) -> Result<(), Fault> {
    response::Entity::remove_in_tenant(work.organisation)
        .filter(response::Column::Id.eq(id))
        .exec(&*work.write)
        .await?;
    work.write.commit().await?;
    Ok(())
}

/// Without waiting for the nodes: the next one waits.
async fn finish(work: Work<'_>, what: &str, row: &response::Model, updates: &[guard::Update]) -> Result<(), Fault> {
    let (object, detail) = (ResponseId::from_uuid(row.id).to_string(), told(what, row));
    about(work, row)
        .finish_unfollowed(Action::ResponseWrite, &object, detail, updates)
        .await
}

/// How often what is over is looked for.
const TICK: Duration = Duration::from_secs(2);
/// How many of an organisation are seen to before the next has its turn.
const TURNS: usize = 20;
/// How many of an organisation wait to be seen to.
const DUE_AT_ONCE: usize = 100;
/// A sign that was seen so long ago holds no more: what goes on is told every minute.
const FRESH: Duration = Duration::from_mins(3);
/// How long ago a session of a viewer's began that tells which tokens are theirs.
const KIN: Duration = Duration::from_hours(24);
/// Of how many tokens of a viewer that is looked up.
const KIN_ROWS: u64 = 100;
/// For how long a suggestion of the platform's waits, and a person's word stands against it: a day.
const WAITS_US: i64 = 24 * 3_600_000_000;
/// For how long a person's: 30 days.
const PEOPLES_WAITS_US: i64 = 30 * WAITS_US;
