//! Responses of the platform's own accord: whom something was found of is noted in the transaction that writes the finding,
//! and seen to at once afterwards. What the settings say is read in the transaction that acts on it.
//!
//! After a crash what was noted is seen to as long as it is fresh. What was found before a longer outage is let go: if it
//! goes on, it is found again within a minute.
//!
//! Nothing happens by itself about whom nobody would call a thief: a sign alone may hold of a phone on its way home, or of
//! an office.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use authz::Action;
use entity::{Table, Tenanted, finding, organisation, response};
use guard::{Timestamp, Update, policy::Package};
use ids::OrganisationId;
use misuse::CALLED;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Copied, SUGGESTED, Standing, Wish, Work, about,
    applying::{self, Target},
    close, new,
    news::told_of,
    object, remove,
    settings::{self, Automatic, Way},
    standing::{DUE, past},
    suggested,
    thief::Thief,
    told,
};
use crate::{
    analytics::{
        Found,
        findings::{self, ADDRESS, TOKEN, USER},
    },
    fault::Fault,
    people::By,
    publisher::policy,
    state::State,
};

/// Notes of whom something was found, where an organisation wants something to be done about it by itself: each once, as
/// long as nothing is done, and so many of an organisation at once.
pub(crate) async fn note(state: &State, connection: &impl ConnectionTrait, found: &[Found]) -> Result<(), DbErr> {
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
    let mut due: BTreeMap<OrganisationId, BTreeMap<_, &Found>> = BTreeMap::new();
    for one in found {
        let ways = wanted.get(&one.organisation).map(|wanted| &wanted.ways);
        if ways.is_some_and(|ways| !ways.is_empty()) {
            due.entry(one.organisation)
                .or_default()
                .insert(&one.finding.subject, one);
        }
    }
    for (organisation, found) in due {
        let many = response::Entity::in_tenant(organisation)
            .filter(response::Column::State.eq(DUE))
            .count(connection)
            .await?;
        let Some(room) = DUE_AT_ONCE
            .checked_sub(many)
            .and_then(|room| usize::try_from(room).ok())
        else {
            continue;
        };
        let subjects = found.keys().map(|subject| findings::named(subject).1).collect();
        let open = open(connection, organisation, subjects, state.now()).await?;
        let rows: Vec<_> = found
            .into_values()
            .filter_map(|one| row(state, one, &open))
            .take(room)
            .collect();
        if !rows.is_empty() {
            response::Entity::insert_many(rows)
                .exec_without_returning(connection)
                .await?;
        }
    }
    Ok(())
}

/// About whom of them something is due or done, by kind and name.
async fn open(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    subjects: Vec<String>,
    now: Timestamp,
) -> Result<HashSet<(String, String)>, DbErr> {
    use response::Column;
    let mut open = HashSet::new();
    for some in subjects.chunks(SUBJECTS) {
        let rows: Vec<(String, String)> = response::Entity::in_tenant(organisation)
            .select_only()
            .columns([Column::Kind, Column::Subject])
            .filter(Column::Kind.is_in([TOKEN, USER, ADDRESS]))
            .filter(Column::Subject.is_in(some))
            .filter(
                Condition::any()
                    .add(Column::State.eq(DUE))
                    .add(Standing::Applied.filter(now.us())),
            )
            .into_tuple()
            .all(connection)
            .await?;
        open.extend(rows);
    }
    Ok(open)
}

fn row(
    state: &State,
    Found { organisation, finding }: &Found,
    open: &HashSet<(String, String)>,
) -> Option<response::ActiveModel> {
    let (kind, subject) = findings::named(&finding.subject);
    if subject.len() > findings::LONGEST || open.contains(&(kind.to_owned(), subject.clone())) {
        return None;
    }
    let wish = Wish {
        state: DUE,
        length_s: settings::LENGTH_S,
        note: None,
        by: None,
    };
    let found = Copied {
        kind,
        subject: &subject,
        indicator: finding.indicator.as_str(),
        points: i32::try_from(finding.points).unwrap_or(i32::MAX),
        evidence: &finding.evidence,
        last_at: finding.last.us(),
    };
    Some(new(state.mint(), *organisation, state.now(), wish, found))
}

/// The task: sees to what is due, and to what is over. Ends with `stop`.
pub(crate) async fn run(state: Arc<State>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = state.responses.wanted() => {}
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
                Ok(true) if turn == TURNS => state.responses.wake(),
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
                .add(past(now_us))
                .add(lapsed(now_us, WAITS_US).add(Column::ProposedBy.is_null()))
                .add(lapsed(now_us, PEOPLES_WAITS_US)),
        }
    }
}

/// Suggestions that nobody took up for so long.
fn lapsed(now_us: i64, waits_us: i64) -> Condition {
    use response::Column;
    Condition::all()
        .add(Column::State.eq(Standing::Suggested.column()))
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
        Step::Over if row.state == Standing::Suggested.column() => lapse(work, row).await?,
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
    let thief = Thief::of(&work, &row).await?;
    let Some((way, sign)) = called(&work, &said, (&row, &thief)).await? else {
        return dismiss(work, row.id).await;
    };
    // Where a token cannot be held its viewer may be, whose turn comes.
    let target = match Target::of(&row.kind, &row.subject) {
        Some(target) if target.can_be_held(&work).await? => target,
        _ => return dismiss(work, row.id).await,
    };
    let row = response::ActiveModel {
        id: Set(row.id),
        indicator: Set(sign.indicator),
        points: Set(sign.points),
        evidence: Set(sign.evidence),
        last_at: Set(sign.last_at),
        length_s: Set(said.length_s),
        ..Default::default()
    };
    let row = row.update(&*work.write).await?;
    if way == Way::Apply && of_late(&work).await? < u64::from(said.per_hour) {
        match applying::apply(&work, &row, target, None).await {
            Ok((row, update)) => {
                let forgotten = thief.withdraw(&work).await?.then_some(None);
                return finish(work.telling(forgotten), "applied", &row, &[update]).await;
            }
            // What cannot be done by itself a person looks at.
            Err(Fault::Caller(_) | Fault::PackageRequired(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    if thief.is_suggested(&work).await? || suggested(&work, false).await? >= SUGGESTED {
        return dismiss(work, row.id).await;
    }
    let waits = response::ActiveModel {
        id: Set(row.id),
        state: Set(Standing::Suggested.column().to_owned()),
        ..Default::default()
    };
    let row = waits.update(&*work.write).await?;
    let detail = told("suggested", &row);
    about(work, &row)
        .telling([told_of(&row)])
        .finish_untold(Action::ResponseWrite, &object(&row), detail)
        .await
}

/// What is to happen about them, and the sign that says most for it; none where nothing is.
async fn called(
    work: &Work<'_>,
    said: &Automatic,
    (row, thief): (&response::Model, &Thief),
) -> Result<Option<(Way, finding::Model)>, Fault> {
    let packages = policy::packages(&*work.write, work.organisation).await?;
    if !packages.has(Package::Analytics) || is_seen_to(work, thief).await? {
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
/// response; or they are cut off without one. Whom a person refused, or let in again, the platform leaves alone for a day.
async fn is_seen_to(work: &Work<'_>, thief: &Thief) -> Result<bool, DbErr> {
    use response::Column;
    let overruled = Condition::all()
        .add(Column::State.is_in([Standing::Refused.column(), Standing::Undone.column()]))
        .add(Column::EndedAt.gt(work.at.us().saturating_sub(WAITS_US)));
    let seen_to = Condition::any()
        .add(overruled)
        .add(Standing::Applied.filter(work.at.us()));
    Ok(thief.has_response(work, &seen_to).await? || thief.is_cut(work).await?)
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

/// The time of what was applied is over: nodes let in by themselves, and forget it now. Who is held anew stays so, and who
/// was erased is not named again.
async fn end(work: Work<'_>, row: response::Model) -> Result<(), Fault> {
    let updates = if row.rule_id.is_some() {
        applying::lift(&work, &row).await?
    } else {
        vec![Update::HoldsOver {
            organisation: work.organisation,
            at: work.at,
        }]
    };
    let at = row.until_at.unwrap_or(work.at.us());
    let row = close(&work, &row, (Standing::Over, at), None).await?;
    finish(work, "over", &row, &updates).await
}

/// Nobody took it up.
async fn lapse(work: Work<'_>, row: response::Model) -> Result<(), Fault> {
    let detail = told("lapsed", &row);
    remove(&work, row.id).await?;
    about(work, &row)
        .telling([None])
        .finish_untold(Action::ResponseWrite, &object(&row), detail)
        .await
}

/// Nothing is done about it, and nothing was told of it.
async fn dismiss(work: Work<'_>, id: Uuid) -> Result<(), Fault> {
    remove(&work, id).await?;
    work.write.commit().await?;
    Ok(())
}

/// Without waiting for the nodes: the next one waits.
async fn finish(work: Work<'_>, what: &str, row: &response::Model, updates: &[Update]) -> Result<(), Fault> {
    let detail = told(what, row);
    about(work, row)
        .telling([told_of(row)])
        .finish_unfollowed(Action::ResponseWrite, &object(row), detail, updates)
        .await
}

/// How often what is over is looked for.
const TICK: Duration = Duration::from_secs(2);
/// How many of an organisation are seen to before the next has its turn.
const TURNS: usize = 20;
/// SQLite allows 32766 parameters in a statement.
const SUBJECTS: usize = 10_000;
/// How many of an organisation wait to be seen to.
const DUE_AT_ONCE: u64 = 100;
/// A sign that was seen so long ago holds no more: what goes on is told every minute.
const FRESH: Duration = Duration::from_mins(3);
/// For how long a suggestion of the platform's waits, and a person's word stands against it: a day.
const WAITS_US: i64 = 24 * 3_600_000_000;
/// For how long a person's: 30 days.
const PEOPLES_WAITS_US: i64 = 30 * WAITS_US;
