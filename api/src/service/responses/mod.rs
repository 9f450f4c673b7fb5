//! What is done about somebody in whom misuse was found: suggested by one, applied by a second, for a while, and taken back.
//!
//! ```text
//! finding ─┬─ a person suggests ──▶ suggested ─┬─ a second person ──▶ applied ─┬─▶ over
//!          └─ due ─▶ the settings ─┬───────────┘                       ▲       └─▶ undone
//!                                  └─ by itself, so often an hour ─────┘
//! ```
//! An address is kept out by a Guardian rule, a token or a viewer by a hold; both end by themselves. A person may suggest a
//! rule on what they came from instead: more addresses, a network or a page. Whom it is about may be erased, so the audit
//! log names tokens and viewers outside its hashes, and addresses not at all.

pub(crate) mod applying;
pub(crate) mod automatic;
mod holds;
mod news;
pub(crate) mod settings;
mod standing;
mod thief;

use authz::Action;
use entity::{Tenanted, api_token, finding, response};
use guard::{Timestamp, Update, policy::Package, rules::Kind};
use ids::{FindingId, OrganisationId, ResponseId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, Order, PaginatorTrait, QueryFilter, Select,
};
use serde_json::{Value, json};
use uuid::Uuid;

use self::{
    applying::{SUBNET, Target},
    news::told_of,
    standing::DUE,
};
pub(crate) use self::{holds::Holds, news::Responses, standing::Standing};
use super::{
    Work,
    page::{Page, Wanted},
    rules,
};
use crate::{
    analytics::findings::ADDRESS,
    fault::Fault,
    people::{Acting, Actor},
    publisher::{Progress, policy::Extent},
    state::State,
};

/// What one person asks another to do.
pub(crate) struct Suggestion<'a> {
    pub(crate) finding: &'a str,
    /// What a rule keeps out rather than whom the finding is of.
    pub(crate) block: Option<(Kind, &'a str)>,
    /// For how long, an hour unless said.
    pub(crate) length_s: Option<i64>,
    pub(crate) note: Option<&'a str>,
}

/// A page of responses, the newest first; only those in that state where one is said.
pub(crate) async fn page(
    state: &State,
    organisation: OrganisationId,
    standing: Option<Standing>,
    wanted: Wanted,
) -> Result<Page<response::Model>, Fault> {
    use response::Column;
    let mut select = response::Entity::in_tenant(organisation).filter(Column::State.ne(DUE));
    if let Some(standing) = standing {
        select = select.filter(standing.filter(state.now_us()));
    }
    let key = |key: &str| key.parse::<ResponseId>().ok().map(|id| id.uuid().into());
    wanted
        .of(state.store.read(), select, Column::Id, Order::Desc, key)
        .await
}

/// Suggests to keep somebody out in whom misuse was found. The role was judged.
pub(crate) async fn suggest(
    state: &State,
    acting: &Acting,
    suggestion: Suggestion<'_>,
) -> Result<response::Model, Fault> {
    acting.needs(state, Package::Analytics).await?;
    let length_s = settings::length("lengthSeconds", suggestion.length_s.unwrap_or(settings::LENGTH_S))?;
    let note = rules::note(suggestion.note)?;
    let id: FindingId = suggestion.finding.parse().map_err(|_| Fault::NotFound)?;
    let work = Work::begin(state, acting).await?;
    let by = person(&work, acting, "finding").await?;
    let found = finding::Entity::in_tenant(acting.id)
        .filter(finding::Column::Id.eq(id.uuid()))
        .one(&*work.write)
        .await?
        .ok_or(Fault::NotFound)?;
    let (kind, subject) = match suggestion.block {
        Some((kind, value)) => applying::columns(kind, value)?,
        None => (found.kind.as_str(), found.subject.clone()),
    };
    target(&work, "finding", (kind, &subject)).await?;
    if is_suggested(&work, kind, &subject).await? || is_kept_out(&work, kind, &subject).await? {
        let why = "something is suggested, or done, about them already";
        return Err(Fault::field("finding", "ALREADY", why));
    }
    if suggested(&work, true).await? >= SUGGESTED {
        let why = format!("{SUGGESTED} suggestions wait already: approve or refuse some");
        return Err(Fault::field("finding", "LIMIT_REACHED", why));
    }
    let id: ResponseId = state.mint();
    let wish = Wish {
        state: Standing::Suggested.column(),
        length_s,
        note,
        by: Some(by),
    };
    let copied = Copied {
        kind,
        subject: &subject,
        ..Copied::of(&found)
    };
    let row = new(id, acting.id, work.at, wish, copied);
    let row = row.insert(&*work.write).await?;
    let detail = told("suggested", &row);
    about(work, &row)
        .telling([told_of(&row)])
        .finish_untold(Action::ResponseWrite, &id.to_string(), detail)
        .await?;
    Ok(row)
}

/// Applies what another person, or the platform, suggested. The role was judged.
pub(crate) async fn approve(state: &State, acting: &Acting, id: &str) -> Result<(response::Model, Progress), Fault> {
    let work = Work::begin(state, acting).await?;
    let row = waiting(&work, id).await?;
    let by = person(&work, acting, "id").await?;
    if row.proposed_by == Some(by) {
        let why = "a second person approves: whoever suggested it cannot";
        return Err(Fault::field("id", "SAME_PERSON", why));
    }
    let target = target(&work, "id", (&row.kind, &row.subject)).await?;
    let (before, mut updates) = make_room(&work, &row).await?;
    let (row, update) = applying::apply(&work, &row, target, Some(by)).await?;
    updates.push(update);
    let mut detail = told("applied", &row);
    if let (Some(before), Some(detail)) = (&before, detail.as_object_mut()) {
        detail.insert("insteadOf".to_owned(), object(before).into());
    }
    let progress = about(work, &row)
        .telling(before.iter().chain([&row]).map(told_of))
        .finish(Action::ResponseWrite, &object(&row), detail, &updates)
        .await?;
    Ok((row, progress))
}

/// Refuses, or takes back, what was suggested. The role was judged.
pub(crate) async fn refuse(state: &State, acting: &Acting, id: &str) -> Result<response::Model, Fault> {
    let by = acting.actor.uuid().ok_or(Fault::Internal)?;
    let work = Work::begin(state, acting).await?;
    let row = waiting(&work, id).await?;
    let row = response::ActiveModel {
        id: Set(row.id),
        state: Set(Standing::Refused.column().to_owned()),
        decided_by: Set(Some(by)),
        decided_at: Set(Some(work.at.us())),
        ended_at: Set(Some(work.at.us())),
        ..Default::default()
    };
    let row = row.update(&*work.write).await?;
    let detail = told("refused", &row);
    about(work, &row)
        .telling([told_of(&row)])
        .finish_untold(Action::ResponseWrite, &object(&row), detail)
        .await?;
    Ok(row)
}

/// Lets somebody in again before the time of what was applied is over. The role was judged.
pub(crate) async fn undo(state: &State, acting: &Acting, id: &str) -> Result<(response::Model, Progress), Fault> {
    let by = acting.actor.uuid().ok_or(Fault::Internal)?;
    let work = Work::begin(state, acting).await?;
    let row = by_id(&work, id).await?;
    if Standing::of(&row, work.at) != Standing::Applied {
        return Err(Fault::field("id", "NOT_APPLIED", "nobody is kept out by it"));
    }
    let updates = applying::lift(&work, &row).await?;
    if updates.is_empty() {
        let why = "somebody changed the rule since: change or delete that";
        return Err(Fault::field("id", "RULE_CHANGED", why));
    }
    let at = work.at.us();
    let row = close(&work, &row, (Standing::Undone, at), Some(by)).await?;
    let detail = told("undone", &row);
    let progress = about(work, &row)
        .telling([told_of(&row)])
        .finish(Action::ResponseWrite, &object(&row), detail, &updates)
        .await?;
    Ok((row, progress))
}

/// Whom responses keep out without a rule, for a policy.
pub(crate) async fn policy(
    connection: &impl ConnectionTrait,
    extent: Extent<'_>,
    now_us: i64,
) -> Result<Vec<Update>, DbErr> {
    use response::Column;
    let rows = extent
        .rows::<response::Entity>()
        .filter(Standing::Applied.filter(now_us))
        .filter(Column::RuleId.is_null())
        .all(connection)
        .await?;
    Ok(rows.iter().filter_map(applying::held).collect())
}

/// What was found, as a response keeps it.
#[derive(Clone, Copy)]
struct Copied<'a> {
    kind: &'a str,
    subject: &'a str,
    indicator: &'a str,
    points: i32,
    evidence: &'a str,
    last_at: i64,
}

impl<'a> Copied<'a> {
    fn of(row: &'a finding::Model) -> Self {
        Self {
            kind: &row.kind,
            subject: &row.subject,
            indicator: &row.indicator,
            points: row.points,
            evidence: &row.evidence,
            last_at: row.last_at,
        }
    }
}

/// What is to be done about it.
struct Wish {
    state: &'static str,
    length_s: i64,
    note: Option<String>,
    /// None: the platform wishes it.
    by: Option<Uuid>,
}

/// A new row.
fn new(
    id: ResponseId,
    organisation: OrganisationId,
    at: Timestamp,
    wish: Wish,
    found: Copied<'_>,
) -> response::ActiveModel {
    response::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(organisation.uuid()),
        kind: Set(found.kind.to_owned()),
        subject: Set(found.subject.to_owned()),
        indicator: Set(found.indicator.to_owned()),
        points: Set(found.points),
        evidence: Set(found.evidence.to_owned()),
        last_at: Set(found.last_at),
        state: Set(wish.state.to_owned()),
        length_s: Set(wish.length_s),
        note: Set(wish.note),
        proposed_by: Set(wish.by),
        proposed_at: Set(at.us()),
        decided_by: Set(None),
        decided_at: Set(None),
        until_at: Set(None),
        rule_id: Set(None),
        undone_by: Set(None),
        ended_at: Set(None),
        forget: Set(false),
    }
}

/// Who is to be kept out, where that can be.
async fn target(work: &Work<'_>, field: &str, (kind, subject): (&str, &str)) -> Result<Target, Fault> {
    let gone = || Fault::field(field, "INVALID", "whom it is about is not known any more");
    let target = Target::of(kind, subject).ok_or_else(gone)?;
    if target.can_be_held(work).await? {
        return Ok(target);
    }
    let why = "the token was made so that it cannot be revoked, nor held";
    Err(Fault::field(field, "NOT_REVOCABLE", why))
}

/// What keeps them out already is over where another one is to last longer: that one afterwards, and what nodes are told.
async fn make_room(work: &Work<'_>, row: &response::Model) -> Result<(Option<response::Model>, Vec<Update>), Fault> {
    let before = of(work.organisation, &row.kind, &row.subject)
        .filter(Standing::Applied.filter(work.at.us()))
        .one(&*work.write)
        .await?;
    let Some(before) = before else {
        return Ok((None, vec![]));
    };
    if before.until_at >= Some(applying::until(work, row).us()) {
        let why = "they are kept out already, for as long or longer";
        return Err(Fault::field("id", "ALREADY", why));
    }
    // A hold takes the place of an earlier one by itself.
    let updates = if before.rule_id.is_some() {
        applying::lift(work, &before).await?
    } else {
        vec![]
    };
    let closed = close(work, &before, (Standing::Over, work.at.us()), None).await?;
    Ok((Some(closed), updates))
}

/// The person who acts, also where their software does. The organisation's key is nobody's.
async fn person(work: &Work<'_>, acting: &Acting, field: &str) -> Result<Uuid, Fault> {
    let Actor::Software { token, made_by } = acting.actor else {
        return acting.actor.uuid().ok_or(Fault::Internal);
    };
    let key = api_token::Entity::in_tenant(work.organisation)
        .filter(api_token::Column::Id.eq(token.uuid()))
        .filter(api_token::Column::MemberId.is_null())
        .count(&*work.write)
        .await?;
    if key > 0 {
        let why = "a person suggests and another approves, or software of theirs: the organisation's key is nobody's";
        return Err(Fault::field(field, "PERSON_REQUIRED", why));
    }
    Ok(made_by.uuid())
}

/// Those about somebody.
fn of(organisation: OrganisationId, kind: &str, subject: &str) -> Select<response::Entity> {
    response::Entity::in_tenant(organisation)
        .filter(response::Column::Kind.eq(kind))
        .filter(response::Column::Subject.eq(subject))
}

/// Whether something waits about them.
async fn is_suggested(work: &Work<'_>, kind: &str, subject: &str) -> Result<bool, DbErr> {
    let waits = Standing::Suggested.filter(work.at.us());
    let many = of(work.organisation, kind, subject)
        .filter(waits)
        .count(&*work.write)
        .await?;
    Ok(many > 0)
}

/// Whether something keeps them out.
async fn is_kept_out(work: &Work<'_>, kind: &str, subject: &str) -> Result<bool, DbErr> {
    let applied = Standing::Applied.filter(work.at.us());
    let many = of(work.organisation, kind, subject)
        .filter(applied)
        .count(&*work.write)
        .await?;
    Ok(many > 0)
}

/// How many wait for somebody, that people suggested, or the platform.
async fn suggested(work: &Work<'_>, by_people: bool) -> Result<u64, DbErr> {
    let by = response::Column::ProposedBy;
    response::Entity::in_tenant(work.organisation)
        .filter(Standing::Suggested.filter(work.at.us()))
        .filter(if by_people { by.is_not_null() } else { by.is_null() })
        .count(&*work.write)
        .await
}

/// Whether a response made the rule.
pub(super) async fn made(work: &Work<'_>, rule: Uuid) -> Result<bool, DbErr> {
    let many = response::Entity::in_tenant(work.organisation)
        .filter(response::Column::RuleId.eq(rule))
        .count(&*work.write)
        .await?;
    Ok(many > 0)
}

/// A rule that somebody deletes keeps nobody out any more: what subscriptions are told.
pub(super) async fn rule_deleted(
    work: &Work<'_>,
    acting: &Acting,
    rule: Uuid,
) -> Result<Vec<Option<response::Model>>, DbErr> {
    use response::Column;
    let rows = response::Entity::in_tenant(work.organisation)
        .filter(Column::RuleId.eq(rule))
        .filter(Column::State.eq(Standing::Applied.column()))
        .all(&*work.write)
        .await?;
    let mut told = Vec::new();
    for row in rows {
        let undone = (Standing::Undone, work.at.us());
        told.push(told_of(&close(work, &row, undone, acting.actor.uuid()).await?));
    }
    Ok(told)
}

/// It keeps nobody out from then on, by whom that was where it was somebody; who was erased meanwhile goes with it.
async fn close(
    work: &Work<'_>,
    row: &response::Model,
    (standing, at): (Standing, i64),
    by: Option<Uuid>,
) -> Result<response::Model, DbErr> {
    let closed = response::ActiveModel {
        id: Set(row.id),
        state: Set(standing.column().to_owned()),
        undone_by: Set(by),
        ended_at: Set(Some(at)),
        ..Default::default()
    };
    let closed = closed.update(&*work.write).await?;
    if closed.forget {
        remove(work, closed.id).await?;
    }
    Ok(closed)
}

/// Whom it concerns, for the audit entry, unless they were erased. Addresses are not named: entries are never masked.
fn about<'a>(work: Work<'a>, row: &response::Model) -> Work<'a> {
    if row.forget || [ADDRESS, SUBNET].contains(&row.kind.as_str()) {
        work
    } else {
        work.about(&format!("{} {}", row.kind, row.subject))
    }
}

/// As the audit log names it.
fn object(row: &response::Model) -> String {
    ResponseId::from_uuid(row.id).to_string()
}

async fn by_id(work: &Work<'_>, id: &str) -> Result<response::Model, Fault> {
    let id: ResponseId = id.parse().map_err(|_| Fault::NotFound)?;
    response::Entity::in_tenant(work.organisation)
        .filter(response::Column::Id.eq(id.uuid()))
        .filter(response::Column::State.ne(DUE))
        .one(&*work.write)
        .await?
        .ok_or(Fault::NotFound)
}

/// One that waits for somebody.
async fn waiting(work: &Work<'_>, id: &str) -> Result<response::Model, Fault> {
    let row = by_id(work, id).await?;
    if row.state == Standing::Suggested.column() {
        Ok(row)
    } else {
        Err(Fault::field("id", "DECIDED", "somebody approved or refused it already"))
    }
}

/// Nothing is left of it.
async fn remove(work: &Work<'_>, id: Uuid) -> Result<(), DbErr> {
    response::Entity::remove_in_tenant(work.organisation)
        .filter(response::Column::Id.eq(id))
        .exec(&*work.write)
        .await
        .map(drop)
}

/// What the audit log says of one.
fn told(what: &str, row: &response::Model) -> Value {
    let by_itself = row.proposed_by.is_none();
    json!({
        "response": what,
        "about": row.kind,
        "indicator": row.indicator,
        "suggestedByItself": by_itself,
        "lengthSeconds": row.length_s,
        "until": row.until_at.map(|until| Timestamp::from_us(until).s()),
        "rule": row.rule_id.map(ids::RuleId::from_uuid),
        "proposedBy": row.proposed_by.map(|by: Uuid| ids::UserId::from_uuid(by)),
    })
}

/// How many may wait for somebody.
const SUGGESTED: u64 = 200;
