//! Many Guardian rules made at once: all of them or none, by one change.

use std::collections::{BTreeMap, BTreeSet};

use authz::Action as Operation;
use entity::{Tenanted, guardian_rule, stream, stream_group};
use guard::{Update, policy::Package, rules::Matcher};
use ids::{GroupId, OrganisationId, RuleId, StreamId};
use sea_orm::{ActiveValue, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, TryIntoModel};
use serde_json::json;
use uuid::Uuid;

use super::{
    Work, packages,
    rule_file::{Format, Mistake, Place},
    rules::{self, New, Scope},
};
use crate::{
    audit,
    fault::{Fault, UserError},
    people::Acting,
    publisher::Progress,
    state::State,
};

/// Where rules come from.
pub(crate) enum Source {
    /// A file's text.
    File(Format, String),
    /// A list.
    List(Vec<New>),
}

/// What came of an import.
#[derive(Default)]
pub(crate) struct Imported {
    /// How many rules were made, or would be.
    pub(crate) made: usize,
    /// How many were there already, each saying the same.
    pub(crate) unchanged: usize,
    /// The change, where there was one.
    pub(crate) progress: Option<Progress>,
    /// Why nothing was made.
    pub(crate) errors: Vec<UserError>,
}

/// A rule that is read, and stands in no other's way yet.
struct Ready {
    place: Place,
    new: New,
    matcher: Matcher,
}

/// Rules that are read, and what is wrong with others.
type Read = (Vec<Ready>, Vec<Mistake>);

/// Makes the rules that are not there yet; `dry`: only says what it would do. The role was judged for rules on viewers.
pub(crate) async fn import(state: &State, acting: &Acting, source: Source, dry: bool) -> Result<Imported, Fault> {
    let format = source.name();
    let (rules, mut mistakes) = source.read();
    let operations = rules
        .iter()
        .map(|(_, new)| rules::operation_of(new.gist.kind, &new.gist.value, new.gist.doors));
    let operation = operations.max().unwrap_or(Operation::RuleWrite);
    rules::within(state, acting, operation)?;
    acting.needs(state, Package::Guardian).await?;
    let (ready, more) = ready(rules);
    mistakes.extend(more);
    if ready.len() > MOST {
        let message = format!("an import is {MOST} rules at most");
        return Ok(Imported::refused(vec![UserError {
            code: "TOO_MANY".to_owned(),
            message,
            field: None,
        }]));
    }
    // Read and compared before it is its turn: on SQLite everybody else's changes would wait for that.
    let edition = audit::sequence(state.store.read(), acting.id).await?;
    let before = Plan::make(state.store.read(), state, acting, &ready).await?;
    let work = Work::begin(state, acting).await?;
    let unchanged_since = audit::sequence(&*work.write, acting.id).await? == edition;
    let plan = if unchanged_since {
        before
    } else {
        Plan::make(&*work.write, state, acting, &ready).await?
    };
    mistakes.extend(plan.mistakes);
    if !mistakes.is_empty() {
        return Ok(Imported::mistaken(mistakes));
    }
    let (models, unchanged) = (plan.models, plan.unchanged);
    let made = models.len();
    let told = Imported {
        made,
        unchanged,
        ..Imported::default()
    };
    if made == 0 {
        return Ok(told);
    }
    if let Err(fault) = packages::more_rules(&work, made.try_into().unwrap_or(u64::MAX)).await {
        return match fault {
            Fault::Caller(error) => Ok(Imported::refused(vec![error])),
            fault => Err(fault),
        };
    }
    if let Some(error) = surplus(&work, &plan.agent_patterns).await? {
        return Ok(Imported::refused(vec![error]));
    }
    if dry {
        return Ok(told);
    }
    for chunk in plan.rows.chunks(ROWS) {
        guardian_rule::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(&*work.write)
            .await?;
    }
    let updates = plan.updates;
    let shown: Vec<_> = models.iter().take(SHOWN).map(rules::settings).collect();
    let detail = json!({ "format": format, "made": made, "unchanged": unchanged, "rules": shown });
    let organisation = acting.id.to_string();
    let progress = work.finish(IMPORT, &organisation, detail, &updates).await?;
    Ok(Imported {
        progress: Some(progress),
        ..told
    })
}

/// What an import comes to, as long as nothing of the organisation is changed.
struct Plan {
    rows: Vec<guardian_rule::ActiveModel>,
    models: Vec<guardian_rule::Model>,
    updates: Vec<Update>,
    /// Where those of the rows stand that are patterns of players.
    agent_patterns: Vec<Place>,
    unchanged: usize,
    mistakes: Vec<Mistake>,
}

impl Plan {
    async fn make(
        connection: &impl ConnectionTrait,
        state: &State,
        acting: &Acting,
        ready: &[Ready],
    ) -> Result<Self, Fault> {
        let at = state.now();
        let mut mistakes = Vec::new();
        for one in ready {
            if rules::check_expiry(one.new.expires, at).is_err() {
                let over = "the rule would have expired already";
                mistakes.push(one.place.wrong(Some("expiresAt"), over));
            }
        }
        let scopes = Scopes::read(connection, acting.id, ready).await?;
        let by = acting.actor.uuid().ok_or(Fault::Internal)?;
        let mut rows = Vec::new();
        for one in ready {
            match scopes.of(one) {
                Ok(scope) => {
                    let id: RuleId = state.mint();
                    let row = rules::row(id, (acting.id, by), &one.new, &one.matcher, scope, at);
                    rows.push((one, row));
                }
                Err(mistake) => mistakes.push(mistake),
            }
        }
        let all = rows.len();
        let rows = if mistakes.is_empty() {
            missing(connection, acting.id, rows).await?
        } else {
            Vec::new()
        };
        let patterns = rows.iter().filter(|(one, _)| one.matcher.is_agent_pattern());
        let agent_patterns = patterns.map(|(one, _)| one.place).collect();
        let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
        let model = |row: &guardian_rule::ActiveModel| row.clone().try_into_model();
        let models: Vec<_> = rows.iter().map(model).collect::<Result<_, DbErr>>()?;
        let update = |model: &guardian_rule::Model| {
            Ok(Update::Rule {
                organisation: acting.id,
                rule: rules::rule(model)?,
            })
        };
        let updates = models.iter().map(update).collect::<Result<_, DbErr>>()?;
        Ok(Self {
            unchanged: all.saturating_sub(rows.len()),
            rows,
            models,
            updates,
            agent_patterns,
            mistakes,
        })
    }
}

/// What is wrong with the first of these new patterns of players for which there is no room.
async fn surplus(work: &Work<'_>, patterns: &[Place]) -> Result<Option<UserError>, Fault> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let left = packages::agent_patterns_left(work).await?;
    Ok(patterns.get(left).map(|place| UserError {
        code: "LIMIT_REACHED".to_owned(),
        ..UserError::from(place.wrong(Some("value"), packages::too_many_agent_patterns()))
    }))
}

impl Source {
    fn name(&self) -> &'static str {
        match self {
            Self::File(format, _) => format.as_str(),
            Self::List(_) => "list",
        }
    }

    fn read(self) -> (Vec<(Place, New)>, Vec<Mistake>) {
        match self {
            Self::File(format, text) => format.read(&text),
            Self::List(rules) => {
                let placed = rules.into_iter().enumerate();
                (placed.map(|(item, new)| (Place::Input(item), new)).collect(), vec![])
            }
        }
    }
}

impl Imported {
    fn refused(errors: Vec<UserError>) -> Self {
        Self {
            errors,
            ..Self::default()
        }
    }

    /// The first of the mistakes, and how many more there are.
    fn mistaken(mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(|mistake| mistake.place);
        let more = mistakes.len().saturating_sub(TOLD);
        let mut errors: Vec<_> = mistakes.into_iter().take(TOLD).map(UserError::from).collect();
        if more > 0 {
            errors.push(UserError {
                code: "MORE".to_owned(),
                message: format!("and {more} more"),
                field: None,
            });
        }
        Self::refused(errors)
    }
}

/// The streams and groups that rules name.
struct Scopes {
    streams: BTreeMap<String, StreamId>,
    /// By name, and by id.
    groups: BTreeMap<String, GroupId>,
}

impl Scopes {
    async fn read(
        connection: &impl ConnectionTrait,
        organisation: OrganisationId,
        ready: &[Ready],
    ) -> Result<Self, Fault> {
        let streams: BTreeSet<_> = ready.iter().filter_map(|one| one.new.gist.stream.clone()).collect();
        let mut scopes = Self {
            streams: BTreeMap::new(),
            groups: BTreeMap::new(),
        };
        let streams: Vec<_> = streams.into_iter().filter(|name| !name.contains('\0')).collect();
        for names in streams.chunks(ROWS) {
            let rows = stream::Entity::in_tenant(organisation)
                .filter(stream::Column::Name.is_in(names.iter().cloned()))
                .filter(stream::Column::DeletedAt.is_null())
                .all(connection)
                .await?;
            let named = rows.into_iter().map(|row| (row.name, StreamId::from_uuid(row.id)));
            scopes.streams.extend(named);
        }
        if ready.iter().any(|one| one.new.gist.group.is_some()) {
            let rows = stream_group::Entity::in_tenant(organisation).all(connection).await?;
            for row in rows {
                let id = GroupId::from_uuid(row.id);
                scopes.groups.insert(id.to_string(), id);
                scopes.groups.insert(row.name, id);
            }
        }
        Ok(scopes)
    }

    fn of(&self, one: &Ready) -> Result<Scope, Mistake> {
        let gist = &one.new.gist;
        let wrong = |field, message| one.place.wrong(Some(field), message);
        let stream = match &gist.stream {
            Some(name) => Some(
                *self
                    .streams
                    .get(name)
                    .ok_or_else(|| wrong("stream", "there is no such stream here"))?,
            ),
            None => None,
        };
        let group = match &gist.group {
            Some(name) => Some(
                *self
                    .groups
                    .get(name)
                    .ok_or_else(|| wrong("group", "there is no such group here"))?,
            ),
            None => None,
        };
        if stream.is_some() && group.is_some() {
            return Err(wrong("group", "either a stream or a group"));
        }
        Ok(Scope { stream, group })
    }
}

/// Reads the values and the notes.
fn ready(rules: Vec<(Place, New)>) -> Read {
    let (mut ready, mut mistakes) = (Vec::new(), Vec::new());
    for (place, new) in rules {
        let matcher = Matcher::parse(new.gist.kind, &new.gist.value)
            .map_err(|error| place.wrong(Some("value"), error.to_string()));
        let note = rules::note(new.note.as_deref()).map_err(|fault| match fault {
            Fault::Caller(error) => place.wrong(Some("note"), error.message),
            _ => place.wrong(Some("note"), "is no note"),
        });
        match (matcher, note) {
            (Ok(matcher), Ok(note)) => ready.push(Ready {
                place,
                new: New { note, ..new },
                matcher,
            }),
            (matcher, note) => mistakes.extend(matcher.err().into_iter().chain(note.err())),
        }
    }
    (ready, mistakes)
}

/// What makes one rule say the same as another.
type Sameness = (
    String,
    String,
    String,
    String,
    String,
    Option<Uuid>,
    Option<Uuid>,
    Option<String>,
    Option<i64>,
);

/// A rule that is read, and its row.
type Written<'a> = (&'a Ready, guardian_rule::ActiveModel);

/// Those of which there is none that says the same, each once.
async fn missing<'a>(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    rows: Vec<Written<'a>>,
) -> Result<Vec<Written<'a>>, Fault> {
    let same = |row: guardian_rule::Model| -> Sameness {
        (
            row.kind,
            row.value,
            row.action,
            row.mode,
            row.door,
            row.stream_id,
            row.group_id,
            row.note,
            row.expires_at,
        )
    };
    let mut known = BTreeSet::new();
    let values: BTreeSet<_> = rows
        .iter()
        .filter_map(|(_, row)| match &row.value {
            ActiveValue::Set(value) => Some(value.clone()),
            _ => None,
        })
        .collect();
    let values: Vec<_> = values.into_iter().collect();
    for values in values.chunks(ROWS) {
        let there = guardian_rule::Entity::in_tenant(organisation)
            .filter(guardian_rule::Column::Value.is_in(values.iter().cloned()))
            .all(connection)
            .await?;
        known.extend(there.into_iter().map(same));
    }
    let mut missing = Vec::new();
    for (one, row) in rows {
        if known.insert(same(row.clone().try_into_model()?)) {
            missing.push((one, row));
        }
    }
    Ok(missing)
}

/// Rules in one import.
const MOST: usize = 10_000;
/// Mistakes that are told.
const TOLD: usize = 50;
/// Rules that the audit log shows of one import.
const SHOWN: usize = 100;
/// SQLite allows 32766 parameters in a statement.
const ROWS: usize = 500;
/// As the audit log calls it.
const IMPORT: &str = "rule.import";
