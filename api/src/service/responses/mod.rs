//! What is done about somebody in whom misuse was found: suggested by one, applied by a second, for a while, and taken back.
//!
//! ```text
//! finding ─┬─ a person suggests ──▶ suggested ─┬─ a second person ──▶ applied ─┬─▶ over
//!          └─ due ─▶ the settings ─┬───────────┘                       ▲       └─▶ undone
//!                                  └─ by itself, so often an hour ─────┘
//! ```
//! An address is kept out by a Guardian rule, a token or a viewer by a hold; both end by themselves. Whom it is about may be
//! erased, so the audit log names them outside its hashes.

pub(crate) mod applying;
pub(crate) mod automatic;
pub(crate) mod settings;

use authz::Action;
use entity::{Tenanted, api_token, finding, response};
use guard::{Timestamp, Update, policy::Package};
use ids::{FindingId, OrganisationId, ResponseId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, Order, PaginatorTrait,
    QueryFilter, Select, sea_query::Expr,
};
use serde_json::{Value, json};
use uuid::Uuid;

use self::applying::Target;
use super::{
    Work,
    page::{Page, Wanted},
    rules,
};
use crate::{
    fault::Fault,
    people::{Acting, Actor},
    publisher::{Progress, policy::Extent},
    state::State,
};

/// What one person asks another to do.
pub(crate) struct Suggestion<'a> {
    pub(crate) finding: &'a str,
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
    let gone = || Fault::field("finding", "INVALID", "whom it is about is not known any more");
    let target = Target::of(&found.kind, &found.subject).ok_or_else(gone)?;
    if !target.can_be_held(&work).await? {
        let why = "the token was made so that it cannot be revoked, nor held";
        return Err(Fault::field("finding", "NOT_REVOCABLE", why));
    }
    if is_suggested(&work, &found.kind, &found.subject).await?
        || is_kept_out(&work, &found.kind, &found.subject).await?
    {
        let why = "something is suggested, or done, about them already";
        return Err(Fault::field("finding", "ALREADY", why));
    }
    if suggested(&work, true).await? >= SUGGESTED {
        let why = format!("{SUGGESTED} suggestions wait already: approve or refuse some");
        return Err(Fault::field("finding", "LIMIT_REACHED", why));
    }
    let id: ResponseId = state.mint();
    let row = response::ActiveModel {
        state: Set(SUGGESTED_STATE.to_owned()),
        length_s: Set(length_s),
        note: Set(note),
        proposed_by: Set(Some(by)),
        ..new(id, acting.id, work.at, Found::of_row(&found))
    };
    let row = row.insert(&*work.write).await?;
    let detail = told("suggested", &row);
    about(work, &row)
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
    let (applied, update) = applying::apply(&work, &row, Some(by)).await?;
    let row = response::ActiveModel {
        decided_by: Set(Some(by)),
        ..applied
    };
    let row = row.update(&*work.write).await?;
    let progress = finish(work, "applied", &row, &[update]).await?;
    Ok((row, progress))
}

/// Refuses, or takes back, what was suggested. The role was judged.
pub(crate) async fn refuse(state: &State, acting: &Acting, id: &str) -> Result<response::Model, Fault> {
    let by = acting.actor.uuid().ok_or(Fault::Internal)?;
    let work = Work::begin(state, acting).await?;
    let row = waiting(&work, id).await?;
    let row = response::ActiveModel {
        id: Set(row.id),
        state: Set(REFUSED.to_owned()),
        decided_by: Set(Some(by)),
        decided_at: Set(Some(work.at.us())),
        ended_at: Set(Some(work.at.us())),
        ..Default::default()
    };
    let row = row.update(&*work.write).await?;
    let detail = told("refused", &row);
    work.about(&row.subject)
        .finish_untold(
            Action::ResponseWrite,
            &ResponseId::from_uuid(row.id).to_string(),
            detail,
        )
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
    let changed = response::ActiveModel {
        id: Set(row.id),
        state: Set(UNDONE.to_owned()),
        undone_by: Set(Some(by)),
        ended_at: Set(Some(work.at.us())),
        ..Default::default()
    };
    let changed = changed.update(&*work.write).await?;
    if changed.forget {
        forget(&work, &changed).await?;
    }
    let progress = finish(work, "undone", &changed, &updates).await?;
    Ok((changed, progress))
}

/// Whom responses keep out without a rule, for a policy.
pub(crate) async fn policy(
    connection: &impl ConnectionTrait,
    extent: Extent,
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

/// Where a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It waits for somebody.
    Suggested,
    /// It keeps them out.
    Applied,
    /// Somebody did not want it.
    Refused,
    /// Somebody let them in again.
    Undone,
    /// Its time is over.
    Over,
}

impl Standing {
    /// That of a row; what nobody sees yet waits too.
    pub(crate) fn of(row: &response::Model, now: Timestamp) -> Self {
        let lasts = row.until_at.is_some_and(|until| until > now.us());
        match row.state.as_str() {
            APPLIED if lasts => Self::Applied,
            APPLIED | OVER => Self::Over,
            REFUSED => Self::Refused,
            UNDONE => Self::Undone,
            _ => Self::Suggested,
        }
    }

    /// Those rows.
    pub(crate) fn filter(self, now_us: i64) -> Condition {
        use response::Column;
        let all = Condition::all();
        match self {
            Self::Suggested => all.add(Column::State.eq(SUGGESTED_STATE)),
            Self::Applied => all.add(Column::State.eq(APPLIED)).add(Column::UntilAt.gt(now_us)),
            Self::Refused => all.add(Column::State.eq(REFUSED)),
            Self::Undone => all.add(Column::State.eq(UNDONE)),
            Self::Over => Condition::any()
                .add(Column::State.eq(OVER))
                .add(all.add(Column::State.eq(APPLIED)).add(Column::UntilAt.lte(now_us))),
        }
    }
}

/// What was found, as a response keeps it.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    kind: &'a str,
    subject: &'a str,
    indicator: &'a str,
    points: i32,
    evidence: &'a str,
}

impl<'a> Found<'a> {
    fn of_row(row: &'a finding::Model) -> Self {
        Self {
            kind: &row.kind,
            subject: &row.subject,
            indicator: &row.indicator,
            points: row.points,
            evidence: &row.evidence,
        }
    }
}

/// A new row, due, of the platform's own accord.
fn new(id: ResponseId, organisation: OrganisationId, at: Timestamp, found: Found<'_>) -> response::ActiveModel {
    response::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(organisation.uuid()),
        kind: Set(found.kind.to_owned()),
        subject: Set(found.subject.to_owned()),
        indicator: Set(found.indicator.to_owned()),
        points: Set(found.points),
        evidence: Set(found.evidence.to_owned()),
        state: Set(DUE.to_owned()),
        length_s: Set(settings::LENGTH_S),
        note: Set(None),
        proposed_by: Set(None),
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

/// A rule that somebody deletes keeps nobody out any more.
pub(super) async fn rule_deleted(work: &Work<'_>, acting: &Acting, rule: Uuid) -> Result<(), DbErr> {
    use response::Column;
    response::Entity::change_in_tenant(work.organisation)
        .filter(Column::RuleId.eq(rule))
        .filter(Column::State.eq(APPLIED))
        .col_expr(Column::State, Expr::value(UNDONE))
        .col_expr(Column::UndoneBy, Expr::value(acting.actor.uuid()))
        .col_expr(Column::EndedAt, Expr::value(work.at.us()))
        .exec(&*work.write)
        .await
        .map(drop)
}

/// Whom it concerns, for the audit entry, unless they were erased.
fn about<'a>(work: Work<'a>, row: &response::Model) -> Work<'a> {
    if row.forget {
        work
    } else {
        work.about(&format!("{} {}", row.kind, row.subject))
    }
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
    if row.state == SUGGESTED_STATE {
        Ok(row)
    } else {
        Err(Fault::field("id", "DECIDED", "somebody approved or refused it already"))
    }
}

/// Removes one whose subject was erased while it was in force.
async fn forget(work: &Work<'_>, row: &response::Model) -> Result<(), DbErr> {
    response::Entity::remove_in_tenant(work.organisation)
        .filter(response::Column::Id.eq(row.id))
        .exec(&*work.write)
        .await
        .map(drop)
}

async fn finish(work: Work<'_>, what: &str, row: &response::Model, updates: &[Update]) -> Result<Progress, Fault> {
    let detail = told(what, row);
    let object = ResponseId::from_uuid(row.id).to_string();
    about(work, row)
        .finish(Action::ResponseWrite, &object, detail, updates)
        .await
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

/// As columns have it: found, and not looked at yet.
const DUE: &str = "due";
const SUGGESTED_STATE: &str = "suggested";
const APPLIED: &str = "applied";
const REFUSED: &str = "refused";
const UNDONE: &str = "undone";
const OVER: &str = "over";
/// How many may wait for somebody.
const SUGGESTED: u64 = 200;
