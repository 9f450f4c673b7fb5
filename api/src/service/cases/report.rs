//! What a case's report says: read at one moment, and an entry of the audit log.

use std::collections::{BTreeSet, HashMap};

use entity::{case_item, case_note, case_session, misuse_case};
use guard::Timestamp;
use ids::CaseId;
use sea_orm::DbErr;
use serde_json::json;
use uuid::Uuid;

use super::{super::reading, Work, filling};
use crate::{
    analytics::{findings::TOKEN, standing},
    fault::Fault,
    people::Acting,
    state::State,
};

/// What of a case goes into its report.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parts {
    /// What people wrote for themselves.
    pub(crate) notes: bool,
    /// The names of viewers, as tokens say them.
    pub(crate) viewers: bool,
}

/// A case with all that its report says.
#[derive(Debug)]
pub(crate) struct Report {
    /// The organisation's name.
    pub(crate) organisation: String,
    pub(crate) case: misuse_case::Model,
    pub(crate) items: Vec<case_item::Model>,
    /// Each once, the first first.
    pub(crate) sessions: Vec<case_session::Model>,
    /// None where they are not wanted.
    pub(crate) notes: Vec<(case_note::Model, String)>,
    pub(crate) parts: Parts,
    /// Who made it.
    pub(crate) by: String,
    pub(crate) at: Timestamp,
}

/// Makes a case's report. The role was judged.
pub(crate) async fn make(state: &State, acting: &Acting, id: &str, parts: Parts) -> Result<Report, Fault> {
    let work = Work::begin(state, acting).await?;
    let case = super::by_id(&*work.write, acting.id, id).await?;
    let mut items = super::items(&*work.write, acting.id, &[case.id]).await?;
    stand(&work, &mut items).await?;
    let mut sessions = super::sessions(&*work.write, acting.id, &[case.id]).await?;
    // They come in order, and with each thing once.
    sessions.dedup_by_key(|row| row.session_id);
    let notes = if parts.notes {
        super::notes(&*work.write, acting.id, &[case.id]).await?
    } else {
        Vec::new()
    };
    let (organisation, at) = (acting.row.name.clone(), work.at);
    let detail = json!({ "notes": parts.notes, "viewers": parts.viewers });
    work.finish_untold(EXPORT, &CaseId::from_uuid(case.id).to_string(), detail)
        .await?;
    let names = names(state, &notes, acting.actor.uuid()).await?;
    let name = |id: Uuid| names.get(&id).cloned().unwrap_or_default();
    let by = acting.actor.uuid().map(name).unwrap_or_default();
    let notes = notes.into_iter().map(|note| {
        let who = name(note.created_by);
        (note, who)
    });
    Ok(Report {
        organisation,
        case,
        items,
        sessions,
        notes: notes.collect(),
        parts,
        by,
        at,
    })
}

/// Tokens as they stand now, where that is known.
async fn stand(work: &Work<'_>, items: &mut [case_item::Model]) -> Result<(), DbErr> {
    let tokens = items.iter().filter(|item| item.kind == TOKEN);
    let jtis: Vec<_> = tokens.map(|item| item.subject.clone()).collect();
    let known = standing::tokens(work.state, &*work.write, work.organisation, &jtis, work.at).await?;
    for item in items.iter_mut().filter(|item| item.kind == TOKEN) {
        if let Some(stand) = known.get(&item.subject) {
            item.status = Some(filling::status(stand.is).to_owned());
        }
    }
    Ok(())
}

async fn names(state: &State, notes: &[case_note::Model], actor: Option<Uuid>) -> Result<HashMap<Uuid, String>, Fault> {
    let ids: BTreeSet<_> = notes.iter().map(|note| note.created_by).chain(actor).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let (people, software) = reading::names(state, &ids).await?;
    Ok(people.into_iter().chain(software).collect())
}

/// As the audit log calls it.
const EXPORT: &str = "case.export";
