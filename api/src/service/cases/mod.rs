//! Misuse cases: opened, filled, annotated, closed, deleted.
//!
//! What is put in is copied: findings and sessions go after their time, a case stays for as long as somebody works on it.
//! Titles and notes are people's own words and may name whom they are about, so the audit log says of them only that there
//! were some.

pub(crate) mod filling;
pub(crate) mod report;
mod seen;

use std::collections::HashMap;

use authz::Action;
use entity::{Tenanted, case_item, case_note, case_session, misuse_case};
use guard::policy::Package;
use ids::{CaseId, CaseItemId, CaseNoteId, OrganisationId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ModelTrait, Order,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::{Value, json};
use uuid::Uuid;

use self::filling::FINDING;
pub(crate) use self::filling::Filling;
use super::{
    Work, label,
    page::{Page, Wanted},
};
use crate::{analytics::findings::TOKEN, fault::Fault, people::Acting, state::State};

/// A page of cases, the newest first; only those in that state where one is said.
pub(crate) async fn page(
    state: &State,
    organisation: OrganisationId,
    standing: Option<&'static str>,
    wanted: Wanted,
) -> Result<Page<misuse_case::Model>, Fault> {
    use misuse_case::Column;
    let mut select = misuse_case::Entity::in_tenant(organisation);
    if let Some(standing) = standing {
        select = select.filter(Column::State.eq(standing));
    }
    let key = |key: &str| key.parse::<CaseId>().ok().map(|id| id.uuid().into());
    wanted
        .of(state.store.read(), select, Column::Id, Order::Desc, key)
        .await
}

/// A case of the organisation.
pub(crate) async fn by_id(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    id: &str,
) -> Result<misuse_case::Model, Fault> {
    let id: CaseId = id.parse().map_err(|_| Fault::NotFound)?;
    misuse_case::Entity::in_tenant(organisation)
        .filter(misuse_case::Column::Id.eq(id.uuid()))
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)
}

/// What is in some cases, in the order in which it was put in.
pub(crate) async fn items(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    cases: &[Uuid],
) -> Result<Vec<case_item::Model>, DbErr> {
    case_item::Entity::in_tenant(organisation)
        .filter(case_item::Column::CaseId.is_in(cases.iter().copied()))
        .order_by_asc(case_item::Column::Id)
        .all(connection)
        .await
}

/// What is in a case, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) findings: i64,
    pub(crate) tokens: i64,
    pub(crate) addresses: i64,
    /// The highest of a token or an address.
    pub(crate) score: i32,
}

/// What is in some cases, in numbers; nothing is said of one that is empty.
pub(crate) async fn sums(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    cases: &[Uuid],
) -> Result<HashMap<Uuid, Sums>, DbErr> {
    use case_item::Column;
    let rows: Vec<(Uuid, String, i64, i32)> = case_item::Entity::in_tenant(organisation)
        .select_only()
        .columns([Column::CaseId, Column::Kind])
        .column_as(Column::Id.count(), "many")
        .column_as(Column::Points.max(), "most")
        .filter(Column::CaseId.is_in(cases.iter().copied()))
        .group_by(Column::CaseId)
        .group_by(Column::Kind)
        .into_tuple()
        .all(connection)
        .await?;
    let mut all: HashMap<Uuid, Sums> = HashMap::new();
    for (case, kind, many, most) in rows {
        let sums = all.entry(case).or_default();
        match kind.as_str() {
            FINDING => sums.findings = many,
            TOKEN => sums.tokens = many,
            _ => sums.addresses = many,
        }
        if kind != FINDING {
            sums.score = sums.score.max(most);
        }
    }
    Ok(all)
}

/// The sessions of what is in some cases, the first first; one that came with several things comes once for each.
pub(crate) async fn sessions(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    cases: &[Uuid],
) -> Result<Vec<case_session::Model>, DbErr> {
    use case_session::Column;
    case_session::Entity::in_tenant(organisation)
        .filter(Column::CaseId.is_in(cases.iter().copied()))
        .order_by_asc(Column::StartedAt)
        .order_by_asc(Column::SessionId)
        .all(connection)
        .await
}

/// The notes of some cases, the first first.
pub(crate) async fn notes(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    cases: &[Uuid],
) -> Result<Vec<case_note::Model>, DbErr> {
    case_note::Entity::in_tenant(organisation)
        .filter(case_note::Column::CaseId.is_in(cases.iter().copied()))
        .order_by_asc(case_note::Column::Id)
        .all(connection)
        .await
}

/// Opens a case with findings, tokens and addresses in it, or not at all. The role was judged.
pub(crate) async fn create(
    state: &State,
    acting: &Acting,
    title: &str,
    filling: Filling,
) -> Result<misuse_case::Model, Fault> {
    acting.needs(state, Package::Analytics).await?;
    let title = label("title", title, TITLE)?;
    let filling = filling.ready(state, acting.id).await?;
    let work = Work::begin(state, acting).await?;
    if misuse_case::Entity::in_tenant(acting.id).count(&*work.write).await? >= CASES {
        let why = format!("the organisation may have {CASES} cases: delete some that are closed");
        return Err(Fault::field("title", "LIMIT_REACHED", why));
    }
    let (id, at): (CaseId, _) = (state.mint(), work.at.us());
    let row = misuse_case::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(acting.id.uuid()),
        title: Set(title),
        titled_at: Set(at),
        state: Set(OPEN.to_owned()),
        created_by: Set(acting.actor.uuid().ok_or(Fault::Internal)?),
        created_at: Set(at),
        updated_at: Set(at),
        closed_at: Set(None),
    };
    let row = row.insert(&*work.write).await?;
    let filled = filling.into_case(&work, row.id).await?;
    finish(work, row.id, json!({ "opened": true, "added": filled })).await?;
    Ok(row)
}

/// Changes what is said of a case, and nothing else of it. The role was judged.
pub(crate) async fn update(
    state: &State,
    acting: &Acting,
    id: &str,
    (title, standing): (Option<&str>, Option<&'static str>),
) -> Result<misuse_case::Model, Fault> {
    let work = Work::begin(state, acting).await?;
    let before = by_id(&*work.write, acting.id, id).await?;
    let title = title.map(|title| label("title", title, TITLE)).transpose()?;
    let titled = title.as_ref().is_some_and(|title| *title != before.title);
    let standing = standing.filter(|standing| *standing != before.state);
    if !titled && standing.is_none() {
        return Ok(before);
    }
    let mut row = misuse_case::ActiveModel {
        id: Set(before.id),
        updated_at: Set(work.at.us()),
        ..Default::default()
    };
    if let Some(title) = title.filter(|_| titled) {
        row.title = Set(title);
        row.titled_at = Set(work.at.us());
    }
    if let Some(standing) = standing {
        row.state = Set(standing.to_owned());
        row.closed_at = Set((standing == CLOSED).then_some(work.at.us()));
    }
    let row = row.update(&*work.write).await?;
    let states = standing.map(|standing| json!({ "before": before.state, "after": standing }));
    finish(work, row.id, json!({ "titled": titled, "state": states })).await?;
    Ok(row)
}

/// Puts findings, tokens and addresses into a case; what is in it already is brought up to date. The role was judged.
pub(crate) async fn add(
    state: &State,
    acting: &Acting,
    id: &str,
    filling: Filling,
) -> Result<misuse_case::Model, Fault> {
    acting.needs(state, Package::Analytics).await?;
    by_id(state.store.read(), acting.id, id).await?;
    let filling = filling.ready(state, acting.id).await?;
    let work = Work::begin(state, acting).await?;
    let row = by_id(&*work.write, acting.id, id).await?;
    let filled = filling.into_case(&work, row.id).await?;
    let row = touched(&work, row).await?;
    finish(work, row.id, json!({ "added": filled })).await?;
    Ok(row)
}

/// Takes things and notes out of a case; what is not in it is out of it already. The role was judged.
pub(crate) async fn remove(
    state: &State,
    acting: &Acting,
    id: &str,
    (items, notes): (&[String], &[String]),
) -> Result<misuse_case::Model, Fault> {
    let work = Work::begin(state, acting).await?;
    let row = by_id(&*work.write, acting.id, id).await?;
    for (field, ids) in [("items", items), ("notes", notes)] {
        filling::few(field, ids, filling::AT_ONCE)?;
    }
    let ids = items.iter().filter_map(|id| id.parse().ok()).map(CaseItemId::uuid);
    let things = case_item::Entity::remove_in_tenant(acting.id)
        .filter(case_item::Column::CaseId.eq(row.id))
        .filter(case_item::Column::Id.is_in(ids))
        .exec(&*work.write)
        .await?;
    let ids = notes.iter().filter_map(|id| id.parse().ok()).map(CaseNoteId::uuid);
    let notes = case_note::Entity::remove_in_tenant(acting.id)
        .filter(case_note::Column::CaseId.eq(row.id))
        .filter(case_note::Column::Id.is_in(ids))
        .exec(&*work.write)
        .await?;
    let row = touched(&work, row).await?;
    let removed = json!({ "items": things.rows_affected, "notes": notes.rows_affected });
    finish(work, row.id, json!({ "removed": removed })).await?;
    Ok(row)
}

/// Writes something into a case. The role was judged.
pub(crate) async fn note(state: &State, acting: &Acting, id: &str, text: &str) -> Result<misuse_case::Model, Fault> {
    let work = Work::begin(state, acting).await?;
    let row = by_id(&*work.write, acting.id, id).await?;
    let text = prose("text", text, NOTE)?;
    let known = case_note::Entity::in_tenant(acting.id)
        .filter(case_note::Column::CaseId.eq(row.id))
        .count(&*work.write)
        .await?;
    if known >= NOTES {
        let why = format!("a case may have {NOTES} notes");
        return Err(Fault::field("text", "LIMIT_REACHED", why));
    }
    let id: CaseNoteId = state.mint();
    let note = case_note::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(acting.id.uuid()),
        case_id: Set(row.id),
        text: Set(text),
        created_by: Set(acting.actor.uuid().ok_or(Fault::Internal)?),
        created_at: Set(work.at.us()),
    };
    case_note::Entity::insert(note)
        .exec_without_returning(&*work.write)
        .await?;
    let row = touched(&work, row).await?;
    finish(work, row.id, json!({ "note": id.to_string() })).await?;
    Ok(row)
}

/// Deletes a case with everything in it. The role was judged.
pub(crate) async fn delete(state: &State, acting: &Acting, id: &str) -> Result<CaseId, Fault> {
    let work = Work::begin(state, acting).await?;
    let row = by_id(&*work.write, acting.id, id).await?;
    let id = row.id;
    row.delete(&*work.write).await?;
    finish(work, id, json!({ "deleted": true })).await?;
    Ok(CaseId::from_uuid(id))
}

/// The case, changed now.
async fn touched(work: &Work<'_>, row: misuse_case::Model) -> Result<misuse_case::Model, DbErr> {
    let row = misuse_case::ActiveModel {
        id: Set(row.id),
        updated_at: Set(work.at.us()),
        ..Default::default()
    };
    row.update(&*work.write).await
}

async fn finish(work: Work<'_>, case: Uuid, detail: Value) -> Result<(), Fault> {
    let object = CaseId::from_uuid(case).to_string();
    work.finish_untold(Action::CaseWrite, &object, detail).await
}

/// A text of several lines: 1 to `most` characters, of control characters only those that end a line or set a tab.
fn prose(field: &str, text: &str, most: usize) -> Result<String, Fault> {
    let text = text.trim().replace("\r\n", "\n");
    let is_plain = |one: char| matches!(one, '\n' | '\t') || !one.is_control() && !super::turns(one);
    let fits = (1..=most).contains(&text.chars().count()) && text.chars().all(is_plain);
    let why = || format!("1 to {most} characters, without control characters and marks of direction");
    fits.then_some(text)
        .ok_or_else(|| Fault::field(field, "INVALID", why()))
}

/// As columns have it.
pub(crate) const OPEN: &str = "open";
/// The same.
pub(crate) const CLOSED: &str = "closed";
/// Of an organisation, open and closed.
const CASES: u64 = 500;
/// Of a case.
const NOTES: u64 = 100;
const TITLE: usize = 120;
const NOTE: usize = 4_000;
