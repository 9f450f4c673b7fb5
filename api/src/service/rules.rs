//! Guardian rules: made, changed, deleted. Each is in force on every node when it is answered, on running sessions too.

use authz::Action as Operation;
use entity::{Tenanted, guardian_rule, stream};
use futures_util::{StreamExt, stream::BoxStream};
use guard::{
    Timestamp, Update,
    policy::Package,
    rules::{Action, Doors, Kind, Matcher, Mode, Rule, RuleScope},
};
use ids::{GroupId, OrganisationId, RuleId, StreamId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, IntoActiveModel, ModelTrait,
    Order, QueryFilter, QuerySelect, Select, StreamTrait, prelude::Uuid,
};
use serde::de::value::{Error as NoVariant, StrDeserializer};
use serde_json::{Value, json};

use super::{
    Work, difference, groups, label, packages,
    page::{Page, Wanted},
    reading, responses, streams,
};
use crate::{fault::Fault, people::Acting, publisher::Progress, state::State};

/// Whom a rule is to be about, and what becomes of them.
pub(crate) struct Gist {
    pub(crate) kind: Kind,
    pub(crate) value: String,
    pub(crate) action: Action,
    pub(crate) doors: Doors,
    /// The name of the one stream that it is for.
    pub(crate) stream: Option<String>,
    /// The one group that it is for.
    pub(crate) group: Option<String>,
}

/// The streams that a rule is for; neither: all of the organisation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) stream: Option<StreamId>,
    pub(crate) group: Option<GroupId>,
}

/// What a rule is to say.
pub(crate) struct New {
    pub(crate) gist: Gist,
    pub(crate) mode: Mode,
    pub(crate) note: Option<String>,
    pub(crate) expires: Option<Timestamp>,
}

/// What of a rule is to be different; what is left out stays.
#[derive(Default)]
#[expect(clippy::option_option, reason = "an end is left as it is, taken off, or another")]
pub(crate) struct Edit {
    pub(crate) action: Option<Action>,
    pub(crate) mode: Option<Mode>,
    pub(crate) doors: Option<Doors>,
    /// Another note; an empty one takes it off.
    pub(crate) note: Option<String>,
    /// Another end; `Some(None)` takes it off.
    pub(crate) expires: Option<Option<Timestamp>>,
}

impl Gist {
    /// Whom it is about.
    pub(crate) fn matcher(&self) -> Result<Matcher, Fault> {
        Matcher::parse(self.kind, &self.value).map_err(|error| Fault::field("value", "INVALID", error.to_string()))
    }

    /// The stream or group that it is for, of the organisation's own.
    pub(crate) async fn scope(
        &self,
        connection: &impl ConnectionTrait,
        organisation: OrganisationId,
    ) -> Result<Scope, Fault> {
        match (&self.stream, &self.group) {
            (Some(_), Some(_)) => Err(Fault::field("group", "INVALID", "either a stream or a group")),
            (Some(name), None) => {
                let row: stream::Model = streams::by_name(connection, organisation, name).await?;
                Ok(Scope {
                    stream: Some(StreamId::from_uuid(row.id)),
                    group: None,
                })
            }
            (None, Some(id)) => {
                let row = groups::by_id(connection, organisation, id).await?;
                Ok(Scope {
                    stream: None,
                    group: Some(GroupId::from_uuid(row.id)),
                })
            }
            (None, None) => Ok(Scope::default()),
        }
    }
}

impl From<Scope> for RuleScope {
    fn from(scope: Scope) -> Self {
        match (scope.stream, scope.group) {
            (Some(stream), _) => Self::Stream(stream),
            (None, Some(group)) => Self::Group(group),
            (None, None) => Self::Organisation,
        }
    }
}

/// Which rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Which {
    /// In the value or the note, whatever the case.
    pub(crate) text: Option<String>,
    pub(crate) kind: Option<Kind>,
    pub(crate) action: Option<Action>,
    pub(crate) mode: Option<Mode>,
    pub(crate) doors: Option<Doors>,
    /// For the one stream of this name.
    pub(crate) stream: Option<String>,
    /// Those whose time is over, or the others.
    pub(crate) expired: Option<bool>,
}

/// The operation that making such a rule is: what reaches everybody or very many, or broadcasters, is for
/// administrators.
pub(crate) fn operation_of(kind: Kind, value: &str, doors: Doors) -> Operation {
    let matcher = Matcher::parse(kind, value);
    operation_at(matcher.is_ok_and(|matcher| matcher.is_wide()), doors)
}

/// The operation that changing or deleting such a rule is.
pub(crate) fn operation(rule: &Rule) -> Operation {
    operation_at(rule.matcher.is_wide(), rule.doors)
}

fn operation_at(wide: bool, doors: Doors) -> Operation {
    if wide || doors != Doors::Playback {
        Operation::RuleWriteWide
    } else {
        Operation::RuleWrite
    }
}

/// Makes a rule. The role was judged for its operation.
pub(crate) async fn create(
    state: &State,
    acting: &Acting,
    new: New,
) -> Result<(guardian_rule::Model, Progress), Fault> {
    acting.needs(state, Package::Guardian).await?;
    let gist = &new.gist;
    let operation = operation_of(gist.kind, &gist.value, gist.doors);
    let matcher = gist.matcher()?;
    let note = note(new.note.as_deref())?;
    let work = Work::begin(state, acting).await?;
    check_expiry(new.expires, work.at)?;
    packages::one_rule_more(&work, &matcher).await?;
    let scope = gist.scope(&*work.write, acting.id).await?;
    let id: RuleId = state.mint();
    let new = New { note, ..new };
    let by = acting.actor.uuid().ok_or(Fault::Internal)?;
    let row = row(id, (acting.id, by), &new, &matcher, scope, work.at)
        .insert(&*work.write)
        .await?;
    let update = Update::Rule {
        organisation: acting.id,
        rule: rule(&row)?,
    };
    let detail = settings(&row);
    let progress = work.finish(operation, &id.to_string(), detail, &[update]).await?;
    Ok((row, progress))
}

/// A new rule's row.
pub(super) fn row(
    id: RuleId,
    (organisation, by): (OrganisationId, Uuid),
    new: &New,
    matcher: &Matcher,
    scope: Scope,
    at: Timestamp,
) -> guardian_rule::ActiveModel {
    let gist = &new.gist;
    guardian_rule::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(organisation.uuid()),
        kind: Set(gist.kind.as_str().to_owned()),
        value: Set(matcher.to_string()),
        action: Set(name(&gist.action)),
        mode: Set(name(&new.mode)),
        door: Set(name(&gist.doors)),
        stream_id: Set(scope.stream.map(StreamId::uuid)),
        group_id: Set(scope.group.map(GroupId::uuid)),
        note: Set(new.note.clone()),
        expires_at: Set(new.expires.map(Timestamp::us)),
        created_by: Set(by),
        created_at: Set(at.us()),
        matches: Set(0),
        last_match_at: Set(None),
    }
}

/// Changes a rule. What it is, and what it becomes, must be within the role.
pub(crate) async fn update(
    state: &State,
    acting: &Acting,
    id: &str,
    edit: Edit,
) -> Result<(guardian_rule::Model, Progress), Fault> {
    acting.needs(state, Package::Guardian).await?;
    let work = Work::begin(state, acting).await?;
    let found = by_id(&*work.write, acting.id, id).await?;
    let before = rule(&found)?;
    let becomes = Rule {
        doors: edit.doors.unwrap_or(before.doors),
        ..before.clone()
    };
    let operation = operation(&before).max(self::operation(&becomes));
    within(state, acting, operation)?;
    check_expiry(edit.expires.flatten(), work.at)?;
    let said = settings(&found);
    let mut row = found.into_active_model();
    if let Some(action) = edit.action {
        row.action = Set(name(&action));
    }
    if let Some(mode) = edit.mode {
        row.mode = Set(name(&mode));
    }
    if let Some(doors) = edit.doors {
        row.door = Set(name(&doors));
    }
    if let Some(text) = edit.note {
        row.note = Set(note(Some(&text))?);
    }
    if let Some(expires) = edit.expires {
        row.expires_at = Set(expires.map(Timestamp::us));
    }
    let row = row.update(&*work.write).await?;
    let rule = rule(&row)?;
    let update = Update::Rule {
        organisation: acting.id,
        rule,
    };
    let detail = difference(said, settings(&row));
    let progress = work
        .finish(operation, &before.id.to_string(), detail, &[update])
        .await?;
    Ok((row, progress))
}

/// Deletes a rule. What it is must be within the role.
pub(crate) async fn delete(state: &State, acting: &Acting, id: &str) -> Result<(RuleId, Progress), Fault> {
    let work = Work::begin(state, acting).await?;
    let row = by_id(&*work.write, acting.id, id).await?;
    let before = rule(&row)?;
    let operation = operation(&before);
    within(state, acting, operation)?;
    let mut said = settings(&row);
    // Nobody wrote down the address that a response made a rule of, and entries are never masked.
    if let (true, Some(said)) = (responses::made(&work, row.id).await?, said.as_object_mut()) {
        said.remove("value");
    }
    let detail = json!({ "before": said });
    row.delete(&*work.write).await?;
    let undone = responses::rule_deleted(&work, acting, before.id.uuid()).await?;
    let update = Update::RuleRemoved {
        organisation: acting.id,
        id: before.id,
    };
    let progress = work
        .telling(undone)
        .finish(operation, &before.id.to_string(), detail, &[update])
        .await?;
    Ok((before.id, progress))
}

/// Takes out the rules of a group or a stream that is gone: nobody can meet them any more. What nodes are told.
pub(super) async fn remove_of(work: &Work<'_>, scope: RuleScope) -> Result<Vec<Update>, Fault> {
    use guardian_rule::Column;
    let of = match scope {
        RuleScope::Organisation => return Ok(Vec::new()),
        RuleScope::Group(group) => Column::GroupId.eq(group.uuid()),
        RuleScope::Stream(stream) => Column::StreamId.eq(stream.uuid()),
    };
    let gone: Vec<Uuid> = guardian_rule::Entity::in_tenant(work.organisation)
        .filter(of.clone())
        .select_only()
        .column(Column::Id)
        .into_tuple()
        .all(&*work.write)
        .await?;
    guardian_rule::Entity::remove_in_tenant(work.organisation)
        .filter(of)
        .exec(&*work.write)
        .await?;
    let update = |id| Update::RuleRemoved {
        organisation: work.organisation,
        id: RuleId::from_uuid(id),
    };
    Ok(gone.into_iter().map(update).collect())
}

/// The rules that these updates take out, for the audit log.
pub(super) fn removed(updates: &[Update]) -> Value {
    let id = |update: &Update| match update {
        Update::RuleRemoved { id, .. } => Some(id.to_string()),
        _ => None,
    };
    updates.iter().filter_map(id).collect()
}

/// A page of an organisation's rules, the newest first.
pub(crate) async fn page(
    state: &State,
    organisation: OrganisationId,
    which: Which,
    wanted: Wanted,
) -> Result<Page<guardian_rule::Model>, Fault> {
    let key = |key: &str| key.parse::<RuleId>().ok().map(|id| id.uuid().into());
    let select = select(state, organisation, which)?;
    wanted
        .of(state.store.read(), select, guardian_rule::Column::Id, Order::Desc, key)
        .await
}

/// Those that are wanted.
pub(super) fn select(
    state: &State,
    organisation: OrganisationId,
    which: Which,
) -> Result<Select<guardian_rule::Entity>, Fault> {
    use guardian_rule::Column;
    let mut select = guardian_rule::Entity::in_tenant(organisation);
    if let Some(text) = which.text.filter(|text| !text.is_empty()) {
        select = select.filter(reading::contains(&[Column::Value, Column::Note], &text)?);
    }
    if let Some(name) = which.stream {
        select = select.filter(Column::StreamId.in_subquery(reading::stream_named(organisation, &name)?));
    }
    let words = [
        (Column::Kind, which.kind.map(|kind| kind.as_str().to_owned())),
        (Column::Action, which.action.as_ref().map(name)),
        (Column::Mode, which.mode.as_ref().map(name)),
        (Column::Door, which.doors.as_ref().map(name)),
    ];
    for (column, word) in words {
        if let Some(word) = word {
            select = select.filter(column.eq(word));
        }
    }
    let now = state.now_us();
    Ok(match which.expired {
        None => select,
        Some(true) => select.filter(Column::ExpiresAt.lte(now)),
        Some(false) => select.filter(stands(now)),
    })
}

/// Those that are not over at `now`.
pub(crate) fn stands(now_us: i64) -> Condition {
    let expires = guardian_rule::Column::ExpiresAt;
    Condition::any().add(expires.is_null()).add(expires.gt(now_us))
}

/// What of a rule's row a decision needs.
pub(crate) struct Needed<'a> {
    id: Uuid,
    kind: &'a str,
    value: &'a str,
    action: &'a str,
    mode: &'a str,
    door: &'a str,
    stream: Option<Uuid>,
    group: Option<Uuid>,
    expires: Option<i64>,
}

/// The columns of [`NEEDED`], read by their places, which costs less than by their names.
type Row = (
    Uuid,
    Uuid,
    String,
    String,
    String,
    String,
    String,
    Option<Uuid>,
    Option<Uuid>,
    Option<i64>,
);

/// Whose a rule is, and what a decision needs of it.
const NEEDED: [guardian_rule::Column; 10] = [
    guardian_rule::Column::OrganisationId,
    guardian_rule::Column::Id,
    guardian_rule::Column::Kind,
    guardian_rule::Column::Value,
    guardian_rule::Column::Action,
    guardian_rule::Column::Mode,
    guardian_rule::Column::Door,
    guardian_rule::Column::StreamId,
    guardian_rule::Column::GroupId,
    guardian_rule::Column::ExpiresAt,
];

impl<'a> From<&'a guardian_rule::Model> for Needed<'a> {
    fn from(row: &'a guardian_rule::Model) -> Self {
        Self {
            id: row.id,
            kind: &row.kind,
            value: &row.value,
            action: &row.action,
            mode: &row.mode,
            door: &row.door,
            stream: row.stream_id,
            group: row.group_id,
            expires: row.expires_at,
        }
    }
}

impl<'a> From<&'a Row> for Needed<'a> {
    fn from((_, id, kind, value, action, mode, door, stream, group, expires): &'a Row) -> Self {
        Self {
            id: *id,
            kind,
            value,
            action,
            mode,
            door,
            stream: *stream,
            group: *group,
            expires: *expires,
        }
    }
}

/// A rule's row as a decision sees it.
pub(crate) fn rule<'a>(row: impl Into<Needed<'a>>) -> Result<Rule, DbErr> {
    let row = row.into();
    let unreadable = || DbErr::Custom(format!("a row holds what cannot be: guardian_rule {}", row.id));
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == row.kind);
    let kind = kind.ok_or_else(unreadable)?;
    Ok(Rule {
        id: RuleId::from_uuid(row.id),
        matcher: Matcher::parse(kind, row.value).map_err(|_| unreadable())?,
        action: named(row.action).ok_or_else(unreadable)?,
        scope: Scope {
            stream: row.stream.map(StreamId::from_uuid),
            group: row.group.map(GroupId::from_uuid),
        }
        .into(),
        doors: named(row.door).ok_or_else(unreadable)?,
        mode: named(row.mode).ok_or_else(unreadable)?,
        expires: row.expires.map(Timestamp::from_us),
    })
}

/// What nodes are told of rules, one after the other as their rows come: a million rows are never there at once. The
/// connection is taken until all were read.
pub(crate) async fn told<C>(
    rows: Select<guardian_rule::Entity>,
    connection: &C,
) -> Result<BoxStream<'_, Result<Update, DbErr>>, DbErr>
where
    C: ConnectionTrait + StreamTrait,
{
    let rows = rows.select_only().columns(NEEDED).into_tuple::<Row>();
    let updates = rows.stream(connection).await?.map(|row| -> Result<Update, DbErr> {
        let row = row?;
        Ok(Update::Rule {
            organisation: OrganisationId::from_uuid(row.0),
            rule: rule(&row)?,
        })
    });
    Ok(updates.boxed())
}

async fn by_id(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    id: &str,
) -> Result<guardian_rule::Model, Fault> {
    let id: RuleId = id.parse().map_err(|_| Fault::NotFound)?;
    guardian_rule::Entity::in_tenant(organisation)
        .filter(guardian_rule::Column::Id.eq(id.uuid()))
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)
}

pub(super) fn within(state: &State, acting: &Acting, operation: Operation) -> Result<(), Fault> {
    if acting.may(state, operation) {
        Ok(())
    } else {
        Err(Fault::Forbidden)
    }
}

pub(super) fn check_expiry(expires: Option<Timestamp>, now: Timestamp) -> Result<(), Fault> {
    if expires.is_some_and(|expires| expires <= now) {
        return Err(Fault::field(
            "expiresAt",
            "INVALID",
            "the rule would have expired already",
        ));
    }
    Ok(())
}

pub(super) fn note(text: Option<&str>) -> Result<Option<String>, Fault> {
    text.filter(|text| !text.trim().is_empty())
        .map(|text| label("note", text, NOTE))
        .transpose()
}

/// What of a rule the audit log compares.
pub(super) fn settings(row: &guardian_rule::Model) -> Value {
    json!({
        "kind": row.kind,
        "value": row.value,
        "action": row.action,
        "mode": row.mode,
        "door": row.door,
        "stream": row.stream_id.map(StreamId::from_uuid),
        "group": row.group_id.map(GroupId::from_uuid),
        "expiresAt": row.expires_at,
        "note": row.note,
    })
}

/// The name of a variant, as the policy writes it.
pub(super) fn name(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    }
}

pub(super) fn named<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    T::deserialize(StrDeserializer::<NoVariant>::new(name)).ok()
}

const NOTE: usize = 500;
